"""fit and evaluate: the only place of training with side effects.

It gathers the cells, calls a compiled program, puts the arrays back and runs callbacks.
"""

import time
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..core import frame as frames
from ..core.config import get_setting
from ..core.declare import current_era, era_default, resolve_default
from ..core.rng import fresh_seed
from . import checks, compiling, programs, step
from .callbacks.base import CallbackList
from .compiler import compiler_options
from .data import ArraySource, adapt, validation_split
from .interrupts import Deferred
from .logs import Logs
from .step import Batch, Carry, Plan

SECONDS_PER_CALL = 0.1  # a progress bar moves, and Ctrl-C acts, about this often


class Pace:
    """How many steps to run in one call: as many as take about a tenth of a second."""

    def __init__(self) -> None:
        self.count, self._warm = 1, 0

    def measure(self, seconds: float, steps: int) -> None:
        """Learns from a call; the first one compiled."""
        self._warm += 1
        if self._warm == 1:
            self.count = 8
        elif seconds < SECONDS_PER_CALL / 2:
            self.count = steps * (2 if seconds <= 0 else max(2, min(1000, int(SECONDS_PER_CALL / seconds))))
        elif seconds > 2 * SECONDS_PER_CALL:
            self.count = max(1, int(steps * SECONDS_PER_CALL / seconds))


class Session:
    """The compiled programs of one model, as long as its Variables and what it was compiled with stay the same."""

    def __init__(self, model: Any, plan: Plan):
        self.model, self.plan = model, plan
        self.jit = model._compiled.jit
        self.options = compiler_options()
        self._epoch: dict[tuple, programs.EpochProgram] = {}
        self._streams: dict[str, Any] = {}
        self._results: Any = None
        self.names: list[str] | None = None
        self._reset: Any = None
        self.pace: dict[str, Pace] = {"train": Pace(), "test": Pace()}

    def _step(self, mode: str) -> Any:
        if mode == "train":
            one = step.train_step(self.model, self.plan)
            return lambda fixed, carry, batch: one(carry, batch)
        one = step.test_step(self.model, self.plan)

        def test(fixed: tuple, carry: tuple, batch: Batch) -> tuple[tuple, dict]:
            after, logs = one(Carry(fixed[0], carry[0], fixed[1], carry[1]), batch)
            return (after.state, after.metrics), logs

        return test

    def _gather(self, mode: str) -> tuple[Any, Any]:
        if mode == "train":
            return (), programs.gather_carry(self.plan)
        plan = self.plan
        fixed = ([v.materialize() for v in plan.params], [v.materialize() for v in plan.optimizer])
        return fixed, (programs.gather(plan.state), programs.gather(plan.metrics))

    def _put_back(self, mode: str, carry: Any) -> None:
        if mode == "train":
            programs.put_back_carry(self.plan, carry)
        else:
            programs.put_back(self.plan.state, carry[0])
            programs.put_back(self.plan.metrics, carry[1])

    def run(self, mode: str, data: Any, order: Any, size: int, first: int, count: int) -> dict:
        """Runs ``count`` batches of ``size`` rows; the cells hold the result."""
        key = (mode, size, *programs.kind_of(data))
        program = self._epoch.get(key)
        if program is None:
            program = self._epoch[key] = programs.EpochProgram(self._step(mode), size, self.options, self.jit)
        fixed, carry = self._gather(mode)
        carry, logs = program(fixed, carry, data, order, first, count)
        self._put_back(mode, carry)
        return logs

    def run_batch(self, mode: str, batch: Batch) -> dict:
        """Runs one batch that is at hand."""
        program = self._streams.get(mode)
        if program is None:
            one = self._step(mode)
            program = jax.jit(one, donate_argnums=1, compiler_options=self.options) if self.jit else one
            self._streams[mode] = program
        fixed, carry = self._gather(mode)
        carry, logs = program(fixed, carry, batch)
        self._put_back(mode, carry)
        return logs

    # ---- metrics

    def reset_metrics(self) -> None:
        """Sets the metrics back, in one compiled call."""
        model, plan = self.model, self.plan
        if type(model).reset_metrics.__module__ != "jkeras.models.model" or not self.jit:
            model.reset_metrics()
            return
        if self._reset is None:

            def reset() -> list[jax.Array]:
                values = {v: jnp.zeros(v.shape, v.array_dtype) for v in plan.metrics}
                with frames.Frame(values=values):
                    for m in compiling.metrics_of(model):
                        m.reset_state()
                return [values[v] for v in plan.metrics]

            self._reset = jax.jit(reset)
        programs.put_back(plan.metrics, self._reset())

    def results(self) -> dict[str, Any]:
        """Results of the metrics as they are now, by name."""
        model, plan = self.model, self.plan
        if self._results is None:

            def results(arrays: list[jax.Array]) -> dict[str, Any]:
                with frames.Frame(values=dict(zip(plan.metrics, arrays, strict=True))):
                    return compiling.metrics_result(model)

            # results of metrics written by users may not be traceable
            ours = all(type(m).__module__.startswith("jkeras.") for m in compiling.metrics_of(model))
            self._results = jax.jit(results) if ours and self.jit else results
        return self._results([v.materialize() for v in plan.metrics])


