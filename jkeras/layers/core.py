"""Dense and einsum maps, and the layers that carry a function, a mask or another layer."""

import jax.numpy as jnp

from ..core import connections, registry
from ..core.declare import Converter, era_default, resolve_default
from ..core.layer import Layer, layer
from ..core.spec import InputSpec, describe
from ..core.symbolic import NeedsHistory, abstract_evaluate, is_symbolic
from . import adaptation
from .fields import Activation as Function  # "Activation" is a layer here, to those who import it by its old path
from .fields import Constraint, Flag, Initializer, PositiveInt, Regularizer, optional, unless_set


@layer
@adaptation.adaptable(kernel="...i,io->...o")
class Dense(Layer):
    """Affine map of the last axis: (..., d) -> (..., units).  https://keras.io/api/layers/core_layers/dense/

    Raises ValueError where the last axis is unknown or of another size than at the first call.

    >>> Dense(3, kernel_initializer="ones")(jnp.ones((2, 4))).tolist()
    [[4.0, 4.0, 4.0], [4.0, 4.0, 4.0]]
    """

    units: PositiveInt
    activation: Function = None
    use_bias: Flag = True
    kernel_initializer: Initializer = "glorot_uniform"
    bias_initializer: Initializer = "zeros"
    kernel_regularizer: Regularizer = None
    bias_regularizer: Regularizer = None
    activity_regularizer: Regularizer = None
    kernel_constraint: Constraint = None
    bias_constraint: Constraint = None
    lora_rank: optional(PositiveInt) = None
    lora_alpha: object = None
    quantization_config: adaptation.Quantization = None
    supports_masking = True

    def build(self, input_shape):
        self.kernel = self.add_weight("kernel", (last_size(self, input_shape), self.units))
        self.bias = self.add_weight("bias", (self.units,)) if self.use_bias else None
        adaptation.begin(self)

    def call(self, inputs):
        return self.activation(adaptation.affine(inputs, self.kernel, self.bias))

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.units)

    def _has_closed_form(self):  # unless a user's activation changes the shape
        return type(self) is Dense and getattr(self.activation, "__module__", "").startswith("jkeras.")

    def get_config(self):
        return unless_set(super().get_config(), *adaptation.ARGUMENTS, "activity_regularizer")


def last_size(layer, input_shape, min_ndim=2):
    """The size of the last axis; from now on inputs must have it."""
    if len(input_shape) < min_ndim or input_shape[-1] is None:
        want = f"at least {min_ndim} axes" if len(input_shape) < min_ndim else "a known size of the last axis"
        raise ValueError(
            f"{describe(layer)}: expected {want}, received shape {tuple(input_shape)}. Name sizes in Input()."
        )
    layer.input_spec = InputSpec(min_ndim=min_ndim, axes={-1: input_shape[-1]})
    return input_shape[-1]


@layer
@adaptation.adaptable(kernel=None)
class EinsumDense(Layer):
    """Any linear map that an einsum equation describes, plus a bias over some of its output axes.

    ``equation`` names the axes of input, kernel and output; ``output_shape`` is the output's without the batch axis
    (and without what ``...`` stands for).  https://keras.io/api/layers/core_layers/einsum_dense/

    >>> EinsumDense("abc,cd->abd", output_shape=(None, 5), bias_axes="d")(jnp.ones((2, 3, 4))).shape
    (2, 3, 5)
    """

    equation: str
    output_shape: Converter(lambda v: (v,) if isinstance(v, int) else tuple(v))
    activation: Function = None
    bias_axes: object = None
    kernel_initializer: Initializer = "glorot_uniform"
    bias_initializer: Initializer = "zeros"
    kernel_regularizer: Regularizer = None
    bias_regularizer: Regularizer = None
    kernel_constraint: Constraint = None
    bias_constraint: Constraint = None
    lora_rank: optional(PositiveInt) = None
    lora_alpha: object = None
    gptq_unpacked_column_size: object = None
    quantization_config: adaptation.Quantization = None

    def build(self, input_shape):
        kernel_shape, bias_shape, axes = einsum_shapes(self, tuple(input_shape))
        self.input_spec = InputSpec(ndim=len(input_shape))
        initializer = self.kernel_initializer
        if getattr(initializer, "input_axes", 0) is None:  # fans follow the equation, not the kernel's last axes
            initializer = type(initializer)(**{**initializer.get_config(), **axes})
        self.kernel = self.add_weight("kernel", kernel_shape, initializer=initializer)
        self.bias = None if self.bias_axes is None else self.add_weight("bias", bias_shape)
        adaptation.begin(self)

    def call(self, inputs):
        return self.activation(adaptation.affine(inputs, self.kernel, self.bias, self.equation))

    def get_config(self):
        config = {**super().get_config(), "activity_regularizer": registry.serialize(self.activity_regularizer)}
        return unless_set(config, *adaptation.ARGUMENTS, "gptq_unpacked_column_size")


