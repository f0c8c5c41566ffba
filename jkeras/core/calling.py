"""What happens around ``Layer.call``: casting, building, checking, masks, losses; eagerly, traced or symbolically."""

import functools
import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ..nn.platform import to_array
from . import dtypes, remat, symbolic
from . import frame as frames
from .declare import era_default, resolve_default
from .spec import check, describe

ACTIVITY_PER_SAMPLE = era_default(True)  # is an activity regularizer's value divided by the batch size?


class Signature(NamedTuple):
    """What a ``call`` method takes."""

    names: tuple[str, ...]
    places: tuple[str, ...]  # those of the names that may be given by position
    training: bool
    masks: tuple[str, ...]  # the arguments whose mask is wanted: "mask" stands for the first argument's
    open: bool  # has **kwargs

    def first(self, args: tuple, kwargs: dict) -> Any:
        """The first argument of a call; None where there is none."""
        return args[0] if args else kwargs.get(self.names[0]) if self.names else None

    def given(self, name: str, args: tuple, kwargs: dict) -> Any:
        """The argument of a name, wherever it stands; None where it was not given."""
        if len(args) < 2 and self.names[:1] != (name,):
            return kwargs.get(name)
        place = self.places.index(name) if name in self.places else len(args)
        return args[place] if place < len(args) else kwargs.get(name)


@functools.cache
def signature_of(call: Callable) -> Signature:
    """What a plain ``call`` function takes, without self."""
    params = list(inspect.signature(call).parameters.values())[1:]
    names = tuple(p.name for p in params if p.kind in (0, 1, 3))
    places = tuple(p.name for p in params if p.kind in (0, 1))
    masks = tuple(n for n in names if n == "mask" or n.endswith("_mask") and n[:-5] in names)
    return Signature(names, places, "training" in names, masks, any(p.kind == 4 for p in params))


def call(layer: Any, args: tuple, kwargs: dict) -> Any:
    """``layer(*args, **kwargs)``."""
    if frames.recorder is not None and (recorded := frames.recorder.layer(layer, args, kwargs)) is not NotImplemented:
        return recorded
    for value in args:
        if symbolic.is_symbolic(value):
            return call_symbolically(layer, args, kwargs)
    for value in kwargs.values():
        if symbolic.is_symbolic(value):
            return call_symbolically(layer, args, kwargs)
    frame = frames.current()
    if frame is not None:
        return run(layer, frame, args, kwargs)
    with frames.Frame(training=None) as frame:
        outputs = run(layer, frame, args, kwargs)
    remember_losses(layer, [value for _, value in frame.losses])
    if frame.metrics:
        layer._metrics_added = [value for _, value in frame.metrics]
    return outputs


def run(layer: Any, frame: frames.Frame, args: tuple, kwargs: dict) -> Any:
    """Computes on values within a frame."""
    sig = signature_of(type(layer).call)
    first = sig.first(args, kwargs)
    if getattr(first, "_tracked_as", None) == "layer":
        raise TypeError(f"{describe(layer)} was called on a layer, {first}. Call it on the output of that layer.")
    masks = {id(x): frames.get_mask(x) for x in _array_leaves((args, kwargs))}
    cast = functools.partial(_convert, layer, masks)
    args, kwargs = (
        _map_arrays(cast, args),
        {k: v if k in ("training",) else _map_arrays(cast, v) for k, v in kwargs.items()},
    )
    first = sig.first(args, kwargs)
    with frames.scope(layer.name):
        build_if_needed(layer, sig, args, kwargs)
        layer._check_input(first)
        outer_training, outer_dtype = frame.training, frame.compute_dtype
        args, kwargs = _with_training(sig, frame, args, kwargs)
        kwargs = _with_masks(sig, args, kwargs)
        frame.compute_dtype = layer.compute_dtype if layer.autocast else None
        try:
            if remat.is_wanted(layer):
                outputs = remat.call(layer, frame, args, kwargs)
            else:
                outputs = layer.call(*args, **kwargs)
        finally:
            frame.training, frame.compute_dtype = outer_training, outer_dtype
        if frames.recorder is not None:
            outputs = frames.recorder.plain(outputs)
        if layer.activity_regularizer is not None:
            per_sample = resolve_default(type(layer), "activity_per_sample", ACTIVITY_PER_SAMPLE)
            for y in jax.tree.leaves(outputs):
                batch = y.shape[0] if y.ndim and per_sample else 1
                frame.losses.append((layer, layer.activity_regularizer(y) / batch))
        return _pass_masks(layer, first, outputs, sig.given("mask", args, kwargs))


