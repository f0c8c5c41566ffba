"""predict: outputs for many rows, batch by batch, right from several threads at once."""

import contextlib
import itertools
import threading
from typing import Any

import jax
import numpy as np

from ..core import frame as frames
from ..core import placement
from ..core.config import get_setting
from ..core.declare import era_default, resolve_default
from ..core.purity import rows_are_independent
from ..core.variable import count_made, initialize
from ..nn.platform import arrived
from . import checks, host, programs, sharding, step
from .callbacks.base import CallbackList
from .compiler import jit_for
from .data import adapt
from .explaining import explained
from .interrupts import Deferred
from .passes import batches, first_batch, pass_params


class Predictor:
    """The compiled forward pass of a model, for as long as its Variables stay the same."""

    def __init__(self, model: Any):
        self.model, self.split = model, sharding.split_of(model)
        variables = model.variables
        train = model._trainable_ids()
        self.params = [v for v in variables if id(v) in train]
        self.state = [v for v in variables if id(v) not in train]
        self._ids = {id(v) for v in variables}
        self._seen: tuple[int, int] = (0, -1)
        one = step.predict_step(model, self.params, self.state)
        compiled = model._compiled
        jit = (compiled is None or compiled.jit) and host.can_compile(model)
        self._host_first = host.stands_first(model)
        self._step, self._jit = one, jit
        self._run: Any = None
        self._pads = jit and rows_are_independent(model)
        self._sizes: dict[tuple, list[int]] = {}

    def is_current(self) -> bool:
        """Does the model still have the same Variables? Cheap where a graph says what belongs to it."""
        if placement.current() not in (None, self.split and self.split.distribution):
            return False
        graph, made = self.model._graph, count_made()
        if graph is not None and self._seen == (id(graph), made):
            return True
        self._seen = (id(graph), made)
        return {id(v) for v in self.model.variables} == self._ids

    def __call__(self, x: Any, size: int | None = None) -> Any:
        """Outputs for one batch of at most ``size`` rows.

        Where rows are independent, batches of other sizes are filled up, so that two programs serve all of them.
        """
        rows = _rows(x)
        wanted = self._size(x, rows, size) if self._pads and size is not None and rows else rows
        if wanted == rows:
            return self._outputs(x)
        outputs = self._outputs(jax.tree.map(lambda a: programs.filled(a, wanted), x))
        return jax.tree.map(lambda a: placement.to_host(a)[:rows], outputs)

    def _size(self, x: Any, rows: int, size: int) -> int:
        """The number of rows to run: ``size``, or one other that was wanted: a single row, or the first of all."""
        known = self._sizes.setdefault(programs.kind_of(x), [])
        others = [n for n in known if n != size]
        wanted = rows if rows in known or rows >= size or (not others and (rows == 1 or not known)) else size
        if wanted not in known:
            known.append(wanted)
        return wanted

    def _outputs(self, x: Any) -> Any:
        """Outputs for one batch; only what the call itself changes (states of stateful layers) is written."""
        params = [v._cell if v._cell is not None else v.materialize() for v in self.params]
        state = [v._cell if v._cell is not None else v.materialize() for v in self.state]
        if self._host_first:
            x = self.model._graph.prepare(x, training=False)
        if self.split is not None:
            x = self.split.batch(x)
        elif self._jit:
            x = arrived(x)
        if self._run is None:
            self._run = jit_for(self._step, (params, state, x)) if self._jit else self._step
        outputs, changed = self._run(params, state, x)
        if changed:
            programs.put_back([self.state[i] for i in changed], list(changed.values()))
        return outputs


def _rows(x: Any) -> int:
    leaves = jax.tree.leaves(x)
    return leaves[0].shape[0] if leaves and leaves[0].ndim else 0


_making = threading.RLock()  # held while a model is built: several threads may ask for its first prediction at once


def predictor_of(model: Any, x: Any) -> Predictor:
    """The model's forward pass; builds the model on ``x`` if need be."""
    predictor = model._programs.get("predict")
    if predictor is not None and predictor.is_current():
        return predictor
    with _making:
        predictor = model._programs.get("predict")
        if predictor is None or not predictor.is_current():
            if not model.built or any(not one.built for one in model._flatten_layers()):
                _build(model, x)
            initialize(model.variables)
            predictor = model._programs["predict"] = Predictor(model)
    return predictor


def _build(model: Any, x: Any) -> None:
    def run(x: Any) -> Any:
        with frames.Frame(values={}, abstract=True, training=False):
            return model(x)

    jax.eval_shape(run, jax.tree.map(lambda a: jax.ShapeDtypeStruct(a.shape, a.dtype), x))


