"""Errors before work starts: data that do not fit the model are named with what was expected."""

import inspect
import weakref
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from ..core import errors
from ..core.declare import era, resolve_default
from ..core.spec import describe
from . import compiling


def no_unknown(what: str, function: Callable, kwargs: dict) -> None:
    """Raises TypeError for an argument that a method does not know."""
    for name in kwargs:
        known = [p for p in inspect.signature(function).parameters if p not in ("model", "kwargs")]
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


def epochs(value: Any, initial: Any) -> int:
    """The number of epochs; raises ValueError for what is none."""
    for name, number in (("epochs", value), ("initial_epoch", initial)):
        if isinstance(number, bool) or not isinstance(number, (int, float, np.number)) or number < 0:
            raise ValueError(f"{name}: expected an integer of at least 0, received {number!r}.")
    return int(value)


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


def fits(model: Any, batch: Any, source: Any) -> None:
    """Raises ValueError where inputs or targets do not fit the model; arrays are checked whole, streams by a batch."""
    x, y, _ = batch
    graph = getattr(model, "_graph", None)
    if graph is not None:
        graph.flatten_inputs(x)
        if source.kind == "arrays":
            indices(graph, source.arrays[0])
    compiled = compiling.resolve(model, x, y)
    _check_weights(model, compiled, batch)
    if graph is not None:
        shapes = [t.shape for t in graph.output_tensors]
        targets = compiled.parts(source.arrays[1] if source.kind == "arrays" else y)
        for output, target, shape in zip(compiled.outputs or [], targets, shapes, strict=True):
            if target is not None and output.loss is not None:
                _check_target(model, output, target, shape)
    if y is None and compiled.loss is not None and not _steps_are_custom(model):
        raise ValueError(
            f"Model '{model.name}': it was compiled with a loss, but there are no targets. Pass y, or batches of (x, y)."
        )


def _check_weights(model: Any, compiled: Any, batch: Any) -> None:
    """Weights per time step must have been announced where Keras wants it so."""
    _, y, weights = batch
    mode = compiled.temporal
    names = [o.name for o in compiled.outputs or []]
    if isinstance(mode, dict):
        modes = [mode.get(n) for n in names]
    else:
        modes = list(mode) if isinstance(mode, (list, tuple)) else [mode] * len(names)
    for name, one, weight in zip(names, modes, compiled.parts(weights), strict=False):
        if weight is not None and one == "temporal" and np.ndim(weight) < 2:
            raise ValueError(
                f"Model '{model.name}', output {name!r}: sample_weight_mode='temporal' takes weights of shape "
                f"(samples, steps), received shape {np.shape(weight)}."
            )


def _steps_are_custom(model: Any) -> bool:
    names = ("train_step", "test_step", "compute_loss")
    return any(getattr(type(model), n).__module__ != "jkeras.models.model" for n in names)


def _check_target(model: Any, output: Any, target: Any, shape: tuple) -> None:
    name = getattr(output.loss, "name", "")
    got = tuple(target.shape)
    where = f"Model '{model.name}', output {output.name!r}"
    if "sparse_categorical" in name:
        classes = shape[-1]
        if len(got) == len(shape) and got[-1] == classes and classes not in (1, None):
            raise ValueError(
                f"{where}: sparse_categorical_crossentropy takes class numbers, received one-hot targets of shape {got}. "
                "Use categorical_crossentropy, or y.argmax(-1)."
            )
        if classes is not None and isinstance(target, np.ndarray) and target.size and target.dtype.kind in "iuf":
            _check_labels(where, target, classes, output.loss)
    elif name == "categorical_crossentropy" and (len(got) != len(shape) or shape[-1] not in (None, got[-1])):
        raise ValueError(
            f"{where}: categorical_crossentropy takes one-hot targets of shape {shape}, received shape {got}. "
            "Use to_categorical(y), or sparse_categorical_crossentropy for class numbers."
        )
    elif name in ELEMENTWISE and not _comparable(got, shape):
        raise ValueError(
            f"{where}: {name} compares targets with outputs of shape {shape}, received targets of shape {got}."
        )


ELEMENTWISE = frozenset(
    "mean_squared_error mean_absolute_error mean_absolute_percentage_error mean_squared_logarithmic_error huber_loss "
    "log_cosh binary_crossentropy hinge squared_hinge poisson".split()
)


def _comparable(got: tuple, shape: tuple) -> bool:
    if len(got) == len(shape) - 1 and shape[-1] == 1:
        got = (*got, 1)
    if len(got) == len(shape) + 1 and got[-1] == 1:
        got = got[:-1]
    if len(got) != len(shape):
        return False
    return all(a is None or b is None or a in (b, 1) for a, b in zip(got[1:], shape[1:], strict=True))


def _check_labels(where: str, target: np.ndarray, classes: int, loss: Any) -> None:
    low, high = target.min(), target.max()
    ignored = getattr(loss, "ignore_class", None)
    if ignored is not None:
        kept = target[target != ignored]
        if not kept.size:
            return
        low, high = kept.min(), kept.max()
    if low < 0 or high >= classes:
        raise ValueError(
            f"{where}: class numbers must lie between 0 and {classes - 1}, received {low:g} to {high:g}. "
            "Give the last layer as many units as there are classes."
        )


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
            if low < 0 or high >= limit:
                raise ValueError(
                    f"{describe(one)}: indices must lie between 0 and {limit - 1} (input_dim={limit}), received {low:g} "
                    f"to {high:g}."
                )


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
