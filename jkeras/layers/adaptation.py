"""Low-rank adaptation (LoRA) and quantization of the matrix of Dense, EinsumDense and Embedding, outside of them.

A layer multiplies by its matrix; this module exchanges the matrix for an object that multiplies in another way: ``LowRank``
here, or one of the formats of ``quantized.py``.
Sources: Hu et al., 2021, https://arxiv.org/abs/2106.09685; https://keras.io/api/quantizers/
"""

import jax.numpy as jnp

from ..core import connections, registry
from ..core.declare import Converter
from ..core.spec import describe
from ..nn import product
from .quantized import FORMATS, Calibrated, FewBits, Float8, Matrix

ARGUMENTS = ("lora_rank", "lora_alpha")
DENSE = "...i,io->...o"
Quantization = Converter(
    lambda value: registry.deserialize(value) if isinstance(value, dict) else value, registry.serialize
)


class LowRank(Matrix):
    """A matrix that is worth ``base + scale * a @ b``."""

    def __init__(self, base, a, b, scale):
        self.base, self.a, self.b, self.scale = base, a, b, scale
        self.shape, self.dtype, self.ndim = base.shape, base.dtype, base.ndim

    @property
    def more(self):
        """What is added."""
        return jnp.matmul(self.a.value, self.b.value) * self.scale

    @property
    def value(self):
        return self.base.value + self.more

    def product(self, equation, inputs):
        base = einsum(equation, inputs, self.base)
        if equation == DENSE:
            return (base + inputs @ self.a @ self.b * self.scale).astype(base.dtype)
        return (base + jnp.einsum(equation, inputs, self.more)).astype(base.dtype)

    def rows(self, indices, dtype):
        more = rows(self.a, indices, dtype) @ self.b.value.astype(dtype) * self.scale
        return rows(self.base, indices, dtype) + more


# ------------------------------------------------- products


def affine(inputs, kernel, bias, equation=None):
    """Inputs times a kernel that may be adapted, plus a bias, if any."""
    outputs = matmul(inputs, kernel) if equation is None else einsum(equation, inputs, kernel)
    if bias is None:
        return outputs
    bias = jnp.asarray(bias)
    if isinstance(kernel, Float8) and bias.dtype == "float32":
        bias = bias.astype("bfloat16").astype("float32")  # so that programs for float8 add it in the same kernel
    return outputs + bias


def matmul(inputs, kernel):
    """``inputs @ kernel`` that knows adapted kernels; the operator alone may take the kernel's value first."""
    if isinstance(kernel, Matrix):
        return kernel.product(DENSE, inputs)
    return product.rows_matmul(inputs, jnp.asarray(kernel))


def einsum(equation, inputs, kernel):
    """``jnp.einsum`` that knows adapted kernels."""
    if isinstance(kernel, Matrix):
        return kernel.product(equation, inputs)
    return product.einsum(equation, inputs, jnp.asarray(kernel))


def rows(table, indices, dtype):
    """Rows of a table, which may be adapted; NaN for indices out of range."""
    if isinstance(table, Matrix):
        return table.rows(indices, dtype)
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
    if isinstance(base, Calibrated | Float8):
        raise NotImplementedError(
            f"{describe(self)}: LoRA goes with floats, int8 and int4, not with {self.quantization_mode!r}."
        )
    more = {"dtype": "float32", "regularizer": getattr(self, f"{name}_regularizer")}
    a = self.add_weight(f"lora_{name}_a", (*base.shape[:-1], rank), initializer=a_initializer, **more)
    b = self.add_weight(f"lora_{name}_b", (rank, base.shape[-1]), initializer=b_initializer, **more)
    base.trainable = False
    self.lora_rank, self.lora_alpha = rank, rank if lora_alpha is None else lora_alpha
    setattr(self, name, LowRank(base, a, b, self.lora_alpha / rank))


def begin(layer):
    """At the end of ``build``: the adaptations that the layer's arguments and dtype policy ask for."""
    mode = layer.dtype_policy.for_path(layer.path).quantization_mode
    if mode is not None:
        before = len(layer._weights_made)
        exchange(layer, allowed(layer, mode), layer.quantization_config)
        if mode == "float8":  # what Keras makes first stands first
            layer._weights_made = layer._weights_made[before:] + layer._weights_made[:before]
    if layer.lora_rank is not None:
        layer.enable_lora(layer.lora_rank, layer.lora_alpha)


