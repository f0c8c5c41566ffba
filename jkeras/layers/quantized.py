"""Matrices kept with few bits: what takes the place of the matrix of Dense, EinsumDense and Embedding when they quantize.

A format knows the weights that it keeps, how a float matrix becomes their values (``encode``), which matrix they stand for
(``value``), and how inputs meet it (``product``, ``rows``).  Source: https://keras.io/api/quantizers/
"""

import math
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from ..core import frame
from ..core.spec import describe
from ..nn import quantization as bits

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
    return bits.abs_max_quantize(x, axis)


def arrange(scale, labels, out):
    """A scale with axes ``labels`` (1 where summed over) made to broadcast against an output with axes ``out``."""
    kept = [label for label in out if label in labels]
    flat = jnp.einsum(scale, list(map(ord, labels)), list(map(ord, kept)))
    return flat.reshape([flat.shape[kept.index(label)] if label in kept else 1 for label in out])


def summed_axes(equation):
    """The axes of the inputs that meet the kernel and are not in the output."""
    source, kernel, out = parts(equation)
    return tuple(i for i, label in enumerate(source) if label in kernel and label not in out)


@partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def int8_einsum(equation, inner, inputs, stored, scale):
    """``einsum`` of inputs, brought to int8 by ``inner``, with an int8 kernel; gradients are those of the kernel as a float.

    Without ``inner`` the inputs stay what they are.
    """
    if inner is None:
        return jnp.einsum(equation, inputs, stored.astype(inputs.dtype)) / scale.astype(inputs.dtype)
    source, _, out = parts(equation)
    small, inputs_scale = inner(inputs, axis=summed_axes(equation))
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


@partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def rounded_einsum(equation, inner, inputs, kernel):
    """``einsum`` of inputs, rounded by ``inner``, with a kernel that does not train; gradients as if nothing were rounded."""
    source, _, out = parts(equation)
    small, scale = inner(inputs, axis=summed_axes(equation))
    return jnp.einsum(equation, small.astype(kernel.dtype), kernel) / arrange(scale, source, out)


def _rounded_forward(equation, inner, inputs, kernel):
    return rounded_einsum(equation, inner, inputs, kernel), kernel


def _rounded_backward(equation, inner, kernel, upstream):
    source, labels, out = parts(equation)
    return jnp.einsum(f"{out},{labels}->{source}", upstream, kernel), jnp.zeros_like(kernel)


rounded_einsum.defvjp(_rounded_forward, _rounded_backward)


def _float8(number):
    return float(jnp.finfo(number).max)


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def through_float8(training, x, scale, history):
    """``x`` as float8 has it; the "gradients" of scale and history are their next values."""
    return bits.quantize_and_dequantize(x, scale, "float8_e4m3fn", x.dtype)


def _through_forward(training, x, scale, history):
    after = scale, history
    if training:
        after = (
            bits.compute_float8_scale(jnp.max(history), scale, _float8("float8_e4m3fn")),
            bits.compute_float8_amax_history(x, history),
        )
    return through_float8(training, x, scale, history), after


through_float8.defvjp(_through_forward, lambda training, after, upstream: (upstream, *after))


@jax.custom_vjp
def back_through_float8(x, scale, history):
    """``x``, whose gradient passes as float8 has it; the "gradients" of scale and history are their next values."""
    return x


def _back_backward(kept, upstream):
    scale, history = kept
    small = bits.quantize_and_dequantize(upstream, scale, "float8_e5m2", upstream.dtype)
    after = bits.compute_float8_scale(jnp.max(history), scale, _float8("float8_e5m2"))
    return small, after, bits.compute_float8_amax_history(upstream, history)


back_through_float8.defvjp(lambda x, scale, history: (x, (scale, history)), _back_backward)


# ------------------------------------------------- matrices


class Matrix:
    """What a layer multiplies by in place of a Variable: ``value`` is the matrix that it stands for."""

    def numpy(self):
        return np.asarray(self.value)

    def __jax_array__(self):
        return self.value

    def __array__(self, dtype=None, copy=None):
        return self.numpy() if dtype is None else self.numpy().astype(dtype)

    def __rmatmul__(self, inputs):
        return self.product("...i,io->...o", inputs)

    def product(self, equation, inputs):
        """``einsum`` with the matrix."""
        return jnp.einsum(equation, inputs, self.value.astype(inputs.dtype))

    def __init_subclass__(cls):
        jax.tree_util.register_pytree_node(cls, lambda matrix: ((matrix.value,), None), lambda _, leaves: leaves[0])


