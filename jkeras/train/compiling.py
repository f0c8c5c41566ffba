"""What ``compile`` was told, and what it means once the outputs of the model are known."""

from typing import Any

import jax
import numpy as np

from .. import losses as losses_module
from .. import metrics as metrics_module
from .. import optimizers
from ..core import arguments, calling, errors, placement, registry, tracking
from ..core import frame as frames
from ..core.declare import current_era, era_default, resolve_default
from .data_arrays import whole

ARGUMENTS = (
    "optimizer loss loss_weights metrics weighted_metrics run_eagerly steps_per_execution jit_compile auto_scale_loss "
    "sample_weight_mode target_tensors".split()
)
# Said by older scripts; they ask for what happens anyway.
WITHOUT_MEANING = ("class_mode", "experimental_run_tf_function", "pss_evaluation_shards")


class Output:
    """One output of a model: its loss and its metrics.

    ``shape`` has None for what may differ from batch to batch; of a model without a graph only the last size is known.
    """

    def __init__(self, name: str, shape: tuple, loss: Any, weight: Any, metrics: list, weighted: list, tracker: Any):
        self.name, self.shape, self.loss, self.weight = name, shape, loss, weight
        self.metrics, self.weighted, self.tracker = metrics, weighted, tracker


class Compiled:
    """The arguments of ``compile``; ``outputs`` are resolved when the model's outputs are known."""

    def __init__(self, model: Any, arguments: dict[str, Any]):
        self.arguments = arguments
        self.era = current_era()
        self.distribution = placement.current()
        self.weighted_prefix = resolve_default(type(model), "weighted_prefix", era_default(""))
        self.loss_weights = _loss_weights(arguments.get("loss_weights"))
        self.target_tensors = _targets(arguments.get("target_tensors"))
        self.temporal = _weight_mode(arguments.get("sample_weight_mode"))
        dynamic = any(vars(one).get("_dynamic", False) for one in tracking.flatten_layers(model))
        self.run_eagerly = bool(_switch(arguments, "run_eagerly")) or dynamic
        # before Keras 3, jit_compile=False only meant a graph without XLA
        self.jit = not self.run_eagerly and (_switch(arguments, "jit_compile") is not False or self.era != "3")
        self.steps_per_execution = _steps(arguments.get("steps_per_execution"))
        self.loss = _resolve_losses(arguments.get("loss"))
        for given in ("metrics", "weighted_metrics"):
            _check_metric_names(arguments.get(given))
            arguments[given] = _with_custom_objects(arguments.get(given))
        self.loss_tracker = metrics_module.Mean(name="loss")
        # what trains, and which layers run in inference mode for good, is fixed now
        self.trainable_flags = {id(one): one._trainable for one in tracking.flatten_layers(model)}
        self.outputs: list[Output] | None = None
        self.added: dict[str, Any] = {}  # metrics of add_metric, by name

    def trackers(self) -> list[Any]:
        """All metrics in the order of their results."""
        outputs = self.outputs or []
        found = [self.loss_tracker, *(o.tracker for o in outputs if o.tracker is not None)]
        found += [m for o in outputs for m in o.metrics] + [m for o in outputs for m in o.weighted]
        return found + list(self.added.values())

    def named_results(self) -> list[tuple[str, Any]]:
        """(name in logs, metric) in order."""
        outputs = self.outputs or []
        several = len(outputs) > 1
        named = [("loss", self.loss_tracker)]
        named += [(f"{o.name}_loss", o.tracker) for o in outputs if o.tracker is not None]
        kinds = ("metrics", "weighted")
        order = [(o, kind) for kind in kinds for o in outputs]
        if self.era == "tf2":
            order = [(o, kind) for o in outputs for kind in kinds]
        for o, kind in order:
            where = f"{o.name}_" if several else ""
            for m in getattr(o, kind):
                prefix = self.weighted_prefix if kind == "weighted" else ""
                if kind == "weighted" and f"{where}{m.name}" in dict(named):
                    prefix = "weighted_"
                named.append((f"{where}{prefix}{m.name}", m))
        return unique_names(named + list(self.added.items()))

    def parts(self, tree: Any, what: str = "targets") -> list[Any]:
        """The leaves of targets or weights that belong to the outputs, in their order; None where there is none."""
        outputs = self.outputs or []
        return split_by_output(tree, [o.name for o in outputs], [o.loss is not None for o in outputs], what)


