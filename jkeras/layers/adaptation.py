"""Low-rank adaptation (LoRA) and int8 quantization of the matrix of Dense, EinsumDense and Embedding, outside of them.

A layer multiplies by its matrix; this module exchanges the matrix for an object that multiplies in another way.
Sources: Hu et al., 2021, https://arxiv.org/abs/2106.09685; https://keras.io/api/quantizers/
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from ..core import dtypes, registry
from ..core.declare import Converter
from ..core.spec import describe
from ..nn.product import rows_matmul

ARGUMENTS = ("lora_rank", "lora_alpha")
Quantization = Converter(
    lambda value: registry.deserialize(value) if isinstance(value, dict) else value, registry.serialize
)


class LowRank:
    """A matrix that is worth ``base + scale * a @ b``."""

    def __init__(self, base, a, b, scale):
        self.base, self.a, self.b, self.scale = base, a, b, scale
        self.shape, self.dtype, self.ndim = base.shape, base.dtype, base.ndim

    @property
    def value(self):
        return self.base.value + jnp.matmul(self.a.value, self.b.value) * self.scale

    def numpy(self):
        return np.asarray(self.value)

    def __jax_array__(self):
        return self.value

    def __array__(self, dtype=None, copy=None):
        return self.numpy() if dtype is None else self.numpy().astype(dtype)

    def __rmatmul__(self, inputs):
        return matmul(inputs, self.base) + inputs @ self.a @ self.b * self.scale


class Int8:
    """A matrix kept as int8 with one scale for each output; ``inner`` brings inputs to int8 as well before they meet it."""

    def __init__(self, stored, scale, equation, inner):
        self.stored, self.scale, self.equation, self.inner = stored, scale, equation, inner
        self.shape, self.dtype, self.ndim = stored.shape, stored.dtype, stored.ndim

    @property
    def value(self):
        _, kernel, out = parts(self.equation)
        return self.stored.value / arrange(self.scale.value, out.replace("...", ""), kernel)

    def __rmatmul__(self, inputs):
        equation = explicit(self.equation, inputs.ndim)
        return int8_einsum(equation, self.inner, inputs, self.stored.value, self.scale.value)


for _kind in (LowRank, Int8):
    jax.tree_util.register_pytree_node(_kind, lambda matrix: ((matrix.value,), None), lambda _, leaves: leaves[0])


# ------------------------------------------------- products


def parts(equation):
    """Labels of input, kernel and output."""
    left, out = equation.split("->")
    return (*left.split(","), out)


def explicit(equation, ndim):
    """An equation without dots, for inputs of so many axes."""
    equation = equation.replace(" ", "")
    hidden = ndim - len(parts(equation)[0].replace(".", ""))
    return equation.replace("...", "ZYXWVUTS"[:hidden])


def to_int8(x, axis):
    """(int8 values, what they were multiplied by) by the largest magnitude along ``axis``."""
    scale = (127.0 / (jnp.max(jnp.abs(x), axis=axis, keepdims=True) + 1e-7)).astype(x.dtype)
    return jnp.clip(jnp.round(x * scale), -127, 127).astype("int8"), scale


def arrange(scale, labels, out):
    """A scale with axes ``labels`` (1 where summed over) made to broadcast against an output with axes ``out``."""
    kept = [label for label in out if label in labels]
    flat = jnp.einsum(scale, list(map(ord, labels)), list(map(ord, kept)))
    return flat.reshape([flat.shape[kept.index(label)] if label in kept else 1 for label in out])


@partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def int8_einsum(equation, inner, inputs, stored, scale):
    """``einsum`` of inputs, brought to int8 by ``inner``, with an int8 kernel; gradients are those of the kernel as a float.

    Without ``inner`` the inputs stay what they are.
    """
    source, kernel, out = parts(equation)
    summed = tuple(i for i, label in enumerate(source) if label in kernel and label not in out)
    if inner is None:
        return jnp.einsum(equation, inputs, stored.astype(inputs.dtype)) / scale.astype(inputs.dtype)
    small, inputs_scale = inner(inputs, axis=summed)
    product = jnp.einsum(equation, small, stored, preferred_element_type="int32").astype(inputs.dtype)
    return product / (arrange(inputs_scale, source, out) * scale.astype(inputs.dtype))


def _forward(equation, inner, inputs, stored, scale):
    return int8_einsum(equation, inner, inputs, stored, scale), (inputs, stored, scale)


def _backward(equation, inner, kept, upstream):
    inputs, stored, scale = kept
    source, kernel, out = parts(equation)
    full = jnp.broadcast_to(1 / scale.astype(upstream.dtype), upstream.shape)
    spelled = f"{out},{kernel}->{source}"
    gradient = jnp.einsum(spelled, upstream * full, stored.astype(upstream.dtype))
    return gradient, np.zeros(stored.shape, jax.dtypes.float0), jnp.zeros_like(scale)


int8_einsum.defvjp(_forward, _backward)


def matmul(inputs, kernel):
    """``inputs @ kernel`` that knows adapted kernels; the operator alone may take the kernel's value first."""
    if isinstance(kernel, LowRank | Int8):
        return kernel.__rmatmul__(inputs)
    return rows_matmul(inputs, jnp.asarray(kernel))


