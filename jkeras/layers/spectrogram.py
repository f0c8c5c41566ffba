"""Sound as pictures: spectrograms."""

import math

import jax
import jax.numpy as jnp
import numpy as np

from .. import initializers
from ..core import config as settings
from ..core.declare import PositiveInt, optional
from ..core.layer import Layer, layer
from ..core.spec import InputSpec, describe
from .fields import DataFormat, Flag, choice


def window_of(window, length):
    """A window by name ("hann", "hamming": the periodic forms), as an array, or None for ones."""
    if isinstance(window, str):
        low = {"hann": 0.5, "hamming": 0.54}[window]
        return low - (1 - low) * np.cos(2 * np.pi * np.arange(length) / length)
    window = np.ones(length) if window is None else np.asarray(window, float)
    if window.shape != (length,):
        raise ValueError(f"expected a window of shape {(length,)}, received {window.shape}.")
    return window


def mel(hertz):
    """Frequency on the mel scale."""
    return 1127.0 * jnp.log(1.0 + hertz / 700.0)


@layer
class MelSpectrogram(Layer):
    """Loudness of mel bands over time: (..., samples) -> (..., bands, frames).

    https://keras.io/api/layers/preprocessing_layers/audio_preprocessing/mel_spectrogram/

    >>> MelSpectrogram(fft_length=64, sequence_stride=32, num_mel_bins=8)(jnp.ones((2, 256))).shape
    (2, 8, 9)
    """

    fft_length: PositiveInt = 2048
    sequence_stride: PositiveInt = 512
    sequence_length: optional(PositiveInt) = None
    window: object = "hann"
    sampling_rate: PositiveInt = 16000
    num_mel_bins: PositiveInt = 128
    min_freq: float = 20.0
    max_freq: object = None
    power_to_db: Flag = True
    top_db: float = 80.0
    mag_exp: float = 2.0
    min_power: float = 1e-10
    ref_power: float = 1.0

    def __post_init__(self):
        self.sequence_length = self.sequence_length or self.fft_length
        self.max_freq = self.max_freq or int(self.sampling_rate / 2)
        if self.fft_length < self.sequence_length:
            raise ValueError(
                f"{describe(self)}: expected fft_length of at least sequence_length={self.sequence_length}, received "
                f"{self.fft_length}."
            )
        if isinstance(self.window, str) and self.window not in ("hann", "hamming"):
            raise ValueError(
                f"{describe(self)}: expected window 'hann', 'hamming' or an array, received {self.window!r}."
            )

    def call(self, inputs):
        dtype = self.compute_dtype if self.compute_dtype in ("float32", "float64") else "float32"
        bands = self._magnitudes(inputs.astype(dtype)) ** self.mag_exp @ self.linear_to_mel_weight_matrix(
            self.num_mel_bins, self.fft_length // 2 + 1, self.sampling_rate, self.min_freq, self.max_freq
        )
        if self.power_to_db:
            bands = 10.0 * jnp.log10(jnp.maximum(bands, self.min_power))
            bands = bands - 10.0 * math.log10(max(abs(self.ref_power), self.min_power))
            bands = jnp.maximum(bands, jnp.max(bands) - self.top_db)
        return jnp.swapaxes(bands, -1, -2).astype(self.compute_dtype)

    def _magnitudes(self, x):
        """|STFT| of frames centred at multiples of the stride: (..., frames, frequencies)."""
        n, half = self.fft_length, self.fft_length // 2
        x = jnp.pad(x, [(0, 0)] * (x.ndim - 1) + [(half, half)], mode="reflect")
        left = (n - self.sequence_length) // 2
        window = np.pad(window_of(self.window, self.sequence_length), (left, n - self.sequence_length - left))
        starts = np.arange(0, x.shape[-1] - n + 1, self.sequence_stride)
        frames = x[..., starts[:, None] + np.arange(n)] * window.astype(x.dtype)
        return jnp.abs(jnp.fft.rfft(frames))

    def linear_to_mel_weight_matrix(
        self,
        num_mel_bins=20,
        num_spectrogram_bins=129,
        sampling_rate=8000,
        lower_edge_hertz=125.0,
        upper_edge_hertz=3800.0,
        dtype="float32",
    ):
        """Triangles over the frequencies, one column a mel band: (frequencies, bands)."""
        edges = jnp.linspace(mel(jnp.float32(lower_edge_hertz)), mel(jnp.float32(upper_edge_hertz)), num_mel_bins + 2)
        lines = mel(jnp.linspace(jnp.float32(0), sampling_rate / 2.0, num_spectrogram_bins)[1:])[:, None]
        low, centre, high = edges[:-2], edges[1:-1], edges[2:]
        slopes = jnp.minimum((lines - low) / (centre - low), (high - lines) / (high - centre))
        return jnp.pad(jnp.maximum(slopes, 0), [(1, 0), (0, 0)]).astype(dtype)