def einsum_shapes(layer, input_shape):
    """(kernel shape, bias shape, axes of the kernel that count as inputs and as outputs) of an EinsumDense."""

    def wrong(text):
        return ValueError(f"{describe(layer)} with equation {layer.equation!r}: {text}")

    try:
        left, out = layer.equation.replace(" ", "").split("->")
        source, kernel = left.split(",")
    except ValueError:
        raise wrong("expected the form 'input,kernel->output', such as 'abc,cd->abd'.") from None
    names = [spec.replace("...", "") for spec in (source, kernel, out)]
    first = source.startswith("...")
    hidden = len(input_shape) - len(names[0])
    if not all(name.isalpha() for name in names) or (hidden and "..." not in source) or hidden < 0:
        raise wrong(f"expected an input of {len(names[0])} axes, received shape {input_shape}.")
    shown = input_shape[hidden:] if first else input_shape[: len(names[0])]
    known = dict(zip(names[0], shown))
    full = (input_shape[0], *(input_shape[1:hidden] if first else ()), *layer.given_output_shape)
    sizes = dict(zip(names[2], full[hidden:] if first else full))
    for name in names[0]:
        if sizes.get(name) is not None and known[name] != sizes[name]:
            raise wrong(f"axis {name!r} is {known[name]} in the input {input_shape} and {sizes[name]} in output_shape.")
    lost = [name for name in names[1] if name not in known and name not in sizes]
    lost += [name for name in names[2] if name not in known and name not in names[1]]
    lost += [name for name in layer.bias_axes or "" if name not in names[2]]
    if lost:
        raise wrong(f"axis {lost[0]!r} of kernel, output or bias_axes {layer.bias_axes!r} stands nowhere else.")
    shape = tuple(sizes[name] if name in sizes else known[name] for name in names[1])
    outputs = [i for i, name in enumerate(names[1]) if name in sizes]
    axes = {"input_axes": [i for i in range(len(shape)) if i not in outputs], "output_axes": outputs}
    if layer.bias_axes is None:
        return shape, None, axes
    over = names[2][min(names[2].index(name) for name in layer.bias_axes) :]
    bias = tuple(sizes[name] if name in layer.bias_axes else 1 for name in over)
    return shape, bias + (1,) * (0 if first else hidden), axes


@layer
class Identity(Layer):
    """Hands its input through.  https://keras.io/api/layers/core_layers/identity/

    >>> Identity()(jnp.ones(2)).tolist()
    [1.0, 1.0]
    """

    def __post_init__(self):
        self.supports_masking = resolve_default(type(self), "supports_masking", era_default(True))

    def call(self, inputs):
        return inputs


@layer
class Masking(Layer):
    """Masks the steps whose features all equal ``mask_value``, and sets them to 0: (batch, steps, features).

    https://keras.io/api/layers/core_layers/masking/

    >>> Masking(1.0)(jnp.array([[[1.0, 1.0], [1.0, 2.0]]])).tolist()
    [[[0.0, 0.0], [1.0, 2.0]]]
    """

    mask_value: object = 0.0
    supports_masking = True

    def compute_mask(self, inputs, mask=None):
        return jnp.any(inputs != self.mask_value, axis=-1)

    def call(self, inputs):
        return jnp.where(jnp.any(inputs != self.mask_value, axis=-1, keepdims=True), inputs, 0)


def _function(value):
    if isinstance(value, dict) and "class_name" in value:
        value = registry.deserialize(value)
    if not callable(value):
        raise TypeError("expected a function.")
    return value


