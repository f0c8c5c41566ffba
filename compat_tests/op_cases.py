"""One row and more for every public name of keras.ops, and of keras.random where an integer seed fixes the numbers."""

import zlib
from typing import NamedTuple

import numpy as np


class Arr(NamedTuple):
    """An array to be drawn: its kind, shape and dtype."""

    kind: str
    shape: tuple
    dtype: str = "float32"


def f(*shape):
    """Standard normal values."""
    return Arr("normal", shape)


def pos(*shape):
    """Values in (0.1, 3)."""
    return Arr("positive", shape)


def unit(*shape):
    """Values in (-0.95, 0.95)."""
    return Arr("unit", shape)


def prob(*shape):
    """Rows that sum to one."""
    return Arr("prob", shape)


def whole(*shape, low=0, high=5, dtype="int32"):
    """Integers of [low, high)."""
    return Arr(f"int {low} {high}", shape, dtype)


def flag(*shape):
    """Truth values."""
    return Arr("bool", shape, "bool")


def holes(*shape):
    """Normal values, some of them NaN."""
    return Arr("holes", shape)


def spd(n):
    """A symmetric positive definite matrix."""
    return Arr("spd", (n, n))


class Row(NamedTuple):
    """A call of `ops.name`, or of `call(ops, *args)` where the plain call says too little."""

    id: str
    name: str
    args: tuple
    kwargs: dict
    call: object = None
    symbolic: bool = True
    rtol: float = 2e-5
    values: bool = True


ROWS = []


def R(name, *args, _call=None, _symbolic=True, _rtol=2e-5, _values=True, **kwargs):
    """Adds a row."""
    count = sum(row.name == name for row in ROWS)
    ROWS.append(Row(f"{name}-{count}", name, args, kwargs, _call, _symbolic, _rtol, _values))


def draw(arr, seed):
    """The array that an `Arr` stands for."""
    rng = np.random.default_rng(seed)
    kind, shape, dtype = arr
    if kind == "normal":
        return rng.normal(size=shape).astype(dtype)
    if kind == "positive":
        return rng.uniform(0.1, 3.0, shape).astype(dtype)
    if kind == "unit":
        return rng.uniform(-0.95, 0.95, shape).astype(dtype)
    if kind == "prob":
        p = rng.uniform(0.05, 1.0, shape)
        return (p / p.sum(-1, keepdims=True)).astype(dtype)
    if kind == "bool":
        return rng.random(shape) < 0.5
    if kind == "holes":
        return np.where(rng.random(shape) < 0.3, np.nan, rng.normal(size=shape)).astype(dtype)
    if kind == "spd":
        a = rng.normal(size=shape)
        return (a @ a.T + len(a) * np.eye(len(a))).astype(dtype)
    low, high = map(int, kind.split()[1:])
    return rng.integers(low, high, shape).astype(dtype)


def filled(row, convert=lambda x: x):
    """(args, kwargs) of a row with arrays; `convert` makes of each what the call shall get."""
    count = iter(range(1000))

    def fill(x):
        if isinstance(x, Arr):
            return convert(draw(x, [zlib.crc32(row.id.encode()), next(count)]))
        if isinstance(x, (list, tuple)):
            return type(x)(fill(v) for v in x)
        return x

    return fill(row.args), {k: fill(v) for k, v in row.kwargs.items()}


def drawn(row):
    """The arrays of a row, in order."""
    found = []
    filled(row, found.append)
    return found


def run(ops, row, convert=lambda x: x):
    """The result of a row."""
    args, kwargs = filled(row, convert)
    if row.call is not None:
        return row.call(ops, *args, **kwargs)
    fn = ops
    for part in row.name.split("."):
        fn = getattr(fn, part)
    return fn(*args, **kwargs)


# ------------------------------------------------- elementwise

for _n in "abs absolute cbrt ceil conj conjugate cos cosh deg2rad exp exp2 expm1 fabs floor i0 imag isfinite isinf isnan".split():
    R(_n, f(3, 4))
for _n in (
    "isneginf isposinf isreal negative rad2deg real sign signbit sin sinc sinh square tan tanh trunc copy angle".split()
):
    R(_n, f(3, 4))
for _n in "log log10 log1p log2 reciprocal sqrt rsqrt".split():
    R(_n, pos(3, 4))
for _n in "arccos arcsin arctan arctanh erf erfc erfinv arcsinh".split():
    R(_n, unit(3, 4), _rtol=1e-4)
R("arccosh", Arr("int 2 9", (3, 4), "float32"))
for _n in "bitwise_invert bitwise_not".split():
    R(_n, whole(3, 4))
R("logical_not", flag(3, 4))
R("exp", whole(3))
R("floor", whole(3))
R("trunc", whole(3))
for (
    _n
) in "add subtract multiply maximum minimum fmax fmin hypot logaddexp logaddexp2 arctan2 nextafter heaviside".split():
    R(_n, f(3, 4), f(4))
for _n in "equal greater greater_equal less less_equal not_equal".split():
    R(_n, whole(3, 4, high=2), whole(4, high=2))
for _n in "divide divide_no_nan true_divide floor_divide mod fmod power".split():
    R(_n, pos(3, 4), pos(4))