@layer
class STFTSpectrogram(Layer):
    """Spectrogram by convolution with learnable sines and cosines: (batch, samples, channels) to frames of frequencies.

    https://keras.io/api/layers/preprocessing_layers/audio_preprocessing/stft_spectrogram/

    >>> STFTSpectrogram(frame_length=16)(jnp.ones((1, 64, 1))).shape
    (1, 7, 9)
    """

    mode: choice("log", "magnitude", "psd", "real", "imag", "angle", "stft") = "log"
    frame_length: PositiveInt = 256
    frame_step: optional(PositiveInt) = None
    fft_length: optional(PositiveInt) = None
    window: object = "hann"
    periodic: Flag = False
    scaling: choice(None, "density", "spectrum") = "density"
    padding: choice("valid", "same") = "valid"
    expand_dims: Flag = False
    data_format: DataFormat = None

    def __post_init__(self):
        if self.frame_step is not None and self.frame_step > self.frame_length:
            raise ValueError(f"{describe(self)}: expected frame_step of at most frame_length={self.frame_length}.")
        if self.fft_length is not None and self.fft_length < self.frame_length:
            raise ValueError(f"{describe(self)}: expected fft_length of at least frame_length={self.frame_length}.")
        self.input_spec = InputSpec(ndim=3)
        initializers.STFT("real", self.window, self.scaling, self.periodic)  # raises for an unknown window

    def build(self, input_shape):
        fft_length = self.fft_length or 2 ** math.ceil(math.log2(self.frame_length))
        shape = (self.frame_length, 1, fft_length // 2 + 1)
        for side, other in (("real", "imag"), ("imag", "real")):
            if self.mode != other:
                start = initializers.STFT(side, self.window, self.scaling, self.periodic)
                setattr(self, f"{side}_kernel", self.add_weight(f"{side}_kernel", shape, initializer=start))

    def _frames(self, inputs, kernel):
        """(batch, channels, frequencies, frames)."""
        inputs = inputs if self.data_format == "channels_first" else jnp.swapaxes(inputs, 1, 2)
        batch, channels, steps = inputs.shape
        outputs = jax.lax.conv_general_dilated(
            inputs.reshape(batch * channels, 1, steps),
            jnp.asarray(kernel, inputs.dtype),
            (self.frame_step or self.frame_length // 2,),
            self.padding.upper(),
            dimension_numbers=("NCW", "WIO", "NCW"),
        )
        return outputs.reshape(batch, channels, *outputs.shape[1:])

    def _arrange(self, x):
        last = self.data_format == "channels_last"
        if self.expand_dims:
            return jnp.transpose(x, (0, 3, 2, 1) if last else (0, 1, 3, 2))
        x = x.reshape(x.shape[0], -1, x.shape[3])
        return jnp.swapaxes(x, 1, 2) if last else x

    def call(self, inputs):
        real = None if self.mode == "imag" else self._frames(inputs, self.real_kernel)
        imag = None if self.mode == "real" else self._frames(inputs, self.imag_kernel)
        if self.mode in ("real", "imag"):
            return self._arrange(real if imag is None else imag)
        if self.mode == "angle":
            return self._arrange(jnp.arctan2(imag, real))
        if self.mode == "stft":
            return self._arrange(jnp.concatenate([real, imag], axis=2))
        power, least = real**2 + imag**2, settings.epsilon()
        if self.mode == "psd":  # frequencies but the first and last stand for two
            return self._arrange(power + jnp.pad(power[:, :, 1:-1], [(0, 0), (0, 0), (1, 1), (0, 0)]))
        magnitude = self._arrange(jnp.sqrt(jnp.maximum(power, least)))
        return magnitude if self.mode == "magnitude" else jnp.log(jnp.maximum(magnitude, least))
