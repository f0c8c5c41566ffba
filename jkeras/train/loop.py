"""fit and evaluate: the only place of training with side effects.

It gathers the cells, calls a compiled program, puts the arrays back and runs callbacks.
"""

import itertools
import warnings
from typing import Any

import jax
import numpy as np

from ..core.arguments import by_place
from ..core.config import get_setting
from ..core.declare import current_era, era_default, resolve_default
from ..core.rng import fresh_seed
from . import checks, measuring, sharding, step
from .callbacks.base import CallbackList
from .data import adapt, validation_split
from .explaining import explained
from .interrupts import Deferred
from .logs import Logs
from .passes import Run, first_batch, in_order, pass_params, single_batch
from .session import session_of
from .step import Plan

# ------------------------------------------------- fit


@explained
def fit(
    model: Any,
    x: Any = None,
    y: Any = None,
    batch_size: int | None = None,
    epochs: int = era_default(1),
    verbose: Any = era_default("auto"),
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
    max_queue_size: int | None = era_default(None),
    workers: int | None = era_default(None),
    use_multiprocessing: bool | None = era_default(None),
    **kwargs: Any,
) -> Any:
    """Trains the model for a number of epochs; returns the History.

    https://keras.io/api/models/model_training_apis/

    Raises ValueError or TypeError, before anything is compiled, for data that do not fit the model.
    """
    if kwargs or isinstance(class_weight, str):
        kwargs = checks.old_words(model, "fit", {**kwargs, "class_weight": class_weight, "y": y})
        given = {k: v for k, v in locals().items() if k not in ("model", "kwargs")}
        return fit(model, **checks.merged("fit", fit, given, kwargs))
    epochs, initial_epoch = checks.epochs(resolve_default(type(model), "epochs", epochs), initial_epoch)
    validation_freq = checks.frequency(validation_freq)
    verbose = checks.verbosity(resolve_default(type(model), "verbose", verbose))
    epochs = min(epochs, get_setting("max_epochs") or epochs)
    checks.is_compiled(model, "fit")
    feeder = checks.feeder(model, max_queue_size, workers, use_multiprocessing)
    batch_size = checks.size(batch_size, "batch_size")
    validation_size = checks.size(validation_batch_size, "validation_batch_size") or batch_size
    validation_steps = checks.steps(model, validation_steps, "validation_steps")
    source = _source(
        model, x, y, sample_weight, batch_size=batch_size, shuffle=shuffle, class_weight=class_weight,
        steps=checks.steps(model, steps_per_epoch, "steps_per_epoch"), **feeder,
    )  # fmt: skip
    with checks.about("validation_data"):
        source, validation = _validation(
            model, source, validation_split, validation_data, validation_steps, validation_size, feeder
        )
    batch = first_batch(source)
    checks.fits(model, batch, source)
    if validation is not None:
        with checks.about("validation_data"):
            checks.fits(model, first_batch(validation), validation)
    session = session_of(model, batch)
    _check_split(session, source, validation)
    callback_list = CallbackList(callbacks, add_history=True, add_progbar=verbose != 0, model=model)
    callback_list.set_params(_params(model, source, epochs, verbose, validation))
    _give_validation_data(callback_list, validation)
    with Deferred() as interrupts, sharding.together():
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
            if model.stop_training or run.is_over(source):
                _tell_end("The data", source, epoch, epochs)
                break
            run.position.finished = False
            callbacks.on_epoch_begin(epoch)
            if not run.epoch("train", source, rng) and run.is_over(source):
                break  # nothing was left for it
            logs = run.final_logs()
            if validation is not None and _is_due(validation_freq, epoch):
                if run.is_over(validation, look=True):
                    _tell_end("validation_data", validation, epoch, epochs)
                    validation = None
                else:
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


def _check_split(session: Any, *sources: Any) -> None:
    """Raises ValueError for batches that the distribution cannot split, before anything is compiled."""
    for source in sources if session.split is not None else ():
        if source is None:
            continue
        if source.kind == "arrays":
            if source.size > source.batch_size:  # fewer rows than a batch are a last batch
                session.split.check_size(source.batch_size)
        elif jax.tree.leaves(first_batch(source)):
            session.split.check_size(len(jax.tree.leaves(first_batch(source))[0]), "the size of batches")
        if not session.host_first:
            session.split.divide(source)