R("divide_no_nan", f(4), Arr("int 0 2", (4,), "float32"))
R("fmod", f(6), pos(6))
R("mod", f(6), pos(6))
R("add", f(3), 2)
R("multiply", whole(3), 2.5)
R("power", whole(3), 2)
for _n in "bitwise_and bitwise_or bitwise_xor gcd lcm".split():
    R(_n, whole(3, 4, low=1, high=20), whole(4, low=1, high=20))
for _n in "bitwise_left_shift bitwise_right_shift left_shift right_shift".split():
    R(_n, whole(3, 4, high=50), whole(4, high=3))
    R(_n, whole(3), 1)
for _n in "logical_and logical_or logical_xor".split():
    R(_n, flag(3, 4), flag(4))
R("ldexp", f(4), whole(4))
R("isclose", f(4), f(4), rtol=0.5, atol=0.5)
R("allclose", f(4), f(4), rtol=10.0, atol=10.0)
R("clip", f(3, 4), -0.5, 0.5)
R("clip", whole(4), 1, 3)
R("clip", flag(4), 0, 1)
R("round", f(3, 4))
R("round", f(3, 4), decimals=2)
R("round", whole(4, low=0, high=200), decimals=-1)
R("nan_to_num", holes(3, 4), nan=5.0)
R("where", flag(3, 4), f(3, 4), f(4))
R("where", flag(3, 4), _symbolic=False)
R("select", [flag(4), flag(4)], [f(4), f(4)], 7.0)
R("digitize", f(5), np.array([-1.0, 0.0, 1.0], "float32"))
R("view", f(4), dtype="int32")
R("saturate_cast", Arr("int -500 500", (6,), "float32"), "uint8")
R("saturate_cast", f(4), "float16")
R("cast", f(4), "int32")
R("cast", f(4), "bfloat16")
R("identity", 3)
R("get_item", f(3, 4), 1)
R("get_item", f(3, 4), (slice(None), 2))
R("real", Arr("normal", (3,)))
R("view_as_complex", f(3, 2))
R("view_as_real", Arr("normal", (3, 2), "complex64"))
R("angle", Arr("normal", (3, 2), "complex64"))
R("conj", Arr("normal", (3, 2), "complex64"))
R("isreal", Arr("normal", (3, 2), "complex64"))
R("polar", pos(3), f(3))

# ------------------------------------------------- reductions

for _n in "sum mean max min prod std var amax amin ptp median".split():
    R(_n, f(3, 4, 2))
    R(_n, f(3, 4, 2), axis=1)
    R(_n, f(3, 4, 2), axis=(0, 2), keepdims=True)
    R(_n, f(3, 4), axis=-1, keepdims=True)
for _n in "sum mean max min prod std var median".split():
    R(_n, whole(3, 4), axis=0)
R("max", f(3, 4), initial=2.0)
R("min", f(3, 4), axis=0, initial=-0.5)
R("prod", whole(3, 4, low=1, high=3), axis=0, dtype="float32")
R("median", f(3, 4), keepdims=True)
R("mean", flag(5))
R("sum", flag(5))
for _n in "all any".split():
    R(_n, flag(3, 4))
    R(_n, flag(3, 4), axis=1, keepdims=True)
for _n in "argmax argmin".split():
    R(_n, f(3, 4))
    R(_n, f(3, 4), axis=1)
    R(_n, f(3, 4), axis=0, keepdims=True)
    R(_n, whole(3, 4), axis=1)
    R(_n, np.array([-0.0, 0.0, -0.0], "float32"))
for _n in "nanargmax nanargmin".split():
    R(_n, holes(3, 8), axis=1)
    R(_n, holes(8), keepdims=True)
for _n in "nanmax nanmin nanmean nanmedian nanprod nanstd nansum nanvar".split():
    R(_n, holes(3, 8))
    R(_n, holes(3, 8), axis=1, keepdims=True)
for _n in "cumsum cumprod nancumsum nancumprod".split():
    R(_n, holes(3, 8) if "nan" in _n else f(3, 8))
    R(_n, holes(3, 8) if "nan" in _n else f(3, 8), axis=1)
    R(_n, whole(5, low=1), dtype="float32")
R("quantile", f(3, 7), 0.3)
R("quantile", f(3, 7), np.array([0.2, 0.9], "float32"), axis=1, keepdims=True)
R("quantile", f(3, 7), 0.3, method="nearest", keepdims=True)
R("percentile", f(3, 7), 30.0, axis=1)
R("percentile", f(3, 7), 30, axis=0, method="lower", keepdims=True)
R("nanquantile", holes(3, 7), 0.3, axis=1)
R("nanpercentile", holes(3, 7), 30.0, axis=1)
R("average", f(3, 4), axis=1, weights=pos(3, 4))
R("average", whole(4))
R("count_nonzero", whole(3, 4), axis=1)
R("bincount", whole(9), _symbolic=False)
R("bincount", whole(2, 6, high=4), weights=f(2, 6), minlength=6, _symbolic=False)
R("bincount", whole(7), weights=f(7), _symbolic=False)
R("histogram", f(20), bins=4, _symbolic=False)
R("histogram", f(20), bins=3, range=(-1.0, 1.0), _symbolic=False)
R("logsumexp", f(3, 4))
R("logsumexp", f(3, 4), axis=1, keepdims=True)
R("norm", f(3, 4))
R("norm", f(3, 4), ord=1, axis=1)
R("norm", f(3, 4), ord="fro", axis=(0, 1), keepdims=True)
R("norm", whole(4))
R("trapezoid", f(3, 4))
R("trapezoid", f(4), x=f(4))
R("trapezoid", f(3, 4), dx=0.5, axis=0)
R("corrcoef", f(3, 6))
R("ptp", f(3, 4), axis=1)
R("trace", f(3, 4))
R("trace", f(2, 3, 3), offset=1, axis1=1, axis2=2)

