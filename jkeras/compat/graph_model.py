"""Models and layers of Keras 0.x, made on the functional API."""

from typing import Any

from .. import layers
from ..core.declare import PositiveInt  # noqa: F401
from ..core.layer import Layer, layer
from ..core.spec import describe
from ..layers.fields import Flag, choice
from ..layers.inputs import Input
from ..layers.legacy import Merge, merge
from ..models.model import Model


class Graph(Model):
    """A model of named nodes.  Source: Keras 0.3, ``keras.models.Graph``

    Data come in and go out as dicts by the names of inputs and outputs.

    >>> graph = Graph()
    >>> graph.add_input("x", input_shape=(3,))
    >>> graph.add_node(layers.Dense(2), "h", input="x")
    >>> graph.add_output("y", input="h")
    >>> graph.predict({"x": [[1.0, 2.0, 3.0]]})["y"].shape
    (1, 2)
    """

    _untracked = Model._untracked | {"nodes", "_tensors", "_given_outputs"}

    def __init__(self, name: str | None = None):
        Layer.__init__(self, name=name)
        self._tensors: dict[str, Any] = {}
        self._given_inputs: list[str] = []
        self._given_outputs: dict[str, Any] = {}
        self.nodes: dict[str, Layer] = {}

    # ---- the graph

    def add_input(
        self, name: str, input_shape: Any = None, batch_input_shape: Any = None, dtype: str = "float"
    ) -> None:
        """Adds an input of a shape without the batch axis, or with it."""
        self._new(name)
        dtype = {"float": None, "int": "int32"}.get(dtype, dtype)
        self._tensors[name] = Input(input_shape, batch_shape=batch_input_shape, dtype=dtype, name=name)
        self._given_inputs.append(name)

    def add_node(
        self,
        layer: Layer,
        name: str,
        input: str | None = None,
        inputs: Any = (),
        merge_mode: Any = "concat",
        concat_axis: int = -1,
        dot_axes: Any = -1,
        create_output: bool = False,
    ) -> None:
        """Adds a layer on one input, or on several, merged."""
        self._new(name)
        layer.name = name
        self.nodes[name] = layer
        self._tensors[name] = layer(self._merged(input, inputs, merge_mode, concat_axis, dot_axes))
        if create_output:
            self.add_output(name, input=name)

    def add_shared_node(
        self,
        layer: Layer,
        name: str,
        inputs: Any = (),
        merge_mode: Any = None,
        concat_axis: int = -1,
        dot_axes: Any = -1,
        outputs: Any = (),
        create_output: bool = False,
    ) -> None:
        """Adds one layer on each of several inputs; its outputs are merged, or named one by one in ``outputs``."""
        self._new(name)
        layer.name = name
        self.nodes[name] = layer
        made = [layer(self._tensor(one)) for one in inputs]
        if merge_mode:
            self._tensors[name] = merge(made, merge_mode, concat_axis, dot_axes)
        elif len(outputs) != len(made):
            raise ValueError(f"Graph: '{name}' needs a merge_mode, or a name in outputs for each of its inputs.")
        else:
            for one, tensor in zip(outputs, made, strict=True):
                self._new(one)
                self._tensors[one] = tensor
        if create_output:
            for one in [name] if merge_mode else outputs:
                self.add_output(one, input=one)

    def add_output(
        self,
        name: str,
        input: str | None = None,
        inputs: Any = (),
        merge_mode: Any = "concat",
        concat_axis: int = -1,
        dot_axes: Any = -1,
    ) -> None:
        """Makes a node, or several merged, an output."""
        if name in self._given_outputs:
            raise ValueError(f"Graph: there is an output named {name!r} already.")
        self._given_outputs[name] = self._merged(input, inputs, merge_mode, concat_axis, dot_axes)
        self._set_graph({n: self._tensors[n] for n in self._given_inputs}, dict(self._given_outputs))

    def _new(self, name: str) -> None:
        if name in self._tensors:
            raise ValueError(f"Graph: there is a node named {name!r} already.")

    def _tensor(self, name: str) -> Any:
        if name not in self._tensors:
            raise ValueError(f"Graph: there is no node named {name!r}. Known: {', '.join(self._tensors)}.")
        return self._tensors[name]

    def _merged(self, input: str | None, inputs: Any, mode: Any, concat_axis: int, dot_axes: Any) -> Any:
        if bool(input) == bool(inputs):
            raise ValueError("Graph: give a node an input, or several inputs.")
        if input:
            return self._tensor(input)
        tensors = [self._tensor(name) for name in inputs]
        if len(tensors) == 1:
            return tensors[0]
        return tensors if mode == "join" else merge(tensors, mode, concat_axis, dot_axes)

    # ---- training, on dicts of both inputs and targets

    def _parts(self, data: dict[str, Any]) -> tuple[dict, dict]:
        missing = [n for n in [*self._given_inputs, *self._given_outputs] if n not in data]
        if missing:
            raise ValueError(f"Graph '{self.name}': no data for {missing[0]!r}; received {sorted(data)}.")
        return {n: data[n] for n in self._given_inputs}, {n: data[n] for n in self._given_outputs}

    def compile(self, optimizer: Any, loss: Any = None, *args: Any, **kwargs: Any) -> None:
        """Says how to train; ``loss`` is a dict by output."""
        modes = kwargs.pop("sample_weight_modes", None)
        super().compile(optimizer, loss, *args, **({"sample_weight_mode": modes} if modes else {}), **kwargs)

    def fit(self, data: Any, batch_size: int = 32, nb_epoch: int = 10, *args: Any, **kwargs: Any) -> Any:
        """Trains on a dict of inputs and targets."""
        x, y = self._parts(data)
        names = (
            "verbose",
            "callbacks",
            "validation_split",
            "validation_data",
            "shuffle",
            "class_weight",
            "sample_weight",
        )
        kwargs = {**dict(zip(names, args, strict=False)), **kwargs}
        if isinstance(kwargs.get("validation_data"), dict):
            kwargs["validation_data"] = self._parts(kwargs["validation_data"])
        epochs = kwargs.pop("epochs", nb_epoch)
        return super().fit(x, y, batch_size=batch_size, epochs=epochs, **_filled(kwargs))

    def evaluate(self, data: Any, batch_size: int = 128, *args: Any, **kwargs: Any) -> Any:
        """Loss and metrics on a dict of inputs and targets."""
        x, y = self._parts(data)
        kwargs = {"verbose": 0, **dict(zip(("sample_weight", "verbose"), args, strict=False)), **kwargs}
        return super().evaluate(x, y, batch_size=batch_size, **_filled(kwargs))

    def predict(self, data: Any, batch_size: int = 128, verbose: Any = 0, **kwargs: Any) -> Any:
        """The outputs by name."""
        x = {n: data[n] for n in self._given_inputs} if isinstance(data, dict) else data
        return super().predict(x, batch_size=batch_size, verbose=verbose, **kwargs)

    def train_on_batch(self, data: Any, class_weight: Any = None, sample_weight: Any = None, **kwargs: Any) -> Any:
        """One training step on a dict of inputs and targets."""
        given = _filled({"class_weight": class_weight, "sample_weight": sample_weight, **kwargs})
        return super().train_on_batch(*self._parts(data), **given)

    def test_on_batch(self, data: Any, sample_weight: Any = None, **kwargs: Any) -> Any:
        """Loss and metrics of one batch, a dict of inputs and targets."""
        return super().test_on_batch(*self._parts(data), **_filled({"sample_weight": sample_weight, **kwargs}))