def unique_names(named: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """The pairs with names that occur again numbered."""
    used: set[str] = set()
    result = []
    for name, metric in named:
        count, candidate = 0, name
        while candidate in used:
            count += 1
            candidate = f"{name}_{count}"
        used.add(candidate)
        result.append((candidate, metric))
    return result


def _weight_mode(value: Any) -> Any:
    modes = _flat(value)
    for mode in modes:
        if mode not in (None, "temporal", "samplewise"):
            raise ValueError(
                f"compile: sample_weight_mode must be None or 'temporal' (one for each output), received {mode!r}."
            )
    return value


def _steps(value: Any) -> int:
    if value is None or isinstance(value, str) and value == "auto":
        return 1
    return whole(value, "compile: steps_per_execution (a number or 'auto')")


def _switch(arguments: dict, name: str) -> bool | None:
    """A switch that was given, or None; raises TypeError for what is none."""
    value = arguments.get(name)
    if value is None or isinstance(value, str) and value == "auto":
        return None
    if not isinstance(value, (bool, np.bool_)) and value not in (0, 1):
        raise TypeError(f"compile: {name} must be True, False or 'auto', received {value!r}.")
    return bool(value)


def _loss_weights(value: Any) -> Any:
    for one in _flat(value):
        if not (isinstance(one, (int, float)) or hasattr(one, "shape")):
            raise TypeError(f"compile: loss_weights must be numbers (one for each output), received {one!r}.")
    return value


def _targets(value: Any) -> Any:
    if value is None or isinstance(value, (list, tuple)) and not value:
        return None
    several = isinstance(value, (list, tuple)) and len(value) > 1
    arrays = [np.asarray(v) for v in (value if isinstance(value, (list, tuple)) else [value])]
    for array in arrays:
        if array.dtype.kind in "OUS" or not array.ndim:
            raise TypeError(
                f"compile: target_tensors must be arrays of targets (one for each output), received {value!r}."
            )
    return arrays if several else arrays[0]


def compile_model(model: Any, args: tuple, kwargs: dict) -> None:
    """Checks the arguments of ``compile`` and stores what they mean."""
    given = _named(args, kwargs)
    checks_unknown(model, given)
    given.setdefault("optimizer", "rmsprop")
    optimizer = optimizers.get(given["optimizer"] if given["optimizer"] is not None else "rmsprop")
    if (
        _switch(given, "auto_scale_loss") is not False
        and _is_half(model)
        and not isinstance(optimizer, optimizers.LossScaleOptimizer)
    ):
        optimizer = optimizers.LossScaleOptimizer(optimizer)
    compiled = Compiled(model, given)
    model.optimizer = optimizer
    model.loss = given.get("loss")
    model._compiled = compiled
    model._compile_arguments = given
    model._programs.clear()
    model.stop_training = False


def _is_half(model: Any) -> bool:
    policies = {getattr(one.dtype_policy, "name", None) for one in tracking.flatten_layers(model)}
    return "mixed_float16" in policies


def _named(args: tuple, kwargs: dict) -> dict[str, Any]:
    """Arguments by name; the third and fourth position differ between Keras 2 (metrics) and Keras 3 (loss_weights)."""
    order = ["optimizer", "loss", "loss_weights", "metrics", "weighted_metrics", *ARGUMENTS[5:9]]
    if len(args) > 2 and (current_era() != "3" or not _are_numbers(args[2])):
        order[2:4] = ["metrics", "loss_weights"]
    return arguments.by_place("compile", order, args, kwargs)


def _are_numbers(value: Any) -> bool:
    values = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else [value]
    return all(v is None or isinstance(v, (int, float)) for v in values)


def checks_unknown(model: Any, given: dict) -> None:
    """Raises TypeError for an argument that ``compile`` does not know."""
    for name in list(given):
        if name in WITHOUT_MEANING:
            del given[name]
        elif name not in ARGUMENTS:
            raise TypeError(f"compile: {errors.unknown('argument', name, ARGUMENTS)}")


def _resolve_losses(loss: Any) -> Any:
    if isinstance(loss, dict) and "class_name" not in loss:
        return {k: _resolve_losses(v) for k, v in loss.items()}
    if isinstance(loss, (list, tuple)):
        return [_resolve_losses(v) for v in loss]
    if isinstance(loss, str) and loss.lower() in ("ce", "crossentropy"):
        return loss  # which one, the shapes say
    found = losses_module.get(loss)
    if found is None or isinstance(found, losses_module.Loss):
        return found
    if not callable(found):
        raise ValueError(f"compile: {loss!r} is no loss: expected a name, a Loss or a function of (y_true, y_pred).")
    return losses_module.LossFunctionWrapper(found, name=getattr(found, "__name__", "loss"))


def _check_metric_names(given: Any) -> None:
    for name in _flat(given):
        if isinstance(name, str) and name.lower() not in ("accuracy", "acc", "crossentropy", "ce", "sparse_accuracy"):
            metrics_module.get(name)


def _with_custom_objects(given: Any) -> Any:
    """Names of custom objects as these: the scope that knows them ends before the metrics are chosen."""
    if isinstance(given, dict):
        return {k: _with_custom_objects(v) for k, v in given.items()}
    if isinstance(given, (list, tuple)):
        return [_with_custom_objects(v) for v in given]
    found = registry.get_registered_object(given) if isinstance(given, str) else None
    return given if found is None else found


def _flat(given: Any) -> list[Any]:
    if given is None:
        return []
    if isinstance(given, dict):
        return [m for v in given.values() for m in _flat(v)]
    if isinstance(given, (list, tuple)):
        return [m for v in given for m in _flat(v)]
    return [given]


# ------------------------------------------------- resolving


def output_names(model: Any) -> list[str]:
    """Names of the outputs: dict keys, the layers that make them, or output_1, output_2, ..."""
    graph = getattr(model, "_graph", None)
    if graph is None:
        compiled = model._compiled
        return [o.name for o in compiled.outputs] if compiled is not None and compiled.outputs else []
    if isinstance(graph.outputs, dict):
        return sorted(graph.outputs)
    return [name for name, _ in unique_names([(x._keras_history.operation.name, None) for x in graph.output_tensors])]


def _output_specs(model: Any, x: Any) -> Any:
    """The structure of the outputs with shapes: known from the graph, else found by an abstract call."""
    graph = getattr(model, "_graph", None)
    ours = all(type(one).__module__.startswith("jkeras.") for one in tracking.flatten_layers(model))
    text = any(a.dtype.kind in "OUST" for a in jax.tree.leaves(x))
    if graph is not None and (ours or x is None or text):
        return graph.outputs
    specs = jax.tree.map(lambda a: jax.ShapeDtypeStruct(a.shape, a.dtype), x)

    def run(x: Any) -> Any:
        with frames.Frame(values={}, abstract=True, training=True) as frame:
            y = calling.run(model, frame, (x,), {})
            model._compiled.seen_metrics = [(name, aggregation) for _, (name, _, aggregation) in frame.metrics]
            return y

    found = jax.eval_shape(run, specs)
    return found if graph is None else graph.outputs  # a user's layer may add metrics when it is called


def can_be_called(model: Any) -> bool:
    """Has the model a graph, or a ``call`` of its own?"""
    return getattr(model, "_graph", None) is not None or type(model).call.__module__ != "jkeras.models.model"


def resolve(model: Any, x: Any, y: Any) -> Compiled:
    """Pairs outputs with losses and metrics; raises ValueError where structures or shapes do not fit."""
    compiled = model._compiled
    if compiled is None:
        raise RuntimeError(
            f"Model '{model.name}' must be compiled before it is trained or evaluated: call compile(...)."
        )
    if compiled.outputs is not None:
        return compiled
    if not can_be_called(model):  # its own steps call its parts
        compiled.outputs = []
        return compiled
    with placement.scope(placement.current() or compiled.distribution):
        specs = _output_specs(model, x)
    leaves = jax.tree.leaves(specs, is_leaf=lambda v: hasattr(v, "shape"))
    names = _names_for(model, specs, len(leaves))
    losses = _spread(compiled.loss, names, "loss")
    weights = _spread(compiled.loss_weights, names, "loss_weights")
    targets = split_by_output(y, names, [loss is not None for loss in losses])
    metrics = _per_output(compiled, compiled.arguments.get("metrics"), names)
    weighted = _per_output(compiled, compiled.arguments.get("weighted_metrics"), names)
    outputs = []
    for i, name in enumerate(names):
        y_shape = getattr(targets[i], "shape", None)
        if isinstance(losses[i], str):
            losses[i] = losses_module.choose(losses[i], y_shape, tuple(leaves[i].shape))

        def choose(m: Any, i: int = i, y_shape: Any = y_shape) -> Any:
            return metrics_module.choose(m, y_shape, tuple(leaves[i].shape), losses[i])

        tracker = metrics_module.Mean(name=f"{name}_loss") if len(names) > 1 and losses[i] is not None else None
        outputs.append(
            Output(
                name,
                _known_shape(model, leaves[i]),
                losses[i],
                weights[i],
                [choose(m) for m in metrics[i]],
                [choose(m) for m in weighted[i]],
                tracker,
            )
        )
    compiled.outputs = outputs
    graph = getattr(model, "_graph", None)
    known = [(name, kind) for kind, name, _ in model._extras if kind == "metric"] if graph is not None else []
    for name, _ in [*known, *getattr(compiled, "seen_metrics", ())]:
        compiled.added[name] = metrics_module.Mean(name=name)
    return compiled


def _known_shape(model: Any, spec: Any) -> tuple:
    shape = tuple(spec.shape)
    return shape if getattr(model, "_graph", None) is not None else (*(None for _ in shape[:-1]), *shape[-1:])


def _names_for(model: Any, specs: Any, count: int) -> list[str]:
    if isinstance(specs, dict):
        return sorted(specs) if len(specs) == count else [f"output_{i + 1}" for i in range(count)]
    graph = getattr(model, "_graph", None)
    if graph is not None:
        return output_names(model)
    return [f"output_{i + 1}" for i in range(count)]


def _spread(value: Any, names: list[str], what: str) -> list[Any]:
    """One entry per output from one for all, a list or a dict by output name."""
    if isinstance(value, dict):
        for key in value:
            if key not in names:
                raise ValueError(f"compile: {what} names the output {key!r}. {errors.unknown('output', key, names)}")
        return [value.get(n) for n in names]
    if isinstance(value, (list, tuple)):
        flat = list(value) if len(value) == len(names) else _flat(value)
        if len(flat) != len(names):
            raise ValueError(
                f"compile: {what} has {len(flat)} entries, the model has {len(names)} outputs ({', '.join(names)})."
            )
        return flat
    return [value] * len(names)


def _per_output(compiled: Compiled, given: Any, names: list[str]) -> list[list[Any]]:
    """The metrics of each output, from a list for all, one list for each, or a dict by output name."""
    if given is None:
        return [[] for _ in names]
    if isinstance(given, dict):
        for key in given:
            if key not in names:
                raise ValueError(f"compile: metrics names the output {key!r}. {errors.unknown('output', key, names)}")
        return [_flat(given.get(n)) for n in names]
    items = list(given) if isinstance(given, (list, tuple)) else [given]
    if len(names) == 1:
        return [_flat(items)]
    nested = any(isinstance(m, (list, tuple, dict)) or m is None for m in items)
    one_each = nested or (compiled.era == "3" and len(items) == len(names))
    if one_each:
        if len(items) != len(names):
            raise ValueError(f"compile: metrics has {len(items)} entries, the model has {len(names)} outputs.")
        return [_flat(m) for m in items]
    return [list(items) for _ in names]


def split_by_output(tree: Any, names: list[str], wanted: list[bool], what: str = "targets") -> list[Any]:
    """Targets or weights in the order of the outputs; outputs that are not wanted, without a loss, may be left out."""
    if tree is None:
        return [None] * len(names)
    if isinstance(tree, dict):
        unknown = [k for k in tree if k not in names]
        by_place = len(unknown) == len(tree) == len(names) and all(n.startswith("output_") for n in names)
        if unknown and not by_place:
            raise ValueError(f"{what}: {errors.unknown('output', unknown[0], names)}")
        return list(tree.values()) if by_place else [tree.get(n) for n in names]
    if isinstance(tree, (list, tuple)):
        flat = calling._array_leaves(tree) if any(v is not None for v in tree) else list(tree)
        flat = list(tree) if len(tree) == len(names) else flat
        if len(flat) == sum(wanted) < len(names):
            given = iter(flat)
            return [next(given) if want else None for want in wanted]
        if len(flat) != len(names):
            raise ValueError(f"Expected {what} for {len(names)} outputs ({', '.join(names)}), received {len(flat)}.")
        return flat
    return [tree] * len(names) if len(names) > 1 else [tree]