# ------------------------------------------------- making arrays

R("arange", 5)
R("arange", 1, 7, 2)
R("arange", 0.0, 1.0, 0.25)
R("arange", 3, dtype="float32")
R("array", [1.0, 2.0])
R("array", [1, 2], dtype="float16")
R("convert_to_tensor", [1.0, 2.0])
R("convert_to_tensor", f(3), dtype="float16")
R("convert_to_tensor", [1, 2])
R("convert_to_numpy", f(3), _symbolic=False)
R("empty", (2, 3), _values=False)
R("empty_like", f(2, 3), _values=False)
R("eye", 3)
R("eye", 3, 4, k=1, dtype="int32")
R("full", (2, 3), 4.0)
R("full", (2,), 4, dtype="int32")
R("full_like", f(2, 3), 2)
R("full_like", whole(2, 3), 2.7, dtype="float32")
for _n in "ones zeros".split():
    R(_n, (2, 3))
    R(_n, 3, dtype="int32")
for _n in "ones_like zeros_like".split():
    R(_n, f(2, 3))
    R(_n, whole(2), dtype="bool")
R("identity", 3, dtype="int32")
R("tri", 3)
R("tri", 3, 4, 1, dtype="int32")
R("linspace", 0.0, 1.0, 5)
R("linspace", 0, 10, 4, endpoint=False, retstep=True)
R("linspace", f(3), f(3), 4, axis=1)
R("logspace", 0.0, 2.0, 5)
R("logspace", 0.0, 2.0, 5, base=2.0, endpoint=False)
R("geomspace", 1.0, 100.0, 5)
R("geomspace", 1.0, 8.0, 4, dtype="float32")
R("meshgrid", f(3), f(2))
R("meshgrid", f(3), f(2), indexing="ij")
for _n in "bartlett blackman hamming hanning".split():
    R(_n, 6)
R("kaiser", 6, 5.0)
R("vander", f(4))
R("vander", f(4), 3, increasing=True)
R("diag", f(3))
R("diag", f(3, 3), k=1)
R("diagflat", f(2, 2))
R("diagflat", f(2), k=1)
R("one_hot", whole(3), 5)
R("one_hot", whole(3, high=7), 5, axis=0, dtype="int32")
R("multi_hot", whole(3), 5)
R("multi_hot", whole(2, 3), 5, dtype="int32")

# ------------------------------------------------- shapes

R("append", f(2, 3), f(2, 3))
R("append", f(2, 3), f(1, 3), axis=0)
R("broadcast_to", f(3), (2, 3))
R("concatenate", [f(2, 3), f(2, 3)])
R("concatenate", [f(2, 3), whole(2, 1)], axis=-1)
R("stack", [f(2, 3), f(2, 3)], axis=1)
R("hstack", [f(2, 3), f(2, 3)])
R("vstack", [f(2, 3), f(2, 3)])
R("dstack", [f(2, 3), f(2, 3)])
R("split", f(6, 2), 3)
R("split", f(6, 2), [1, 4])
R("split", f(2, 6), 2, axis=1)
R("array_split", f(7, 2), 3)
R("hsplit", f(4, 6), 2)
R("vsplit", f(4, 6), [1])
R("dsplit", f(2, 3, 4), 2)
R("unstack", f(3, 2))
R("unstack", f(2, 3), 3, axis=1)
R("expand_dims", f(2, 3), 1)
R("expand_dims", f(2, 3), (0, -1))
R("squeeze", f(1, 3, 1))
R("squeeze", f(1, 3, 1), axis=0)
R("reshape", f(2, 6), (3, -1))
R("reshape", f(2, 6), 12)
R("ravel", f(2, 3))
R("transpose", f(2, 3, 4))
R("transpose", f(2, 3, 4), axes=(1, 0, 2))
R("moveaxis", f(2, 3, 4), 0, -1)
R("moveaxis", f(2, 3, 4), (0, 1), (1, 2))
R("swapaxes", f(2, 3, 4), 0, 2)
R("flip", f(2, 3))
R("flip", f(2, 3), axis=1)
R("fliplr", f(2, 3))
R("flipud", f(2, 3))
R("rot90", f(2, 3))
R("rot90", f(2, 3, 4), k=3, axes=(1, 2))
R("roll", f(2, 5), 2)
R("roll", f(2, 5), 2, axis=1)
R("tile", f(2, 3), (2, 1))
R("tile", f(3), 2)
R("repeat", f(2, 3), 2)
R("repeat", f(2, 3), 2, axis=1)
R("pad", f(2, 3), ((1, 0), (2, 1)))
R("pad", f(2, 3), 1, mode="reflect")
R("pad", f(2, 3), ((1, 1), (0, 0)), constant_values=3.0)
R("pad", f(3, 3), ((1, 1), (1, 1)), mode="symmetric")
R("diagonal", f(3, 4))
R("diagonal", f(2, 3, 3), offset=1, axis1=1, axis2=2)
R("tril", f(3, 4))
R("tril", f(3, 4), k=1)
R("triu", f(3, 4), k=-1)
R("diff", f(3, 5))
R("diff", f(3, 5), n=2, axis=0)
R("shape", f(2, 3))
R("size", f(2, 3))
R("ndim", f(2, 3))
R("dtype", f(2, 3))
R("is_tensor", [1.0])
R("rearrange", f(2, 3, 4), "b h w -> b (h w)")
R("rearrange", f(2, 6, 4), "b (h1 h2) w -> b w h1 h2", h1=2)
R("rearrange", f(2, 3, 4), "a b c -> (c a) b")
R("depth_to_space", f(2, 3, 3, 8), 2)
R("depth_to_space", f(2, 8, 3, 3), 2, data_format="channels_first")
R("space_to_depth", f(2, 4, 6, 2), 2)
R("space_to_depth", f(2, 2, 4, 6), 2, data_format="channels_first")