def _filled(kwargs: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in kwargs.items() if v not in (None, {}, [])}


@layer
class AutoEncoder(Layer):
    """An encoder and a decoder: gives the reconstruction, or the code.  Source: Keras 0.3

    >>> import numpy as np
    >>> AutoEncoder(layers.Dense(2), layers.Dense(4))(np.ones((1, 4), "float32")).shape
    (1, 4)
    """

    encoder: object
    decoder: object
    output_reconstruction: Flag = True

    def __post_init__(self) -> None:
        inner = getattr(self.encoder, "_graph", None)
        first = self.encoder.input_shape if inner is not None else self.encoder._first_shape
        self._first_shape = self._first_shape or first

    def call(self, inputs: Any) -> Any:
        code = self.encoder(inputs)
        return self.decoder(code) if self.output_reconstruction else code


@layer
class Siamese(Layer):
    """One layer on each of several inputs; the outputs are merged, or a list if ``merge_mode`` is None.  Keras 0.3

    As the first layer of a Sequential it begins with the branches ``inputs``.

    >>> import numpy as np
    >>> one = np.ones((1, 4), "float32")
    >>> Siamese(layers.Dense(2), [], merge_mode="concat")([one, one]).shape
    (1, 4)
    """

    layer: object
    inputs: object = ()
    merge_mode: object = "concat"
    concat_axis: int = 1
    dot_axes: object = -1
    is_graph: Flag = False

    @property
    def branches(self) -> Any:
        """The layers and models whose outputs go through the layer."""
        return self.inputs

    begin = Merge.begin

    def call(self, inputs: Any) -> Any:
        outputs = [self.layer(x) for x in inputs]
        return merge(outputs, self.merge_mode, self.concat_axis, self.dot_axes) if self.merge_mode else outputs

    @property
    def layers(self) -> Any:
        return self.inputs


