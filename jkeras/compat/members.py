"""Methods, properties and attributes that classes of today had in older Kerases.

``OLD`` is put on a class when it is made; what stands under another name today is found by ``attribute``.
"""

from collections.abc import Callable
from typing import Any

from . import names

# Attribute of Keras 1 -> today's, beside those that the table of argument names gives
ATTRIBUTES = {
    "W": ("kernel", "embeddings"),
    "U": ("recurrent_kernel",),
    "b": ("bias",),
    "running_mean": ("moving_mean",),
    "running_std": ("moving_variance",),
    "inbound_nodes_": (),
}
_PARTS = {"nb_row": ("kernel_size", 0), "nb_col": ("kernel_size", 1), "kernel_dim1": ("kernel_size", 0),
          "kernel_dim2": ("kernel_size", 1), "kernel_dim3": ("kernel_size", 2)}  # fmt: skip
_NO_ATTRIBUTES = frozenset(
    ("mode", "input", "output", "init", "stride", "length", "input_dtype", "epsilon", "l", "alpha")
)


class Old:
    """A member computed when asked for; what an object sets under its name counts instead."""

    def __init__(self, compute: Callable[[Any], Any]):
        self.compute, self.__doc__ = compute, compute.__doc__

    def __get__(self, one: Any, owner: type | None = None) -> Any:
        return self if one is None else self.compute(one)


def attribute(one: Any, name: str) -> Any:
    """What an object has today for an attribute of old; raises AttributeError where it has nothing."""
    if name in _PARTS:
        stored, place = _PARTS[name]
        return getattr(one, stored)[place]
    wanted = ATTRIBUTES.get(name) or (() if name in _NO_ATTRIBUTES else names.RENAMES.get(name, ()))
    known = vars(one)
    for today in wanted:
        if today in known:
            return known[today]
    raise AttributeError(f"{type(one).__name__!r} object has no attribute {name!r}")


# ------------------------------------------------- layers


def uses_learning_phase(layer: Any) -> bool:
    """Does anything here compute otherwise in training than in inference?"""
    import inspect

    def differs(one: Any) -> bool:
        if one._is_model or getattr(one, "layer", None) is not None:  # what it holds is asked itself
            return False
        if "training" not in inspect.signature(type(one).call).parameters:
            return False
        rates = [getattr(one, name, None) for name in ("dropout", "recurrent_dropout", "rate")]
        rates = [rate for rate in rates if rate is not None]
        return not rates or any(rates)

    return any(differs(one) for one in layer._flatten_layers())


def stateful(layer: Any) -> bool:
    """Does it keep a state from batch to batch?"""
    return False


def dynamic(layer: Any) -> bool:
    """Must it, or a layer in it, run eagerly?"""
    return any(vars(one).get("_dynamic", False) for one in layer._flatten_layers())


def get_output_shape_for(self: Any, input_shape: Any) -> Any:
    """``compute_output_shape`` under its name of Keras 1."""
    return self.compute_output_shape(input_shape)


def assert_input_compatibility(self: Any, inputs: Any) -> None:
    """Raises ValueError for inputs that do not fit ``input_spec``."""
    self._check_input(inputs[0] if isinstance(inputs, (list, tuple)) and len(inputs) == 1 else inputs)


def compute_output_signature(self: Any, *args: Any, **kwargs: Any) -> Any:
    """Shape and dtype of the outputs for an ``input_signature``, also ``input_spec``: inputs of a shape and dtype."""
    given = [*args, *(kwargs.pop(n) for n in ("input_signature", "input_spec", "input_specs") if n in kwargs)]
    if len(given) != 1 or kwargs:
        raise TypeError("compute_output_signature takes one argument, input_signature.")
    (input_signature,) = given
    import jax

    from ..core.symbolic import KerasTensor

    def symbol(x: Any) -> Any:
        return KerasTensor(tuple(x.shape), x.dtype)

    specs = jax.tree.map(symbol, input_signature, is_leaf=lambda x: hasattr(x, "shape"))
    return self.compute_output_spec(specs)


def finalize_state(self: Any) -> None:
    """Completes the state that ``adapt`` collects; that is done when ``adapt`` ends."""


def _constraints(layer: Any) -> dict[Any, Any]:
    return {v: v.constraint for v in layer.weights if v.constraint is not None}


def get_dropout_mask_for_cell(self: Any, inputs: Any, training: Any, count: int = 1) -> Any:
    """What multiplies the inputs while training: a mask, or ``count`` of them in a list; None without dropout."""
    return _masks(self, "dropout", inputs, training, count)


def get_recurrent_dropout_mask_for_cell(self: Any, inputs: Any, training: Any, count: int = 1) -> Any:
    """What multiplies the states while training: a mask, or ``count`` of them in a list; None without dropout."""
    return _masks(self, "recurrent_dropout", inputs, training, count)


def _masks(layer: Any, field: str, inputs: Any, training: Any, count: int) -> Any:
    cell = getattr(layer, "cell", layer)
    found = [cell._mask_of(getattr(cell, field), tuple(inputs.shape), inputs.dtype, training) for _ in range(count)]
    if found[0] is None:
        return None
    return found[0] if count == 1 else found


def _no_masks_kept(self: Any) -> None:
    """Nothing to do: masks are not kept beyond a call."""


