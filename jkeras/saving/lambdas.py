"""Functions in files: names of known pure functions, and the bodies of lambdas, which only a caller's word lets in."""

import base64
import binascii
import builtins
import json
import marshal
import types
from collections.abc import Callable
from typing import Any

from ..core import registry

# The functions of K that touch nothing but their arguments
_PURE = frozenset(
    (
        "abs all any argmax argmin batch_dot batch_flatten batch_normalization bias_add binary_crossentropy cast "
        "categorical_crossentropy clip concatenate conv1d conv2d conv2d_transpose conv3d cos ctc_batch_cost cumprod "
        "cumsum depthwise_conv2d dot elu equal exp expand_dims flatten gather greater greater_equal hard_sigmoid in_top_k "
        "l2_normalize less less_equal local_conv1d local_conv2d log logsumexp max maximum mean min minimum not_equal "
        "one_hot ones_like permute_dimensions pool2d pool3d pow prod relu repeat repeat_elements reshape resize_images "
        "resize_volumes reverse round separable_conv2d sigmoid sign sin slice softmax softplus softsign "
        "sparse_categorical_crossentropy spatial_2d_padding spatial_3d_padding sqrt square squeeze stack std "
        "stop_gradient sum tanh temporal_padding tile transpose var zeros_like"
    ).split()
)


def backend_function(name: str) -> Callable | None:
    """A pure function of ``keras.backend``, or None."""
    from .. import backend

    return getattr(backend, name) if name in _PURE else None


def named_function(name: str) -> Callable:
    """The activation, loss or pure function of K with a name; raises ValueError for any other."""
    from .. import activations

    if isinstance(name, str):
        found = activations._family.objects.get(name) or backend_function(name)
        if found is not None and found.__name__ not in ("get", "serialize", "deserialize"):
            return found
    raise ValueError(
        f"A config names the function {name!r}, which is neither an activation nor a function of K. If it is your own, "
        "pass it in custom_objects or register it with @register_keras_serializable()."
    )


def lambda_config(fn: Callable) -> dict[str, Any]:
    """The body of a lambda as Keras 3 writes it: bytecode, defaults and what it closes over."""
    code = getattr(fn, "__code__", None)
    if code is None:
        raise ValueError(f"{fn!r} has no body that a config could hold. Use a function that is registered.")
    closure = [c.cell_contents for c in fn.__closure__] if fn.__closure__ else None  # type: ignore[attr-defined]
    defaults = list(fn.__defaults__) if fn.__defaults__ else None  # type: ignore[attr-defined]
    try:
        json.dumps([closure, defaults])
    except TypeError:
        raise ValueError(
            "A lambda that closes over objects cannot be written into a config. Pass numbers and text in `arguments`, "
            "or register a named function with @register_keras_serializable()."
        ) from None
    text = base64.encodebytes(marshal.dumps(_nameless(code))).decode("ascii")
    return {"code": text, "defaults": defaults, "closure": closure}


def _nameless(code: types.CodeType) -> types.CodeType:
    """Code without the path of the file that it comes from."""
    inner = tuple(_nameless(c) if isinstance(c, types.CodeType) else c for c in code.co_consts)
    return code.replace(co_filename="<lambda>", co_consts=inner)


def check_trust() -> None:
    """Raises ValueError unless the caller has said that code in files may run."""
    if not registry.trusts_code():
        raise ValueError(
            "It holds the code of a lambda, which would run with your rights; it is not loaded. If you trust where it comes "
            "from, say safe_mode=False (load_model, deserialize_keras_object) or keras.config.enable_unsafe_deserialization(). "
            "Otherwise ask for a model with named functions or layers in place of its lambdas."
        )


def code_of(text: Any) -> types.CodeType:
    """The code in the text of a body; raises ValueError unless the caller has said that it may run."""
    check_trust()
    if not isinstance(text, str):
        raise ValueError(f"The body of a lambda should be text, received {type(text).__name__}.")
    try:
        raw = base64.b64decode(text.encode("ascii"))
    except (UnicodeEncodeError, binascii.Error):
        raw = text.encode("raw_unicode_escape")  # as Keras 1 and 2.0 wrote it
    code = marshal.loads(raw)
    if not isinstance(code, types.CodeType):
        raise ValueError("The body of a lambda holds no code.")
    return code


def lambda_from_config(described: Any) -> Callable:
    """The lambda of a config of any Keras; raises ValueError unless the caller has said ``safe_mode=False``."""
    check_trust()
    if isinstance(described, dict) and "value" in described:
        described = described["value"]
    if isinstance(described, dict):
        text, defaults, closure = (described.get(k) for k in ("code", "defaults", "closure"))
    else:
        text, defaults, closure = (
            [*described, None, None][:3] if isinstance(described, (list, tuple)) else [described] * 3
        )
    code = code_of(text)
    cells = tuple(types.CellType(_plain(v)) for v in closure) if closure else None
    return types.FunctionType(code, names(), code.co_name, tuple(_plain(v) for v in defaults or ()) or None, cells)


def _plain(x: Any) -> Any:
    """Lists that stood for tuples: as shapes they serve equally."""
    return tuple(x) if isinstance(x, list) else x


def names() -> dict[str, Any]:
    """What the body of a lambda can name: the usual imports of a Keras script."""
    import jax
    import jax.numpy as jnp
    import numpy as np

    import jkeras

    found = {"__builtins__": builtins, "np": np, "numpy": np, "jax": jax, "jnp": jnp, "keras": jkeras}
    return {**found, "K": jkeras.backend, "backend": jkeras.backend, "ops": jkeras.ops, "layers": jkeras.layers}