# ------------------------------------------------- indices, order and sets

R("take", f(4, 3), whole(2, high=4), axis=0)
R("take", f(4, 3), whole(2, 2, high=12))
R("take", f(4, 3), np.array([-1, 5]), axis=0)
R("take_along_axis", f(3, 4), whole(3, 2, high=4), axis=1)
R("argsort", f(3, 5))
R("argsort", f(3, 5), axis=0)
R("argsort", f(3, 5), axis=None)
R("sort", f(3, 5))
R("sort", f(3, 5), axis=0)
R("argpartition", f(3, 6), 2, _call=lambda ops, x, k: ops.sort(ops.argpartition(x, k)[:, :k]))
R("argpartition", f(6), 2, axis=None, _call=lambda ops, x, k, axis: ops.sort(ops.argpartition(x, k, axis=axis)[:k]))
R("searchsorted", np.array([0.0, 1.0, 2.0], "float32"), pos(5))
R("searchsorted", np.array([0, 1, 1, 2]), whole(5, high=3), side="right")
R("isin", whole(3, 4), np.array([1, 3]))
R("isin", whole(3, 4), np.array([1, 3]), invert=True)
R("nonzero", whole(3, 4, high=2), _symbolic=False)
R("unique", whole(9), _symbolic=False)
R("unique", whole(9), return_index=True, return_inverse=True, return_counts=True, _symbolic=False)
R("unique", whole(6, 2, high=2), axis=0, size=5, fill_value=-1)
R("unravel_index", whole(3, high=6), (2, 3))
R("top_k", f(3, 6), 2)
R("top_k", f(3, 6), k=2, sorted=False)
R("in_top_k", whole(4, high=6), f(4, 6), 2)
R("in_top_k", np.array([0, 1]), np.array([[1.0, 1.0, 0.0], [np.nan, 2.0, 3.0]], "float32"), k=1)
R("scatter", np.array([[0], [2], [0]]), f(3), (4,))
R("scatter", np.array([[0, 1], [2, 0]]), f(2), (3, 2))
R("scatter_update", f(4, 2), np.array([[0], [2]]), f(2, 2))
for _reduction in ("add", "max", "min", "mul"):
    R("scatter_update", f(4), np.array([[0], [2]]), f(2), reduction=_reduction)
R("slice", f(4, 5), (1, 2), (2, 2))
R("slice", f(4, 5), (1, 0), (-1, 3))
R("slice_update", f(4, 5), (1, 2), f(2, 2))
for _n in "segment_sum segment_max segment_min segment_prod".split():
    R(_n, f(6, 2), np.array([0, 0, 1, 1, 3, 3]), num_segments=4)
    R(_n, f(6), np.array([2, 0, 1, 1, 3, 0]), num_segments=5)
R("segment_sum", f(6), np.array([0, 0, 1, 1, 3, 3]), 4, sorted=True)

# ------------------------------------------------- products and linear algebra