def vocab_size(self: Any) -> int:
    """``vocabulary_size`` under its older name."""
    return self.vocabulary_size()


# ------------------------------------------------- batches of images


def common_init(self: Any, *args: Any, **kwargs: Any) -> None:
    """``set_processing_attrs`` under its name of Keras 2.2."""
    self.set_processing_attrs(*args, **kwargs)


# ------------------------------------------------- models


def run_internal_graph(self: Any, inputs: Any, masks: Any = None, mask: Any = None) -> tuple[Any, Any, Any]:
    """(outputs, their masks, their shapes) of the layers for new inputs."""
    from ..core import calling
    from ..core import frame as frames

    if self._graph is None:
        raise ValueError(f"Model '{self.name}' has no graph: it was not made from symbolic inputs.")
    single = inputs[0] if isinstance(inputs, (list, tuple)) and len(inputs) == 1 else inputs
    mask = masks if mask is None else mask
    masks = mask[0] if isinstance(mask, (list, tuple)) and len(mask) == 1 else mask
    with frames.Frame() if frames.current() is None else _nothing():
        outputs = self.call(single, mask=masks)
        return outputs, calling.mask_of(outputs), calling.shape_of(outputs)


def _nothing() -> Any:
    import contextlib

    return contextlib.nullcontext()


def collected_weights(model: Any) -> list[Any]:
    """The weights that training changes, as they were when ``compile`` was called."""
    train = model._trainable_ids(None if model._compiled is None else model._compiled.trainable_flags)
    return [v for v in model.weights if id(v) in train]


def _training(name: str) -> Old:
    def compute(model: Any) -> Any:
        from . import symbols

        return getattr(symbols, name)(model)

    compute.__doc__ = f"``{name}`` of Keras 2.2: a symbolic view of what was compiled."
    return Old(compute)


def _made(self: Any) -> None:
    """Compiling happens when a step first runs."""


class CompiledLoss:
    """What tf.keras calls ``compiled_loss`` in a ``train_step``: the losses of ``compile``, summed.

    https://www.tensorflow.org/guide/keras/customizing_what_happens_in_fit
    """

    def __init__(self, model: Any):
        self._model = model

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None, regularization_losses: Any = None) -> Any:
        from ..train import measuring

        total = measuring.loss_of_outputs(self._model, None, y_true, y_pred, sample_weight)
        for value in regularization_losses or ():
            total = total + value
        rows = (y_pred[0] if isinstance(y_pred, (list, tuple)) else y_pred).shape[0]
        self._model._compiled.loss_tracker.update_state(total, sample_weight=rows)
        return total

    @property
    def metrics(self) -> list[Any]:
        """The running mean of the loss."""
        return [self._model._compiled.loss_tracker]


class CompiledMetrics:
    """What tf.keras calls ``compiled_metrics`` in a ``train_step``."""

    def __init__(self, model: Any):
        self._model = model

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Updates the metrics of ``compile``."""
        from ..train import measuring
        from .tensorflow.tensor import unwrap

        measuring.update_metrics(self._model, None, *unwrap((y_true, y_pred, sample_weight)))

    @property
    def metrics(self) -> list[Any]:
        """The metrics of ``compile``, without the loss."""
        compiled = self._model._compiled
        return [m for m in compiled.trackers() if m is not compiled.loss_tracker]


LAYER: dict[str, Any] = {
    "get_output_shape_for": get_output_shape_for,
    "assert_input_compatibility": assert_input_compatibility,
    "compute_output_signature": compute_output_signature,
    "finalize_state": finalize_state,
    "uses_learning_phase": Old(uses_learning_phase),
    "stateful": Old(stateful),
    "dynamic": Old(dynamic),
}
MODEL: dict[str, Any] = {
    "run_internal_graph": run_internal_graph,
    "_collected_trainable_weights": Old(collected_weights),
    "_make_train_function": _made,
    "_make_test_function": _made,
    "_make_predict_function": _made,
    "compiled_loss": Old(CompiledLoss),
    "compiled_metrics": Old(CompiledMetrics),
    **{name: _training(name) for name in "targets sample_weights total_loss".split()},
    **{name: _training(name) for name in "train_function test_function predict_function".split()},
}
SEQUENTIAL: dict[str, Any] = {"model": Old(lambda model: model)}
_DROPOUT = {
    "get_dropout_mask_for_cell": get_dropout_mask_for_cell,
    "get_recurrent_dropout_mask_for_cell": get_recurrent_dropout_mask_for_cell,
    "reset_dropout_mask": _no_masks_kept,
    "reset_recurrent_dropout_mask": _no_masks_kept,
}
OLD = {
    "Iterator": {"common_init": common_init},
    "Layer": LAYER,
    "Model": MODEL,
    "Sequential": SEQUENTIAL,
    "Bidirectional": {"constraints": Old(_constraints)},
    **dict.fromkeys(("GRU", "LSTM", "SimpleRNN", "GRUCell", "LSTMCell", "SimpleRNNCell"), _DROPOUT),
    **{name: {"vocab_size": vocab_size} for name in ("IntegerLookup", "StringLookup")},
}


def complete(cls: type) -> None:
    """Puts the members of old on a class that has none of their names."""
    for name, member in OLD.get(cls.__name__, {}).items():
        if name not in vars(cls):
            setattr(cls, name, member)