def _array_leaves(x: Any) -> list[Any]:
    if isinstance(x, (tuple, list)):
        return [leaf for v in x for leaf in _array_leaves(v)]
    if isinstance(x, dict):
        return [leaf for v in x.values() for leaf in _array_leaves(v)]
    return [x] if hasattr(x, "shape") else []


def _map_arrays(fn: Callable, x: Any) -> Any:
    if type(x) in (tuple, list):
        return type(x)(_map_arrays(fn, v) for v in x)
    if isinstance(x, dict):
        return {k: _map_arrays(fn, v) for k, v in x.items()}
    return fn(x)


def _convert(layer: Any, masks: dict[int, Any], x: Any) -> Any:
    """Arrays as JAX arrays, floats in the compute dtype; masks stay with them."""
    dtype = getattr(x, "dtype", None)
    if isinstance(x, (float, int)) and not isinstance(x, bool) and layer._takes_numbers:
        return jnp.asarray(x, layer.compute_dtype)
    if dtype is None or isinstance(x, symbolic.KerasTensor):
        return x
    if isinstance(x, np.ndarray) and x.dtype.kind in "OUST":
        return x  # text: for layers that work on the host
    y = x if isinstance(x, jax.Array) else to_array(x.value if hasattr(x, "_trainable") else x)
    if layer.autocast and y.dtype.kind in "fV" and y.dtype != layer.compute_dtype and dtypes.is_float(y.dtype):
        y = y.astype(dtypes.array_dtype(layer.compute_dtype))
    mask = masks.get(id(x))
    if mask is not None and y is not x:
        frames.set_mask(y, mask)
    return y


def _with_training(sig: Signature, frame: frames.Frame, args: tuple, kwargs: dict) -> tuple[tuple, dict]:
    """The arguments with ``training`` as it holds here, which the layers inside see, too."""
    given = sig.given("training", args, kwargs)
    if given is not None:
        frame.training = given
        if sig.training or sig.open:
            return args, kwargs
    elif sig.training and frame.training is not None:
        place = sig.places.index("training") if "training" in sig.places else len(args)
        if place < len(args):
            return (*args[:place], frame.training, *args[place + 1 :]), kwargs
        return args, {**kwargs, "training": frame.training}
    if "training" in kwargs and (sig.training or not sig.open):  # the default of the layer's author holds
        return args, {k: v for k, v in kwargs.items() if k != "training"}
    return args, kwargs


def _with_masks(sig: Signature, args: tuple, kwargs: dict) -> dict:
    wanted = [m for m in sig.masks if kwargs.get(m) is None and m not in sig.places[: len(args)]]
    if not wanted:
        return kwargs
    kwargs = dict(kwargs)
    for name in wanted:
        mask = mask_of(sig.first(args, kwargs) if name == "mask" else sig.given(name[:-5], args, kwargs))
        if mask is not None:
            kwargs[name] = mask
    return kwargs


def mask_of(x: Any) -> Any:
    """The mask of an array, or a list of the masks of a list of arrays; None where there is none at all."""
    if isinstance(x, (list, tuple)):
        masks = [mask_of(v) for v in x]
        return masks if any(m is not None for m in masks) else None
    if isinstance(x, dict):
        inner = {k: mask_of(v) for k, v in x.items()}
        return inner if any(m is not None for m in inner.values()) else None
    return None if x is None else frames.get_mask(x)


def _pass_masks(layer: Any, inputs: Any, outputs: Any, mask: Any) -> Any:
    """The outputs with their masks. An input that is handed through is another array then, where its mask is another one."""
    before = mask_of(inputs) if mask is None else mask
    if before is None and not layer._makes_masks:
        return outputs
    if mask_of(outputs) is not None and not layer._makes_masks and outputs is not inputs:
        return outputs  # a composite layer whose parts have already said it
    after = layer.compute_mask(inputs, before)
    leaves = _array_leaves(outputs)
    masks = after if isinstance(after, (list, tuple)) else [after] * min(1, len(leaves))
    shared = {id(x) for x in _array_leaves(inputs)}
    copies = {}
    for y, m in zip(leaves, masks, strict=False):
        if m is frames.get_mask(y):
            continue
        if id(y) in shared:
            copies[id(y)] = y = y.copy()
        if m is not None:
            frames.set_mask(y, m)
        else:
            frames.drop_mask(y)
    return _map_arrays(lambda y: copies.get(id(y), y), outputs) if copies else outputs


# ------------------------------------------------- building


def shape_of(x: Any) -> Any:
    """The shape of an array; of containers, the same structure of shapes."""
    if hasattr(x, "shape"):
        return tuple(x.shape)
    if isinstance(x, dict):
        return {k: shape_of(v) for k, v in x.items()}
    if isinstance(x, (list, tuple)):
        inner = [shape_of(v) for v in x]
        return inner if any(s is not None for s in inner) else None
    return None


