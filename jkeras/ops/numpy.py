"""keras.ops.numpy: array functions by NumPy's names, with Keras's parameters and result dtypes.

Source: https://keras.io/api/ops/numpy/. Most are rows over `jax.numpy`; written out are those that differ from it.
"""

# ruff: noqa: F401 - what other files define is offered here

import jax.numpy as jnp

from .arrangement import (
    argpartition,
    argsort,
    array_split,
    einsum,
    get_item,
    matmul,
    meshgrid,
    ndim,
    pad,
    reshape,
    rot90,
    searchsorted,
    select,
    size,
    slogdet,
    tile,
    unique,
    vectorize,
    view,
    where,
)
from .creation import (
    arange,
    array,
    bartlett,
    blackman,
    empty,
    eye,
    full,
    full_like,
    geomspace,
    hamming,
    hanning,
    identity,
    kaiser,
    linspace,
    logspace,
    ones,
    tri,
    vander,
    zeros,
)
from .reductions import (
    argmax,
    argmin,
    average,
    bincount,
    clip,
    count_nonzero,
    divide_no_nan,
    histogram,
    ldexp,
    mean,
    median,
    quantile,
    round,
    std,
    trapezoid,
    trunc,
    var,
)
from .table import inexact, make

__all__ = (
    "abs absolute add all allclose amax amin angle any append arange arccos arccosh arcsin arcsinh arctan arctan2 "
    "arctanh argmax argmin argpartition argsort array array_split average bartlett bincount bitwise_and "
    "bitwise_invert bitwise_left_shift bitwise_not bitwise_or bitwise_right_shift bitwise_xor blackman "
    "broadcast_to cbrt ceil clip concatenate conj conjugate copy corrcoef correlate cos cosh count_nonzero cross "
    "cumprod cumsum deg2rad diag diagflat diagonal diff digitize divide divide_no_nan dot dsplit dstack einsum "
    "empty empty_like equal exp exp2 expand_dims expm1 eye fabs flip fliplr flipud floor floor_divide fmax fmin "
    "fmod full full_like gcd geomspace get_item greater greater_equal hamming hanning heaviside histogram hsplit "
    "hstack hypot i0 identity imag inner isclose isfinite isin isinf isnan isneginf isposinf isreal kaiser kron "
    "lcm ldexp left_shift less less_equal linspace log log10 log1p log2 logaddexp logaddexp2 logical_and "
    "logical_not logical_or logical_xor logspace matmul max maximum mean median meshgrid min minimum mod moveaxis "
    "multiply nan_to_num nanargmax nanargmin nancumprod nancumsum nanmax nanmean nanmedian nanmin nanpercentile "
    "nanprod nanquantile nanstd nansum nanvar ndim negative nextafter nonzero not_equal ones ones_like outer pad "
    "percentile power prod ptp quantile rad2deg ravel real reciprocal repeat reshape right_shift roll rot90 round "
    "searchsorted select sign signbit sin sinc sinh size slogdet sort split sqrt square squeeze stack std "
    "subtract sum swapaxes take take_along_axis tan tanh tensordot tile trace transpose trapezoid tri tril triu "
    "true_divide trunc unique unravel_index vander var vdot vectorize view vsplit vstack where zeros zeros_like "
).split()

