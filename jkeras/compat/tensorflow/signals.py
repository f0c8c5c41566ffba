"""``tf.signal`` over jax.numpy.fft: transforms, windows, frames, mel scales."""

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .rows import array, dtype_of, ints, one_of
from .tensor import unwrap


def _whole(kind: str, axes: int) -> tuple:
    name = f"{kind}n"
    return "input", lambda x: getattr(jnp.fft, name)(
        x.astype(jnp.promote_types(x.dtype, "complex64")), axes=range(-axes, 0)
    )


def _real(kind: str, axes: int) -> Callable:
    def transform(input_tensor: Any, fft_length: Any = None) -> Any:
        lengths = None if fft_length is None else ints(fft_length)
        lengths = (lengths,) if isinstance(lengths, int) else lengths
        return getattr(jnp.fft, f"{kind}n")(input_tensor, lengths, axes=tuple(range(-axes, 0)))

    return transform


def _shift(compute: Callable) -> Callable:
    return lambda x, axes=None: compute(x, ints(axes))


# ------------------------------------------------- windows


def _cosine(constant: float, cosine: float) -> Callable:
    def window(window_length: Any, periodic: bool = True, dtype: Any = "float32") -> Any:
        n = ints(window_length)
        steps = n if periodic and n % 2 == 0 else max(n - 1, 1)  # an odd number is never periodic, as in TensorFlow
        values = constant - cosine * np.cos(2 * np.pi * np.arange(n) / steps) if n > 1 else np.ones(n)
        return jnp.asarray(values, dtype_of(dtype))

    return window


hann_window, hamming_window = _cosine(0.5, 0.5), _cosine(0.54, 0.46)


def kaiser_window(window_length: Any, beta: Any = 12.0, dtype: Any = "float32") -> Any:
    """Kaiser's window (1980)."""
    return jnp.asarray(np.kaiser(ints(window_length), float(unwrap(beta))), dtype_of(dtype))


def kaiser_bessel_derived_window(window_length: Any, beta: Any = 12.0, dtype: Any = "float32") -> Any:
    """The window whose squares overlap to 1, of Kaiser's."""
    half = ints(window_length) // 2
    sums = np.cumsum(np.kaiser(half + 1, float(unwrap(beta))))
    rising = np.sqrt(sums[:-1] / sums[-1])
    return jnp.asarray(np.concatenate([rising, rising[::-1]]), dtype_of(dtype))


def vorbis_window(window_length: Any, dtype: Any = "float32") -> Any:
    """The window of the Vorbis format."""
    n = ints(window_length)
    return jnp.asarray(np.sin(np.pi / 2 * np.sin(np.pi / n * (np.arange(n) + 0.5)) ** 2), dtype_of(dtype))


# ------------------------------------------------- frames