def _shape_or_function(value):
    if callable(value) or value is None:
        return value
    if isinstance(value, dict):
        return _function(value)
    return (value,) if isinstance(value, int) else tuple(value)


@layer
class Lambda(Layer):
    """Calls any function of arrays, with ``arguments`` as further keywords; ``mask``, ``training`` where it takes them.

    ``output_shape`` (without the batch axis, or a function of the input shape) is only needed where the shape cannot be
    found by evaluating the function abstractly.  https://keras.io/api/layers/core_layers/lambda/

    >>> Lambda(lambda x, k: x * k, arguments={"k": 3})(jnp.ones(2)).tolist()
    [3.0, 3.0]
    """

    function: Converter(_function, registry.serialize)
    output_shape: Converter(_shape_or_function, lambda v: registry.serialize(v) if callable(v) else v) = None
    mask: Converter(lambda v: _function(v) if isinstance(v, dict) else v, registry.serialize) = None
    arguments: Converter(lambda v: dict(v or {})) = None
    supports_masking = True
    _reads_own_config = True  # what a lambda's config holds is not to be read without being asked

    def __post_init__(self):
        self._takes = signature_of_function(self.function)

    def __call__(self, inputs, *args, **kwargs):
        """The function of the inputs; one that asks for gradients between them is called with what they were made by."""
        try:
            if isinstance(inputs, (list, tuple)) and is_symbolic(inputs) and self._declares_shape():
                abstract_evaluate(self.call, (inputs,), {})  # else it would be asked only when data comes
            return super().__call__(inputs, *args, **kwargs)
        except NeedsHistory:
            if not is_symbolic(inputs):
                raise
        made = self.function(inputs, **self.arguments)
        made = made[0] if isinstance(made, (list, tuple)) and len(made) == 1 else made
        return Identity(name=self.name)(made)

    def call(self, inputs, mask=None, training=None):
        more = {name: value for name, value in {"mask": mask, "training": training}.items() if name in self._takes}
        return self.function(inputs, **{**self.arguments, **more})

    def compute_mask(self, inputs, mask=None):
        return self.mask(inputs, mask) if callable(self.mask) else self.mask

    def compute_output_shape(self, input_shape):
        if self.given_output_shape is None:
            return super().compute_output_shape(input_shape)
        if callable(self.given_output_shape):
            return self.given_output_shape(input_shape)
        several = input_shape and isinstance(input_shape[0], (tuple, list))
        return ((input_shape[0] if several else input_shape)[0], *self.given_output_shape)

    def _has_closed_form(self):
        return False

    def _declares_shape(self):
        return self.given_output_shape is not None

    def get_config(self):
        return unless_set(super().get_config(), "output_shape", "mask")

    @classmethod
    def from_config(cls, config, custom_objects=None, safe_mode=None):
        """The layer of a config of any Keras; the body of a lambda is only read where loading was told to trust it."""
        config = dict(config)
        for name in ("function", "output_shape", "mask"):
            kind = config.pop(f"{name}_type", None)
            config.pop(f"{'' if name == 'function' else name + '_'}module", None)
            if kind == "lambda":
                config[name] = {"class_name": "__lambda__", "config": {"value": config[name]}}
            elif kind == "function":
                config[name] = {"class_name": "function", "config": config[name]}
        config.update({k: registry.deserialize(v, custom_objects) for k, v in config.items() if k != "dtype"})
        return cls(**config)


def signature_of_function(function):
    """Names of the arguments of a function, where it has a signature."""
    import inspect

    try:
        return frozenset(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return frozenset()


def _wrapped(value):
    value = registry.deserialize(value) if isinstance(value, dict) else value
    if getattr(type(value), "_tracked_as", None) != "layer":
        raise TypeError("expected a layer.")
    return value


@layer
class Wrapper(Layer):
    """Base of layers that act on another layer.  https://keras.io/api/layers/base_layer/

    >>> Wrapper(Dense(3)).layer.units
    3
    """

    layer: Converter(_wrapped, registry.serialize)

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """The layer that ``get_config`` described."""
        with registry.custom_object_scope(custom_objects or {}):
            return cls(**config)

    def build(self, input_shape=None):
        if not self.layer.built:
            self.layer.build(input_shape)
            self.layer.built = True


__getattr__ = connections.old_names(__name__)
