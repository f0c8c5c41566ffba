"""keras.config: process-wide settings.  https://keras.io/api/utils/config_utils/

>>> floatx(), backend()
('float32', 'jax')
"""

from typing import Any

from .core.config import (
    epsilon,
    floatx,
    get_setting,
    image_data_format,
    set_epsilon,
    set_floatx,
    set_image_data_format,
    set_setting,
)
from .core.dtypes import dtype_policy, set_dtype_policy
from .train.progress import disable_interactive_logging, enable_interactive_logging, is_interactive_logging_enabled

__all__ = [
    "backend", "data_memory_share", "disable_flash_attention", "disable_interactive_logging", "disable_traceback_filtering",
    "dtype_policy",
    "enable_flash_attention", "enable_interactive_logging", "enable_traceback_filtering", "enable_unsafe_deserialization",
    "epsilon", "floatx", "image_data_format", "is_flash_attention_enabled", "is_interactive_logging_enabled",
    "is_nnx_enabled", "is_traceback_filtering_enabled", "max_epochs", "max_steps_per_epoch", "set_backend", "set_data_memory_share",
    "set_dtype_policy", "set_epsilon", "set_floatx", "set_image_data_format", "set_max_epochs", "set_max_steps_per_epoch",
]  # fmt: skip


def backend() -> str:
    """Always ``"jax"``."""
    return "jax"


def set_backend(backend: str) -> None:
    """Accepts ``"jax"``; raises ValueError for any other: there is nothing else underneath."""
    if backend != "jax":
        raise ValueError(f"set_backend: jkeras computes with JAX only, received {backend!r}.")


def enable_flash_attention() -> None:
    """Lets attention layers choose the fused kernels of the accelerator."""
    set_setting("flash_attention", True)


def disable_flash_attention() -> None:
    """Keeps attention layers from the fused kernels of the accelerator."""
    set_setting("flash_attention", False)


def is_flash_attention_enabled() -> bool | None:
    """True, False, or None where nobody has said."""
    return get_setting("flash_attention")


def enable_traceback_filtering() -> None:
    """Tracebacks leave out the inside of JAX."""
    set_setting("traceback_filtering", True)
    _jax_filtering("auto")


def disable_traceback_filtering() -> None:
    """Tracebacks show everything."""
    set_setting("traceback_filtering", False)
    _jax_filtering("off")


def is_traceback_filtering_enabled() -> bool:
    """Do tracebacks leave out the inside of JAX?"""
    return get_setting("traceback_filtering")


def _jax_filtering(mode: str) -> None:
    import jax

    jax.config.update("jax_traceback_filtering", mode)


def enable_unsafe_deserialization() -> None:
    """Lets loaders run code in files from now on, in the whole process: bodies of lambdas, and what else
    ``safe_mode=False`` allows. Say that for one file instead wherever you can.
    """
    from .core import registry

    registry.trust_always[0] = True


def is_nnx_enabled() -> bool:
    """Always False: layers are pure functions of their parameters already."""
    return False


def max_epochs() -> int | None:
    """The most epochs that ``fit`` runs, or None."""
    return get_setting("max_epochs")


def set_max_epochs(max_epochs: int | None) -> None:
    """Limits the epochs of every ``fit``, for quick tries of long scripts."""
    set_setting("max_epochs", _limit("max_epochs", max_epochs))


def max_steps_per_epoch() -> int | None:
    """The most steps of an epoch, or None."""
    return get_setting("max_steps_per_epoch")


def set_max_steps_per_epoch(max_steps_per_epoch: int | None) -> None:
    """Limits the steps of every epoch of fit, evaluate and predict."""
    set_setting("max_steps_per_epoch", _limit("max_steps_per_epoch", max_steps_per_epoch))


def data_memory_share() -> float:
    """The share of device memory that the data of one ``fit`` or ``evaluate`` may take; larger data are streamed.

    >>> data_memory_share()
    0.5
    """
    from .train.streaming import memory_share

    return memory_share()


def set_data_memory_share(share: float | None) -> None:
    """Sets from which share of device memory on data are streamed instead of copied whole; the numbers stay the same.

    ``share`` is a number from 0 (stream everything) to 1; None goes back to JKERAS_DATA_MEMORY_SHARE of the environment, or a
    half. Raises ValueError for anything else.
    """
    from .train.streaming import checked_share

    set_setting("data_memory_share", None if share is None else checked_share(share, "set_data_memory_share"))


def _limit(name: str, value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not hasattr(value, "__index__") or int(value) < 1:
        raise ValueError(f"set_{name}: expected None or a positive integer, received {value!r}.")
    return int(value)