@layer
class SiameseHead(Layer):
    """One of the outputs of a Siamese without ``merge_mode``."""

    head: int

    def call(self, inputs: Any) -> Any:
        return inputs[self.head]


def add_shared_layer(layer: Layer, inputs: Any) -> None:
    """Adds one layer to the end of several Sequential models, which share its weights."""
    for model in inputs:
        model.add(layer)


class LambdaMerge(Merge):
    """Several inputs made one by a function of their list.  Source: Keras 0.3"""

    def __init__(self, layers: Any, function: Any, output_shape: Any = None, arguments: Any = None, **kwargs: Any):
        super().__init__(layers, function, output_shape=output_shape, arguments=arguments, **kwargs)


@layer
class TimeDistributedMerge(Layer):
    """The sum, mean or product over the time steps: (batch, steps, d) -> (batch, d).  Source: Keras 0.3

    >>> import numpy as np
    >>> TimeDistributedMerge("ave")(np.array([[[1.0], [3.0]]])).tolist()
    [[2.0]]
    """

    mode: choice("sum", "ave", "mul") = "sum"  # type: ignore[valid-type]

    def call(self, inputs: Any) -> Any:
        if inputs.ndim < 3:
            raise ValueError(f"{describe(self)}: expected (batch, steps, ...), received shape {tuple(inputs.shape)}.")
        return {"sum": inputs.sum, "ave": inputs.mean, "mul": inputs.prod}[self.mode](axis=1)


class MaskedLayer(Layer):
    """A layer that passes masks on."""

    supports_masking = True


class MaskedLambda(layers.Lambda):
    """A Lambda that passes masks on."""

    supports_masking = True


def time_distributed_dense(
    x: Any,
    w: Any,
    b: Any = None,
    dropout: Any = None,
    input_dim: Any = None,
    output_dim: Any = None,
    timesteps: Any = None,
) -> Any:
    """``x @ w + b`` at every step: (batch, steps, input_dim) -> (batch, steps, output_dim).  Source: Keras 1

    While training, ``dropout`` is the share of the inputs that are set to zero, the same at all steps.

    >>> import numpy as np
    >>> time_distributed_dense(np.ones((1, 2, 3)), np.ones((3, 4))).shape
    (1, 2, 4)
    """
    from .. import backend

    if input_dim is not None and x.shape[2] not in (None, input_dim):
        raise ValueError(f"time_distributed_dense: expected {input_dim} features, received shape {tuple(x.shape)}.")
    if output_dim is not None and tuple(w.shape)[1] != output_dim:
        raise ValueError(f"time_distributed_dense: expected w with {output_dim} columns, received {tuple(w.shape)}.")
    if timesteps is not None and x.shape[1] not in (None, timesteps):
        raise ValueError(f"time_distributed_dense: expected {timesteps} steps, received shape {tuple(x.shape)}.")
    if dropout is not None and 0 < dropout < 1:
        ones = backend.ones_like(backend.reshape(x[:, 0, :], (-1, x.shape[2])))
        mask = backend.expand_dims(backend.dropout(ones, dropout), 1)
        x = backend.in_train_phase(x * mask, x)
    outputs = backend.dot(x, w)
    return outputs if b is None else outputs + b