R("dot", f(3, 4), f(4, 2))
R("dot", f(3, 4), f(4))
R("matmul", f(2, 3, 4), f(4, 2))
R("matmul", whole(3, 4, dtype="int8"), whole(4, 2, dtype="int8"))
R("einsum", "ij,jk->ik", f(3, 4), f(4, 2))
R("einsum", "bij,bjk->bik", whole(2, 3, 4, dtype="int8"), whole(2, 4, 2, dtype="int8"))
R("einsum", "ii->i", f(3, 3))
R("tensordot", f(3, 4, 2), f(4, 2, 3))
R("tensordot", f(3, 4), f(4, 2), axes=1)
R("tensordot", f(3, 4), f(3, 2), axes=((0,), (0,)))
R("inner", f(3, 4), f(2, 4))
R("outer", f(3), f(4))
R("vdot", f(3, 4), f(3, 4))
R("kron", f(2, 2), f(2, 3))
R("cross", f(4, 3), f(4, 3))
R("cross", f(3, 4), f(3, 4), axis=0)
R("correlate", f(6), f(3))
R("correlate", f(6), f(3), mode="full")
R("correlate", f(6), f(3), mode="same")
R("cdist", f(3, 4), f(2, 4))
R("cholesky", spd(3))
R("cholesky", spd(3), upper=True)
R("cholesky_inverse", Arr("positive", (3, 3)), _call=lambda ops, a: ops.cholesky_inverse(ops.tril(a)), _rtol=1e-3)
R(
    "cholesky_inverse",
    Arr("positive", (3, 3)),
    _call=lambda ops, a: ops.cholesky_inverse(ops.triu(a), upper=True),
    _rtol=1e-3,
)
R("det", f(2, 3, 3), _rtol=1e-4)
R("eig", spd(3), _call=lambda ops, a: ops.sort(ops.real(ops.eig(a)[0])), _rtol=1e-4, _symbolic=False)
R("eigh", spd(3), _call=lambda ops, a: (ops.eigh(a)[0], ops.abs(ops.eigh(a)[1])), _rtol=1e-3)
R("inv", spd(3), _rtol=1e-4)
R("jvp", f(3), f(3), _call=lambda ops, x, v: ops.jvp(ops.sin, (x,), (v,)))
R("jvp", f(3), f(3), _call=lambda ops, x, v: ops.jvp(lambda a: (ops.sin(a), ops.cos(a)), (x,), (v,), has_aux=True))
R("lstsq", f(5, 3), f(5), _rtol=1e-3)
R("lu_factor", spd(3), _rtol=1e-4)
R("lu_factor", f(2, 3, 3), _rtol=1e-4)
R("matrix_rank", np.array([[1.0, 2.0], [2.0, 4.0]], "float32"))
R("pinv", f(4, 3), _rtol=1e-3)
R("qr", f(4, 3), _call=lambda ops, a: ops.matmul(*ops.qr(a)), _rtol=1e-4)
R("qr", f(4, 3), mode="complete", _call=lambda ops, a, mode: ops.matmul(*ops.qr(a, mode)), _rtol=1e-4)
R("solve", spd(3), f(3), _rtol=1e-4)
R("solve", spd(3), f(3, 2), _rtol=1e-4)
R("solve_triangular", spd(3), f(3), _rtol=1e-4)
R("solve_triangular", spd(3), f(3, 2), lower=True, _rtol=1e-4)
R("svd", f(4, 3), compute_uv=False, _rtol=1e-4)
R("svd", f(4, 3), _call=lambda ops, a: [x.shape for x in ops.svd(a)])
R("svd", f(4, 3), full_matrices=False, _call=lambda ops, a, full_matrices: [x.shape for x in ops.svd(a, full_matrices)])
R("slogdet", spd(3), _rtol=1e-4)
R("logdet", spd(3), _rtol=1e-4)

# ------------------------------------------------- signals

R("fft", (f(3, 8), f(3, 8)), _rtol=1e-4)
R("fft2", (f(3, 8), f(3, 8)), _rtol=1e-4)
R("ifft2", (f(3, 8), f(3, 8)), _rtol=1e-4)
R("rfft", f(3, 8), _rtol=1e-4)
R("rfft", f(3, 8), fft_length=10, _rtol=1e-4)
R("irfft", (f(3, 5), f(3, 5)), _rtol=1e-4)
R("irfft", (f(3, 5), f(3, 5)), fft_length=7, _rtol=1e-4)
R("stft", f(2, 40), 8, 4, 8, _rtol=1e-4)
R("stft", f(40), 8, 3, 16, window="hamming", center=False, _rtol=1e-4)
R("stft", f(40), 8, 3, 10, window=None, _rtol=1e-4)
R("stft", f(40), 8, 3, 10, window=np.linspace(0.1, 1, 8), _rtol=1e-4)
R("istft", (f(11, 5), f(11, 5)), 8, 4, 8, _rtol=1e-3)
R("istft", (f(2, 9, 9), f(2, 9, 9)), 12, 4, 16, length=30, window="hamming", _rtol=1e-3)
R("istft", (f(11, 5), f(11, 5)), 8, 4, 8, window=None, center=False, _rtol=1e-3)
R("extract_sequences", f(2, 12), 4, 2)
R("extract_sequences", f(12), 5, 3)

# ------------------------------------------------- control flow