def session_of(model: Any, batch: Batch) -> Session:
    """The programs of a model for data like ``batch``; made anew when what they were made for has changed."""
    compiled = compiling.resolve(model, batch[0], batch[1])
    plan = step.make_plan(model)
    session = model._programs.get("session")
    if session is None or [list(map(id, g)) for g in session.plan[:4]] != [list(map(id, g)) for g in plan[:4]]:
        model._programs["session"] = session = Session(model, plan)
        model._programs["plan"] = plan
    del compiled
    return session


# ------------------------------------------------- one pass over the data


class Run:
    """What the loop hands from epoch to epoch: session, callbacks, data."""

    def __init__(self, session: Session, callbacks: CallbackList, interrupts: Deferred):
        self.session, self.callbacks, self.interrupts = session, callbacks, interrupts
        self.model = session.model
        self.last_logs: dict = {}
        self._on_device: dict[int, tuple[Any, Any]] = {}
        self.position = Position()

    def data(self, source: ArraySource) -> Any:
        """The arrays of a source on the device, moved there once."""
        found = self._on_device.get(id(source))
        if found is None:
            found = self._on_device[id(source)] = (source, jax.device_put(source.arrays))
        return found[1]

    def logs(self) -> Logs:
        """The metrics of the moment, computed when somebody reads them."""
        if self.last_logs:
            return Logs(self.last_logs)
        return Logs.later(self._names(), self.session.results)

    def _names(self) -> list[str]:
        if self.session.names is None:
            names = compiling.metrics_names(self.model)
            self.session.names = sorted(names) if current_era() == "3" else names
        return self.session.names

    def final_logs(self) -> Logs:
        """The metrics of a finished pass, read from the device."""
        found = Logs(self.last_logs or self.session.results()).settle()
        if current_era() != "3":
            names = self._names()
            rest = [k for k in found if k not in names]
            return Logs({k: found[k] for k in (*(n for n in names if n in found), *rest)})
        return Logs({k: found[k] for k in sorted(found)})

    def epoch(self, mode: str, source: Any, rng: Any) -> int:
        """One pass; gives the number of steps done."""
        self.last_logs = {}
        start = 0
        if mode == "train":
            start = self.position.begin_epoch(source, rng)
        if not start:
            self.session.reset_metrics()
        if source.kind == "arrays" and not source.host_only:
            return self._array_epoch(mode, source, rng, start)
        return self._stream_epoch(mode, source, rng, start)

    def _array_epoch(self, mode: str, source: ArraySource, rng: Any, start: int) -> int:
        data = self.data(source)
        order = source.order(rng)
        size = source.batch_size
        limit = get_setting("max_steps_per_epoch")
        if limit is not None:
            order = order[: limit * size]
        full, rest = divmod(len(order), size)
        order = jax.device_put(order)
        done = start
        while done < full and not self._stopped(mode):
            count = self._until_hook(mode, done, full - done)
            done = self._chunk(mode, data, order, size, done, count)
        if rest and done == full and not self._stopped(mode):
            self._begin(mode, done)
            self.last_logs = self.session.run(mode, data, order, rest, full * size, 1)
            done += 1
            self._end(mode, done)
        return done

    def _until_hook(self, mode: str, done: int, left: int) -> int:
        wanted = self.callbacks.batches_until_hook(done, mode)
        return left if wanted is None else min(max(wanted, self.model._compiled.steps_per_execution), left)

    def _chunk(self, mode: str, data: Any, order: Any, size: int, done: int, count: int) -> int:
        pace = self.session.pace[mode]
        count = min(count, max(pace.count, self.model._compiled.steps_per_execution))
        self._begin(mode, done)
        start = time.perf_counter()
        self.last_logs = self.session.run(mode, data, order, size, done * size, count)
        if count >= pace.count:  # a whole call's worth: wait for it, so that calls do not pile up
            jax.block_until_ready(self.session.plan.metrics[0]._cell)
            pace.measure(time.perf_counter() - start, count)
        self._end(mode, done + count)
        return done + count

    def _stream_epoch(self, mode: str, source: Any, rng: Any, start: int) -> int:
        done = start
        for batch in _batches(source, rng):
            if self._stopped(mode):
                break
            self._begin(mode, done)
            self.last_logs = self.session.run_batch(mode, batch)
            done += 1
            self._end(mode, done)
            if done == get_setting("max_steps_per_epoch"):
                break
        if done == 0 and not self._stopped(mode):
            raise ValueError("The data gave no batch at all; check the generator or the length of the Sequence.")
        return done

    def _stopped(self, mode: str) -> bool:
        return mode == "train" and self.model.stop_training

    def _begin(self, mode: str, number: int) -> None:
        hook = self.callbacks.on_train_batch_begin if mode == "train" else self.callbacks.on_test_batch_begin
        hook(number)

    def _end(self, mode: str, done: int) -> None:
        hook = self.callbacks.on_train_batch_end if mode == "train" else self.callbacks.on_test_batch_end
        if mode == "train":
            self.position.batches = done
        hook(done - 1, self.logs())
        self.interrupts.check()


