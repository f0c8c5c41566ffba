"""The variables of an optimizer: how they are made, and in which order each Keras generation lists them."""

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from .. import initializers
from ..core import dtypes, placement
from ..core.variable import Variable
from . import pipeline

if TYPE_CHECKING:
    from .optimizer import Optimizer


class VariableList(list):
    """A list of variables that may also be called, as methods of that name were."""

    def __call__(self) -> "VariableList":
        return self


def _spec(v: Any) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(tuple(v.shape), v.array_dtype if isinstance(v, Variable) else np.dtype(str(v.dtype)))


def make_slots(optimizer: "Optimizer", variables: Sequence[Any]) -> None:
    """The averages, accumulators and slots of weights, as Variables of the optimizer."""
    specs = [_spec(v) for v in variables]
    found = pipeline.layout(optimizer, specs)
    if optimizer._slots_from_weights:
        like = [v.value for v in variables]
    else:  # arrays of one element, seen as if they were as large as the weights
        like = [np.broadcast_to(np.zeros((), s.dtype), s.shape) for s in specs]
    state = optimizer._rule(0.0).init(like)
    for entry in found.entries:
        if entry.group in ("iteration", "learning_rate"):
            continue
        if entry.index is None:
            value, name, layout = state.shared[entry.group], entry.group, None
        else:
            v, spec = variables[entry.index], specs[entry.index]
            name, layout = slot_name(v, entry.group), getattr(v, "_layout", None)
            if entry.group == "gradient_accumulator":
                value = np.broadcast_to(np.zeros((), spec.dtype), spec.shape)
            elif entry.group == "average":
                value = optimizer._first_average(v if optimizer._generation == "3" else v.value)
            else:
                value = state.slots[entry.group][entry.index]
        add(optimizer, entry, value, name, layout)


def slot_name(reference: Any, name: str) -> str:
    """What Keras 3 calls a slot of a weight."""
    if name in ("r", "c"):
        return reference.name
    path = getattr(reference, "path", None) or str(reference.name).replace(":", "_")
    return f"{path.replace('/', '_')}_{name}"


def add(optimizer: "Optimizer", entry: Any, value: Any, name: str, layout: Any = None) -> Variable:
    """A variable that holds one entry of the state."""
    filled = placement.constant(value) if layout is not None else None
    if filled is not None:  # made on the devices that keep it, when it is needed
        start, shape, given = (
            initializers.get({"class_name": "Constant", "config": {"value": filled.item()}}),
            value.shape,
            layout,
        )
    else:
        start, shape, given = value, None, layout if np.ndim(value) else None
    variable = Variable(start, shape, value.dtype, trainable=False, name=name.replace("/", "_"), layout=given)
    variable.path = f"{optimizer.name}/{variable.name}"
    optimizer._tracked.append(variable)
    optimizer._entries.append(entry)
    optimizer._changed()
    return variable


def add_variable(optimizer: "Optimizer", shape: Any, args: Sequence[Any], given: dict[str, Any]) -> Variable:
    """A variable that a user's class asks for; ``args`` are in Keras 3's order or tf.keras's."""
    order = ("initializer", "dtype", "aggregation", "layout", "name")
    if args and _is_dtype(args[0]):
        order = ("dtype", "initializer", "name")
    if len(args) > len(order):
        raise TypeError(
            f"add_variable() takes at most {len(order) + 1} positional arguments, received {len(args) + 1}."
        )
    given = given | dict(zip(order, args))
    start, name = given["initializer"], given["name"]
    made = Variable(
        initializers.get(start) if isinstance(start, (str, dict)) else start,
        shape=tuple(shape or ()),
        dtype=given["dtype"],
        trainable=False,
        aggregation=given["aggregation"],
        layout=given["layout"],
        name=name and name.replace("/", "_"),
    )
    made.path = f"{optimizer.name}/{made.name}"
    optimizer._track(made)
    return made


def _is_dtype(x: Any) -> bool:
    if x is None or callable(x) and not isinstance(x, type) or hasattr(x, "shape"):
        return False  # an initializer or an array
    try:
        dtypes.standardize_dtype(x)
    except (TypeError, ValueError):
        return False
    return True


def add_like(
    optimizer: "Optimizer",
    reference: Any,
    name: str | None,
    initializer: Any,
    model_variable: Any = None,
    variable_name: str | None = None,
    shape: Any = None,
    initial_value: Any = None,
) -> Variable:
    """A variable like a weight, in Keras 3's words or tf.keras's."""
    reference = model_variable if reference is None else reference
    if reference is None:
        raise TypeError("add_variable_from_reference() needs the variable to take the shape from.")
    start = initializer if initial_value is None else initial_value
    shape = reference.shape if shape is None else shape
    given = {
        "initializer": start,
        "dtype": reference.dtype,
        "aggregation": "none",
        "layout": getattr(reference, "_layout", None),
        "name": slot_name(reference, variable_name or name or "var"),
    }
    return add_variable(optimizer, shape, (), given)