R("associative_scan", f(5, 2), _call=lambda ops, x: ops.associative_scan(lambda a, b: a + b, x))
R("associative_scan", f(2, 5), _call=lambda ops, x: ops.associative_scan(lambda a, b: a * b, x, reverse=True, axis=1))
R("cond", f(3), _call=lambda ops, x: ops.cond(ops.sum(x) > 0, lambda: x + 1, lambda: x - 1))
R("cond", f(3), _call=lambda ops, x: ops.cond(True, lambda: x + 1, lambda: x - 1))
R("fori_loop", f(3), _call=lambda ops, x: ops.fori_loop(0, 4, lambda i, v: v * 1.5 + ops.cast(i, "float32"), x))
R("map", f(4, 3), _call=lambda ops, x: ops.map(lambda v: ops.sum(v) * v, x))
R("scan", f(5, 2), _call=lambda ops, x: ops.scan(lambda c, v: (c + v, c * v), ops.zeros((2,)), x))
R("scan", f(5, 2), _call=lambda ops, x: ops.scan(lambda c, v: (c + v, c), x[0], x, reverse=True, unroll=2))
R("scan", f(2), _call=lambda ops, x: ops.scan(lambda c, _: (c * 2, c), x, length=3))
R("switch", f(3), _call=lambda ops, x: ops.switch(1, [lambda v: v + 1, lambda v: v * 2], x))
R("switch", f(3), _call=lambda ops, x: ops.switch(7, [lambda v: v + 1, lambda v: v * 2], x))
R("vectorized_map", f(4, 3), _call=lambda ops, x: ops.vectorized_map(lambda v: ops.sum(v) * v, x))
R(
    "vectorize",
    f(4),
    f(3),
    _call=lambda ops, x, y: ops.vectorize(lambda a, b: ops.sum(b) * a, signature="(),(n)->()")(x, y),
)
R("vectorize", f(4), _call=lambda ops, x: ops.vectorize(lambda a, b: a * b, excluded={1})(x, 3.0), _symbolic=False)
R("while_loop", f(3), _call=lambda ops, x: ops.while_loop(lambda i, v: i < 4, lambda i, v: (i + 1, v * 2), (0, x)))
R(
    "while_loop",
    f(3),
    _call=lambda ops, x: ops.while_loop(lambda v: ops.sum(v) < 1e9, lambda v: v + 1, x, maximum_iterations=3),
)
R("stop_gradient", f(3))
R(
    "custom_gradient",
    f(3),
    _call=lambda ops, x: ops.custom_gradient(lambda v: (ops.log(1 + ops.exp(v)), lambda g: g * 3))(x),
)

# ------------------------------------------------- networks

_ACT = (
    "celu elu gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu log_sigmoid log_softmax relu "
)
_ACT += "relu6 selu sigmoid silu soft_shrink softmax softplus softsign sparse_plus sparse_sigmoid sparsemax squareplus swish "
for _n in (_ACT + "tanh_shrink").split():
    R(_n, Arr("int -4 5", (3, 8), "float32"))
R("gelu", f(3, 4), approximate=False)
R("threshold", f(3, 4), 0.2, -1.0)
R("softmax", f(2, 3, 4), axis=(1, 2))
R("log_softmax", f(2, 3, 4), axis=(0, 2))
for _n in "max_pool average_pool".split():
    R(_n, f(2, 8, 3), 2, strides=2)
    R(_n, f(2, 7, 8, 3), 3, strides=2, padding="same")
    R(_n, f(2, 3, 7, 8), (2, 3), strides=(1, 2), padding="valid", data_format="channels_first")
    R(_n, f(1, 4, 6, 4, 2), 2, strides=2, padding="same")
for _n in "adaptive_average_pool adaptive_max_pool".split():
    R(_n, f(2, 7, 3), 3)
    R(_n, f(2, 7, 8, 3), (3, 4))
    R(_n, f(2, 3, 7, 8), 5, data_format="channels_first")
    R(_n, f(1, 4, 6, 5, 2), 3)
