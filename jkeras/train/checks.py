"""Errors before work starts: data that do not fit the model are named with what was expected."""

import contextlib
import inspect
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np

from .. import losses
from ..core import errors
from ..core.declare import era, era_default, resolve_default
from ..core.spec import describe
from . import compiling
from .data_arrays import whole


def no_unknown(what: str, function: Callable, kwargs: dict) -> None:
    """Raises TypeError for an argument that a method does not know."""
    for name in kwargs:
        parameters = inspect.signature(function).parameters.values()
        known = [p.name for p in parameters if p.name != "model" and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
        raise TypeError(f"{what}: {errors.unknown('argument', name, known)}")


def old_words(model: Any, what: str, kwargs: dict) -> dict:
    """Arguments in today's words, where ``compat`` knows them."""
    if kwargs and era.translate is not None:
        _, kwargs = era.translate(getattr(model, what), (), kwargs)
    return kwargs


def merged(what: str, function: Callable, given: dict, kwargs: dict) -> dict:
    """Arguments with those that were given in old words; raises TypeError for an unknown one."""
    no_unknown(what, function, {k: v for k, v in kwargs.items() if k not in given})
    return {**given, **kwargs}


def feeder(model: Any, max_queue_size: Any, workers: Any, use_multiprocessing: Any) -> dict[str, Any]:
    """How batches are fed, with the era's defaults."""
    given = {"max_queue_size": max_queue_size, "workers": workers, "use_multiprocessing": use_multiprocessing}
    return {name: resolve_default(type(model), name, value) for name, value in given.items()}


def epochs(value: Any, initial: Any) -> tuple[int, int]:
    """The number of epochs and that of the first one; raises where they are no whole numbers."""
    return whole(value, "epochs", 0), whole(initial, "initial_epoch", 0)


def size(value: Any, name: str) -> int | None:
    """The size of batches, or None."""
    return None if value is None else whole(value, name)


def steps(model: Any, value: Any, name: str) -> int | None:
    """A number of batches, or None; before Keras 3 the part of one, as in ``len(x) / 32``, was one more."""
    if isinstance(value, float) and resolve_default(type(model), "rounds_steps_up", era_default(False)):
        value = -(-value // 1)
    return size(value, name)


@contextlib.contextmanager
def about(argument: str) -> Iterator[None]:
    """Names the argument in whose data a mistake was found."""
    try:
        yield
    except (ValueError, TypeError) as error:
        if type(error) not in (ValueError, TypeError) or str(error).startswith("validation_"):
            raise
        raise type(error)(f"{argument}: {error}") from error


def frequency(value: Any) -> int | set[int]:
    """``validation_freq``: every so many epochs, or a collection of epochs; raises where they are no whole numbers."""
    if isinstance(value, (list, tuple, set)):
        return {whole(epoch, "validation_freq") for epoch in value}
    return whole(value, "validation_freq")


def verbosity(verbose: Any) -> int:
    """0, 1 or 2; raises ValueError for anything else but "auto"."""
    if verbose in ("auto", True):
        return 1
    if verbose not in (0, 1, 2, False):
        raise ValueError(f"verbose: expected 'auto', 0, 1 or 2, received {verbose!r}.")
    return int(verbose)


def is_compiled(model: Any, what: str) -> None:
    """Raises RuntimeError if the model was not compiled."""
    if model._compiled is None:
        raise RuntimeError(
            f"{what}: model '{model.name}' is not compiled. Call compile(optimizer=..., loss=...) first."
        )


def is_one_batch(source: Any, what: str, x: Any, instead: str) -> None:
    """Raises ValueError for what gives several batches."""
    if source.kind != "arrays":
        raise ValueError(f"{what}: expected one batch of arrays, received {type(x).__name__}. Use {instead}.")


def fits(model: Any, batch: Any, source: Any) -> None:
    """Raises where inputs, targets or weights do not fit the model; arrays are checked whole, streams by a batch."""
    x, y, weights = batch
    graph = getattr(model, "_graph", None)
    if graph is not None:
        graph.flatten_inputs(x)
        indices(graph, source.arrays[0] if source.kind == "arrays" else x)
    compiled = compiling.resolve(model, x, y)
    outputs = compiled.outputs or []
    if not compiled.run_eagerly:
        _are_numbers(model, "the targets", y)
        _are_numbers(model, "sample_weight", weights)
    if y is None and compiled.loss is not None and not _steps_are_custom(model):
        raise ValueError(
            f"Model '{model.name}': it was compiled with a loss, but there are no targets. Pass y, or batches of (x, y)."
        )
    expected = [o.name for o in outputs if o.loss is not None]
    if hasattr(y, "shape") and len(expected) > 1:
        raise ValueError(
            f"Model '{model.name}': expected targets for {len(expected)} outputs ({', '.join(expected)}), received one "
            "array. Pass a list, or a dict by output name."
        )
    targets = compiled.parts(source.arrays[1] if source.kind == "arrays" else y)
    weights = compiled.parts(weights, "sample_weight")
    _check_weights(model, compiled, weights)
    if y is None or _steps_are_custom(model):
        return
    for output, target, weight in zip(
        outputs, targets, weights, strict=False
    ):  # none are known of a model without call
        if output.loss is None:
            continue
        where = f"Model '{model.name}', output {output.name!r}"
        if target is None:
            raise ValueError(
                f"{where}: it has a loss, but there are no targets for it. Pass them, or leave its loss out."
            )
        _check_target(where, output, target, weight)


def _are_numbers(model: Any, what: str, tree: Any) -> None:
    for leaf in jax.tree.leaves(tree):
        if getattr(getattr(leaf, "dtype", None), "kind", "f") in "OUST":
            raise TypeError(
                f"Model '{model.name}': {what} must be numbers, received text (dtype {leaf.dtype}). Number the classes "
                "first, with np.unique(y, return_inverse=True) for example."
            )


def _check_weights(model: Any, compiled: Any, weights: list) -> None:
    """Weights per time step must have been announced where Keras wants it so."""
    mode = compiled.temporal
    names = [o.name for o in compiled.outputs or []]
    if isinstance(mode, dict):
        modes = [mode.get(n) for n in names]
    else:
        modes = list(mode) if isinstance(mode, (list, tuple)) else [mode] * len(names)
    for name, one, weight in zip(names, modes, weights, strict=False):
        if weight is not None and one == "temporal" and np.ndim(weight) < 2:
            raise ValueError(
                f"Model '{model.name}', output {name!r}: sample_weight_mode='temporal' takes weights of shape "
                f"(samples, steps), received shape {np.shape(weight)}."
            )


def _steps_are_custom(model: Any) -> bool:
    names = ("train_step", "test_step", "compute_loss")
    return any(getattr(type(model), n).__module__ != "jkeras.models.model" for n in names)


# What the functions behind losses want of their targets: the shape of the outputs (one loss for all of them with
# "whole"), one-hot vectors of that shape, or class numbers, without the axis of the classes.
SAME, WHOLE, ONE_HOT, NUMBERS = "same", "whole", "one-hot", "numbers"
TARGETS = {
    SAME: "mean_squared_error mean_absolute_error mean_absolute_percentage_error mean_squared_logarithmic_error huber "
    "log_cosh cosine_similarity kl_divergence poisson hinge squared_hinge categorical_hinge binary_crossentropy "
    "binary_focal_crossentropy",
    WHOLE: "dice tversky",
    ONE_HOT: "categorical_crossentropy categorical_focal_crossentropy",
    NUMBERS: "sparse_categorical_crossentropy categorical_generalized_cross_entropy",
}
KIND_OF = {getattr(losses, name): kind for kind, names in TARGETS.items() for name in names.split()}


def _check_target(where: str, output: Any, target: Any, weight: Any) -> None:
    """Raises ValueError where target or weights do not fit a loss that is known."""
    loss, shape, got = output.loss, output.shape, tuple(target.shape)
    function = getattr(loss, "fn", None)
    kind = next((kind for known, kind in KIND_OF.items() if known is function), None)
    if kind is None or len(shape) < 2:
        return
    name = function.__name__
    axis = loss._arguments().get("axis", -1) if kind in (ONE_HOT, NUMBERS) else -1
    axis = axis % len(shape)
    classes, others = shape[axis], shape[:axis] + shape[axis + 1 :]
    if kind is NUMBERS:
        if len(got) == len(shape) and got[axis] == classes and classes not in (1, None):
            raise ValueError(
                f"{where}: {name} takes class numbers, received one-hot targets of shape {got}. "
                f"Use {name.removeprefix('sparse_')}, or y.argmax({axis - len(shape)})."
            )
        if not _agree(got, others):
            raise ValueError(f"{where}: {name} takes class numbers of shape {others}, received targets of shape {got}.")
        if classes is not None and isinstance(target, np.ndarray) and target.size:
            _check_labels(where, target, classes, loss)
    elif kind is ONE_HOT and (len(got) != len(shape) or classes not in (None, got[axis])):
        raise ValueError(
            f"{where}: {name} takes one-hot targets of shape {shape}, received shape {got}. "
            "Use to_categorical(y), or sparse_categorical_crossentropy for class numbers."
        )
    elif not _comparable(got, shape):
        raise ValueError(
            f"{where}: {name} compares targets with outputs of shape {shape}, received targets of shape {got}."
        )
    if weight is not None and kind is not WHOLE and not _agree(tuple(weight.shape), others[: np.ndim(weight)]):
        raise ValueError(
            f"{where}: sample_weight of shape {tuple(weight.shape)} does not fit losses of shape {others}. Pass one weight "
            "per sample, (batch,), or one per step, (batch, steps)."
        )


def _comparable(got: tuple, shape: tuple) -> bool:
    if len(got) == len(shape) - 1 and shape[-1] == 1:
        got = (*got, 1)
    if len(got) == len(shape) + 1 and got[-1] == 1:
        got = got[:-1]
    if len(got) != len(shape):
        return False
    return all(a is None or b is None or a in (b, 1) for a, b in zip(got[1:], shape[1:], strict=True))


def _agree(got: tuple, shape: tuple) -> bool:
    """Are these the same sizes behind the batch, but for axes of size 1 at the end?"""

    def sizes(shape: tuple) -> tuple:
        kept = list(shape[1:])
        while kept and kept[-1] == 1:
            kept.pop()
        return tuple(kept)

    got, shape = sizes(got), sizes(shape)
    return len(got) == len(shape) and all(b is None or a == b for a, b in zip(got, shape, strict=True))


def _check_labels(where: str, target: np.ndarray, classes: int, loss: Any) -> None:
    ignored = loss._arguments().get("ignore_class")
    kept = target if ignored is None else target[target != ignored]
    if not kept.size or kept.dtype.kind == "b":
        return
    low, high = kept.min(), kept.max()
    if not (low >= 0 and high < classes):  # so NaN is wrong too
        raise ValueError(
            f"{where}: class numbers must lie between 0 and {classes - 1}, received {low:g} to {high:g}. "
            "Give the last layer as many units as there are classes."
        )
    if kept.dtype.kind == "f" and np.any(kept % 1):
        raise ValueError(f"{where}: class numbers must be whole, received {kept[kept % 1 != 0][0]:g} for example.")


# Found once for a graph: predictions of single rows are to stay quick.
_known_embeddings: Any = weakref.WeakKeyDictionary()


def indices(graph: Any, x: Any) -> None:
    """Raises ValueError where inputs that go straight into an Embedding are no indices that it has."""
    embeddings = _known_embeddings.get(graph)
    if embeddings is None:
        embeddings = _known_embeddings[graph] = _embeddings_of(graph)
    given = graph.flatten_inputs(x) if embeddings else ()
    for place, one, limit in embeddings:
        data = given[place]
        if isinstance(data, (np.ndarray, jax.Array)) and data.size and data.dtype.kind in "iuf":
            low, high = np.min(data), np.max(data)
            if not (low >= 0 and high < limit):  # so NaN is wrong too
                raise ValueError(
                    f"{describe(one)}: indices must lie between 0 and {limit - 1} (input_dim={limit}), received {low:g} "
                    f"to {high:g}."
                )
            if data.dtype.kind == "f" and np.any(np.asarray(data) % 1):
                raise ValueError(f"{describe(one)}: indices must be whole numbers, received fractions.")


def _embeddings_of(graph: Any) -> list[tuple[int, Any, int]]:
    """(number of the input, layer, its number of rows) of the Embeddings that inputs go straight into."""
    places = {id(t): place for place, t in enumerate(graph.input_tensors)}
    found = []
    for node in graph.nodes:
        one = node.operation
        limit = getattr(one, "input_dim", None)
        if type(one).__name__ == "Embedding" and isinstance(limit, int) and id(node.input_tensors[0]) in places:
            found.append((places[id(node.input_tensors[0])], one, limit))
    return found
