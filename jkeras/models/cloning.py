"""clone_model: the same architecture with new layers and weights."""

from collections.abc import Callable
from typing import Any

from ..core.layer import Layer
from ..core.symbolic import KerasTensor, map_tensors, tensors_in
from ..layers.inputs import Input, InputLayer
from .model import Model
from .sequential import Sequential


def clone_model(
    model: Any,
    input_tensors: Any = None,
    clone_function: Callable | None = None,
    call_function: Callable | None = None,
    recursive: bool = False,
    **kwargs: Any,
) -> Any:
    """A model of the same layers, made anew from their configs, with weights of its own.

    ``clone_function(layer)`` may give another layer, ``call_function(layer, *args, **kwargs)`` may call it otherwise, and
    ``recursive`` treats nested models in the same way. Raises ValueError for a subclassed model together with any of them.
    https://keras.io/api/models/model/

    >>> from jkeras import layers
    >>> clone_model(Sequential([Input((2,)), layers.Dense(3)])).output_shape
    (None, 3)
    """
    for name in kwargs:
        raise TypeError(f"clone_model: unknown argument {name!r}.")
    if call_function is not None and isinstance(model, Sequential):
        raise ValueError("clone_model: call_function works on functional models, received a Sequential.")
    cloner = _Cloner(clone_function, call_function, recursive)
    if isinstance(model, Sequential):
        return cloner.sequential(model, input_tensors)
    if getattr(model, "_graph", None) is None:
        if input_tensors is not None or clone_function is not None:
            raise ValueError("clone_model: a subclassed model is cloned from its config; give no further arguments.")
        return type(model).from_config(model.get_config())
    return cloner.functional(model, input_tensors)


def _copy(one: Layer) -> Layer:
    """A new layer of the same config, and with the very functions that a config cannot hold."""
    config = one.get_config()
    for name, value in config.items():
        if isinstance(value, dict) and value.get("class_name") == "__lambda__":
            config[name] = getattr(one, name)
    return type(one).from_config(config)


class _Cloner:
    def __init__(self, clone: Callable | None, call: Callable | None, recursive: bool):
        self.clone, self.call, self.recursive = clone, call, recursive
        self.done: dict[int, Any] = {}

    def layer(self, one: Any) -> Any:
        if not isinstance(one, Layer):
            return one.fn
        if id(one) not in self.done:
            self.done[id(one)] = self._new(one)
        return self.done[id(one)]

    def _new(self, one: Layer) -> Any:
        nested = isinstance(one, Model) and (isinstance(one, Sequential) or one._graph is not None)
        if nested and (self.recursive or self.clone is None):
            inner = _Cloner(self.clone, self.call, self.recursive)
            return inner.sequential(one, None) if isinstance(one, Sequential) else inner.functional(one, None)
        if self.clone is not None and not isinstance(one, InputLayer):
            made = self.clone(one)
            if not isinstance(made, Layer):
                raise ValueError(f"clone_model: clone_function must give a layer, received {type(made).__name__}.")
            return made
        return _copy(one)

    def sequential(self, model: Any, input_tensors: Any) -> Any:
        made = Sequential(name=model.name, trainable=model._trainable)
        given = tensors_in(input_tensors)
        for one in model._layers:
            if isinstance(one, InputLayer):
                if given:
                    made.add(Input(tensor=given[0]), rebuild=False)
                else:
                    made.add(type(one).from_config(one.get_config()), rebuild=False)
            else:
                made.add(self.layer(one), rebuild=False)
        if given and not any(isinstance(one, InputLayer) for one in model._layers):
            made._layers.insert(0, given[0]._keras_history.operation)
        made._rebuild()
        return made

    def functional(self, model: Any, input_tensors: Any) -> Any:
        graph = model._graph
        values: dict[int, KerasTensor] = {}
        inputs = self._inputs(graph, input_tensors, values)

        def fill(x: Any) -> Any:
            return map_tensors(lambda t: values[id(t)], x)

        for node in graph.nodes:
            if node.is_input:
                continue
            one = self.layer(node.operation)
            args, kwargs = fill(node.args), fill(node.kwargs)
            outputs = self.call(one, *args, **kwargs) if self.call and isinstance(one, Layer) else one(*args, **kwargs)
            for old, new in zip(node.output_tensors, tensors_in(outputs), strict=True):
                values[id(old)] = new
        made = Model(inputs, fill(model.output), name=model.name)
        for what, tensor in zip(model._extras, graph.extras, strict=True):
            made._add_extra(what, values[id(tensor)])
        return made

    def _inputs(self, graph: Any, given: Any, values: dict[int, KerasTensor]) -> Any:
        fresh = tensors_in(given)
        if given is not None and len(fresh) != len(graph.input_tensors):
            raise ValueError(f"clone_model: expected {len(graph.input_tensors)} input tensors, received {len(fresh)}.")
        for i, x in enumerate(graph.input_tensors):
            if fresh:
                values[id(x)] = fresh[i]
            else:
                values[id(x)] = Input(batch_shape=x.shape, dtype=x.dtype, name=x._keras_history.operation.name)
        return map_tensors(lambda t: values[id(t)], graph.inputs)
