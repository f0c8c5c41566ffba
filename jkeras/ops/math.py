"""keras.ops: segments, order, special functions and Fourier transforms.

Source: https://keras.io/api/ops/core/. Complex numbers go in and out as pairs of real and imaginary parts.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from ..core.symbolic import op
from .table import array, make

__all__ = (
    "cdist erf erfc erfinv extract_sequences fft fft2 ifft2 in_top_k irfft istft logdet logsumexp rfft rsqrt "
    "segment_max segment_min segment_prod segment_sum stft top_k view_as_complex view_as_real "
).split()

globals().update(
    make(
        """
        erf(x)
        rsqrt(x)
        """,
        lax,
        __name__,
    )
)
globals().update(
    make(
        """
        erfc(x)
        erfinv(x)
        logsumexp(x | axis=None, keepdims=False)
        """,
        jax.scipy.special,
        __name__,
    )
)


def _segment(name, doc, example):
    def segment(data, segment_ids, num_segments=None, sorted=False):
        data, ids = array(data), array(segment_ids)
        if ids.ndim != 1:
            raise ValueError(f"segment_{name}: expected a vector of segment numbers, received shape {ids.shape}.")
        if ids.shape[0] != data.shape[0]:
            raise ValueError(f"segment_{name}: {data.shape[0]} values have {ids.shape[0]} segment numbers.")
        if num_segments is None:
            if isinstance(ids, jax.core.Tracer):
                raise ValueError(f"segment_{name}: give num_segments inside a compiled function.")
            num_segments = int(ids.max()) + 1
        return getattr(jax.ops, f"segment_{name}")(data, ids, num_segments, indices_are_sorted=sorted)

    segment.__name__ = segment.__qualname__ = f"segment_{name}"
    segment.__doc__ = f"""Return the {doc} of the values of each segment. (n, ...), (n,) -> (num_segments, ...)

    `sorted` promises that the segment numbers do not fall.

    >>> segment_{name}([1.0, 2.0, 5.0], [0, 0, 1], 2).tolist()
    {example}
    """
    return op(segment)


segment_sum = _segment("sum", "sum", "[3.0, 5.0]")
segment_max = _segment("max", "largest", "[2.0, 5.0]")
segment_min = _segment("min", "smallest", "[1.0, 5.0]")
segment_prod = _segment("prod", "product", "[2.0, 5.0]")


@op
def top_k(x, k, sorted=True):
    """Return the `k` largest values along the last axis and their positions, the largest first.

    >>> [v.tolist() for v in top_k([1.0, 3.0, 2.0], 2)]
    [[3.0, 2.0], [1, 2]]
    """
    return list(lax.top_k(array(x), k))


@op
def in_top_k(targets, predictions, k):
    """Say of each target class whether fewer than `k` classes have a larger prediction. (n,), (n, classes) -> (n,)

    >>> in_top_k([1], [[0.1, 0.7, 0.2]], 1).tolist()
    [True]
    """
    targets, predictions = array(targets), array(predictions)
    own = jnp.take_along_axis(predictions, targets[..., None], -1)
    own = jnp.where(jnp.isnan(own), -jnp.inf, own)
    return jnp.sum(predictions > own, -1) < k


@op
def cdist(x, y):
    """Return the Euclidean distances of all pairs of rows. (..., n, d), (..., m, d) -> (..., n, m)

    Raises ValueError unless both have rows of one length.

    >>> cdist([[0.0, 0.0]], [[3.0, 4.0]]).tolist()
    [[5.0]]
    """
    x, y = array(x), array(y)
    if x.ndim < 2 or y.ndim < 2 or x.shape[-1] != y.shape[-1]:
        raise ValueError(f"cdist: expected matrices with rows of one length, received shapes {x.shape} and {y.shape}.")
    return jnp.sqrt(jnp.sum(jnp.square(x[..., :, None, :] - y[..., None, :, :]), -1))


@op
def logdet(x):
    """Return the logarithm of the absolute value of the determinant. (..., n, n) -> (...)

    >>> logdet([[1.0, 0.0], [0.0, 1.0]]).item()
    0.0
    """
    return jnp.linalg.slogdet(array(x))[1]


@op
def view_as_complex(x):
    """Return complex numbers of real and imaginary parts side by side. (..., 2) -> (...)

    >>> view_as_complex([1.0, 2.0]).item()
    (1+2j)
    """
    x = array(x)
    if not x.ndim or x.shape[-1] != 2:
        raise ValueError(f"view_as_complex: expected a last axis of 2, received shape {x.shape}.")
    return lax.complex(x[..., 0].astype("float32"), x[..., 1].astype("float32"))


@op
def view_as_real(x):
    """Return real and imaginary parts side by side. (...) -> (..., 2)

    >>> view_as_real(1 + 2j).tolist()
    [1.0, 2.0]
    """
    x = array(x)
    return jnp.stack((jnp.real(x), jnp.imag(x)), -1)


# ------------------------------------------------- Fourier transforms


def complex_of(x):
    """The complex array of a pair of real and imaginary parts."""
    if not isinstance(x, (tuple, list)) or len(x) != 2:
        raise ValueError(f"Expected a pair (real, imaginary) of arrays, received {type(x).__name__}.")
    real, imag = map(array, x)
    floating = all(jnp.issubdtype(v.dtype, jnp.floating) for v in (real, imag))
    if real.shape != imag.shape or not floating:
        raise ValueError(
            f"Expected real and imaginary parts to be floats of one shape, received {real.shape} ({real.dtype}) and "
            f"{imag.shape} ({imag.dtype})."
        )
    return lax.complex(real, imag)


def _parts(x):
    return jnp.real(x), jnp.imag(x)


def _transform(name, doc):
    def transform(x):
        return _parts(getattr(jnp.fft, name)(complex_of(x)))

    transform.__name__ = transform.__qualname__ = name
    transform.__doc__ = f"""Return the {doc} of a pair of real and imaginary parts, as such a pair.

    >>> [v.shape for v in {name}((jnp.ones((4, 4)), jnp.zeros((4, 4))))]
    [(4, 4), (4, 4)]
    """
    return op(transform)


fft = _transform("fft", "Fourier transform along the last axis")
fft2 = _transform("fft2", "Fourier transform over the last two axes")
ifft2 = _transform("ifft2", "inverse Fourier transform over the last two axes")


@op
def rfft(x, fft_length=None):
    """Return the Fourier transform of real values, cut or filled with zeros to the length. (..., n) -> 2 x (..., n/2+1)

    >>> rfft(jnp.ones(4))[0].tolist()
    [4.0, 0.0, 0.0]
    """
    return _parts(jnp.fft.rfft(array(x), fft_length))


@op
def irfft(x, fft_length=None):
    """Return the real values whose `rfft` is given. 2 x (..., n/2+1) -> (..., n)

    >>> irfft((jnp.array([4.0, 0.0, 0.0]), jnp.zeros(3))).tolist()
    [1.0, 1.0, 1.0, 1.0]
    """
    return jnp.fft.irfft(complex_of(x), fft_length)


@op
def extract_sequences(x, sequence_length, sequence_stride):
    """Return windows that start every `sequence_stride` values. (..., n) -> (..., windows, sequence_length)

    >>> extract_sequences([1.0, 2.0, 3.0], 2, 1).tolist()
    [[1.0, 2.0], [2.0, 3.0]]
    """
    x = array(x)
    starts = np.arange(0, x.shape[-1] - sequence_length + 1, sequence_stride)
    return x[..., starts[:, None] + np.arange(sequence_length)]


# A cosine and a constant part: the periodic windows of that name.
COSINES = {"hann": (0.5, 0.5), "hamming": (0.54, 0.46)}


def _stft_window(window, sequence_length, fft_length, dtype):
    """The window, with zeros around it so that it has the length of the transform."""
    if isinstance(window, str):
        if window not in COSINES:
            raise ValueError(f"Unknown window {window!r}: expected 'hann', 'hamming', None or an array.")
        constant, cosine = COSINES[window]
        window = constant - cosine * np.cos(2 * np.pi * np.arange(sequence_length) / sequence_length)
    if window is None:
        return jnp.ones(fft_length, dtype)
    window = array(window).astype(dtype)
    if window.shape != (sequence_length,):
        raise ValueError(f"Expected a window of shape {(sequence_length,)}, received {window.shape}.")
    before = (fft_length - sequence_length) // 2
    return jnp.pad(window, (before, fft_length - sequence_length - before))


def _check_stft(name, sequence_length, sequence_stride, fft_length):
    if not isinstance(sequence_stride, int) or sequence_stride < 1:
        raise ValueError(f"{name}: expected sequence_stride to be a positive integer, received {sequence_stride!r}.")
    if fft_length < sequence_length:
        raise ValueError(f"{name}: fft_length {fft_length} is shorter than sequence_length {sequence_length}.")


@op
def stft(x, sequence_length, sequence_stride, fft_length, window="hann", center=True):
    """Return Fourier transforms of windows of a signal, as real and imaginary parts. (..., n) -> (..., windows, bins)

    `window` is "hann", "hamming", an array or None. `center` mirrors the ends so that windows sit on their times.
    Raises TypeError unless the signal is float32 or float64 and ValueError for wrong lengths.

    >>> [v.shape for v in stft(jnp.ones(20), 8, 4, 8)]
    [(6, 5), (6, 5)]
    """
    _check_stft("stft", sequence_length, sequence_stride, fft_length)
    x = array(x)
    if x.dtype not in (jnp.float32, jnp.float64):
        raise TypeError(f"stft: expected float32 or float64 values, received {x.dtype.name!r}.")
    if center:
        x = jnp.pad(x, [(0, 0)] * (x.ndim - 1) + [(fft_length // 2,) * 2], mode="reflect")
    frames = extract_sequences(x, fft_length, sequence_stride)
    return _parts(jnp.fft.rfft(frames * _stft_window(window, sequence_length, fft_length, x.dtype)))


@op
def istft(x, sequence_length, sequence_stride, fft_length, length=None, window="hann", center=True):
    """Return the signal whose `stft` is given, or its best fit. 2 x (..., windows, bins) -> (..., n)

    >>> x = jnp.sin(jnp.arange(20.0))
    >>> bool(jnp.allclose(istft(stft(x, 8, 4, 8), 8, 4, 8), x, atol=1e-5))
    True
    """
    _check_stft("istft", sequence_length, sequence_stride, fft_length)
    x = complex_of(x)
    if x.ndim < 2:
        raise ValueError(f"istft: expected shape (..., windows, bins), received {x.shape}.")
    frames = jnp.fft.irfft(x, fft_length)
    shape = _stft_window(window, sequence_length, fft_length, frames.dtype)
    total = fft_length + sequence_stride * (x.shape[-2] - 1)
    places = np.arange(x.shape[-2])[:, None] * sequence_stride + np.arange(fft_length)
    weight = jnp.zeros(total, frames.dtype).at[places].add(jnp.square(shape))
    signal = jnp.zeros((*x.shape[:-2], total), frames.dtype).at[..., places].add(frames * shape)
    signal = signal / jnp.where(weight > 1e-10, weight, 1)
    if window is None:
        signal = signal * (fft_length / sequence_stride)  # as Keras scales without a window
    start = fft_length // 2 if center else 0
    end = start + length if length is not None else -start if center else total
    return signal[..., start:end]
