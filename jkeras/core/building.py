"""Around ``build``: called by hand, by the shapes of a call, or from a config."""

import contextlib
import functools
import inspect
from collections.abc import Callable
from typing import Any

from . import arguments, tracking
from . import frame as frames


def completed(build: Callable) -> Callable:
    """A ``build`` that may be called by hand: under the layer's name, and the layer is built afterwards."""

    @functools.wraps(build)
    def complete(layer: Any, *args: Any, **kwargs: Any) -> None:
        if vars(layer).get("_building"):  # called by a subclass's build
            return build(layer, *args, **kwargs)
        layer._building, made = True, len(layer._weights_made)
        named = frames.scope_path().split("/")[-1] == layer.name
        try:
            with contextlib.nullcontext() if named else frames.scope(layer.name):
                layer._path = frames.scope_path()
                build(layer, *args, **kwargs)
        except BaseException:
            del layer._weights_made[made:]  # the next try makes them anew
            raise
        finally:
            layer._building = False
        layer._finish_build(args[0] if args else next(iter(kwargs.values()), None))

    return complete


def by_shapes(layer: Any, shapes: dict[str, Any]) -> None:
    """Calls ``build`` with what its signature names: ``x_shape`` for the argument ``x``, or the first shape."""
    first = next(iter(shapes.values()), None)
    params = [p for p in inspect.signature(layer.build).parameters.values() if p.kind in (0, 1, 3)]
    named = {p.name: shapes[p.name.removesuffix("_shape")] for p in params if p.name.removesuffix("_shape") in shapes}
    token = frames._current.set(None)
    try:
        if len(params) > 1 and len(named) > 1:
            layer.build(**named)
        elif params:
            layer.build(first)
        else:
            layer.build()
    finally:
        frames._current.reset(token)
    layer._finish_build(first)


def finish(layer: Any, input_shape: Any) -> None:
    """What follows a ``build``: the layer keeps the shape, names its seeds and takes the weights it was given."""
    layer.built = True
    if frames.scope_path().split("/")[-1] == layer.name:
        layer._path = frames.scope_path()
    if "_build_shape" not in vars(layer):
        layer._build_shape = input_shape
    for seed in tracking.tracked(layer):
        if type(seed).__name__ == "SeedGenerator" and "/" not in seed.state.path:
            seed.state.path = frames.scope_path(f"{seed.name}/{seed.state.name}")
    if layer._initial_weights is not None:
        given, layer._initial_weights = layer._initial_weights, None
        layer.set_weights(given)


def get_build_config(self: Any) -> dict[str, Any] | None:
    """What ``build`` was called with."""
    if getattr(self, "_build_shape", None) is None or _takes_several_shapes(type(self).build):
        return None
    return {"input_shape": self._build_shape}


def build_from_config(self: Any, config: dict[str, Any]) -> None:
    """Builds as ``get_build_config`` says."""
    shape = config.get("input_shape")
    if shape is not None and not self.built and self._is_model:
        self.build(arguments.as_shape(shape))
    elif shape is not None and not self.built:
        with frames.scope(self.name):
            self._build_by_shapes({"inputs": arguments.as_shape(shape)})


def _takes_several_shapes(build: Any) -> bool:
    needed = [
        p for p in inspect.signature(build).parameters.values() if p.default is p.empty and p.kind < p.VAR_POSITIONAL
    ]
    return len(needed) > 2