globals().update(
    make(
        """
        absolute(x)
        abs(x) -> absolute
        add(x1, x2)
        all(x | axis=None, keepdims=False)
        allclose(x1, x2 | rtol=1e-05, atol=1e-08, equal_nan=False)
        amax(x | axis=None, keepdims=False)
        amin(x | axis=None, keepdims=False)
        any(x | axis=None, keepdims=False)
        append(x1, x2 | axis=None)
        bitwise_and(x, y)
        bitwise_invert(x) -> invert
        bitwise_left_shift(x, y) -> left_shift
        bitwise_not(x) -> invert
        bitwise_or(x, y)
        bitwise_right_shift(x, y) -> right_shift
        bitwise_xor(x, y)
        cbrt(x)
        concatenate(xs* | axis=0)
        conj(x)
        conjugate(x)
        copy(x)
        corrcoef(x)
        correlate(x1, x2 | mode='valid')
        cross(x1, x2 | axisa=-1, axisb=-1, axisc=-1, axis=None)
        cumprod(x | axis=None, dtype=None)
        cumsum(x | axis=None, dtype=None)
        deg2rad(x)
        diag(x | k=0)
        diagflat(x | k=0)
        diagonal(x | offset=0, axis1=0, axis2=1)
        diff(a | n=1, axis=-1)
        digitize(x, bins)
        divide(x1, x2)
        dot(x1, x2)
        dstack(xs*)
        empty_like(x | dtype=None)
        equal(x1, x2)
        flip(x | axis=None)
        fliplr(x)
        flipud(x)
        floor_divide(x1, x2)
        fmax(x1, x2)
        fmin(x1, x2)
        fabs(x)
        fmod(x1, x2)
        gcd(x1, x2)
        greater(x1, x2)
        greater_equal(x1, x2)
        heaviside(x1, x2)
        hstack(xs*)
        hypot(x1, x2)
        imag(x)
        inner(x1, x2)
        isclose(x1, x2 | rtol=1e-05, atol=1e-08, equal_nan=False)
        isfinite(x)
        isin(x1, x2 | assume_unique=False, invert=False)
        isinf(x)
        isnan(x)
        isneginf(x)
        isposinf(x)
        isreal(x)
        kron(x1, x2)
        lcm(x1, x2)
        left_shift(x, y)
        less(x1, x2)
        less_equal(x1, x2)
        log(x)
        log10(x)
        log1p(x)
        log2(x)
        logical_and(x1, x2)
        logical_not(x)
        logical_or(x1, x2)
        logical_xor(x1, x2)
        max(x | axis=None, keepdims=False, initial=None)
        maximum(x1, x2)
        min(x | axis=None, keepdims=False, initial=None)
        minimum(x1, x2)
        mod(x1, x2)
        multiply(x1, x2)
        nan_to_num(x | nan=0.0, posinf=None, neginf=None)
        nanargmax(x | axis=None, keepdims=False)
        nanargmin(x | axis=None, keepdims=False)
        nancumprod(x | axis=None, dtype=None)
        nancumsum(x | axis=None, dtype=None)
        nanmax(x | axis=None, keepdims=False)
        nanmean(x | axis=None, keepdims=False)
        nanmedian(x | axis=None, keepdims=False)
        nanmin(x | axis=None, keepdims=False)
        nanpercentile(x, q | axis=None, method='linear', keepdims=False)
        nanprod(x | axis=None, keepdims=False)
        nanquantile(x, q | axis=None, method='linear', keepdims=False)
        nanstd(x | axis=None, keepdims=False)
        nansum(x | axis=None, keepdims=False)
        nanvar(x | axis=None, keepdims=False)
        negative(x)
        nextafter(x1, x2)
        nonzero(x)
        not_equal(x1, x2)
        ones_like(x | dtype=None)
        outer(x1, x2)
        percentile(x, q | axis=None, method='linear', keepdims=False)
        power(x1, x2)
        prod(x | axis=None, keepdims=False, dtype=None)
        ptp(x | axis=None, keepdims=False)
        rad2deg(x)
        ravel(x)
        real(x)
        reciprocal(x)
        right_shift(x, y)
        sign(x)
        signbit(x)
        sort(x | axis=-1)
        sqrt(x)
        square(x)
        subtract(x1, x2)
        sum(x | axis=None, keepdims=False)
        take(x, indices | axis=None)
        take_along_axis(x, indices | axis=None)
        trace(x | offset=0, axis1=0, axis2=1)
        tril(x | k=0)
        triu(x | k=0)
        true_divide(x1, x2)
        unravel_index(indices | shape)
        vdot(x1, x2)
        vstack(xs*)
        zeros_like(x | dtype=None)
        """,
        jnp,
        __name__,
    )
)
globals().update(  # integers become floatx
    make(
        """
        angle(x)
        arccos(x)
        arccosh(x)
        arcsin(x)
        arcsinh(x)
        arctan(x)
        arctan2(x1, x2)
        arctanh(x)
        ceil(x)
        cos(x)
        cosh(x)
        exp(x)
        exp2(x)
        expm1(x)
        floor(x)
        i0(x)
        logaddexp(x1, x2)
        logaddexp2(x1, x2)
        sin(x)
        sinc(x)
        sinh(x)
        tan(x)
        tanh(x)
        """,
        jnp,
        __name__,
        inexact,
    )
)
globals().update(  # `jax.numpy` names or orders the parameters otherwise, or wants static ones by position
    make(
        """
        broadcast_to(x | shape) -> broadcast_to
        expand_dims(x | axis) -> expand_dims
        squeeze(x | axis=None) -> squeeze
        moveaxis(x | source, destination) -> moveaxis
        repeat(x | repeats, axis=None) -> repeat
        roll(x | shift, axis=None) -> roll
        swapaxes(x | axis1, axis2) -> swapaxes
        transpose(x | axes=None) -> transpose
        tensordot(x1, x2 | axes=2) -> tensordot
        split(x | indices_or_sections, axis=0) -> split
        hsplit(x | indices_or_sections) -> hsplit
        vsplit(x | indices_or_sections) -> vsplit
        dsplit(x | indices_or_sections) -> dsplit
        stack(x* | axis=0) -> stack
        """,
        jnp,
        __name__,
    )
)