R("conv", f(2, 9, 3), f(3, 3, 4))
R("conv", f(2, 9, 8, 4), f(3, 3, 2, 6), strides=2, padding="same", _rtol=1e-4)
R("conv", f(2, 4, 9, 8), f(3, 3, 4, 6), data_format="channels_first", dilation_rate=2, _rtol=1e-4)
R("conv", f(1, 5, 5, 5, 2), f(2, 2, 2, 2, 3), padding="SAME", _rtol=1e-4)
R("conv_transpose", f(2, 5, 3), f(3, 4, 3), strides=2, _rtol=1e-4)
R("conv_transpose", f(2, 5, 4, 3), f(3, 3, 4, 3), strides=2, padding="same", _rtol=1e-4)
R("conv_transpose", f(2, 5, 4, 3), f(3, 3, 4, 3), strides=2, padding="same", output_padding=1, _rtol=1e-4)
R("conv_transpose", f(2, 3, 5, 4), f(2, 3, 4, 3), strides=(2, 3), data_format="channels_first", _rtol=1e-4)
R("conv_transpose", f(2, 5, 3), f(3, 4, 3), dilation_rate=2, _rtol=1e-4)
R("depthwise_conv", f(2, 9, 3), f(3, 3, 2), _rtol=1e-4)
R("depthwise_conv", f(2, 9, 8, 3), f(3, 3, 3, 2), strides=2, padding="same", _rtol=1e-4)
R("depthwise_conv", f(2, 3, 9, 8), f(3, 3, 3, 1), dilation_rate=2, data_format="channels_first", _rtol=1e-4)
R("separable_conv", f(2, 9, 8, 3), f(3, 3, 3, 2), f(1, 1, 6, 4), strides=2, padding="same", _rtol=1e-4)
R("separable_conv", f(2, 3, 9), f(3, 3, 2), f(1, 6, 4), data_format="channels_first", _rtol=1e-4)
R("batch_normalization", f(2, 5, 3), f(3), pos(3), -1)
R("batch_normalization", f(2, 3, 5), f(3), pos(3), 1, offset=f(3), scale=f(3), epsilon=0.1)
R("layer_normalization", f(2, 5, 3))
R("layer_normalization", f(2, 5, 3), f(3), f(3), epsilon=0.1)
R("layer_normalization", f(2, 5, 3), f(5, 3), f(5, 3), axis=(1, 2))
R("layer_normalization", f(2, 5, 3), f(5), axis=1)
R("rms_normalization", f(2, 5, 3))
R("rms_normalization", f(2, 5, 3), f(3), axis=-1, epsilon=0.1)
R("rms_normalization", f(2, 5, 3), axis=(1, 2))
R("moments", f(4, 5, 3), (0, 1))
R("moments", f(4, 5, 3), [0], keepdims=True)
R("moments", Arr("normal", (4, 5), "float16"), (0,), _rtol=2e-3)
R("normalize", f(3, 4))
R("normalize", f(3, 4), axis=0, order=3, epsilon=1e-3)
R("normalize", f(3, 4), order=1)
R("binary_crossentropy", Arr("int 0 2", (3, 4), "float32"), prob(3, 4))
R("binary_crossentropy", Arr("int 0 2", (3, 4), "float32"), f(3, 4), from_logits=True)
R("categorical_crossentropy", prob(3, 4), prob(3, 4))
R("categorical_crossentropy", prob(3, 4), f(3, 4), from_logits=True)
R("categorical_crossentropy", prob(3, 4, 2), pos(3, 4, 2), axis=1)
R("sparse_categorical_crossentropy", whole(3, high=4), prob(3, 4))
R("sparse_categorical_crossentropy", whole(3, 1, high=4), f(3, 4), from_logits=True)
R("ctc_loss", whole(2, 3, low=1, high=5), f(2, 7, 5), np.array([3, 2]), np.array([7, 5]), _rtol=1e-4)
R("ctc_loss", np.array([[1, 1, 2]]), f(1, 6, 5), np.array([3]), np.array([6]), mask_index=4, _rtol=1e-4)
R("ctc_decode", f(2, 7, 5), np.array([7, 4]))
R("ctc_decode", f(2, 7, 5), np.array([7, 4]), merge_repeated=False, mask_index=4)
R("ctc_decode", f(2, 7, 5), np.array([7, 4]), strategy="beam_search", beam_width=6, top_paths=3, _rtol=1e-4)
R(
    "ctc_decode",
    f(2, 7, 5),
    np.array([7, 4]),
    strategy="beam_search",
    beam_width=4,
    top_paths=2,
    mask_index=4,
    _rtol=1e-4,
)
R("psnr", pos(3, 4), pos(3, 4), 3.0)
R("dot_product_attention", f(2, 5, 3, 4), f(2, 6, 3, 4), f(2, 6, 3, 4), _rtol=1e-4)
R("dot_product_attention", f(2, 5, 4, 4), f(2, 5, 2, 4), f(2, 5, 2, 4), is_causal=True, scale=0.3, _rtol=1e-4)
R(
    "dot_product_attention",
    f(2, 5, 3, 4),
    f(2, 6, 3, 4),
    f(2, 6, 3, 4),
    bias=f(2, 3, 5, 6),
    mask=flag(2, 1, 5, 6),
    _rtol=1e-4,
)
R("unfold", f(2, 3, 6, 7), 2)
R("unfold", f(2, 3, 6, 7), (2, 3), dilation=2, padding=1, stride=(2, 1))
R("fold", f(2, 12, 9), (4, 4), 2)
R("fold", f(2, 12, 4), (4, 4), 2, stride=2)
R("fold", f(1, 8, 9), (6, 6), (2, 2), dilation=2, padding=1, stride=2)

# ------------------------------------------------- images

R("image.rgb_to_grayscale", pos(2, 4, 5, 3))
R("image.rgb_to_grayscale", pos(3, 4, 5), data_format="channels_first")
R("image.rgb_to_grayscale", whole(4, 5, 3, high=255, dtype="uint8"))
R("image.rgb_to_hsv", prob(2, 4, 5, 3), _rtol=1e-4)
R("image.rgb_to_hsv", Arr("unit", (3, 4, 5)), data_format="channels_first", _rtol=1e-4)
R("image.hsv_to_rgb", prob(2, 4, 5, 3), _rtol=1e-4)
R("image.hsv_to_rgb", prob(3, 4, 5), data_format="channels_first", _rtol=1e-4)
for _method in ("bilinear", "nearest", "bicubic", "lanczos3", "lanczos5"):
    R("image.resize", f(2, 6, 7, 3), (4, 9), interpolation=_method, _rtol=1e-4)
    R(
        "image.resize",
        f(3, 6, 7),
        (9, 4),
        interpolation=_method,
        antialias=True,
        data_format="channels_first",
        _rtol=1e-4,
    )
R("image.resize", whole(6, 7, 3, high=255, dtype="uint8"), (4, 9))
R("image.resize", f(2, 6, 9, 3), (4, 4), crop_to_aspect_ratio=True, _rtol=1e-4)
R("image.resize", f(6, 9, 3), (4, 4), pad_to_aspect_ratio=True, fill_value=0.5, _rtol=1e-4)
R("image.resize", f(2, 3, 9, 6), (4, 4), pad_to_aspect_ratio=True, data_format="channels_first", _rtol=1e-4)
_T = np.array([[1.1, 0.2, -0.5, 0.1, 0.9, 0.3, 0.0, 0.0]], "float32")
for _mode in ("constant", "nearest", "wrap", "mirror", "reflect"):
    R("image.affine_transform", f(2, 5, 6, 3), np.repeat(_T, 2, 0), fill_mode=_mode, fill_value=0.5, _rtol=1e-3)