def merge_lora(layer):
    """Adds the low-rank sum into the matrix for good; the layer trains its matrix again."""
    name = layer._adapted
    matrix = getattr(layer, name)
    if not isinstance(matrix, LowRank) or isinstance(matrix.base, FewBits):
        raise ValueError(f"{describe(layer)}: there is no LoRA to merge into a floating matrix.")
    matrix.base.assign(matrix.value)
    matrix.base.trainable = True
    layer._weights_made = [v for v in layer._weights_made if v is not matrix.a and v is not matrix.b]
    setattr(layer, name, matrix.base)
    layer.lora_rank = layer.lora_alpha = None


# ------------------------------------------------- quantization


def quantize(self, mode=None, type_check=True, config=None):
    """Keeps the layer's matrix with fewer bits from now on, and multiplies by that.

    ``mode``: "int8", "int4", "float8" (which trains on), or "gptq" and "awq", which want a ``config`` and look at data when
    a model quantizes. ``config`` may have quantizers of one's own for the matrix and for inputs, or None for inputs, which
    then stay floats. Raises ValueError where nothing says the mode, two say different ones or the layer is quantized,
    NotImplementedError for modes that the layer has not, and for subclasses unless ``type_check=False``.
    """
    if type_check and not type(self).__module__.startswith("jkeras."):
        raise NotImplementedError(f"{describe(self)} is a class of yours; pass type_check=False to quantize it anyway.")
    own = self.quantization_config
    if config is None and own is not None and mode in (None, own.mode):
        config = own
    config = resolve_config(describe(self), mode, config)
    mode = allowed(self, config.mode)
    found = {name: getattr(self, name, None) for name in self._matrices}
    if found[self._adapted] is None:
        raise ValueError(f"{describe(self)}: quantize() wants a built layer; call it on data or build() it first.")
    if not hasattr(found[self._adapted], "trainable"):
        raise ValueError(f"{describe(self)}: quantize() once, and before enable_lora(); its matrix is adapted already.")
    policies, policy = connections.modules["keras.dtype_policies"](), self.dtype_policy.for_path(self.path)
    if policy.quantization_mode is None:
        name = getattr(config, "dtype_policy_string", lambda: mode)()
        name = f"int4/{config.block_size or -1}" if mode == "int4" else name
        policy = policies.get(f"{name}_from_{policy.name}")
    exchange(self, mode, config, {name: matrix.numpy() for name, matrix in found.items() if matrix is not None})
    self.quantization_config = config
    if self.dtype_policy.for_path(self.path) is self.dtype_policy:
        self.dtype_policy = policy
    else:  # a map of policies, which may be that of other layers, too
        self.dtype_policy.replace(self.path, policy)


def quantized_build(self, kernel_shape, mode, config=None):
    """Exchanges the layer's matrix for one of few bits, all zeros; ``kernel_shape`` must be the shape that it has."""
    matrix = getattr(self, self._adapted, None)
    if matrix is not None and tuple(kernel_shape) != tuple(matrix.shape):
        raise ValueError(
            f"{describe(self)}: its matrix has shape {tuple(matrix.shape)}, received {tuple(kernel_shape)}."
        )
    exchange(self, allowed(self, mode), config, shape=kernel_shape)


def quantized_build_of_table(self, embeddings_shape, mode, config=None):
    """Exchanges the layer's table for one of few bits, all zeros; ``embeddings_shape`` must be the shape that it has."""
    quantized_build(self, embeddings_shape, mode, config)


def allowed(layer, mode):
    """The mode, where the layer has it."""
    known = [name for name in layer.variable_serialization_spec if name is not None]
    if mode not in known:
        raise NotImplementedError(
            f"{describe(layer)}: expected one of the quantization modes {known}, received {mode!r}."
        )
    return mode


def resolve_config(where, mode, config):
    """The configuration that a mode, a configuration or both stand for."""
    quantizers = connections.modules["keras.quantizers"]()
    if isinstance(config, str):
        mode, config = config, None
    if mode is not None and mode not in FORMATS:
        raise ValueError(f"{where}: expected one of the quantization modes {list(FORMATS)}, received {mode!r}.")
    if config is None:
        if mode is None:
            raise ValueError(f"{where}: quantize() wants a mode, such as 'int8', or a config.")
        if mode in ("gptq", "awq"):
            raise ValueError(
                f"{where}: quantizing with {mode!r} wants {mode.upper()}Config(dataset, tokenizer) as config."
            )
        return getattr(quantizers, f"{mode.capitalize()}QuantizationConfig")()
    if not isinstance(config, quantizers.QuantizationConfig):
        raise ValueError(
            f"{where}: expected a QuantizationConfig, such as Int8QuantizationConfig(), received {config!r}."
        )
    if config.mode not in FORMATS or (mode or config.mode) != config.mode:
        raise ValueError(
            f"{where}: mode={mode!r} contradicts the configuration {config!r}, whose mode is {config.mode!r}."
        )
    return config