def _tell_end(what: str, source: Any, epoch: int, epochs: int) -> None:
    if getattr(source, "exhausted", False) and (source.given_steps is None or what == "validation_data"):
        warnings.warn(
            f"{what} ({source.feed.what}) ran out after {epoch} of {epochs} epochs; there is none for the others. Pass data that "
            "can be read again (arrays, a PyDataset, a data set), or an endless generator and the number of its steps.",
            stacklevel=5,
        )


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
    if isinstance(frequency, set):
        return epoch + 1 in frequency
    return (epoch + 1) % frequency == 0


def _source(model: Any, x: Any, y: Any, sample_weight: Any, **options: Any) -> Any:
    graph = getattr(model, "_graph", None)
    inputs = len(graph.input_tensors) if graph is not None else None
    outputs = len(graph.output_tensors) if graph is not None else None
    if y is None and model._compiled is not None and model._compiled.target_tensors is not None:
        y = model._compiled.target_tensors
    if isinstance(x, tuple) and y is None and inputs == 1 and len(x) in (2, 3) and all(hasattr(v, "shape") for v in x):
        x, y, sample_weight = (*x, sample_weight)[:3]
    if x is None and graph is not None and graph.own_inputs is not None:
        x, y, sample_weight = itertools.repeat((graph.own_inputs, y, sample_weight)), None, None
        options = {**options, "steps": options.get("steps") or 1, "batch_size": None}  # each step takes all of it
    choose = graph.chosen if graph is not None else None
    return adapt(x, y, sample_weight, inputs=inputs, outputs=outputs, choose=choose, **options)


def _validation(
    model: Any, source: Any, fraction: float, data: Any, steps: int | None, batch_size: int | None, feeder: dict
) -> tuple[Any, Any]:
    if data is not None:
        if isinstance(data, (tuple, list)):
            if not 1 <= len(data) <= 3:
                raise ValueError(
                    f"validation_data: expected (x, y) or (x, y, sample_weight), received {len(data)} items."
                )
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
    names = measuring.metrics_names(model)
    params = {**pass_params(source, verbose), "epochs": epochs, "nb_epoch": epochs}
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


@explained
def evaluate(
    model: Any,
    x: Any = None,
    y: Any = None,
    batch_size: int | None = None,
    verbose: Any = era_default("auto"),
    sample_weight: Any = None,
    steps: int | None = None,
    callbacks: Any = None,
    *args: Any,
    max_queue_size: int | None = era_default(None),
    workers: int | None = era_default(None),
    use_multiprocessing: bool | None = era_default(None),
    return_dict: bool = False,
    **kwargs: Any,
) -> Any:
    """Loss and metrics on data: a number, a list in the order of ``metrics_names``, or a dict.

    https://keras.io/api/models/model_training_apis/
    """
    kwargs = checks.old_words(model, "evaluate", kwargs)
    checks.no_unknown("evaluate", evaluate, kwargs)
    if len(args) == 1 and isinstance(args[0], bool):  # Keras 3's order
        return_dict = args[0]
    elif args:
        given = {
            "max_queue_size": max_queue_size, "workers": workers, "use_multiprocessing": use_multiprocessing,
            "return_dict": return_dict,
        }  # fmt: skip
        given.update(by_place("evaluate, after callbacks,", list(given), args))
        max_queue_size, workers, use_multiprocessing, return_dict = given.values()
    verbose = checks.verbosity(resolve_default(type(model), "verbose", verbose))
    checks.is_compiled(model, "evaluate")
    feeder = checks.feeder(model, max_queue_size, workers, use_multiprocessing)
    steps = checks.steps(model, steps, "steps")
    source = _source(model, x, y, sample_weight, batch_size=batch_size, steps=steps, shuffle=False, **feeder)
    batch = first_batch(source)
    checks.fits(model, batch, source)
    session = session_of(model, batch)
    _check_split(session, source)
    if not verbose and not callbacks:
        logs = single_batch(session, source)
        if logs is not None:
            return _as_result(model, in_order(logs, session.ordered_names), return_dict)
    callback_list = CallbackList(callbacks, add_progbar=verbose != 0, model=None)
    callback_list.set_params(pass_params(source, verbose))
    for callback in callback_list:
        callback.set_model(model)
    with Deferred() as interrupts, sharding.together():
        run = Run(session, callback_list, interrupts)
        run.fills = True
        logs = _validate(run, source)
    return _as_result(model, logs, return_dict)


def _as_result(model: Any, logs: Any, return_dict: bool) -> Any:
    if return_dict:
        return dict(Logs(logs).settle())
    left = dict(logs.items())
    values = [left.pop(key) for key in map(logs.stored_name, model._programs["session"].ordered_names()) if key in left]
    values += left.values()
    return values[0] if len(values) == 1 else values