class Position:
    """Where a run stands, for an exact resume: data, shuffling, and the Variables that are no weights."""

    def __init__(self) -> None:
        self.plan: Plan | None = None
        self.source: Any = None
        self.rng: Any = None
        self.batches = 0
        self._at_start: dict[str, Any] = {}
        self._resumed: dict[str, Any] | None = None

    def begin_epoch(self, source: Any, rng: Any) -> int:
        """Notes where an epoch starts; gives the number of its batches that a resumed run has done already."""
        done = 0
        if self._resumed is not None:
            state, self._resumed = self._resumed, None
            rng.bit_generator.state = state["rng"]
            done = state["batches"]
            if source.kind == "arrays":
                source.set_state(state["source"])
            else:
                source.restore(state["source"])
        is_array = source.kind == "arrays"
        self._at_start = {"rng": rng.bit_generator.state, "source": source.get_state() if is_array else None}
        self.source, self.rng, self.batches = source, rng, done
        return done

    def get_state(self) -> dict[str, Any]:
        """What ``set_state`` of a new run needs."""
        assert self.plan is not None
        kept = [np.asarray(v.materialize()) for v in (*self.plan.state, *self.plan.metrics)]
        whole = self.source is None or self.finished
        state = dict(self._at_start)
        if whole and self.rng is not None:
            state["rng"] = self.rng.bit_generator.state
            state["source"] = self.source.get_state() if self.source.kind == "arrays" else None
        if self.source is not None and self.source.kind != "arrays":
            state["source"] = self.source.position
        return {**state, "batches": 0 if whole else self.batches, "variables": kept}

    finished = False  # is the epoch over, its validation included?

    def set_state(self, state: dict[str, Any]) -> None:
        """Goes on from what ``get_state`` gave."""
        assert self.plan is not None
        for v, value in zip((*self.plan.state, *self.plan.metrics), state["variables"], strict=True):
            v.assign(value)
        self._resumed = state


