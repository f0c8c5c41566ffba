"""The model that is a list of layers."""

from typing import Any

from ..core import calling, connections
from ..core import frame as frames
from ..core.layer import Layer, family
from ..core.symbolic import KerasTensor
from ..layers.inputs import Input, InputLayer
from .model import Model


class Sequential(Model):
    """Layers one after the other.  https://keras.io/api/models/sequential/

    The weights are made when the input shape is known: from an ``Input``, from the first layer's ``input_shape=``, or from
    the first data.

    >>> from jkeras import layers
    >>> model = Sequential([Input((4,)), layers.Dense(3), layers.Dense(2)])
    >>> [w.shape for w in model.weights]
    [(4, 3), (3,), (3, 2), (2,)]
    """

    _untracked = Model._untracked

    _by_call = False  # was it built by the shape of its first inputs?

    def __new__(cls, *args: Any, **kwargs: Any) -> "Sequential":
        self: Any = super().__new__(cls)
        vars(self)["_auto_config"] = (args, kwargs)
        vars(self)["_layers"] = []
        return self

    def __init__(self, layers: Any = None, *args: Any, trainable: bool = True, name: str | None = None, **kwargs: Any):
        for value in args:  # (layers, trainable, name) in Keras 3, (layers, name) before
            if isinstance(value, bool):
                trainable = value
            else:
                name = value
        if layers is not None and not isinstance(layers, (list, tuple)):
            if isinstance(layers, (Layer, KerasTensor)):
                raise TypeError("Sequential takes a list of layers: Sequential([a, b, c]), received a layer.")
            raise TypeError(f"Sequential takes a list of layers, received {type(layers).__name__}.")
        if isinstance(trainable, Layer) or isinstance(name, Layer):
            raise TypeError("Sequential takes a list of layers: Sequential([a, b, c]), not Sequential(a, b, c).")
        Layer.__init__(self, trainable=trainable, name=name, **kwargs)
        names: dict[str, Layer] = {}
        for one in layers or []:
            self._append(one, names)
        self._rebuild()

    # ---- the list

    @property
    def layers(self) -> list[Layer]:
        """The layers, without the input layer."""
        return [one for one in self._layers if not isinstance(one, InputLayer)]

    def _sublayers(self) -> list[Layer]:
        return self.layers

    def add(self, layer: Any, rebuild: bool = True) -> None:
        """Adds a layer at the end; raises TypeError for what is no layer, ValueError for a name that is taken."""
        layer = self._append(layer, {one.name: one for one in self._layers})
        if rebuild and self._graph is not None:
            self._extend(layer)
        elif rebuild:
            self._rebuild()

    def _append(self, layer: Any, names: dict[str, Layer]) -> Layer:
        """Puts a layer at the end of the list; ``names`` has those that are taken, and then its own."""
        if isinstance(layer, KerasTensor):
            layer = layer._keras_history.operation
        if not isinstance(layer, Layer):
            layer = _as_layer(layer)
        if not self._layers and layer._first_shape is not None and not isinstance(layer, InputLayer):
            self._layers.append(
                Input(batch_shape=layer._first_shape, dtype=_data_dtype(layer))._keras_history.operation
            )
        elif not self._layers and isinstance(layer, Model) and layer._graph is not None:
            source = layer._graph.input_tensors[0]
            self._layers.append(Input(batch_shape=source.shape, dtype=source.dtype)._keras_history.operation)
        names.update({one.name: one for one in self._layers[:1]})  # the Input that was made just now
        if isinstance(layer, InputLayer) and self._layers:
            raise ValueError(f"Sequential '{self.name}': an Input must come first; there are layers already.")
        if names.setdefault(layer.name, layer) is not layer:
            raise ValueError(
                f"Sequential '{self.name}': two layers are named {layer.name!r}; names must be unique. Rename one."
            )
        self._layers.append(layer)
        return layer

    def _extend(self, layer: Layer) -> None:
        """Records one more layer, so that each layer is called once and has one output."""
        self._programs.clear()
        with frames.scope(self.name):
            outputs = layer(self._graph.outputs)
        self._set_graph(self._graph.inputs, outputs)

    def pop(self, rebuild: bool = True) -> Layer:
        """Removes the last layer and gives it; raises TypeError if there is none."""
        if not self.layers:
            raise TypeError(f"Sequential '{self.name}' has no layers to pop.")
        layer = self._layers.pop()
        self.built = False
        self._graph = None
        if rebuild:
            self._rebuild()
        return layer

    def _rebuild(self) -> None:
        """Records the graph anew if the input shape is known."""
        self._programs.clear()
        self._graph = None
        first = self._layers[0] if self._layers else None
        if len(self._layers) > 1 and isinstance(first, InputLayer):
            self._record(first)
        elif getattr(first, "branches", None):  # a layer that brings its own inputs
            self._follow(*first.begin(), self._layers[1:])
        else:
            self.built = False

    def _record(self, source: InputLayer) -> None:
        inputs = source._inbound_nodes[0].outputs
        self._follow(inputs, inputs, self.layers)

    def _follow(self, inputs: Any, x: Any, layers: list[Layer]) -> None:
        with frames.scope(self.name):
            for one in layers:
                x = one(x)
        self._set_graph(inputs, x)

    # ---- building and calling

    def build(self, input_shape: Any = None) -> None:
        """Makes the weights for inputs of a shape with its batch axis."""
        if self._graph is not None:
            return
        if input_shape is None or not self.layers:
            self.built = not self.layers and self.built
            return
        if isinstance(input_shape, list) and len(input_shape) == 1:
            input_shape = input_shape[0]
        shape = (None, *tuple(input_shape)[1:])
        dtype = _data_dtype(self.layers[0])
        source = Input(
            batch_shape=shape if input_shape[0] is None else input_shape, dtype=dtype
        )._keras_history.operation
        try:
            self._layers.insert(0, source)
            self._record(source)
        except (TypeError, NotImplementedError, AttributeError):
            self._layers.remove(source)
            self._graph = None
            self.built = True

    def _build_by_shapes(self, shapes: dict[str, Any]) -> None:
        shape = next(iter(shapes.values()), None)
        if isinstance(shape, tuple):
            self._by_call = self._graph is None
            self.build((None, *shape[1:]))
        self.built = True

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """Computes the outputs."""
        if self._graph is not None and not self._has_another_length(inputs):
            return super().call(inputs, training, mask)
        x = inputs
        frame = frames.current()
        if frame is not None and training is not None:
            frame.training = training
        for one in self.layers:
            x = one(x)
        return x

    def _has_another_length(self, inputs: Any) -> bool:
        """Are these inputs of other lengths than those that the model was built by, without having been told a shape?"""
        if not self._by_call:
            return False
        shape, own = getattr(inputs, "shape", None), self._graph.input_tensors[0].shape
        return shape is not None and len(shape) == len(own) and shape[-1] == own[-1] and any(
            o is not None and n is not None and n != o for n, o in zip(shape[1:], own[1:], strict=True))  # fmt: skip

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of the outputs for inputs of a shape."""
        if self._graph is not None and calling.shape_of(self._graph.inputs) == tuple(input_shape):
            return self.output_shape
        shape = input_shape
        for one in self.layers:
            shape = one.compute_output_shape(shape)
        return shape

    def _has_closed_form(self) -> bool:
        return False

    @property
    def input_dtype(self) -> str:
        """Dtype of the inputs."""
        return self._graph.input_tensors[0].dtype if self._graph is not None else super().input_dtype

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal model."""
        from ..core.arguments import dtypes_config
        from ..core.registry import serialize

        config = {"name": self.name, "trainable": self._trainable, "dtype": dtypes_config(self)}
        config["layers"] = [serialize(one) for one in self._layers]
        if self._graph is not None and not isinstance(self._layers[0], InputLayer):
            config["build_input_shape"] = self.input_shape
        return config

    @classmethod
    def from_config(cls, config: Any, custom_objects: dict | None = None) -> "Sequential":
        """The model that ``get_config`` described; also the bare list of layers of Keras 1 and 2."""
        from ..core.registry import deserialize

        config = {"layers": config} if isinstance(config, list) else dict(config)
        layers = [deserialize(c, custom_objects, family) if isinstance(c, dict) else c for c in config["layers"]]
        model = cls(name=config.get("name"), trainable=config.get("trainable", True), dtype=config.get("dtype"))
        for one in layers:
            model.add(one, rebuild=False)
        model._rebuild()
        shape = config.get("build_input_shape")
        if shape is not None and model._graph is None:
            model.build(tuple(shape))
        return model

    _reads_own_config = True

    def predict_proba(self, x: Any, batch_size: int | None = 32, verbose: Any = 0, steps: int | None = None) -> Any:
        """``predict``, under the name that scikit-learn gives it."""
        return self.predict(x, batch_size=batch_size, verbose=verbose, steps=steps)

    def predict_classes(self, x: Any, batch_size: int | None = 32, verbose: Any = 0, steps: int | None = None) -> Any:
        """The number of the largest output; of a single output, whether it is above one half. (*, n) -> (*)"""
        outputs = self.predict(x, batch_size=batch_size, verbose=verbose, steps=steps)
        return outputs.argmax(-1) if outputs.shape[-1] > 1 else (outputs > 0.5).astype("int32")


def _as_layer(value: Any) -> Layer:
    if callable(value) and not isinstance(value, type):
        from ..layers import Lambda

        return Lambda(value)
    hint = f" Did you mean {value.__name__}(...)?" if isinstance(value, type) else ""
    raise TypeError(f"Sequential.add: expected a layer, received {value!r} of type {type(value).__name__}.{hint}")


def _data_dtype(layer: Layer) -> str:
    return getattr(layer, "_input_data_dtype", None) or layer.input_dtype


family.add(Sequential)
connections.complete(Sequential)
Sequential._keras_module = "keras"  # type: ignore[attr-defined]
