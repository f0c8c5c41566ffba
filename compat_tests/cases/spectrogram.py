"""Spectrograms."""

from compat_tests.case import Case

MEL = {"fft_length": 32, "sequence_stride": 16, "num_mel_bins": 6}
STFT = {"frame_length": 8, "frame_step": 4}
# The logarithm of next to nothing has no meaningful gradient to compare in float32.
ROUGH = {"rtol": 1e-4, "atol": 1e-4, "weights": "keep"}

CASES = [
    Case("mel_plain", "MelSpectrogram", MEL, (2, 96), rtol=1e-4, atol=1e-4),
    Case(
        "mel_one",
        "MelSpectrogram",
        {**MEL, "max_freq": 4000, "min_freq": 50.0},
        (96,),
        rtol=1e-4,
        atol=1e-4,
        dynamic=False,
        because="its one axis is no batch",
    ),
    Case("mel_power", "MelSpectrogram", {**MEL, "power_to_db": False, "mag_exp": 1.0}, (2, 96), rtol=1e-4, atol=1e-4),
    Case(
        "mel_short",
        "MelSpectrogram",
        {**MEL, "sequence_length": 20, "window": "hamming", "ref_power": 2.0, "top_db": 30.0},
        (2, 96),
        rtol=1e-4,
        atol=1e-4,
    ),
    *[
        Case(f"stft_{mode}", "STFTSpectrogram", {**STFT, "mode": mode}, (2, 24, 2), **ROUGH)
        for mode in ("log", "magnitude")
    ],
    *[Case(f"stft_{mode}", "STFTSpectrogram", {**STFT, "mode": mode}, (2, 24, 2), **ROUGH) for mode in ("psd", "stft")],
    *[
        Case(f"stft_{mode}", "STFTSpectrogram", {**STFT, "mode": mode}, (2, 24, 2), **ROUGH)
        for mode in ("real", "imag")
    ],
    Case("stft_angle", "STFTSpectrogram", {**STFT, "mode": "angle"}, (2, 24, 2), weights="draw", rtol=1e-4, atol=1e-4),
    Case(
        "stft_first", "STFTSpectrogram", {**STFT, "data_format": "channels_first", "mode": "psd"}, (2, 2, 24), **ROUGH
    ),
    Case("stft_expanded", "STFTSpectrogram", {**STFT, "expand_dims": True, "mode": "psd"}, (2, 24, 2), **ROUGH),
    Case(
        "stft_same",
        "STFTSpectrogram",
        {
            "frame_length": 6,
            "fft_length": 16,
            "padding": "same",
            "window": "hamming",
            "scaling": "spectrum",
            "periodic": True,
            "mode": "magnitude",
            "expand_dims": True,
            "data_format": "channels_first",
        },
        (2, 2, 24),
        **ROUGH,
    ),
]