R("image.affine_transform", f(3, 5, 6), _T[0], interpolation="nearest", data_format="channels_first")
_P = np.array([[0, 0], [0, 5], [5, 0], [5, 5]], "float32")
_Q = np.array([[1, 0], [0, 4], [4, 1], [5, 5]], "float32")
R("image.perspective_transform", f(6, 6, 3), _P, _Q, _rtol=2e-3)
R(
    "image.perspective_transform",
    f(2, 3, 6, 6),
    np.stack([_P] * 2),
    np.stack([_Q] * 2),
    data_format="channels_first",
    _rtol=2e-3,
)
R("image.perspective_transform", f(6, 6, 3), _P, _Q, interpolation="nearest", fill_value=1.0)
for _mode in ("constant", "nearest", "wrap", "mirror", "reflect"):
    R("image.map_coordinates", f(5, 6), Arr("int -3 9", (2, 7), "float32"), 1, fill_mode=_mode, fill_value=0.5)
R("image.map_coordinates", f(5, 6), pos(2, 7), 0)
R("image.map_coordinates", whole(5, 6), pos(2, 7), 1)
R("image.extract_patches", f(2, 6, 7, 3), 2)
R("image.extract_patches", f(2, 6, 7, 3), (2, 3), strides=1, padding="same")
R("image.extract_patches", f(3, 6, 7), 2, dilation_rate=2, strides=1, data_format="channels_first")
R("image.extract_patches", f(1, 4, 4, 6, 2), (2, 2, 3))
R("image.extract_patches_3d", f(1, 4, 4, 6, 2), 2)
R("image.extract_patches_3d", f(4, 4, 6, 2), (2, 2, 3), strides=(1, 2, 3), padding="same")
R("image.pad_images", f(2, 4, 5, 3), 1, 2, 0, 1)
R("image.pad_images", f(4, 5, 3), top_padding=1, left_padding=2, target_height=8, target_width=9)
R(
    "image.pad_images",
    f(3, 4, 5),
    bottom_padding=1,
    right_padding=2,
    target_height=8,
    target_width=9,
    data_format="channels_first",
)
R("image.crop_images", f(2, 6, 7, 3), 1, 2, 0, 1)
R("image.crop_images", f(6, 7, 3), top_cropping=1, left_cropping=2, target_height=4, target_width=3)
R(
    "image.crop_images",
    f(3, 6, 7),
    bottom_cropping=1,
    right_cropping=2,
    target_height=4,
    target_width=3,
    data_format="channels_first",
)
R("image.gaussian_blur", f(2, 6, 7, 3), (3, 5), (1.0, 2.0), data_format="channels_last", _rtol=1e-4)
R("image.gaussian_blur", f(3, 6, 7), data_format="channels_first", _rtol=1e-4)
R("image.elastic_transform", f(2, 8, 9, 3), seed=3, _rtol=2e-3)
R("image.elastic_transform", f(2, 3, 8, 9), 5.0, 2.0, "nearest", "constant", 0.5, seed=4, data_format="channels_first")
R(
    "image.scale_and_translate",
    f(5, 6, 3),
    (7, 8, 3),
    np.array([1.2, 0.7], "float32"),
    np.array([0.5, 1.0], "float32"),
    (0, 1),
    "linear",
    _rtol=1e-3,
)
R(
    "image.scale_and_translate",
    f(5, 6),
    (3, 8),
    np.array([0.5, 1.0], "float32"),
    np.array([0.0, 1.0], "float32"),
    (0, 1),
    "cubic",
    antialias=False,
    _rtol=1e-3,
)
R("image.sobel_edges", f(2, 6, 7, 3), _rtol=1e-4)
R("image.sobel_edges", f(2, 3, 6, 7), data_format="channels_first", _rtol=1e-4)
R("image.ssim", pos(2, 14, 13, 3), pos(2, 14, 13, 3), max_val=3.0, _rtol=1e-3)
R("image.ssim", pos(3, 9, 10), pos(3, 9, 10), 3.0, 5, 1.0, data_format="channels_first", _rtol=1e-3)

# ------------------------------------------------- keras.random

R("random.normal", (3, 4), 1.0, 2.0, seed=3)
R("random.normal", (3, 4), dtype="bfloat16", seed=3, _rtol=1e-2)
R("random.truncated_normal", (3, 4), 1.0, 2.0, seed=3)
R("random.uniform", (3, 4), -1.0, 2.0, seed=3)
R("random.uniform", (3, 4), dtype="float16", seed=3, _rtol=1e-2)
R("random.randint", (3, 4), 0, 10, seed=3)
R("random.randint", (3, 4), 0, 10, dtype="uint8", seed=3)
R("random.categorical", f(3, 4), 6, seed=3)
R("random.categorical", f(3, 4), 6, dtype="int16", seed=3)
R("random.dropout", f(3, 4), 0.4, seed=3)
R("random.dropout", f(3, 4), 0.4, noise_shape=(None, 1), seed=3)
R("random.shuffle", f(5, 2), seed=3)
R("random.shuffle", f(2, 5), axis=1, seed=3)
R("random.gamma", (3, 4), 2.0, seed=3, _rtol=1e-4)
R("random.binomial", (3, 4), 5.0, 0.3, seed=3)
R("random.beta", (3, 4), 2.0, 3.0, seed=3, _rtol=1e-4)