def frame(
    signal: Any, frame_length: Any, frame_step: Any, pad_end: bool = False, pad_value: Any = 0, axis: Any = -1
) -> Any:
    """Windows of a signal, along a new axis behind theirs."""
    length, step, axis = ints(frame_length), ints(frame_step), ints(axis) % signal.ndim
    n = signal.shape[axis]
    count = -(-n // step) if pad_end else max(0, 1 + (n - length) // step)
    x = jnp.moveaxis(signal, axis, -1)
    if pad_end:
        over = max(0, length + step * (count - 1) - n)
        x = jnp.pad(x, [(0, 0)] * (x.ndim - 1) + [(0, over)], constant_values=unwrap(pad_value))
    found = x[..., np.arange(count)[:, None] * step + np.arange(length)]
    return jnp.moveaxis(found, (-2, -1), (axis, axis + 1))


def _window(window_fn: Any, length: int, dtype: Any) -> Any:
    return 1 if window_fn is None else array(unwrap(window_fn(length, dtype=dtype)))


def stft(signals: Any, frame_length: Any, frame_step: Any, fft_length: Any = None, window_fn: Any = hann_window,
         pad_end: bool = False) -> Any:  # fmt: skip
    """The Fourier transforms of windows; ``fft_length`` is the next power of two unless given."""
    length = ints(frame_length)
    size = 2 ** math.ceil(math.log2(length)) if fft_length is None else ints(fft_length)
    frames = frame(signals, length, frame_step, pad_end)
    return jnp.fft.rfft(frames * _window(window_fn, length, signals.dtype), size)


def overlap_and_add(signal: Any, frame_step: Any) -> Any:
    """Windows laid over one another and added."""
    step, (count, length) = ints(frame_step), signal.shape[-2:]
    places = np.arange(count)[:, None] * step + np.arange(length)
    found = jnp.zeros((*signal.shape[:-2], (count - 1) * step + length), signal.dtype)
    return found.at[..., places].add(signal)


def inverse_stft(
    stfts: Any, frame_length: Any, frame_step: Any, fft_length: Any = None, window_fn: Any = hann_window
) -> Any:
    """The signal of Fourier transforms of windows."""
    length = ints(frame_length)
    size = 2 ** math.ceil(math.log2(length)) if fft_length is None else ints(fft_length)
    frames = jnp.fft.irfft(stfts, size)[..., :length]
    frames = jnp.pad(frames, [(0, 0)] * (frames.ndim - 1) + [(0, length - frames.shape[-1])])
    return overlap_and_add(frames * _window(window_fn, length, frames.dtype), frame_step)


def inverse_stft_window_fn(frame_step: Any, forward_window_fn: Any = hann_window) -> Callable:
    """The window that undoes another in ``inverse_stft``."""
    step = ints(frame_step)

    def window(frame_length: Any, dtype: Any = "float32") -> Any:
        length = ints(frame_length)
        forward = array(unwrap(forward_window_fn(length, dtype=dtype)))
        overlaps = -(-length // step)
        squares = jnp.pad(jnp.square(forward), (0, overlaps * step - length)).reshape(overlaps, step)
        total = jnp.tile(jnp.sum(squares, 0, keepdims=True), (overlaps, 1)).reshape(-1)[:length]
        return forward / total

    return window


# ------------------------------------------------- cosines and mel


def _cut(x: Any, n: Any) -> Any:
    if n is None:
        return x
    n = ints(n)
    return x[..., :n] if n <= x.shape[-1] else jnp.pad(x, [(0, 0)] * (x.ndim - 1) + [(0, n - x.shape[-1])])


def dct(input: Any, type: Any = 2, n: Any = None, axis: Any = -1, norm: Any = None) -> Any:
    """The discrete cosine transform of the last axis, of types 1 to 4."""
    if axis != -1:
        raise ValueError(f"tf.signal.dct: expected axis=-1, received {axis}.")
    kind, norm = one_of("tf.signal.dct: type", type, (1, 2, 3, 4)), one_of("tf.signal.dct: norm", norm, (None, "ortho"))
    x = _cut(input, n)
    size = x.shape[-1]
    if kind == 1 and norm:
        raise ValueError("tf.signal.dct: type 1 has no norm 'ortho'.")
    return x @ jnp.asarray(_cosines(kind, size, norm), x.dtype)


def _cosines(kind: int, size: int, norm: Any) -> np.ndarray:
    """(input, output)"""
    i, k = np.arange(size)[:, None], np.arange(size)[None]
    if kind == 1:
        found = 2 * np.cos(np.pi * i * k / (size - 1))
        found[[0, -1]] /= 2
        return found
    if kind == 4:
        return 2 * np.cos(np.pi / size * (i + 0.5) * (k + 0.5)) * (np.sqrt(0.5 / size) if norm else 1)
    found = 2 * np.cos(np.pi / size * (i + 0.5) * k)  # type 2
    if norm:
        found = found * np.sqrt(0.5 / size)
        found[:, 0] *= np.sqrt(0.5)
    if kind == 3:
        found = found.T.copy()
        if not norm:
            found[0] /= 2
    return found


def idct(input: Any, type: Any = 2, n: Any = None, axis: Any = -1, norm: Any = None) -> Any:
    """What ``dct`` of the opposite type undoes, up to a factor unless ``norm`` is "ortho"."""
    if n is not None:
        raise ValueError("tf.signal.idct: expected n=None.")
    return dct(input, {1: 1, 2: 3, 3: 2, 4: 4}.get(type, type), None, axis, norm)


def linear_to_mel_weight_matrix(num_mel_bins: Any = 20, num_spectrogram_bins: Any = 129, sample_rate: Any = 8000,
                                lower_edge_hertz: Any = 125.0, upper_edge_hertz: Any = 3800.0,
                                dtype: Any = "float32") -> Any:  # fmt: skip
    """(spectrogram bins, mel bins): triangles at equal distances on the mel scale (HTK's)."""
    mels, bins, rate = ints(num_mel_bins), ints(num_spectrogram_bins), float(unwrap(sample_rate))
    low, high = float(unwrap(lower_edge_hertz)), float(unwrap(upper_edge_hertz))
    if mels < 1 or low < 0 or low >= high or high > rate / 2:
        raise ValueError(
            f"tf.signal.linear_to_mel_weight_matrix: expected 0 <= lower_edge_hertz < upper_edge_hertz <= sample_rate / 2, "
            f"received {low}, {high} and {rate}."
        )
    mel = lambda hertz: 1127.0 * np.log1p(hertz / 700.0)  # noqa: E731
    own = mel(np.linspace(0, rate / 2, bins)[1:])[:, None]
    edges = np.linspace(mel(low), mel(high), mels + 2)
    rising = (own - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - own) / (edges[2:] - edges[1:-1])
    found = np.maximum(0, np.minimum(rising, falling))
    return jnp.asarray(np.pad(found, [(1, 0), (0, 0)]), dtype_of(dtype))


def mfccs_from_log_mel_spectrograms(log_mel_spectrograms: Any) -> Any:
    """The cepstral coefficients of log mel spectrograms."""
    x = array(log_mel_spectrograms)
    return dct(x) * jax.lax.rsqrt(jnp.asarray(x.shape[-1] * 2.0, x.dtype))


_COUNTS = {"": 1, "2d": 2, "3d": 3}
ROWS = {
    **{f"{kind}{suffix}": _whole(kind, n) for kind in ("fft", "ifft") for suffix, n in _COUNTS.items()},
    **{f"{kind}{suffix}": _real(kind, n) for kind in ("rfft", "irfft") for suffix, n in _COUNTS.items()},
    "fftshift": _shift(jnp.fft.fftshift),
    "ifftshift": _shift(jnp.fft.ifftshift),
    "hann_window": hann_window,
    "hamming_window": hamming_window,
    "kaiser_window": kaiser_window,
    "kaiser_bessel_derived_window": kaiser_bessel_derived_window,
    "vorbis_window": vorbis_window,
    "frame": frame,
    "stft": stft,
    "inverse_stft": inverse_stft,
    "inverse_stft_window_fn": inverse_stft_window_fn,
    "overlap_and_add": overlap_and_add,
    "dct": dct,
    "idct": idct,
    "linear_to_mel_weight_matrix": linear_to_mel_weight_matrix,
    "mfccs_from_log_mel_spectrograms": mfccs_from_log_mel_spectrograms,
}