@explained
def predict(
    model: Any,
    x: Any,
    batch_size: int | None = None,
    verbose: Any = era_default("auto"),
    steps: int | None = None,
    callbacks: Any = None,
    max_queue_size: int | None = era_default(None),
    workers: int | None = era_default(None),
    use_multiprocessing: bool | None = era_default(None),
    **kwargs: Any,
) -> Any:
    """Outputs for data, as NumPy arrays in the structure of the model's outputs.

    https://keras.io/api/models/model_training_apis/
    """
    kwargs = checks.old_words(model, "predict", kwargs)
    checks.no_unknown("predict", predict, kwargs)
    verbose = checks.verbosity(resolve_default(type(model), "predict_verbose", verbose))
    quiet = verbose == 0 and not callbacks and steps is None
    size = 32 if batch_size is None else batch_size if type(batch_size) is int else 0
    if quiet and type(x) is np.ndarray and x.dtype == np.float32 and x.ndim and 0 < len(x) <= size:
        _check(model, x)
        return _numpy(predictor_of(model, x)(x, size))
    graph = getattr(model, "_graph", None)
    feeder = checks.feeder(model, max_queue_size, workers, use_multiprocessing)
    steps = checks.steps(model, steps, "steps")
    if x is None and graph is not None and graph.own_inputs is not None:
        x, steps, batch_size = itertools.repeat((graph.own_inputs,)), steps or 1, None
    source = _source(model, x, batch_size=batch_size, steps=steps, **feeder)
    first = first_batch(source)[0]
    _check(model, source.arrays[0] if source.kind == "arrays" else first)
    predictor = predictor_of(model, first)
    shown = CallbackList(callbacks, add_progbar=verbose != 0)
    shown.set_params(pass_params(source, verbose))
    for callback in shown:
        callback.set_model(model)
    parts = []
    size = source.batch_size if source.kind == "arrays" else _rows(first)
    shown.on_predict_begin()
    most = get_setting("max_steps_per_epoch")
    with Deferred() as interrupts, sharding.together(), contextlib.closing(batches(source, None)) as found:
        for number, (part, _, _) in enumerate(itertools.islice(found, most)):
            shown.on_predict_batch_begin(number)
            outputs = predictor(part, size)
            parts.append(_numpy(outputs))
            shown.on_predict_batch_end(number, {"outputs": outputs})
            interrupts.check()
    shown.on_predict_end()
    return jax.tree.map(lambda *a: np.concatenate(a) if len(a) > 1 else a[0], *parts)


def _source(model: Any, x: Any, **options: Any) -> Any:
    graph = getattr(model, "_graph", None)
    if graph is not None:
        options = {**options, "inputs": len(graph.input_tensors), "choose": graph.chosen}
    return adapt(x, shuffle=False, predict=True, **options)


def _check(model: Any, x: Any) -> None:
    graph = getattr(model, "_graph", None)
    if graph is not None:
        graph.flatten_inputs(x)
        checks.indices(graph, x)


def _numpy(outputs: Any) -> Any:
    if isinstance(outputs, jax.Array):
        return placement.to_host(outputs)
    several = any(isinstance(a, jax.Array) and not a.is_fully_addressable for a in jax.tree.leaves(outputs))
    return jax.tree.map(placement.to_host, outputs if several else jax.device_get(outputs))


@explained
def predict_on_batch(model: Any, x: Any) -> Any:
    """Outputs for one batch, as NumPy arrays."""
    source = _source(model, x)
    checks.is_one_batch(source, "predict_on_batch", x, "predict")
    batch = source.arrays[0]
    _check(model, batch)
    return _numpy(predictor_of(model, batch)(batch))


def default_predict_step(model: Any, *args: Any) -> Any:
    """What ``super().predict_step`` does, in either form."""
    x = args[-1][0] if isinstance(args[-1], (tuple, list)) else args[-1]
    if len(args) == 1:
        return model(x, training=False)
    trainable, non_trainable = args[0][0], args[0][1]
    outputs, after = model.stateless_call(trainable, non_trainable, x, training=False)
    return outputs, (trainable, after)


def predict_generator(
    model: Any,
    generator: Any,
    steps: int | None = None,
    *args: Any,
    callbacks: Any = None,
    max_queue_size: int = 10,
    workers: int = 1,
    use_multiprocessing: bool = False,
    verbose: Any = 0,
    **kwargs: Any,
) -> Any:
    """The same as ``predict`` on a generator."""
    from .loop import _feeding

    feeding = _feeding("predict_generator", args, callbacks, max_queue_size, workers, use_multiprocessing, verbose)
    given = {"steps": steps, **feeding}
    if kwargs:
        given.update(checks.old_words(model, "predict_generator", {"generator": generator, **kwargs}))
    return predict(model, given.pop("generator", generator), **given)
