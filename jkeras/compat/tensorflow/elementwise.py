"""``tf.math`` element by element, over jax.numpy and jax.scipy."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy import special

from .rows import array, dtype_of, is_text

UNARY = (  # where the names differ, the second is TensorFlow's
    "abs exp log log1p expm1 sqrt square sin cos tan sinh cosh tanh asin acos atan asinh acosh atanh floor ceil sign round "
    "rint negative reciprocal isnan:is_nan isinf:is_inf isfinite:is_finite logical_not"
)
BINARY = (
    "add subtract multiply divide divide:truediv divide:realdiv power:pow maximum minimum floor_divide:floordiv "
    "mod:floormod mod:mod logical_and logical_or logical_xor greater greater_equal less less_equal"
)
SPECIAL = (
    "erf erfc erfinv digamma gammaln:lgamma i0:bessel_i0 i0e:bessel_i0e i1:bessel_i1 i1e:bessel_i1e ndtri expi:expint spence "
    "expit:sigmoid"
)
SPECIAL_OF_TWO = "xlogy:x,y xlog1py:x,y gammainc:igamma:a,x gammaincc:igammac:a,x betainc:a,b,x zeta:x,q"
BITS = "bitwise_and bitwise_or bitwise_xor left_shift right_shift"


def text_of(x: Any) -> np.ndarray:
    """Text as NumPy's array of str, so that text and bytes compare."""
    decode = np.frompyfunc(lambda s: s.decode("utf-8", "surrogateescape") if isinstance(s, bytes) else str(s), 1, 1)
    return np.asarray(decode(np.asarray(x, dtype=object)), dtype=object)


def equal(x: Any, y: Any) -> Any:
    """Where the elements are the same; text is compared too."""
    return text_of(x) == text_of(y) if is_text(x) or is_text(y) else jnp.equal(x, y)


def _integers(x: Any) -> bool:
    return jnp.issubdtype(x.dtype, jnp.integer)


def truncatediv(x: Any, y: Any) -> Any:
    """The quotient without its fraction."""
    return jax.lax.div(*jnp.broadcast_arrays(x, y)) if _integers(x) else jnp.trunc(x / y)


def divide_no_nan(x: Any, y: Any) -> Any:
    """The quotient, 0 where the divisor is 0."""
    return jnp.where(y == 0, 0, x / jnp.where(y == 0, 1, y))


def multiply_no_nan(x: Any, y: Any) -> Any:
    """The product, 0 where the second factor is 0."""
    return jnp.where(y == 0, 0, jnp.where(y == 0, 0, x) * y)


def lbeta(x: Any) -> Any:
    """The logarithm of the beta function over the last axis."""
    return jnp.sum(special.gammaln(x), -1) - special.gammaln(jnp.sum(x, -1))


def polyval(coeffs: Any, x: Any) -> Any:
    """A polynomial of coefficients, the highest power first (Horner's rule)."""
    total = jnp.zeros_like(x)
    for c in coeffs:
        total = total * x + array(c)
    return total


def add_n(inputs: Any) -> Any:
    """The sum of several arrays of one shape."""
    arrays = [array(x) for x in inputs]
    if not arrays or len({x.shape for x in arrays}) > 1:
        raise ValueError(f"tf.add_n: expected arrays of one shape, received shapes {[tuple(x.shape) for x in arrays]}.")
    return sum(arrays[1:], arrays[0])


def accumulate_n(inputs: Any, shape: Any = None, tensor_dtype: Any = None) -> Any:
    """The sum of several arrays, of a shape and dtype that may be checked."""
    total = add_n(inputs)
    if shape is not None and tuple(shape) != total.shape:
        raise ValueError(f"tf.math.accumulate_n(shape={tuple(shape)}): the inputs have shape {total.shape}.")
    if tensor_dtype is not None and dtype_of(tensor_dtype) != total.dtype:
        raise TypeError(f"tf.math.accumulate_n(tensor_dtype={tensor_dtype!r}): the inputs are {total.dtype}.")
    return total


def cast(x: Any, dtype: Any) -> Any:
    """The values in another dtype."""
    to = dtype_of(dtype)
    if jnp.iscomplexobj(x) and not jnp.issubdtype(to, jnp.complexfloating):
        x = jnp.real(x)
    return x.astype(to)


