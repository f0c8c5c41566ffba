"""``keras.legacy.interfaces``: decorators by which methods of a user's class take the words of Keras 1."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

from . import names

_SUPPORTS = (
    "add_weight batchnorm conv1d conv2d conv3d convlstm2d cropping2d cropping3d deconv2d dense dropout embedding "
    "gaussiandropout gaussiannoise generator_methods global_pooling input lambda model_constructor pooling1d pooling2d "
    "pooling3d prelu recurrent separable_conv2d spatialdropout1d spatialdropoutNd upsampling1d upsampling2d upsampling3d "
    "zeropadding2d zeropadding3d"
).split()


def legacy_support(func: Callable) -> Callable:
    """The function with arguments of Keras 1 taken under their names.

    >>> @legacy_support
    ... def layer(units, kernel_initializer="zeros"):
    ...     return units, kernel_initializer
    >>> layer(output_dim=3, init="one")
    (3, 'one')
    """
    known = frozenset(inspect.signature(func).parameters)

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        from . import translate

        if not known.issuperset(kwargs):
            given = translate._joined(func.__qualname__, known, kwargs)
            kwargs = {}
            for old, value in given.items():
                new = translate._new_name(known, old)
                kwargs[new] = translate._value(known, new, value)
                if new != old:
                    translate.tell(func.__qualname__, old, new)
        return func(*args, **kwargs)

    wrapper._original_function = func  # type: ignore[attr-defined]
    return wrapper


def legacy_get_updates_support(func: Callable) -> Callable:
    """``get_updates(self, loss, params)`` that also takes Keras 1's order, (params, constraints, loss).

    >>> legacy_get_updates_support(lambda self, loss, params: (loss, params))(None, ["w"], {}, 0.5)
    (0.5, ['w'])
    """

    @functools.wraps(func)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        if len(args) > 3:
            raise TypeError(f"get_updates takes at most 3 arguments (params, constraints, loss), received {len(args)}.")
        if len(args) == 3:
            params, _, loss = args
            args, kwargs = (), {**kwargs, "loss": loss, "params": params}
        elif "constraints" in kwargs:
            given = dict(zip(("params", "loss"), args, strict=False))
            args, kwargs = (), {**given, **{k: v for k, v in kwargs.items() if k != "constraints"}}
        elif len(args) == 2 and isinstance(args[0], (list, tuple)):
            args, kwargs = (), {**kwargs, "params": args[0], "loss": args[1]}
        return func(self, *args, **kwargs)

    wrapper._original_function = func  # type: ignore[attr-defined]
    return wrapper


def __getattr__(name: str) -> Any:
    if name.removeprefix("legacy_").removesuffix("_support") in _SUPPORTS:
        return legacy_support
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


generate_legacy_interface = legacy_support
RENAMES = names.RENAMES
