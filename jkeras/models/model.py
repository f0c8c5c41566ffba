"""The model: a layer that can be compiled, trained, evaluated and asked."""

from typing import Any, Self

from ..core import calling, connections, errors, pure, tracking
from ..core import frame as frames
from ..core.declare import era_default, resolve_default
from ..core.graph import Graph
from ..core.layer import Layer, family
from ..core.symbolic import KerasTensor
from ..core.variable import Variable, initialize
from ..train import compiling, loop, measuring, predicting
from . import arguments, compiled_call, copying, files, quantizing
from .state_tree import get_tree, set_tree


class Model(Layer):
    """A layer with a training loop: subclassed, or made from symbolic inputs and outputs.

    https://keras.io/api/models/model/

    >>> from jkeras import Input, layers
    >>> x = Input((4,))
    >>> Model(x, layers.Dense(2)(x)).output_shape
    (None, 2)
    """

    _is_model = True
    _untracked = Layer._untracked.union(
        "_compiled _compile_arguments _programs history optimizer loss _graph _extras training_run _live_layers".split()
    )

    _lists_output = False  # was it made with a list of one output?

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        functional = cls is Model and arguments.functional(args, kwargs)[0] is not None
        self: Any = super().__new__(Functional if functional else cls, *args, **kwargs)
        vars(self).update(
            _graph=None, _extras=[], _compiled=None, _programs={}, optimizer=None, loss=None, stop_training=False,
            training_run=None, _initial_epoch=0, _live_layers=None,
        )  # fmt: skip
        return self

    def __init__(self, *args: Any, **kwargs: Any):
        args = () if len(args) == 1 and args[0] is self else args  # scripts that say super().__init__(self)
        inputs, outputs, kwargs = arguments.functional(args, kwargs)
        super().__init__(**kwargs)
        if inputs is not None:
            self._set_graph(inputs, outputs)

    def _set_graph(self, inputs: Any, outputs: Any) -> None:
        (inputs, outputs), self._lists_output = arguments.unwrapped(inputs, outputs)
        self._graph = Graph(inputs, outputs, self.name)
        self._check_names()
        self.built = True

    def _check_names(self) -> None:
        seen: set[str] = set()
        for one in self.layers:
            if one.name in seen:
                raise ValueError(
                    f"Model '{self.name}': two layers are named {one.name!r}; names must be unique. Rename one."
                )
            seen.add(one.name)

    # ---- calling

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        recorder = frames.recorder
        if recorder is not None and (recorded := recorder.layer(self, args, kwargs)) is not NotImplemented:
            return recorded
        compiled = compiled_call.of(self, args, kwargs)
        outputs = super().__call__(*args, **kwargs) if compiled is None else compiled(args, kwargs)
        return [outputs] if self._lists_output and isinstance(outputs, KerasTensor) else outputs

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """Computes the outputs."""
        if self._graph is None:
            raise NotImplementedError(
                f"Model '{self.name}' of class {type(self).__name__} has no call(); define call(self, inputs), or make it "
                "from symbolic inputs and outputs."
            )
        if mask is not None:
            for x, m in zip(calling._array_leaves(inputs), mask if isinstance(mask, list) else [mask], strict=False):
                frames.set_mask(x, m)
        outputs, extras = self._graph.run_all(inputs, training)
        for (kind, name, aggregation), value in zip(self._extras, extras, strict=True):
            if kind == "loss":
                super().add_loss(value)
            else:
                super().add_metric(value, name, aggregation)
        return outputs

    def add_loss(self, loss: Any = None, inputs: Any = None, **kwargs: Any) -> None:
        """Adds a scalar to what training minimises: of this call, or, if it is symbolic, of every call."""
        loss = kwargs.pop("losses", loss)
        for value in loss if isinstance(loss, (list, tuple)) else [loss]:
            if isinstance(value, KerasTensor):
                self._add_extra(("loss", None, None), value)
            else:
                super().add_loss(value, inputs, **kwargs)

    def add_metric(self, value: Any, name: str | None = None, aggregation: str | None = "mean") -> None:
        """Reports a value under a name: of this call, or, if it is symbolic, of every call."""
        if isinstance(value, KerasTensor):
            self._add_extra(("metric", name or value._keras_history.operation.name, aggregation), value)
        else:
            super().add_metric(value, name, aggregation)

    def _add_extra(self, what: tuple, value: KerasTensor) -> None:
        if self._graph is None:
            raise ValueError(
                f"Model '{self.name}' has no symbolic inputs; add symbolic losses and metrics to a functional model."
            )
        graph = self._graph
        self._graph = Graph(graph.inputs, graph.outputs, self.name, [*graph.extras, value])
        self._extras = [*self._extras, what]
        self._programs.clear()

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """The mask of the outputs: what the layers inside have said."""
        if self._graph is None:
            return super().compute_mask(inputs, previous_mask)
        with frames.Frame():
            outputs = self.call(inputs, mask=previous_mask)
            return calling.mask_of(outputs)

    @property
    def _makes_masks(self) -> bool:
        return self._graph is None and super()._makes_masks

    def build(self, input_shape: Any = None) -> None:
        """Makes the weights for inputs of a shape with its batch axis."""
        default = type(self).build is Model.build and type(self).call is not Model.call
        if self.built or self._graph is not None or input_shape is None or not default:
            self.built = True
            return
        self.built = True
        try:
            pure.abstract_call(self, input_shape)
        except Exception:
            self.built = False
            raise
        self._build_shape = input_shape

    def _build_by_shapes(self, shapes: dict[str, Any]) -> None:
        if type(self).build is Model.build:  # the call that follows builds the parts
            self._finish_build(next(iter(shapes.values()), None))
        else:
            super()._build_by_shapes(shapes)

    def _sublayers(self) -> list[Layer]:
        below = super()._sublayers()
        if self._graph is None:
            return below
        if self._live_layers is not None and self._live_layers[0] is self._graph:
            return list(self._live_layers[1])
        inside = [op for op in self._graph.operations if isinstance(op, Layer)]
        known = set(map(id, inside))
        return inside + [one for one in below if id(one) not in known]

    # ---- structure

    @property
    def layers(self) -> list[Layer]:
        """The layers directly below, in Keras's order; before tf.keras, of functional models, the very list."""
        if self._graph is not None and resolve_default(type(self), "layers_are_live", era_default(False)):
            if self._live_layers is None or self._live_layers[0] is not self._graph:
                self._live_layers = (self._graph, self._sublayers())
            return self._live_layers[1]
        return self._sublayers()

    @layers.setter
    def layers(self, _: Any) -> None:
        raise AttributeError("Model.layers cannot be assigned; make a new model from the layers you want.")

    @property
    def inputs(self) -> list[KerasTensor] | None:
        """The symbolic inputs."""
        return None if self._graph is None else list(self._graph.input_tensors)

    @property
    def outputs(self) -> list[KerasTensor] | None:
        """The symbolic outputs."""
        return None if self._graph is None else list(self._graph.output_tensors)

    @outputs.setter
    def outputs(self, outputs: Any) -> None:
        self._rewire(outputs)

    def _rewire(self, outputs: Any) -> None:
        if self._graph is None:
            raise AttributeError(f"Model '{self.name}' has no symbolic outputs.")
        outputs = outputs[0] if isinstance(outputs, (list, tuple)) and len(outputs) == 1 else outputs
        self._graph = Graph(self._graph.inputs, outputs, self.name)
        self._programs.clear()

    @property
    def input(self) -> Any:
        """The symbolic input, or the structure of several."""
        return super().input if self._graph is None else self._graph.inputs

    @property
    def output(self) -> Any:
        """The symbolic output, or the structure of several."""
        outputs = super().output if self._graph is None else self._graph.outputs
        return [outputs] if self._lists_output else outputs

    @property
    def input_shape(self) -> Any:
        """Shape of the input, or the structure of several."""
        if self._graph is None:
            return super().input_shape
        shape = calling.shape_of(self._graph.inputs)
        return shape[0] if isinstance(shape, list) and len(shape) == 1 else shape

    @property
    def output_shape(self) -> Any:
        """Shape of the output, or the structure of several."""
        return super().output_shape if self._graph is None else calling.shape_of(self._graph.outputs)

    @property
    def input_names(self) -> list[str]:
        """Names of the inputs."""
        return [] if self._graph is None else self._graph.input_names

    @property
    def output_names(self) -> list[str]:
        """Names of the outputs: their dict keys, or the layers that make them."""
        return compiling.output_names(self)

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """The layer of a name or index; raises ValueError if there is none."""
        if (name is None) == (index is None):
            raise ValueError("get_layer: give a name or an index" + (", not both." if name is not None else "."))
        layers = self.layers
        if index is not None:
            if not -len(layers) <= index < len(layers):
                raise ValueError(f"get_layer({index=}): model '{self.name}' has {len(layers)} layers.")
            return layers[index]
        for one in layers:
            if one.name == name:
                return one
        raise ValueError(f"get_layer: {errors.unknown('layer', name, [one.name for one in layers])}")

    def summary(
        self,
        line_length: int | None = None,
        positions: list[float] | None = None,
        print_fn: Any = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: Any = None,
    ) -> None:
        """Prints the layers, their output shapes and numbers of parameters."""
        from .summary import print_summary

        print_summary(self, line_length, positions, print_fn, expand_nested, show_trainable, layer_range)

    def reset_states(self) -> None:
        """Sets the states of stateful layers back."""
        for one in self._flatten_layers(include_self=False):
            reset = getattr(one, "reset_states", None) or getattr(one, "reset_state", None)
            if reset is not None and getattr(one, "stateful", False) and not isinstance(one, Model):
                reset()

    reset_state = reset_states

    @property
    def stateful(self) -> bool:
        """Does any layer keep a state from batch to batch?"""
        return any(getattr(one, "stateful", False) for one in self._flatten_layers(include_self=False))

    @property
    def metrics(self) -> list[Any]:
        """The metrics given to ``compile`` and those among the attributes."""
        return measuring.metrics_of(self)

    @property
    def metrics_names(self) -> list[str]:
        """The names of what ``evaluate`` gives, in order."""
        return measuring.metrics_names(self)

    @property
    def metrics_variables(self) -> list[Variable]:
        """The Variables of the metrics."""
        return tracking.unique([v for m in self.metrics for v in m.variables])

    # ---- training

    def compile(self, optimizer: Any = "rmsprop", loss: Any = None, *args: Any, **kwargs: Any) -> None:
        """Says how to train: optimizer, loss, metrics.  https://keras.io/api/models/model_training_apis/

        The third and fourth position are ``loss_weights`` and ``metrics``, or, as in Keras 2, the other way round: what they
        hold decides.

        Raises TypeError for an unknown argument, ValueError for an unknown name (with the nearest known one).
        """
        compiling.compile_model(self, (optimizer, loss, *args), kwargs)

    @property
    def compiled(self) -> bool:
        """Has ``compile`` been called?"""
        return self._compiled is not None

    fit = loop.fit
    evaluate = loop.evaluate
    predict = predicting.predict
    train_on_batch = loop.train_on_batch
    test_on_batch = loop.test_on_batch
    predict_on_batch = predicting.predict_on_batch
    fit_generator = loop.fit_generator
    evaluate_generator = loop.evaluate_generator
    predict_generator = predicting.predict_generator

    @property
    def run_eagerly(self) -> bool:
        """Are steps run without compiling them?"""
        return self._compiled is not None and self._compiled.run_eagerly

    @run_eagerly.setter
    def run_eagerly(self, value: bool) -> None:
        self._recompile(run_eagerly=bool(value))

    @property
    def jit_compile(self) -> bool:
        """Are steps compiled?"""
        return self._compiled is None or self._compiled.jit

    @jit_compile.setter
    def jit_compile(self, value: bool) -> None:
        self._recompile(jit_compile=value)

    @property
    def steps_per_execution(self) -> int:
        """Steps between two calls of batch hooks."""
        return 1 if self._compiled is None else self._compiled.steps_per_execution

    @steps_per_execution.setter
    def steps_per_execution(self, value: int) -> None:
        self._recompile(steps_per_execution=value)

    autotune_steps_per_execution = True  # how many steps run at a time always follows the clock

    def _recompile(self, **changes: Any) -> None:
        if self._compiled is None:
            raise RuntimeError(f"Model '{self.name}' is not compiled. Call compile(...) first.")
        self.compile(**{**self._compiled.arguments, **changes, "optimizer": self.optimizer})

    def make_train_function(self, force: bool = False) -> Any:
        """A function of an iterator that does one training step; steps are compiled when they first run."""
        return lambda iterator: self.train_on_batch(*next(iterator), reset_metrics=False, return_dict=True)

    def make_test_function(self, force: bool = False) -> Any:
        """A function of an iterator that evaluates one batch."""
        return lambda iterator: self.test_on_batch(*next(iterator), reset_metrics=False, return_dict=True)

    def make_predict_function(self, force: bool = False) -> Any:
        """A function of an iterator that predicts one batch."""
        return lambda iterator: self.predict_on_batch(next(iterator)[0])

    @property
    def state_updates(self) -> list[Any]:
        """Always empty: assignments in ``call`` are the updates."""
        return []

    quantize = quantizing.quantize
    get_quantization_layer_structure = quantizing.get_quantization_layer_structure

    def get_weight_paths(self) -> dict[str, Variable]:
        """The weights by path, ``block.dense.kernel``."""
        return {".".join(place): v for place, v in tracking.tree(self)}

    def get_state_tree(self, value_format: str = "backend_tensor") -> dict[str, Any]:
        """All values of the model, its optimizer and metrics as nested dicts."""
        return get_tree(self, value_format)

    def set_state_tree(self, state_tree: dict[str, Any]) -> None:
        """Sets what ``get_state_tree`` gave; raises ValueError, and changes nothing, where it does not fit."""
        set_tree(self, state_tree)

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        """The scalar that training minimises; override it for a loss of your own."""
        return measuring.compute_loss(self, x, y, y_pred, sample_weight, training)

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Updates the metrics and gives their results; override it for results of your own."""
        return measuring.compute_metrics(self, x, y, y_pred, sample_weight)

    def get_metrics_result(self) -> dict[str, Any]:
        """The current results of the metrics by name."""
        return measuring.metrics_result(self)

    def reset_metrics(self) -> None:
        """Starts the metrics anew."""
        for m in self.metrics:
            m.reset_state()

    def train_step(self, *args: Any, **kwargs: Any) -> Any:
        """One training step; override it as ``train_step(self, state, data)``, Keras 3's form on JAX."""
        return loop.default_train_step(self, *args, *kwargs.values())

    def test_step(self, *args: Any, **kwargs: Any) -> Any:
        """One evaluation step; override it as ``test_step(self, state, data)`` or ``test_step(self, data)``."""
        return loop.default_test_step(self, *args, *kwargs.values())

    def predict_step(self, *args: Any, **kwargs: Any) -> Any:
        """One prediction step; override it as ``predict_step(self, state, data)`` or ``predict_step(self, data)``."""
        return predicting.default_predict_step(self, *args, *kwargs.values())

    def stateless_compute_loss(
        self,
        trainable_variables: Any,
        non_trainable_variables: Any,
        metrics_variables: Any,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """``compute_loss`` as a pure function: (loss, (trainable, non-trainable, metric values))."""
        return measuring.stateless_compute_loss(
            self, trainable_variables, non_trainable_variables, metrics_variables, x, y, y_pred, sample_weight, training
        )

    def compute_loss_and_updates(
        self,
        trainable_variables: Any,
        non_trainable_variables: Any,
        metrics_variables: Any,
        x: Any,
        y: Any,
        sample_weight: Any,
        training: bool = False,
        optimizer_variables: Any = None,
    ) -> Any:
        """Keras 3's pure loss: (loss to derive, (loss, outputs, non-trainable values, metric values))."""
        return measuring.loss_and_updates(
            self, trainable_variables, non_trainable_variables, metrics_variables, (x, y, sample_weight), training,
            optimizer_variables,
        )  # fmt: skip

    def jax_state_sync(self) -> None:
        """Nothing to do: the Variables are the only home of the arrays."""

    def get_weights(self) -> list[Any]:
        """The weights as NumPy arrays, made all at once if they are new."""
        self._require_weights("get_weights")
        initialize(self.variables)
        return super().get_weights()

    def _require_weights(self, what: str) -> None:
        if not self.built and not self.weights and self._sublayers():
            raise ValueError(
                f"{what}: model '{self.name}' has no weights yet. Call it on data, build(input_shape) it, or give the first "
                "layer an input shape."
            )

    # ---- saving

    save = files.save
    save_weights = files.save_weights
    load_weights = files.load_weights
    export = files.export
    to_yaml = files.to_yaml
    to_json = files.to_json
    get_compile_config = files.get_compile_config
    compile_from_config = files.compile_from_config

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal model."""
        if self._graph is None:
            return super().get_config()
        return files.saving().functional_config(self)

    @classmethod
    def from_config(cls, config: Any, custom_objects: dict | None = None) -> Any:
        """The model that ``get_config`` described."""
        if isinstance(config, dict) and "layers" in config and "input_layers" in config:
            return files.saving().functional_from_config(cls, config, custom_objects)
        return cls(**config)

    _reads_own_config = True

    def __deepcopy__(self, memo: dict) -> Any:
        return copying.deepcopy(self, memo)

    def __reduce__(self) -> Any:
        return copying.reduced(self)


connections.complete(Model)


class Functional(Model):
    """A model made from symbolic inputs and outputs."""


family.add(Model)
family.add(Functional)
Model._keras_module = "keras"  # type: ignore[attr-defined]
Functional._keras_module = "keras.src.models.functional"  # type: ignore[attr-defined]
