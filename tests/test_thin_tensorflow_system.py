"""Device queries of the thin tensorflow."""

import jax

from jkeras.compat.tensorflow import system


def test_all_devices_are_listed():
    assert len(system.config.list_physical_devices()) == len(jax.devices())
