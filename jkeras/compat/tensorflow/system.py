"""Devices as scripts ask TensorFlow for them: ``tf.config`` and ``tf.test`` queries."""

from types import SimpleNamespace
from typing import Any

import jax


def _devices(device_type: Any = None) -> list:
    found = [(d.platform.upper().replace("CUDA", "GPU"), d.id) for d in jax.devices()]
    return [
        SimpleNamespace(name=f"/physical_device:{kind}:{number}", device_type=kind)
        for kind, number in found
        if device_type in (None, kind)
    ]


config = SimpleNamespace(list_physical_devices=_devices)
test = SimpleNamespace(is_gpu_available=lambda *_, **__: bool(_devices("GPU")))