class FewBits(Matrix):
    """A matrix kept as the weights in ``kept``: name in files -> Variable.  ``base`` is what floats are left of it."""

    default_inner = None

    def __init__(self, layer, name, shape, config, base=None):
        self.name, self.shape, self.ndim, self.kept, self.base = name, tuple(shape), len(shape), {}, base
        self.equation = (layer._matrices[name] or layer.equation).replace(" ", "")
        self.inner = self.default_inner if config is None else config.activation_quantizer
        self.where = describe(layer)
        self.make(layer, config)

    @property
    def dtype(self):
        return self.stored.dtype

    @property
    def stored(self):
        """The weight with the packed numbers."""
        return self.kept[self.name]

    def keep(self, layer, name, shape, dtype=None, initializer="zeros", called=None):
        """Makes one weight, which does not train; ``called``: its name among weights, where files have another one."""
        weight = layer.add_weight(called or name, shape, initializer=initializer, dtype=dtype, trainable=False)
        weight.regularizer = weight.constraint = None
        self.kept[name] = weight
        if name != self.name:
            setattr(layer, name, weight)

    def assign(self, values):
        """New values of the weights by their names in files."""
        for name, value in values.items():
            self.kept[name].assign(value)

    def by_quantizer(self, quantizer, values, axes):
        """(integers, scale) of a matrix by a quantizer of the user's, which must have one scale for each output."""
        small, scale = quantizer(values)
        expected = tuple(1 if i in axes else n for i, n in enumerate(values.shape))
        if tuple(scale.shape) != expected:
            raise ValueError(
                f"{self.where}: the weight_quantizer gives scales of shape {tuple(scale.shape)} for {self.name!r} of shape "
                f"{tuple(values.shape)}; expected {expected}. Give it axis={axes}."
            )
        return small, scale


class Int8(FewBits):
    """One byte a number, with one scale for each output; inputs are brought to int8 as well before they meet it."""

    default_inner = staticmethod(to_int8)

    def make(self, layer, config):
        _, kernel, out = parts(self.equation)
        self.axes = tuple(i for i, label in enumerate(kernel) if label not in out)
        ones = np.ones([1 if i in self.axes else n for i, n in enumerate(self.shape)], "float32")
        shape = arrange(ones, kernel, out.replace("...", "")).shape
        self.keep(layer, self.name, self.shape, "int8")
        self.keep(layer, f"{self.name}_scale", shape, initializer="ones")
        self.scale = self.kept[f"{self.name}_scale"]

    def encode(self, values, quantizer=None):
        values, (_, kernel, out) = jnp.asarray(values), parts(self.equation)
        small, scale = (
            to_int8(values, self.axes) if quantizer is None else self.by_quantizer(quantizer, values, self.axes)
        )
        return {self.name: small, f"{self.name}_scale": arrange(scale, kernel, out.replace("...", ""))}

    @property
    def value(self):
        _, kernel, out = parts(self.equation)
        return self.stored.value / arrange(self.scale.value, out.replace("...", ""), kernel)

    def product(self, equation, inputs):
        return int8_einsum(explicit(equation, inputs.ndim), self.inner, inputs, self.stored.value, self.scale.value)

    def rows(self, indices, dtype):
        scale = jnp.take(self.scale.value, indices, axis=0, mode="fill")[..., None]
        return (jnp.take(self.stored.value, indices, axis=0, mode="clip") / scale).astype(dtype)


