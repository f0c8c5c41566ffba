"""Process-wide settings of Keras: float type, fuzz factor, image layout."""

from typing import Any

FLOATS = ("bfloat16", "float16", "float32", "float64")
LAYOUTS = {
    "channels_last": "channels_last",
    "channels_first": "channels_first",
    "tf": "channels_last",
    "th": "channels_first",
}

_settings: dict[str, Any] = {
    "floatx": "float32",
    "epsilon": 1e-7,
    "image_data_format": "channels_last",
    "flash_attention": None,
    "interactive_logging": True,
    "traceback_filtering": True,
    "max_epochs": None,
    "max_steps_per_epoch": None,
    "data_memory_share": None,
}


def get_setting(name: str) -> Any:
    """The value of a setting."""
    return _settings[name]


def set_setting(name: str, value: Any) -> None:
    """Sets a setting."""
    _settings[name] = value


def floatx() -> str:
    """The default float type, as a string such as ``"float32"``.

    >>> floatx()
    'float32'
    """
    return _settings["floatx"]


def set_floatx(value: str) -> None:
    """Sets the default float type; raises ValueError for anything but a float type."""
    if value not in FLOATS:
        raise ValueError(f"set_floatx: expected one of {FLOATS}, received {value!r}.")
    _settings["floatx"] = str(value)


def epsilon() -> float:
    """The fuzz factor that keeps divisions and logarithms finite.

    >>> epsilon()
    1e-07
    """
    return _settings["epsilon"]


def set_epsilon(value: float) -> None:
    """Sets the fuzz factor."""
    _settings["epsilon"] = float(value)


def image_data_format() -> str:
    """``"channels_last"`` or ``"channels_first"``, the default layout of image batches.

    >>> image_data_format()
    'channels_last'
    """
    return _settings["image_data_format"]


def set_image_data_format(data_format: str) -> None:
    """Sets the default layout of image batches."""
    _settings["image_data_format"] = standardize_data_format(data_format)


def standardize_data_format(data_format: str | None) -> str:
    """The layout's name in full; None means the default one; raises ValueError for an unknown name.

    >>> standardize_data_format("th")
    'channels_first'
    """
    if data_format is None:
        return image_data_format()
    found = LAYOUTS.get(str(data_format).lower())
    if found is None:
        raise ValueError(f"data_format: expected 'channels_last' or 'channels_first', received {data_format!r}.")
    return found
