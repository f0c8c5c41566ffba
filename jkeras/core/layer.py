"""The layer: a definition that is also a pure function of its parameters."""

import contextlib
import copy
from collections.abc import Callable
from typing import Any, ClassVar, Self

from . import arguments, building, calling, connections, dtypes, history, pure, spec, symbolic, tracking, weights
from . import frame as frames
from . import remat as rematerialisation
from . import weight_values as values
from .declare import Configurable, check_known, declare, era, era_default, resolve_default
from .naming import snake_case, unique_name
from .registry import Family
from .variable import Variable, initialize

family = Family("keras.layers", "layer")


def layer(cls: type) -> type:
    """Class decorator: fields become the constructor and config, and the class is known to loading by its name."""
    made = family.add(declare(cls))
    connections.complete(made)
    return made


class Layer(Configurable):
    """Base of all layers: hyper-parameters, weights made in ``build`` and a computation in ``call``.

    https://keras.io/api/layers/base_layer/

    >>> import numpy as np
    >>> class Double(Layer):
    ...     def call(self, x):
    ...         return 2 * x
    >>> Double()(np.ones(2)).tolist()
    [2.0, 2.0]
    """

    _tracked_as: ClassVar[str] = "layer"
    _untracked: ClassVar[frozenset] = frozenset(("_inbound_nodes", "_outbound_nodes", "_auto_config"))
    _takes_numbers: ClassVar[bool] = False
    _base_arguments: ClassVar[list[str]] = (
        "activity_regularizer trainable dtype autocast name remat input_shape batch_input_shape batch_shape input_dim "
        "batch_size input_dtype weights dynamic".split()
    )
    _is_model: ClassVar[bool] = False
    supports_masking = False
    supports_jit = True
    built: bool
    input_spec: Any
    activity_regularizer: Any
    dtype_policy = dtypes.PolicyAttribute()
    _call_losses: list[Any]
    _loss_functions: list[Callable]
    _metrics_added: list[Any]
    _assigned_weights: list[Variable] | None
    _auto_config: tuple[tuple, dict]
    _weights_made: list[Variable]
    _inbound_nodes: list[Any]
    _outbound_nodes: list[Any]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "build" in vars(cls) and not cls.__module__.startswith("jkeras.models."):
            cls.build = building.completed(vars(cls)["build"])  # type: ignore[method-assign]

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        self = object.__new__(cls)
        # What tracking needs is there before any __init__, so that attributes may be set before super().__init__().
        vars(self).update(
            _weights_made=[], _inbound_nodes=[], _outbound_nodes=[], _call_losses=[], _trainable=True, built=False,
            _auto_config=(args, kwargs), _assigned_weights=None, input_spec=None, autocast=True, activity_regularizer=None,
            _dtype_policy=None, _is_quantized=False, _path="", name=None, _metrics_added=[], remat=None,
            _loss_functions=[],
        )  # fmt: skip
        return self

    def __init__(
        self,
        *args: Any,
        activity_regularizer: Any = None,
        trainable: bool = True,
        dtype: Any = None,
        autocast: bool = True,
        name: str | None = None,
        remat: Any = None,
        **kwargs: Any,
    ):
        if args:  # in the order of tf.keras
            given = arguments.by_place(type(self).__name__, ("trainable", "name", "dtype", "dynamic"), args)
            trainable, name, dtype = given.pop("trainable"), given.pop("name", name), given.pop("dtype", dtype)
            kwargs.update(given)
        if kwargs and era.translate is not None and any(k not in self._base_arguments for k in kwargs):
            _, kwargs = era.translate(type(self), (), kwargs)
        check_known(type(self), kwargs, list(self._base_arguments), self._base_arguments)
        self.name = str(name) if name else unique_name(snake_case(type(self).__name__))
        self._trainable = bool(trainable)
        data = kwargs.get("input_dtype")
        if data is not None and not dtypes.is_float(dtypes.standardize_dtype(data)):
            self._input_data_dtype = dtypes.standardize_dtype(data)  # of the data, such as indices
        elif dtype is None:
            dtype = data
        self.dtype_policy = dtypes.get_policy(dtype)
        self.autocast = autocast
        self.remat = rematerialisation.setting_of(remat)
        self.activity_regularizer = weights.get_regularizer(activity_regularizer)
        self._first_shape = arguments.first_shape(type(self).__name__, **kwargs)
        self._initial_weights = kwargs.get("weights")
        if kwargs.get("dynamic"):
            self._dynamic = True  # models that hold it run eagerly
        self._path = frames.scope_path(self.name)

    # ---- written by authors of layers

    def build(self, input_shape: Any) -> None:
        """Makes the weights for inputs of a shape (None: unknown size)."""
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Computes the outputs."""
        raise NotImplementedError(f"{type(self).__name__} has no call(); define call(self, inputs).")

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """The mask of the outputs: that of the inputs if the layer supports masks."""
        return previous_mask if self.supports_masking else None

    def compute_output_shape(self, *args: Any, **kwargs: Any) -> Any:
        """The shape of the outputs for inputs of a shape, without computing."""
        args = tuple(arguments.symbolic_of(shape, self.compute_dtype) for shape in args)
        kwargs = {k.removesuffix("_shape"): arguments.symbolic_of(v, self.compute_dtype) for k, v in kwargs.items()}
        return calling.shape_of(self.compute_output_spec(*args, **kwargs))

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Symbolic outputs for symbolic inputs; records nothing."""
        sig = calling.signature_of(type(self).call)
        with frames.scope(self.name):
            calling.build_if_needed(self, sig, args, kwargs)

        def run(*args: Any, **kwargs: Any) -> Any:
            frame = frames.current()
            assert frame is not None
            return calling.run(self, frame, args, kwargs)

        return symbolic.abstract_evaluate(run, args, kwargs)

    # ---- calling

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return calling.call(self, args, kwargs)

    symbolic_call = rematerialized_call = __call__

    def _check_input(self, inputs: Any) -> None:
        if self.input_spec is not None:
            spec.check(self, self.input_spec, inputs)

    @property
    def _makes_masks(self) -> bool:
        return self.supports_masking or type(self).compute_mask is not Layer.compute_mask

    def _definer(self, method: str) -> type:
        return next(c for c in type(self).__mro__ if method in vars(c))

    def _has_closed_form(self) -> bool:
        shape, call = self._definer("compute_output_shape"), self._definer("call")
        return shape is not Layer and issubclass(shape, call) and shape.__module__.startswith("jkeras.")

    def _declares_spec(self) -> bool:
        return self._definer("compute_output_spec") is not Layer

    def _declares_shape(self) -> bool:
        return self._definer("compute_output_shape") is not Layer

    # ---- building

    _build_by_shapes = building.by_shapes
    _finish_build = building.finish
    get_build_config = building.get_build_config
    build_from_config = building.build_from_config

    def add_weight(self, *args: Any, **kwargs: Any) -> Variable:
        """Declares a weight: ``add_weight("kernel", shape)`` or Keras 3's ``add_weight(shape=..., name=...)``.

        The layer's fields ``<name>_initializer``, ``<name>_regularizer`` and ``<name>_constraint`` hold where no other is given.
        """
        return weights.make_weight(self, **weights.weight_arguments(self, args, kwargs))

    def add_variable(self, *args: Any, **kwargs: Any) -> Variable:
        """The same as ``add_weight``."""
        return self.add_weight(*args, **kwargs)

    # ---- what training reads

    def add_loss(self, loss: Any = None, inputs: Any = None, **kwargs: Any) -> None:
        """Adds a scalar, or a list of scalars, to what training minimises in this call; also named ``losses``.

        Functions without arguments that are given outside a call count in every call.
        """
        frame = frames.current()
        loss = kwargs.pop("losses", loss)
        check_known("add_loss", kwargs, ["loss", "losses", "inputs"], ())
        for value in loss if isinstance(loss, (list, tuple)) else [loss]:
            if callable(value) and not hasattr(value, "shape"):
                if frame is None:
                    self._loss_functions = [*self._loss_functions, value]
                    continue
                value = value()
            if frame is None:
                self._call_losses = [*self._call_losses, value]
            elif value is not None:
                frame.losses.append((self, value))

    def add_metric(self, value: Any, name: str | None = None, aggregation: str | None = "mean") -> None:
        """Reports a value under a name during training, averaged over batches; ``aggregation`` is "mean" or None, for the same."""
        if aggregation not in ("mean", None):
            raise ValueError(f"add_metric: aggregation must be 'mean' or None, received {aggregation!r}.")
        frame = frames.current()
        if frame is not None:
            frame.metrics.append((self, (name or "metric", value, aggregation)))
        else:
            self._metrics_added = [*self._metrics_added, (name or "metric", value, aggregation)]

    def add_update(self, updates: Any, inputs: Any = None) -> None:
        """Accepts what ``K.update`` made: the assignment has been recorded already."""

    @property
    def updates(self) -> list[Any]:
        """Always empty: assignments in ``call`` are the updates."""
        return []

    @property
    def losses(self) -> list[Any]:
        """Regularization losses of the weights and what ``add_loss`` left in the last call."""
        layers = tracking.flatten_layers(self)
        frame = frames.current()
        if frame is None:
            found = [value for one in layers for value in one._call_losses]
        else:
            mine = {id(one) for one in layers}
            found = [value for one, value in frame.losses if id(one) in mine]
        found += [frames.recorded(function) for one in layers for function in one._loss_functions]
        return found + self._regularization_losses()

    def _regularization_losses(self) -> list[Any]:
        all_count = resolve_default(type(self), "regularizes_frozen", era_default(False))
        found = self.weights if all_count else self.trainable_weights
        return [frames.recorded(v.regularizer, v) for v in found if v.regularizer is not None]

    def get_losses_for(self, inputs: Any = None) -> list[Any]:
        """The same as ``losses``."""
        return self.losses

    def get_updates_for(self, inputs: Any = None) -> list[Any]:
        """The same as ``updates``."""
        return self.updates

    # ---- weights

    def _sublayers(self) -> list["Layer"]:
        return tracking.sublayers(self)

    def _flatten_layers(self, include_self: bool = True, recursive: bool = True) -> list["Layer"]:
        layers = tracking.flatten_layers(self) if recursive else [self, *self._sublayers()]
        return layers if include_self else layers[1:]

    @property
    def submodules(self) -> tuple["Layer", ...]:
        """All layers below."""
        return tuple(tracking.flatten_layers(self)[1:])

    @property
    def trainable(self) -> bool:
        """May training change the weights? What a model trains is fixed when it is compiled."""
        frame = frames.current()
        if frame is None or frame.trainable_flags is None:
            return self._trainable
        return frame.trainable_flags.get(id(self), self._trainable)

    @trainable.setter
    def trainable(self, value: bool) -> None:
        for one in tracking.flatten_layers(self):
            one._trainable = bool(value)

    def _collect(self, own: Callable[["Layer"], list[Variable]]) -> list[Variable]:
        return tracking.unique([v for one in tracking.flatten_layers(self) for v in own(one)])

    @property
    def weights(self) -> list[Variable]:
        """All weights, in Keras's order: layer by layer, trainable ones first; no seeds."""
        return self._collect(tracking.own_weights)

    @property
    def variables(self) -> list[Variable]:
        """All weights and the states of seed generators."""
        return self._collect(lambda one: tracking.own_weights(one) + tracking.own_seeds(one))

    def _trainable_ids(self, flags: dict[int, bool] | None = None) -> set[int]:
        """Ids of the Variables that train: their layer and every layer above it is trainable."""
        found: set[int] = set()
        frame = frames.current()
        if flags is None and frame is not None:
            flags = frame.trainable_flags

        def visit(one: Layer) -> None:
            if one._trainable if flags is None else flags.get(id(one), one._trainable):
                found.update(id(v) for v in one._own_trainable())
                for below in one._sublayers():
                    visit(below)

        visit(self)
        return found

    def _own_trainable(self) -> list[Variable]:
        if self._assigned_weights is not None:
            return self._assigned_weights
        return [v for v in tracking.own_weights(self) if v.trainable]

    @property
    def trainable_weights(self) -> list[Variable]:
        """The weights that training changes."""
        train = self._trainable_ids()
        return [v for v in self.weights if id(v) in train]

    @trainable_weights.setter
    def trainable_weights(self, weights: list[Variable]) -> None:
        self._assigned_weights = list(weights)

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The weights that training leaves alone."""
        train = self._trainable_ids()
        return [v for v in self.weights if id(v) not in train]

    @property
    def trainable_variables(self) -> list[Variable]:
        """The same as ``trainable_weights``."""
        return self.trainable_weights

    @property
    def non_trainable_variables(self) -> list[Variable]:
        """The Variables that training leaves alone, states of seed generators among them."""
        train = self._trainable_ids()
        return [v for v in self.variables if id(v) not in train]

    @property
    def metrics(self) -> list[Any]:
        """The metrics among the attributes, here and below."""
        return tracking.metrics(self)

    @property
    def metrics_variables(self) -> list[Variable]:
        """The Variables of the metrics."""
        return tracking.unique([v for m in self.metrics for v in m.variables])

    get_weights = values.get_weights
    set_weights = values.set_weights
    count_params = values.count_params
    save_own_variables = values.save_own_variables
    load_own_variables = values.load_own_variables

    # ---- names, dtypes, config

    @property
    def path(self) -> str:
        """Names of the layers around and of this one."""
        return self._path

    @property
    def dtype(self) -> str:
        """Dtype of the weights."""
        return self.variable_dtype

    @property
    def compute_dtype(self) -> str:
        """Dtype of the computation."""
        return dtypes.get_policy(self._dtype_policy).for_path(self._path).compute_dtype

    @property
    def variable_dtype(self) -> str:
        """Dtype of the weights."""
        return dtypes.get_policy(self._dtype_policy).for_path(self._path).variable_dtype

    @property
    def input_dtype(self) -> str:
        """Dtype that floating inputs are cast to."""
        return self.compute_dtype

    def _example_dtype(self) -> Any:
        """Dtype of the inputs where only a shape is given."""
        return dtypes.array_dtype(self.compute_dtype)

    @property
    def quantization_mode(self) -> str | None:
        """How the weights are quantized, or None."""
        return dtypes.get_policy(self._dtype_policy).for_path(self._path).quantization_mode

    def quantize(self, mode: str | None = None, type_check: bool = True, config: Any = None) -> None:
        """Keeps the weights with fewer bits, in the layers that can."""
        raise NotImplementedError(f"{spec.describe(self)} cannot be quantized; Dense, EinsumDense and Embedding can.")

    def quantized_build(self, input_shape: Any, mode: str) -> None:
        """Makes quantized weights, in the layers that can."""
        raise NotImplementedError(f"{spec.describe(self)} cannot be quantized; Dense, EinsumDense and Embedding can.")

    def quantized_call(self, *args: Any, **kwargs: Any) -> Any:
        """The same as ``call``, which knows whether its weights are quantized."""
        return self.call(*args, **kwargs)

    @contextlib.contextmanager
    def name_scope(self) -> Any:
        """Names what is made inside after this layer."""
        with frames.scope(self.name):
            yield

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer."""
        base: dict[str, Any] = {"name": self.name, "trainable": self._trainable, "dtype": arguments.dtypes_config(self)}
        if self.activity_regularizer is not None:
            base["activity_regularizer"] = weights.serialize_regularizer(self.activity_regularizer)
        if not self._fields and type(self).__init__ is not Layer.__init__:
            base.update(arguments.recorded_arguments(self))
        return {**base, **super().get_config()}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_"):
            try:
                return connections.old_attribute(self, name)
            except AttributeError:
                pass
        return object.__getattribute__(self, name)  # raises, also what a property raised

    def __getstate__(self) -> dict[str, Any]:
        initialize(self.variables)
        return vars(self)

    def __deepcopy__(self, memo: dict) -> "Layer":
        initialize(self.variables)  # weights that nobody has read yet would be drawn once more
        clone = object.__new__(type(self))
        memo[id(self)] = clone
        for name, value in vars(self).items():
            vars(clone)[name] = [] if name in ("_inbound_nodes", "_outbound_nodes") else copy.deepcopy(value, memo)
        return clone

    # ---- the graph

    input = property(history.input_of)
    output = property(history.output_of)
    input_mask = property(history.input_mask_of)
    output_mask = property(history.output_mask_of)
    input_shape = property(history.input_shape_of)
    output_shape = property(history.output_shape_of)
    get_input_at = history.get_input_at
    get_output_at = history.get_output_at
    get_input_shape_at = history.get_input_shape_at
    get_output_shape_at = history.get_output_shape_at
    get_input_mask_at = history.get_input_mask_at
    get_output_mask_at = history.get_output_mask_at
    inbound_nodes = property(lambda self: self._inbound_nodes)

    @property
    def outbound_nodes(self) -> list[Any]:
        """The calls of other layers on its outputs."""
        return self._outbound_nodes

    @outbound_nodes.setter
    def outbound_nodes(self, nodes: list[Any]) -> None:
        self._outbound_nodes = list(nodes)

    # ---- the pure door

    def init(self, key: Any, x: Any = None) -> tuple[dict, dict]:
        """``(params, state)`` for inputs like ``x`` (arrays or a shape), as a pure function of a key."""
        return pure.init(self, key, x)

    def apply(
        self, params: dict, state: dict, *args: Any, training: Any = False, key: Any = None, **kwargs: Any
    ) -> tuple[Any, dict]:
        """``(outputs, new state)`` as a pure function of parameters, state, inputs and key."""
        return pure.apply(self, params, state, args, kwargs, training, key)

    def parameters(self) -> tuple[dict, dict]:
        """The current ``(params, state)``, to begin with or to look at."""
        return pure.parameters(self)

    def assign_parameters(self, params: dict, state: dict | None = None) -> None:
        """Puts ``params`` (and ``state``) into the layer's Variables."""
        pure.assign(self, params, state)

    def stateless_call(
        self,
        trainable_variables: Any,
        non_trainable_variables: Any,
        *args: Any,
        return_losses: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Keras 3's pure call: ``(outputs, non_trainable_variables)``, and the losses if asked for."""
        return pure.stateless_call(self, trainable_variables, non_trainable_variables, args, kwargs, return_losses)


connections.complete(Layer)