@explained
def train_on_batch(
    model: Any,
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    class_weight: Any = None,
    *args: Any,
    reset_metrics: bool = True,
    return_dict: bool = False,
) -> Any:
    """One training step on one batch; loss and metrics of this batch, or since the last reset."""
    reset_metrics, return_dict = _flags("train_on_batch, after class_weight,", args, reset_metrics, return_dict)
    return _on_batch(model, "train", x, y, sample_weight, class_weight, reset_metrics, return_dict)


@explained
def test_on_batch(
    model: Any,
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    *args: Any,
    reset_metrics: bool = True,
    return_dict: bool = False,
) -> Any:
    """Loss and metrics of one batch."""
    reset_metrics, return_dict = _flags("test_on_batch, after sample_weight,", args, reset_metrics, return_dict)
    return _on_batch(model, "test", x, y, sample_weight, None, reset_metrics, return_dict)


def _flags(what: str, args: tuple, reset_metrics: bool, return_dict: bool) -> tuple[bool, bool]:
    """Keras 3 has return_dict in the place where tf.keras has reset_metrics and then return_dict."""
    order = ("reset_metrics", "return_dict")
    given = by_place(what, order[1:] if len(args) == 1 and current_era() == "3" else order, args)
    return given.get("reset_metrics", reset_metrics), given.get("return_dict", return_dict)


def _on_batch(
    model: Any, mode: str, x: Any, y: Any, weight: Any, class_weight: Any, reset: bool, return_dict: bool
) -> Any:
    checks.is_compiled(model, f"{mode}_on_batch")
    if class_weight is not None and weight is not None:
        raise ValueError("train_on_batch: give class_weight or sample_weight, not both.")
    source = _source(model, x, y, weight, batch_size=None, shuffle=False, class_weight=class_weight)
    checks.is_one_batch(source, f"{mode}_on_batch", x, "fit or evaluate")
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


# ------------------------------------------------- generators, by their own methods until tf.keras 2


def fit_generator(
    model: Any,
    generator: Any,
    steps_per_epoch: int | None = None,
    epochs: int = 1,
    verbose: Any = 1,
    callbacks: Any = None,
    validation_data: Any = None,
    validation_steps: int | None = None,
    *args: Any,
    validation_freq: Any = 1,
    class_weight: Any = None,
    max_queue_size: int = 10,
    workers: int = 1,
    use_multiprocessing: bool = False,
    shuffle: Any = True,
    initial_epoch: int = 0,
    **kwargs: Any,
) -> Any:
    """The same as ``fit`` on a generator."""
    names = ["class_weight", "max_queue_size", "workers", "use_multiprocessing", "shuffle", "initial_epoch"]
    given = {
        "validation_freq": validation_freq,
        "class_weight": class_weight,
        "max_queue_size": max_queue_size,
        "workers": workers,
        "use_multiprocessing": use_multiprocessing,
        "shuffle": shuffle,
        "initial_epoch": initial_epoch,
    }
    if args and isinstance(args[0], (int, list, tuple)) and not isinstance(args[0], bool):  # tf.keras's order
        names = ["validation_freq", *names]
    given.update(by_place("fit_generator, after validation_steps,", names, args))
    given.update(
        steps_per_epoch=steps_per_epoch, epochs=epochs, verbose=verbose, callbacks=callbacks,
        validation_data=validation_data, validation_steps=validation_steps, generator=generator,
    )  # fmt: skip
    if kwargs:
        data = {"generator": generator, "validation_data": validation_data}
        given.update(checks.old_words(model, "fit_generator", {**data, **kwargs}))
    return fit(model, given.pop("generator"), **given)


def evaluate_generator(
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
    """The same as ``evaluate`` on a generator."""
    feeding = _feeding("evaluate_generator", args, callbacks, max_queue_size, workers, use_multiprocessing, verbose)
    given = {"steps": steps, **feeding}
    if kwargs:
        given.update(checks.old_words(model, "evaluate_generator", {"generator": generator, **kwargs}))
    return evaluate(model, given.pop("generator", generator), **given)


def _feeding(what: str, args: tuple, *values: Any) -> dict[str, Any]:
    """Keras 2 has no callbacks among the positions, tf.keras has them first."""
    names = ["callbacks", "max_queue_size", "workers", "use_multiprocessing", "verbose"]
    given = dict(zip(names, values, strict=True))
    first = args[0] if args else None
    order = names[1:] if isinstance(first, int) and not isinstance(first, bool) else names
    return {**given, **by_place(f"{what}, after steps,", order, args)}