def _batches(source: Any, rng: Any) -> Iterator[Batch]:
    if source.kind == "arrays":
        order = source.order(rng)
        for first in range(0, len(order), source.batch_size):
            yield source.slice(order[first : first + source.batch_size])
    else:
        yield from source.epoch(rng)


def _first_batch(source: Any) -> Batch:
    """Arrays that look like the first batch, to build the model and to check shapes with."""
    if source.kind == "arrays":
        return source.slice(slice(0, min(source.batch_size, source.size)))
    return source.peek()


# ------------------------------------------------- fit


def fit(
    model: Any,
    x: Any = None,
    y: Any = None,
    batch_size: int | None = None,
    epochs: int = era_default(1),
    verbose: Any = "auto",
    callbacks: Any = None,
    validation_split: float = 0.0,
    validation_data: Any = None,
    shuffle: Any = True,
    class_weight: Any = None,
    sample_weight: Any = None,
    initial_epoch: int = 0,
    steps_per_epoch: int | None = None,
    validation_steps: int | None = None,
    validation_batch_size: int | None = None,
    validation_freq: Any = 1,
    max_queue_size: int | None = None,
    workers: int | None = None,
    use_multiprocessing: bool | None = None,
    **kwargs: Any,
) -> Any:
    """Trains the model for a number of epochs; returns the History.

    https://keras.io/api/models/model_training_apis/

    Raises ValueError or TypeError, before anything is compiled, for data that do not fit the model.
    """
    checks.no_unknown("fit", fit, kwargs)
    epochs = checks.epochs(resolve_default(type(model), "epochs", epochs), initial_epoch)
    epochs = min(epochs, get_setting("max_epochs") or epochs)
    checks.is_compiled(model, "fit")
    feeder = {"max_queue_size": max_queue_size, "workers": workers, "use_multiprocessing": use_multiprocessing}
    source = _source(
        model, x, y, sample_weight, batch_size=batch_size, steps=steps_per_epoch, shuffle=shuffle,
        class_weight=class_weight, **feeder,
    )  # fmt: skip
    source, validation = _validation(
        model, source, validation_split, validation_data, validation_steps, validation_batch_size or batch_size, feeder
    )
    batch = _first_batch(source)
    checks.fits(model, batch, source)
    if validation is not None:
        checks.fits(model, _first_batch(validation), validation)
    session = session_of(model, batch)
    callback_list = CallbackList(callbacks, add_history=True, add_progbar=_verbosity(verbose) != 0, model=model)
    callback_list.set_params(_params(model, source, epochs, _verbosity(verbose), validation))
    _give_validation_data(callback_list, validation)
    with Deferred() as interrupts:
        run = Run(session, callback_list, interrupts)
        return _epochs(run, source, validation, initial_epoch, epochs, validation_freq)


def _epochs(run: Run, source: Any, validation: Any, first: int, epochs: int, validation_freq: Any) -> Any:
    model, callbacks = run.model, run.callbacks
    rng = np.random.default_rng(fresh_seed())
    run.position.plan, run.position.rng = run.session.plan, rng
    model.stop_training, model.training_run, model._initial_epoch = False, run.position, first
    logs: Any = {}
    try:
        callbacks.on_train_begin()
        for epoch in range(model._initial_epoch, epochs):
            if model.stop_training or getattr(source, "exhausted", False):
                break
            run.position.finished = False
            callbacks.on_epoch_begin(epoch)
            run.epoch("train", source, rng)
            logs = run.final_logs()
            if validation is not None and _is_due(validation_freq, epoch):
                found = _validate(run, validation)
                logs.update({f"val_{k}": v for k, v in found.items()})
            run.position.finished = True
            callbacks.on_epoch_end(epoch, logs)
            run.interrupts.check()
    except BaseException:
        callbacks.on_train_error()
        raise
    finally:
        _finish_optimizer(model, run.session.plan)
        model.training_run = None
    callbacks.on_train_end(logs)
    return model.history