def exchange(layer, mode, config, values=None, shape=None):
    """Puts matrices of few bits in the place of floating ones: of these values, or zeros."""
    policy = layer.dtype_policy.for_path(layer.path)
    if mode == "int8" and policy.compute_dtype == "float16":
        raise ValueError(f"{describe(layer)}: int8 does not go with computing in float16; use 'mixed_bfloat16'.")
    old, layer._is_quantized = {name: getattr(layer, name, None) for name in layer._matrices}, True
    for name, matrix in old.items():
        if matrix is None and (name != layer._adapted or shape is None):
            continue
        stays = mode == "float8" or (values is not None and mode in ("gptq", "awq"))
        if not stays:
            layer._weights_made = [v for v in layer._weights_made if v is not matrix]
            setattr(layer, name, None)
        made = FORMATS[mode](layer, name, shape or matrix.shape, config, matrix if stays else None)
        if values is not None:
            made.assign(made.encode(values[name], getattr(config, "weight_quantizer", None)))
        setattr(layer, name, made)


# ------------------------------------------------- files

KERNEL_FILES = {
    None: "kernel bias",
    "int8": "kernel bias kernel_scale",
    "int4": "kernel bias kernel_scale kernel_zero g_idx",
    "float8": "kernel bias inputs_scale inputs_amax_history kernel_scale kernel_amax_history outputs_grad_scale "
    "outputs_grad_amax_history",
    "gptq": "bias quantized_kernel kernel_scale kernel_zero g_idx",
    "awq": "bias quantized_kernel kernel_scale kernel_zero awq_scales g_idx",
}
TABLE_FILES = {
    None: "embeddings",
    "int8": "embeddings embeddings_scale",
    "int4": "embeddings embeddings_scale embeddings_zero g_idx",
}
REVERSE_FILES = {
    None: " reverse_embeddings",
    "int8": " reverse_embeddings reverse_embeddings_scale",
    "int4": " reverse_embeddings reverse_embeddings_scale reverse_embeddings_zero",
}


def variable_serialization_spec(self):
    """Mode of quantization -> names of the weights in the order of Keras's files."""
    untied = getattr(self, "tie_weights", True) is False
    names = KERNEL_FILES if self._adapted == "kernel" else TABLE_FILES
    return {mode: (text + (REVERSE_FILES[mode] if untied else "")).split() for mode, text in names.items()}


def _stored(layer):
    """Name in files -> Variable."""
    matrices = [getattr(layer, name, None) for name in layer._matrices]
    matrices = [matrix.base if isinstance(matrix, LowRank) else matrix for matrix in matrices]
    made = {v.name: v for v in layer._weights_made}
    for matrix in matrices:
        made.update(matrix.kept if isinstance(matrix, FewBits) else {})
    mode = layer.dtype_policy.for_path(layer.path).quantization_mode
    return {name: made[name] for name in layer.variable_serialization_spec[mode] if name in made}


def save_own_variables(self, store):
    """Puts the layer's weights into ``store``; LoRA is merged into the matrix, as in Keras.

    Raises ValueError for a layer that "gptq" or "awq" is to look at data for.
    """
    matrix, merged = getattr(self, self._adapted, None), {}
    if matrix is None:
        return
    if isinstance(matrix, Calibrated) and matrix.base is not None:
        raise ValueError(
            f"{describe(self)}: its bits are not chosen yet; call model.quantize() with a structure first."
        )
    if isinstance(matrix, LowRank):
        merged = matrix.base.encode(matrix.value) if isinstance(matrix.base, FewBits) else {self._adapted: matrix.value}
    for i, (name, variable) in enumerate(_stored(self).items()):
        store[str(i)] = merged.get(name, variable)


def load_own_variables(self, store):
    """Takes the layer's weights out of ``store``; LoRA begins anew. Raises ValueError if they do not fit."""
    matrix = getattr(self, self._adapted, None)
    if matrix is None:
        return
    mine = _stored(self)
    if len(store.keys()) != len(mine):
        raise ValueError(f"{describe(self)}: expected {len(mine)} weights, the file has {len(store.keys())}.")
    for i, variable in enumerate(mine.values()):
        variable.assign(store[str(i)])
    if isinstance(matrix, Calibrated) and matrix.base is not None:
        matrix.drop(self)
    if isinstance(matrix, LowRank):
        matrix.a.assign(jnp.zeros(matrix.a.shape))
        matrix.b.assign(jnp.zeros(matrix.b.shape))