def einsum(equation, inputs, kernel):
    """``jnp.einsum`` that knows adapted kernels."""
    if isinstance(kernel, LowRank):
        more = jnp.matmul(kernel.a.value, kernel.b.value) * kernel.scale
        return einsum(equation, inputs, kernel.base) + jnp.einsum(equation, inputs, more)
    return matmul(inputs, kernel) if isinstance(kernel, Int8) else jnp.einsum(equation, inputs, jnp.asarray(kernel))


def rows(table, indices, dtype):
    """Rows of a table, which may be adapted; NaN for indices out of range."""
    if isinstance(table, LowRank):
        more = rows(table.a, indices, dtype) @ table.b.value.astype(dtype) * table.scale
        return rows(table.base, indices, dtype) + more
    if isinstance(table, Int8):
        scale = jnp.take(table.scale.value, indices, axis=0, mode="fill")[..., None]
        return (jnp.take(table.stored.value, indices, axis=0, mode="clip") / scale).astype(dtype)
    return jnp.take(jnp.asarray(table), indices, axis=0, mode="fill").astype(dtype)


# ------------------------------------------------- what layers offer


def adaptable(**matrices):
    """Class decorator: gives a layer ``enable_lora`` (for the first matrix) and ``quantize`` (for all).

    ``name=equation``: how that matrix is multiplied; None where the layer has an equation of its own.
    """

    def add(cls):
        cls._adapted, cls._matrices = next(iter(matrices)), matrices
        for function in (enable_lora, quantize, quantized_build, save_own_variables, load_own_variables):
            setattr(cls, function.__name__, function)
        if cls._adapted == "embeddings":
            cls.quantized_build = quantized_build_of_table
        cls.variable_serialization_spec = property(variable_serialization_spec)
        return cls

    return add


def enable_lora(self, rank, lora_alpha=None, a_initializer="he_uniform", b_initializer="zeros"):
    """Freezes the layer's matrix and trains a low-rank sum to it instead: ``lora_alpha / rank * A @ B``.

    Raises ValueError before ``build``, a second time, or on a matrix with a constraint.
    """
    name = self._adapted
    if isinstance(getattr(self, name, None), LowRank):
        raise ValueError(f"{describe(self)}: LoRA is enabled already, with rank {self.lora_rank}.")
    if not self.built and name not in vars(self):
        raise ValueError(f"{describe(self)}: enable_lora() wants a built layer; call it on data or build() it first.")
    if getattr(self, f"{name}_constraint") is not None:
        raise ValueError(f"{describe(self)}: LoRA and {name}_constraint exclude each other; remove the constraint.")
    if not isinstance(rank, int) or rank < 1:
        raise ValueError(f"{describe(self)}: expected a positive integer as rank of LoRA, received {rank!r}.")
    base = getattr(self, name)
    a = self.add_weight(f"lora_{name}_a", (*base.shape[:-1], rank), initializer=a_initializer)
    b = self.add_weight(f"lora_{name}_b", (rank, base.shape[-1]), initializer=b_initializer)
    base.trainable = False
    self.lora_rank, self.lora_alpha = rank, rank if lora_alpha is None else lora_alpha
    setattr(self, name, LowRank(base, a, b, self.lora_alpha / rank))