def add_for_all(optimizer: "Optimizer", weights: Sequence[Any], name: Any, initializer: Any) -> Any:
    """Variables like the weights: a list for one name, a tuple of lists for several."""
    names = [name] if isinstance(name, str) else list(name)
    starts = list(initializer) if isinstance(initializer, (list, tuple)) else [initializer] * len(names)
    if len(starts) != len(names):
        raise ValueError(f"add_optimizer_variables: received {len(names)} names but {len(starts)} initializers.")
    made: tuple[list, ...] = tuple([] for _ in names)
    for v in weights:
        for found, n, start in zip(made, names, starts):
            found.append(optimizer.add_variable_from_reference(v, n, start))
    return made[0] if isinstance(name, str) else made


def assign_averages(optimizer: "Optimizer", weights: Sequence[Any]) -> None:
    """Weights become their moving averages."""
    averages = {e.index: v for e, v in zip(optimizer._entries, optimizer._tracked) if e.group == "average"}
    weights = [v for v in weights if not getattr(v, "overwrite_with_gradient", False)]
    if len(weights) != len(averages):
        raise ValueError(f"{optimizer.name}: received {len(weights)} variables, but it averages {len(averages)}.")
    for v in weights:  # copies: a training step may give away the memory of either
        v.assign(jnp.array(averages[optimizer._index(v)].value, copy=True))


def load(optimizer: "Optimizer", store: Any) -> None:
    """Reads the variables from a dict-like store, or warns where their number differs."""
    variables = optimizer.variables
    if len(store.keys()) == len(variables):
        for i, v in enumerate(variables):
            v.assign(store[str(i)])
        return
    built = "" if optimizer.built else " It is not built yet."
    warnings.warn(
        f"{optimizer.name}: the file has {len(store.keys())} optimizer variables and the optimizer {len(variables)}; "
        f"its state was not loaded.{built}",
        stacklevel=3,
    )


def weights_in(optimizer: "Optimizer", generation: str) -> list[Variable]:
    """The variables as a generation of Keras lists them; Keras 2 has no learning rate among them."""
    if generation == "3":
        return list(optimizer.variables)
    if generation not in ("tf2", "legacy", "2.2"):
        raise ValueError(f"weights_in: expected '3', 'tf2', 'legacy' or '2.2', received {generation!r}.")
    pairs = list(zip(optimizer._entries, optimizer._tracked))
    slots = [(e, v) for e, v in pairs if e.index is not None]
    shared = [v for e, v in pairs if e.index is None]
    count = [optimizer._iterations]
    if generation == "tf2":
        return count + [v for _, v in slots]
    if not (generation == "legacy" and optimizer._old_weight_by_weight):
        names = list(dict.fromkeys(e.group for e, _ in slots))
        slots = [pair for name in names for pair in slots if pair[0].group == name]
    listed = [v for _, v in slots]
    if generation == "legacy":
        return count + shared + listed
    if optimizer._pads_in_22():  # Keras 2.2's Adam saves one number per weight where amsgrad would have a slot
        listed += [Variable(np.zeros(1, np.float32), trainable=False) for _ in optimizer._trainable_variables]
    return (count if optimizer._counted_in_22 else []) + listed


def set_weights(optimizer: "Optimizer", weights: list) -> None:
    """Sets what ``weights`` lists, in the order of this or another Keras generation."""
    if not optimizer.built:
        raise ValueError(f"{optimizer.name}: set_weights() needs a built optimizer. Call build(variables) first.")
    listed = optimizer.__dict__.get("_listed")
    if listed is not None and [v.shape for v in listed] == [np.shape(w) for w in weights]:
        for v, w in zip(listed, weights):
            v.assign(w)
        return
    assign(optimizer, weights)


def assign(optimizer: "Optimizer", weights: list) -> None:
    """Sets the variables from a list in the order of any generation, its own first; all of them or none."""
    arrays = [np.asarray(w) for w in weights]
    shapes = [a.shape for a in arrays]
    for generation in dict.fromkeys([optimizer._generation, "3", "tf2", "legacy", "2.2"]):
        targets = weights_in(optimizer, generation)
        if [tuple(v.shape) for v in targets] == shapes:
            for v, a in zip(targets, arrays):
                v.assign(a)
            return
    wanted = [tuple(v.shape) for v in weights_in(optimizer, optimizer._generation)]
    raise ValueError(
        f"{optimizer.name}: expected {len(wanted)} arrays of shapes {wanted}, "
        f"received {len(shapes)} of shapes {shapes}."
    )