def _finish_optimizer(model: Any, plan: Plan) -> None:
    finish = getattr(model.optimizer, "finalize_variable_values", None)
    if finish is not None and plan.params:
        finish(plan.params)


def _validate(run: Run, source: Any) -> Logs:
    train_logs = run.last_logs
    run.callbacks.on_test_begin()
    run.epoch("test", source, None)
    logs = run.final_logs()
    run.callbacks.on_test_end(logs)
    run.last_logs = train_logs
    return logs


def _is_due(frequency: Any, epoch: int) -> bool:
    if isinstance(frequency, (list, tuple, set)):
        return epoch + 1 in frequency
    return (epoch + 1) % int(frequency) == 0


def _verbosity(verbose: Any) -> int:
    if verbose in ("auto", True):
        return 1
    if verbose not in (0, 1, 2, False):
        raise ValueError(f"verbose: expected 'auto', 0, 1 or 2, received {verbose!r}.")
    return int(verbose)


def _source(model: Any, x: Any, y: Any, sample_weight: Any, **options: Any) -> Any:
    graph = getattr(model, "_graph", None)
    inputs = len(graph.input_tensors) if graph is not None else None
    outputs = len(graph.output_tensors) if graph is not None else None
    if y is None and model._compiled is not None and model._compiled.target_tensors is not None:
        y = model._compiled.target_tensors
    if isinstance(x, (tuple, list)) and y is None and inputs == 1 and len(x) in (2, 3) and _is_pair(x):
        x, y, sample_weight = (*x, None)[:3]
    return adapt(x, y, sample_weight, inputs=inputs, outputs=outputs, **options)


def _is_pair(x: Any) -> bool:
    return isinstance(x, tuple) and all(hasattr(v, "shape") for v in x)


def _validation(
    model: Any, source: Any, fraction: float, data: Any, steps: int | None, batch_size: int | None, feeder: dict
) -> tuple[Any, Any]:
    if data is not None:
        if isinstance(data, (tuple, list)):
            if not 1 <= len(data) <= 3:
                raise ValueError(f"validation_data: expected (x, y) or (x, y, sample_weight), received {len(data)} items.")
            x, y, weight = (*data, None, None)[:3]
            return source, _source(model, x, y, weight, batch_size=batch_size, steps=steps, shuffle=False)
        stream_size = None if not hasattr(data, "shape") else batch_size
        return source, _source(model, data, None, None, batch_size=stream_size, steps=steps, shuffle=False, **feeder)
    if fraction:
        source, validation = validation_split(source, fraction)
        if batch_size is not None:
            validation.batch_size = batch_size
        if steps is not None:
            validation.given_steps = steps
        return source, validation
    return source, None


def _params(model: Any, source: Any, epochs: int, verbose: int, validation: Any) -> dict[str, Any]:
    names = compiling.metrics_names(model)
    params = {"epochs": epochs, "nb_epoch": epochs, "steps": source.steps, "verbose": verbose}
    params["samples"] = getattr(source, "size", None)
    params["batch_size"] = getattr(source, "batch_size", None)
    params["do_validation"] = validation is not None
    params["metrics"] = names + ([f"val_{n}" for n in names] if validation is not None else [])
    return params


def _give_validation_data(callbacks: CallbackList, validation: Any) -> None:
    if validation is None or validation.kind != "arrays":
        return
    x, y, weight = validation.arrays
    flat = [*jax.tree.leaves(x), *jax.tree.leaves(y)]
    flat += jax.tree.leaves(weight) or [np.ones(validation.size, "float32")]
    for callback in callbacks:
        callback.validation_data = flat