def begin(layer):
    """At the end of ``build``: the adaptations that the layer's arguments and dtype policy ask for."""
    if dtypes.get_policy(layer.dtype_policy).quantization_mode is not None:
        layer.quantize(dtypes.get_policy(layer.dtype_policy).quantization_mode, type_check=False)
    if layer.lora_rank is not None:
        layer.enable_lora(layer.lora_rank, layer.lora_alpha)


def merge_lora(layer):
    """Adds the low-rank sum into the matrix for good; the layer trains its matrix again."""
    name = layer._adapted
    matrix = getattr(layer, name)
    if not isinstance(matrix, LowRank) or isinstance(matrix.base, Int8):
        raise ValueError(f"{describe(layer)}: there is no LoRA to merge into a floating matrix.")
    matrix.base.assign(matrix.value)
    matrix.base.trainable = True
    layer._weights_made = [v for v in layer._weights_made if v is not matrix.a and v is not matrix.b]
    setattr(layer, name, matrix.base)
    layer.lora_rank = layer.lora_alpha = None


def quantize(self, mode=None, type_check=True, config=None):
    """Keeps the layer's matrix as int8 from now on, a quarter of its size, and multiplies in int8.

    ``config`` (``Int8QuantizationConfig``) has quantizers of one's own for the matrix and for inputs, or None for inputs,
    which then stay floats. Raises ValueError where nothing says the mode or two say different ones, NotImplementedError
    for other modes, and for subclasses unless ``type_check=False``.
    """
    if type_check and not type(self).__module__.startswith("jkeras."):
        raise NotImplementedError(f"{describe(self)} is a class of yours; pass type_check=False to quantize it anyway.")
    config = self.quantization_config if config is None else config
    mode = check_mode(describe(self), mode, config)
    found = {name: getattr(self, name, None) for name in self._matrices}
    if found[self._adapted] is None:
        raise ValueError(f"{describe(self)}: quantize() wants a built layer; call it on data or build() it first.")
    if not hasattr(found[self._adapted], "assign"):
        raise ValueError(f"{describe(self)}: quantize() once, and before enable_lora(); its matrix is adapted already.")
    self.quantization_config = config
    for name, matrix in found.items():
        if matrix is not None:
            exchange(self, name, matrix.shape, matrix.numpy(), config)
    if dtypes.get_policy(self.dtype_policy).quantization_mode is None:
        from ..dtype_policies import QuantizedDTypePolicy

        self.dtype_policy = QuantizedDTypePolicy(mode, dtypes.get_policy(self.dtype_policy).name)


def quantized_build(self, kernel_shape, mode, config=None):
    """Exchanges the layer's matrix for an int8 one of zeros."""
    check_mode(describe(self), mode, config)
    exchange(self, self._adapted, kernel_shape, np.zeros(kernel_shape, "float32"), config)


def quantized_build_of_table(self, embeddings_shape, mode, config=None):
    """Exchanges the layer's table for an int8 one of zeros."""
    quantized_build(self, embeddings_shape, mode, config)


MODES = ("int8", "int4", "float8", "gptq", "awq")