def saturate_cast(value: Any, dtype: Any) -> Any:
    """The values in another dtype, held within its range."""
    to, value = dtype_of(dtype), array(value)
    if jnp.issubdtype(to, jnp.integer):
        info, own = jnp.iinfo(to), value.dtype
        low = max(info.min, jnp.iinfo(own).min) if _integers(value) else float(info.min)
        high = min(info.max, jnp.iinfo(own).max) if _integers(value) else float(np.nextafter(np.float32(info.max), 0)) if (
            info.max > 2**24) else float(info.max)  # fmt: skip
        value = jnp.clip(value, low, high)
    return value.astype(to)


def silu(features: Any, beta: Any = 1.0) -> Any:
    """``x sigmoid(beta x)``."""
    return features * jax.nn.sigmoid(beta * features)


def _named(rows: str, home: Any, parameters: str) -> dict[str, Any]:
    made = {}
    for word in rows.split():
        ours, _, theirs = word.partition(":")
        made[theirs or ours] = (parameters, getattr(home, ours))
    return made


def _special_of_two() -> dict[str, Any]:
    made = {}
    for word in SPECIAL_OF_TWO.split():
        ours, *theirs, parameters = word.split(":")
        made[theirs[0] if theirs else ours] = (parameters.replace(",", " "), getattr(special, ours))
    return made


ROWS = {
    **_named(UNARY, jnp, "x"),
    **_named(BINARY, jnp, "x y"),
    **_named(SPECIAL, special, "x"),
    **_special_of_two(),
    "polygamma": ("a x", lambda a, x: special.polygamma(a.astype("int32"), x)),
    "invert_permutation": ("x", lambda x: jnp.argsort(x).astype(x.dtype)),
    "atan2": ("y x", jnp.arctan2),
    "equal": ("x y", equal),
    "not_equal": ("x y", lambda x, y: ~equal(x, y)),
    "nextafter": ("x1 x2", jnp.nextafter),
    "conj": ("x", jnp.conj),
    "real": ("input", jnp.real),
    "imag": ("input", jnp.imag),
    "angle": ("input", jnp.angle),
    "complex": ("real imag", jax.lax.complex),
    "rsqrt": ("x", jax.lax.rsqrt),
    "truncatediv": ("x y", truncatediv),
    "truncatemod": ("x y", jnp.fmod),
    "squared_difference": ("x y", lambda x, y: jnp.square(x - y)),
    "divide_no_nan": ("x y", divide_no_nan),
    "multiply_no_nan": ("x y", multiply_no_nan),
    "reciprocal_no_nan": ("x", lambda x: divide_no_nan(jnp.ones_like(x), x)),
    "xdivy": ("x y", lambda x, y: jnp.where(x == 0, 0, x / jnp.where(x == 0, 1, y))),
    "erfcinv": ("x", lambda x: special.erfinv(1 - x)),
    "lbeta": ("x", lbeta),
    "scalar_mul": lambda scalar, x: array(scalar) * x,
    "polyval": polyval,
    "add_n": add_n,
    "accumulate_n": accumulate_n,
    "log_sigmoid": ("x", jax.nn.log_sigmoid),
    "softplus": ("features", jax.nn.softplus),
    "softsign": ("features", jax.nn.soft_sign),
    "cast": cast,
    "saturate_cast": saturate_cast,
    "identity": ("input", lambda x: x),
    "stop_gradient": ("input", jax.lax.stop_gradient),
    "is_non_decreasing": ("x", lambda x: jnp.all(jnp.diff(x.reshape(-1)) >= 0)),
    "is_strictly_increasing": ("x", lambda x: jnp.all(jnp.diff(x.reshape(-1)) > 0)),
    "zero_fraction": lambda value: jnp.mean((array(value) == 0).astype("float32")),
    "zeros_like": lambda input, dtype=None: jnp.zeros_like(input, None if dtype is None else dtype_of(dtype)),
    "ones_like": lambda input, dtype=None: jnp.ones_like(input, None if dtype is None else dtype_of(dtype)),
    "clip_by_value": lambda t, clip_value_min, clip_value_max: jnp.clip(
        t, array(clip_value_min), array(clip_value_max)
    ),
}
BITWISE = {**_named(BITS, jnp, "x y"), "invert": ("x", jnp.invert)}
SPECIALS = {name: ROWS[name] for name in "bessel_i0 bessel_i0e bessel_i1 bessel_i1e expint spence".split()}