# ------------------------------------------------- evaluate and single batches


def evaluate(
    model: Any,
    x: Any = None,
    y: Any = None,
    batch_size: int | None = None,
    verbose: Any = "auto",
    sample_weight: Any = None,
    steps: int | None = None,
    callbacks: Any = None,
    max_queue_size: int | None = None,
    workers: int | None = None,
    use_multiprocessing: bool | None = None,
    return_dict: bool = False,
    **kwargs: Any,
) -> Any:
    """Loss and metrics on data: a number, a list in the order of ``metrics_names``, or a dict.

    https://keras.io/api/models/model_training_apis/
    """
    checks.no_unknown("evaluate", evaluate, kwargs)
    checks.is_compiled(model, "evaluate")
    feeder = {"max_queue_size": max_queue_size, "workers": workers, "use_multiprocessing": use_multiprocessing}
    source = _source(model, x, y, sample_weight, batch_size=batch_size, steps=steps, shuffle=False, **feeder)
    batch = _first_batch(source)
    checks.fits(model, batch, source)
    session = session_of(model, batch)
    callback_list = CallbackList(callbacks, add_progbar=_verbosity(verbose) != 0, model=None)
    callback_list.set_params({"epochs": 1, "steps": source.steps, "verbose": _verbosity(verbose),
                              "samples": getattr(source, "size", None), "batch_size": getattr(source, "batch_size", None)})  # fmt: skip
    for callback in callback_list:
        callback.set_model(model)
    with Deferred() as interrupts:
        run = Run(session, callback_list, interrupts)
        logs = _validate(run, source)
    return _as_result(model, logs, return_dict)


def _as_result(model: Any, logs: Any, return_dict: bool) -> Any:
    if return_dict:
        return dict(Logs(logs).settle())
    names = [n for n in compiling.metrics_names(model) if n in logs]
    values = [logs[n] for n in names] + [v for k, v in logs.items() if k not in names]
    return values[0] if len(values) == 1 else values


def train_on_batch(
    model: Any,
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    class_weight: Any = None,
    reset_metrics: bool = True,
    return_dict: bool = False,
) -> Any:
    """One training step on one batch; loss and metrics of this batch, or since the last reset."""
    return _on_batch(model, "train", x, y, sample_weight, class_weight, reset_metrics, return_dict)


def test_on_batch(
    model: Any,
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    reset_metrics: bool = True,
    return_dict: bool = False,
) -> Any:
    """Loss and metrics of one batch."""
    return _on_batch(model, "test", x, y, sample_weight, None, reset_metrics, return_dict)


def _on_batch(
    model: Any, mode: str, x: Any, y: Any, weight: Any, class_weight: Any, reset: bool, return_dict: bool
) -> Any:
    checks.is_compiled(model, f"{mode}_on_batch")
    if class_weight is not None and weight is not None:
        raise ValueError("train_on_batch: give class_weight or sample_weight, not both.")
    source = _source(model, x, y, weight, batch_size=None, shuffle=False, class_weight=class_weight)
    if source.kind != "arrays":
        raise ValueError(f"{mode}_on_batch: expected one batch of arrays, received {type(x).__name__}. Use fit or evaluate.")
    checks.fits(model, source.arrays, source)
    session = session_of(model, source.arrays)
    if reset:
        session.reset_metrics()
    with Deferred() as interrupts:
        logs = session.run_batch(mode, source.arrays) or session.results()
        interrupts.check()
    return _as_result(model, Logs(logs).settle(), return_dict)


def default_train_step(model: Any, *args: Any) -> Any:
    """What ``super().train_step`` does."""
    return step.default_step(model, "train_step", args)


def default_test_step(model: Any, *args: Any) -> Any:
    """What ``super().test_step`` does."""
    return step.default_step(model, "test_step", args)