def check_mode(where, mode, config):
    """The mode that a name and a configuration agree on; only "int8" is there."""
    if mode is None and config is None:
        raise ValueError(f"{where}: quantize() wants a mode, such as 'int8', or a config.")
    said = getattr(config, "mode", mode)
    if config is not None and (said not in MODES or (mode or said) != said):
        raise ValueError(f"{where}: mode={mode!r} contradicts the configuration {config!r}, whose mode is {said!r}.")
    if said != "int8":
        raise NotImplementedError(f"{where}: expected quantization mode 'int8', received {said!r}.")
    return said


def small_matrix(layer, name, values, axes, quantizer):
    """(int8 values, scale) of a matrix by a quantizer of the user's, which must have one scale for each output."""
    small, scale = quantizer(values)
    expected = tuple(1 if i in axes else n for i, n in enumerate(values.shape))
    if tuple(scale.shape) != expected:
        raise ValueError(
            f"{describe(layer)}: the weight_quantizer gives scales of shape {tuple(scale.shape)} for {name!r} of shape "
            f"{tuple(values.shape)}; expected {expected}. Give it axis={axes}."
        )
    return small, scale


def exchange(layer, name, shape, values, config=None):
    """Puts an int8 matrix in the place of a floating one."""
    equation = (layer._matrices[name] or layer.equation).replace(" ", "")
    _, kernel, out = parts(equation)
    axes, values = tuple(i for i, label in enumerate(kernel) if label not in out), jnp.asarray(values)
    given = getattr(config, "weight_quantizer", None)
    small, scale = to_int8(values, axes) if given is None else small_matrix(layer, name, values, axes, given)
    scale = arrange(scale, kernel, out.replace("...", ""))
    old = getattr(layer, name, None)
    layer._weights_made = [v for v in layer._weights_made if v is not old]
    setattr(layer, name, None)
    stored = layer.add_weight(name, shape, initializer="zeros", dtype="int8", trainable=False)
    stored.regularizer = stored.constraint = None
    factor = layer.add_weight(f"{name}_scale", scale.shape, initializer="ones", trainable=False)
    stored.assign(small)
    factor.assign(scale)
    setattr(layer, name, Int8(stored, factor, equation, to_int8 if config is None else config.activation_quantizer))


# ------------------------------------------------- files


def variable_serialization_spec(self):
    """Mode of quantization -> names of the weights in the order of Keras's files."""
    own = [self._adapted, *(["bias"] if self._adapted == "kernel" else [])]
    more = ["reverse_embeddings"] if getattr(self, "tie_weights", True) is False else []
    scales = [f"{self._adapted}_scale", *(f"{name}_scale" for name in more)]
    return {None: [*own, *more], "int8": [*own, scales[0], *more, *scales[1:]]}


def _stored(layer):
    """name -> Variable of what the files hold."""
    matrix = getattr(layer, layer._adapted)
    matrix = matrix.base if isinstance(matrix, LowRank) else matrix
    made = {v.name: v for v in layer._weights_made if not v.name.startswith("lora_")}
    names = layer.variable_serialization_spec["int8" if isinstance(matrix, Int8) else None]
    return [made[name] for name in names if name in made]


def save_own_variables(self, store):
    """Puts the layer's weights into ``store``; LoRA is merged into the matrix, as in Keras."""
    matrix = getattr(self, self._adapted, None)
    for i, variable in enumerate(_stored(self) if matrix is not None else []):
        merged = isinstance(matrix, LowRank) and variable is matrix.base
        store[str(i)] = matrix.value if merged else variable


def load_own_variables(self, store):
    """Takes the layer's weights out of ``store``; LoRA begins anew. Raises ValueError if they do not fit."""
    if getattr(self, self._adapted, None) is None:
        return
    mine = _stored(self)
    if len(store.keys()) != len(mine):
        raise ValueError(f"{describe(self)}: expected {len(mine)} weights, the file has {len(store.keys())}.")
    for i, variable in enumerate(mine):
        variable.assign(store[str(i)])
    matrix = getattr(self, self._adapted)
    if isinstance(matrix, LowRank):
        matrix.a.assign(jnp.zeros(matrix.a.shape))
        matrix.b.assign(jnp.zeros(matrix.b.shape))