class Int4(FewBits):
    """Two numbers a byte, with a scale for each output, or a scale and a zero point for each block of its inputs."""

    # name -> (axis along which two numbers share a byte, axis along which blocks lie)
    layouts = {"kernel": (-1, 0), "embeddings": (-1, -1), "reverse_embeddings": (0, 0)}

    def make(self, layer, config):
        self.packed_axis, self.axis = self.layouts[self.name]
        self.flat = self.shape if self.name != "kernel" else self.rows_and_columns()
        policy = layer.dtype_policy.for_path(layer.path)
        block = getattr(policy, "block_size", None) if config is None else config.block_size
        self.block = None if block in (None, -1) else block
        if config is None and self.name != "kernel":
            self.inner = to_int8
        length, outputs = self.flat[self.axis], self.flat[-1 - self.axis]
        groups = [math.ceil(length / self.block)] if self.block else []
        scales = (*groups, outputs) if self.axis == 0 else (outputs, *groups)
        packed = list(self.flat)
        packed[self.packed_axis] = (packed[self.packed_axis] + 1) // 2
        self.keep(layer, self.name, packed, "int8")
        self.keep(layer, f"{self.name}_scale", scales, initializer="ones")
        if not self.block:
            return
        if (
            self.name == "reverse_embeddings"
        ):  # Keras keeps these zero points as floats, and the groups with the embeddings
            self.keep(layer, f"{self.name}_zero", scales)
            self.groups = layer.g_idx
        else:
            self.keep(layer, f"{self.name}_zero", scales, "int8")
            self.keep(layer, "g_idx", (length,), "float32", initializer=partial(block_numbers, self.block))
            self.groups = self.kept["g_idx"]

    def rows_and_columns(self):
        _, kernel, out = parts(self.equation)
        columns = math.prod(n for n, label in zip(self.shape, kernel) if label in out)
        return (math.prod(self.shape) // columns, columns)

    def encode(self, values, quantizer=None):
        values, along = np.asarray(values).reshape(self.flat), self.axis % 2
        if self.block:
            turned = values if self.axis == 0 else values.T
            found = bits.abs_max_quantize_grouped_with_zero_point(turned, self.block, to_numpy=True)
            small, scale, zero = found if self.axis == 0 else [part.T for part in found]
            more = {f"{self.name}_zero": zero}
        else:
            few = partial(bits.abs_max_quantize, axis=along, value_range=(-8, 7))
            small, scale = few(values) if quantizer is None else self.by_quantizer(quantizer, values, (along,))
            scale, more = jnp.squeeze(scale, along), {}
        packed = bits.pack_int4(small, axis=self.packed_axis)[0]
        return {self.name: packed, f"{self.name}_scale": scale, **more}

    def decode(self, small, scale, zero=None):
        """Floats of unpacked numbers; groups or scales lie along the axis ``self.axis``."""
        if self.block:
            return bits.from_groups(small, scale, zero, self.groups.value, self.axis)
        return small.astype(scale.dtype) / (scale if self.axis == 0 else scale[..., None])

    def weights(self):
        small = bits.unpack_int4(self.stored.value, self.flat[self.packed_axis], axis=self.packed_axis)
        names = [f"{self.name}_scale", *([f"{self.name}_zero"] if self.block else [])]
        return small, *(self.kept[name].value for name in names)

    @property
    def value(self):
        return self.decode(*self.weights()).reshape(self.shape)

    def product(self, equation, inputs):
        kernel = self.value.astype(inputs.dtype)
        if self.inner is None:
            return jnp.einsum(equation, inputs, kernel)
        return rounded_einsum(explicit(equation, inputs.ndim), self.inner, inputs, kernel)

    def rows(self, indices, dtype):
        first, *others = self.weights()
        small = jnp.take(first, indices, axis=0, mode="clip").astype(dtype)
        found = [jnp.take(part, indices, axis=0, mode="fill") for part in others]  # out of range: NaN
        return self.decode(small, *found).astype(dtype)


def block_numbers(block, shape, dtype=None):
    """The block of each input."""
    return jnp.arange(shape[0], dtype="float32") // block


class Float8(FewBits):
    """A matrix that stays a float and trains, and is rounded to float8 where it meets inputs, rounded as well."""

    def make(self, layer, config):
        policy = layer.dtype_policy.for_path(layer.path)
        length = getattr(policy, "amax_history_length", 1024)
        more = {"dtype": "float32", "autocast": False, "overwrite_with_gradient": True}
        for name in ("inputs", self.name, "outputs_grad"):
            scale = layer.add_weight(f"{name}_scale", (), initializer="ones", **more)
            history = layer.add_weight(f"{name}_amax_history", (length,), initializer="zeros", **more)
            self.kept |= {scale.name: scale, history.name: history}
        for name, weight in self.kept.items():
            setattr(layer, name, weight)
        self.pairs = list(zip(*[iter(self.kept.values())] * 2))

    def encode(self, values, quantizer=None):
        return {}

    @property
    def dtype(self):
        return self.base.dtype

    @property
    def stored(self):
        return self.base

    @property
    def value(self):
        return self.base.value

    def product(self, equation, inputs):
        (scale, history), (kernel_scale, kernel_history), (back_scale, back_history) = (
            (a.value, b.value) for a, b in self.pairs
        )
        training = bool(frame.current().training) if frame.current() is not None else False
        inputs = through_float8(training, inputs, scale, history)
        kernel = through_float8(training, self.base.value.astype(inputs.dtype), kernel_scale, kernel_history)
        return back_through_float8(jnp.einsum(equation, inputs, kernel), back_scale, back_history)


class Calibrated(FewBits):
    """Numbers of few bits in groups with a scale and a zero point, chosen by looking at data; a float until they are.

    GPTQ: Frantar et al., 2022, https://arxiv.org/abs/2210.17323. AWQ: Lin et al., 2023, https://arxiv.org/abs/2306.00978.
    """

    def make(self, layer, config):
        said = layer.dtype_policy.for_path(layer.path) if config is None else config
        if not hasattr(said, "group_size"):
            raise ValueError(
                f"{self.where}: quantizing with 'gptq' or 'awq' wants a GPTQConfig or AWQConfig as config."
            )
        self.bits, self.group = said.weight_bits, said.group_size
        self.mode = getattr(said, "mode", None)
        rows, columns = self.flat = rows_and_columns(self.where, self.shape)
        groups = 1 if self.group == -1 else math.ceil(rows / self.group)
        kept = (columns + 1) // 2 if self.bits == 4 else columns
        self.keep(layer, "quantized_kernel", (kept, rows), "uint8", called="kernel")
        self.keep(layer, "kernel_scale", (columns, groups), initializer="ones")
        called = "kernel_zero" if layer._matrices[self.name] else "zero_point"  # as Keras calls them
        self.keep(layer, "kernel_zero", (columns, groups), "uint8", called=called)
        if self.mode == "awq":
            self.keep(layer, "awq_scales", (rows,), initializer="ones")
        self.keep(layer, "g_idx", (rows,), "float32")

    @property
    def stored(self):
        return self.kept["quantized_kernel"]

    def encode(self, values, quantizer=None):
        return {}

    def calibrate(self, layer, values):
        """Takes the numbers that looking at data gave; the float matrix goes."""
        steps = values.pop("steps").astype("uint8")
        packed = bits.pack_int4(steps, axis=0, dtype="uint8")[0] if self.bits == 4 else steps
        self.assign({"quantized_kernel": packed, **values})
        self.drop(layer)

    def drop(self, layer):
        """From now on the packed numbers count."""
        layer._weights_made = [v for v in layer._weights_made if v is not self.base]
        self.base = None

    @property
    def value(self):
        if self.base is not None:
            return self.base.value
        steps, scale = self.stored.value, self.kept["kernel_scale"].value
        steps = bits.unpack_int4(steps, self.flat[1], axis=0, dtype="uint8") if self.bits == 4 else steps
        matrix = bits.from_groups(steps, scale, self.kept["kernel_zero"].value, self.kept["g_idx"].value, -1).T
        if self.mode == "awq":
            matrix = matrix / self.kept["awq_scales"].value[:, None]
        return matrix.reshape(self.shape)


def rows_and_columns(where, shape):
    """A kernel of two or three axes as a matrix: the longest axis alone, the other two together."""
    if len(shape) == 2:
        return tuple(shape)
    if len(shape) != 3:
        raise ValueError(
            f"{where}: 'gptq' and 'awq' want a kernel of two or three axes, received shape {tuple(shape)}."
        )
    a, b, c = shape
    return (a, b * c) if shape.index(max(shape)) == 0 else (a * b, c)


FORMATS = {"int8": Int8, "int4": Int4, "float8": Float8, "gptq": Calibrated, "awq": Calibrated}