def build_if_needed(layer: Any, sig: Signature, args: tuple, kwargs: dict) -> None:
    """Calls ``build`` with the shapes of the arguments if the layer has not been built."""
    if layer.built:
        return
    first = sig.first(args, kwargs)
    if layer.input_spec is not None:  # else the sizes of another axis would be taken for those of features
        check(layer, layer.input_spec, first)
    shapes = dict(zip(sig.names, map(shape_of, args), strict=False))
    shapes.update({k: shape_of(v) for k, v in kwargs.items() if k in sig.names})
    shapes = {k: v for k, v in shapes.items() if v is not None and not k.endswith("mask")}
    try:
        layer._build_by_shapes(shapes)
    except TypeError:
        if shapes or not isinstance(first, (int, float, str, list)) or not type(layer).__module__.startswith("jkeras."):
            raise
        raise TypeError(
            f"{describe(layer)}: expected an array or a symbolic tensor, received {first!r:.60}. Make an array first, with "
            "np.array(...)."
        ) from None


# ------------------------------------------------- symbolic calls


def call_symbolically(layer: Any, args: tuple, kwargs: dict) -> Any:
    """Records the call of a layer as a node and gives its symbolic outputs."""
    sig = signature_of(type(layer).call)
    with frames.scope(layer.name):
        build_if_needed(layer, sig, args, kwargs)
    layer._check_input(sig.first(args, kwargs))
    if layer._declares_spec():  # its author has said what comes out
        outputs = layer.compute_output_spec(*args, **kwargs)
    else:
        outputs = closed_form(layer, args, kwargs)
        outputs = _abstract_call(layer, args, kwargs) if outputs is None else outputs
    # a layer may hand its input through: each node needs tensors of its own
    inputs = {id(t) for t in symbolic.tensors_in((args, kwargs))}
    outputs = symbolic.map_tensors(lambda t: _copy(t) if id(t) in inputs or t._keras_history else t, outputs)
    symbolic.Node(layer, args, kwargs, outputs)
    return outputs


def _copy(x: symbolic.KerasTensor) -> symbolic.KerasTensor:
    copy = symbolic.KerasTensor(x.shape, x.dtype)
    copy._keras_mask = x._keras_mask
    return copy


def closed_form(layer: Any, args: tuple, kwargs: dict) -> Any:
    """The outputs by ``compute_output_shape``, where a built-in layer has written it for its own ``call``."""
    inputs = symbolic.tensors_in((args, kwargs))
    if len(args) != 1 or not layer._has_closed_form() or any(x._keras_mask is not None for x in inputs):
        return None
    shape = layer.compute_output_shape(shape_of(args[0]))
    return symbolic.KerasTensor(shape, layer.compute_dtype)


def _abstract_call(layer: Any, args: tuple, kwargs: dict) -> Any:
    masks = [getattr(x, "_keras_mask", None) for x in _array_leaves((args, kwargs))]

    def fn(*args: Any, _masks: list, **kwargs: Any) -> Any:
        frame = frames.current()
        assert frame is not None
        for x, m in zip(_array_leaves((args, kwargs)), _masks, strict=True):
            if m is not None:
                frames.set_mask(x, m)
        outputs = run(layer, frame, args, kwargs)
        return outputs, [frames.get_mask(y) for y in jax.tree.leaves(outputs) if hasattr(y, "shape")]

    fn.__name__ = layer.name
    try:
        outputs, made = symbolic.abstract_evaluate(fn, args, {**kwargs, "_masks": masks})
    except Exception as error:
        outputs, made = _declared_shape(layer, args, error), []
    for y, m in zip(symbolic.tensors_in(outputs), made, strict=False):
        y._keras_mask = m
    return outputs


def _declared_shape(layer: Any, args: tuple, error: Exception) -> Any:
    """User layers whose ``call`` cannot be evaluated abstractly may say their output shape themselves."""
    if not layer._declares_shape():
        raise error
    try:
        shape = layer.compute_output_shape(shape_of(args[0]))
    except Exception:
        raise error from None
    if isinstance(shape, list) and shape and isinstance(shape[0], (list, tuple)):
        return [symbolic.KerasTensor(s, layer.compute_dtype) for s in shape]
    return symbolic.KerasTensor(shape, layer.compute_dtype)


def remember_losses(layer: Any, losses: list) -> None:
    """Keeps the losses of an eager call for ``layer.losses``, in place of those that it or layers inside had before."""
    if losses or layer._call_losses:
        for one in layer._flatten_layers():
            one._call_losses = []
        layer._call_losses = losses
