"""Layers for pictures. A factor whose two ends are equal leaves nothing random: those rows have golden values."""

from compat_tests.case import Case, Sub

BOTH = ("keras3", "tf_keras")
SHAPE = (2, 6, 8, 3)
FIRST = (2, 3, 6, 8)
BYTES = {"low": 0.0, "high": 255.0, "rtol": 1e-4, "atol": 1e-3}
FIX = {**BYTES, "call": {"training": True}, "grads": False}
RANDOM = {**FIX, "random": True, "vmap": False, "because": "two keys may draw the same"}
OFF = {**BYTES, "call": {"training": False}, "grads": False}
CHANNELS = {"data_format": "channels_first"}
WARP = {"interpolation": "bilinear"}
UNIT = {"low": 0.0, "high": 1.0, "call": {"training": True}, "grads": False, "rtol": 1e-4, "atol": 1e-5}

CASES = [
    # sizes
    Case("resizing", "Resizing", {"height": 4, "width": 5}, SHAPE, **BYTES, impls=BOTH),
    Case("resizing_up", "Resizing", {"height": 9, "width": 12, "interpolation": "bicubic"}, SHAPE, **BYTES),
    Case("resizing_nearest", "Resizing", {"height": 3, "width": 4, "interpolation": "nearest"}, SHAPE, **BYTES),
    Case("resizing_antialias", "Resizing", {"height": 3, "width": 4, "antialias": True}, SHAPE, **BYTES),
    Case(
        "resizing_crop", "Resizing", {"height": 4, "width": 4, "crop_to_aspect_ratio": True}, SHAPE, **BYTES, impls=BOTH
    ),
    Case(
        "resizing_pad",
        "Resizing",
        {"height": 4, "width": 4, "pad_to_aspect_ratio": True, "fill_value": 7.0},
        SHAPE,
        **BYTES,
    ),
    Case("resizing_first", "Resizing", {"height": 4, "width": 5, **CHANNELS}, FIRST, **BYTES),
    Case("resizing_bytes", "Resizing", {"height": 4, "width": 5}, SHAPE, dtype="uint8", high=255, grads=False),
    Case("resizing_one", "Resizing", {"height": 4, "width": 5}, (6, 8, 3), **BYTES, dynamic=False, because="no batch"),
    Case("center_crop", "CenterCrop", {"height": 3, "width": 4}, SHAPE, **BYTES, impls=BOTH),
    Case("center_crop_small", "CenterCrop", {"height": 9, "width": 4}, SHAPE, **BYTES, impls=BOTH),
    Case("center_crop_first", "CenterCrop", {"height": 3, "width": 4, **CHANNELS}, FIRST, **BYTES),
    Case("random_crop", "RandomCrop", {"height": 3, "width": 4, "seed": 1}, SHAPE, **RANDOM),
    Case("random_crop_small", "RandomCrop", {"height": 7, "width": 4, "seed": 1}, SHAPE, **FIX),
    Case("random_crop_off", "RandomCrop", {"height": 3, "width": 4, "seed": 1}, SHAPE, **OFF),
    Case("max_boxes", "MaxNumBoundingBoxes", {"max_number": 2}, SHAPE, **BYTES),
    Case("random_height", "RandomHeight", {"factor": (0.5, 0.5)}, SHAPE, **FIX, impls=("tf_keras",), host=True),
    Case("random_width", "RandomWidth", {"factor": (-0.5, -0.5)}, SHAPE, **FIX, impls=("tf_keras",), host=True),
    # geometry
    Case("flip", "RandomFlip", {"mode": "horizontal", "seed": 1}, (24, 2, 2, 1), **RANDOM),
    Case("flip_off", "RandomFlip", {"seed": 1}, SHAPE, **OFF, impls=BOTH),
    Case("rotation", "RandomRotation", {"factor": (0.1, 0.1)}, SHAPE, **FIX),
    Case(
        "rotation_constant",
        "RandomRotation",
        {"factor": (0.2, 0.2), "fill_mode": "constant", "fill_value": 9.0},
        SHAPE,
        **FIX,
    ),
    Case(
        "rotation_first",
        "RandomRotation",
        {"factor": (-0.3, -0.3), "fill_mode": "wrap", "interpolation": "nearest", **CHANNELS},
        FIRST,
        **FIX,
    ),
    Case("rotation_random", "RandomRotation", {"factor": 0.2, "seed": 1}, SHAPE, **RANDOM),
    Case("zoom", "RandomZoom", {"height_factor": (0.2, 0.2)}, SHAPE, **FIX),
    Case(
        "zoom_both",
        "RandomZoom",
        {"height_factor": (-0.3, -0.3), "width_factor": (0.1, 0.1), "fill_mode": "nearest"},
        SHAPE,
        **FIX,
    ),
    Case("zoom_random", "RandomZoom", {"height_factor": 0.2, "seed": 1}, SHAPE, **RANDOM),
    Case("translation", "RandomTranslation", {"height_factor": (0.2, 0.2), "width_factor": (-0.3, -0.3)}, SHAPE, **FIX),
    Case(
        "translation_first",
        "RandomTranslation",
        {"height_factor": (0.4, 0.4), "width_factor": (0.1, 0.1), "fill_mode": "constant", **CHANNELS},
        FIRST,
        **FIX,
    ),
    Case(
        "translation_one",
        "RandomTranslation",
        {"height_factor": (0.2, 0.2), "width_factor": (0.0, 0.0)},
        (6, 8, 3),
        **FIX,
        dynamic=False,
    ),
    Case("shear_none", "RandomShear", {}, SHAPE, **FIX),
    Case("shear_random", "RandomShear", {"x_factor": 0.3, "y_factor": 0.1, "seed": 1}, SHAPE, **RANDOM),
    Case("perspective_none", "RandomPerspective", {"factor": 0.0}, SHAPE, **FIX),
    Case("perspective_random", "RandomPerspective", {"scale": 0.5, "seed": 1}, SHAPE, **RANDOM),
    Case("elastic_random", "RandomElasticTransform", {"seed": 1}, (2, 24, 24, 1), **RANDOM),
    Case("elastic_none", "RandomElasticTransform", {"factor": 0.0}, SHAPE, **FIX),
    # colours
    Case("brightness", "RandomBrightness", {"factor": (0.3, 0.3)}, SHAPE, **FIX, impls=BOTH),
    Case(
        "brightness_unit",
        "RandomBrightness",
        {"factor": (-0.2, -0.2), "value_range": (0.0, 1.0)},
        SHAPE,
        **UNIT,
        impls=BOTH,
    ),
    Case("brightness_random", "RandomBrightness", {"factor": 0.3, "seed": 1}, SHAPE, **RANDOM),
    Case("brightness_off", "RandomBrightness", {"factor": 0.3}, SHAPE, **OFF, impls=BOTH),
    Case("contrast_none", "RandomContrast", {"factor": 0.0}, SHAPE, **FIX),
    Case("contrast_random", "RandomContrast", {"factor": 0.3, "seed": 1}, SHAPE, **RANDOM),
    Case("hue_none", "RandomHue", {"factor": 0.0}, SHAPE, **FIX),
    Case("hue_random", "RandomHue", {"factor": 0.3, "seed": 1, "value_range": (0, 1)}, SHAPE, **{**RANDOM, **UNIT}),
    Case("saturation", "RandomSaturation", {"factor": (0.7, 0.7), "value_range": (0.0, 1.0)}, SHAPE, **UNIT),
    Case("saturation_first", "RandomSaturation", {"factor": (0.3, 0.3), **CHANNELS}, FIRST, **FIX),
    Case("sharpness", "RandomSharpness", {"factor": (0.8, 0.8)}, SHAPE, **FIX),
    Case("sharpness_smooth", "RandomSharpness", {"factor": (0.1, 0.1), **CHANNELS}, FIRST, **FIX),
    Case("degeneration", "RandomColorDegeneration", {"factor": (0.6, 0.6)}, SHAPE, **FIX),
    Case(
        "jitter", "RandomColorJitter", {"brightness_factor": (0.1, 0.1), "saturation_factor": (0.4, 0.4)}, SHAPE, **FIX
    ),
    Case("jitter_random", "RandomColorJitter", {"contrast_factor": 0.3, "hue_factor": 0.2, "seed": 1}, SHAPE, **RANDOM),
    Case("grayscale", "RandomGrayscale", {"factor": 1.0}, SHAPE, **FIX),
    Case("grayscale_none", "RandomGrayscale", {"factor": 0.0, **CHANNELS}, FIRST, **FIX),
    Case("invert", "RandomInvert", {"factor": (1.0, 1.0)}, SHAPE, **FIX),
    Case("posterization", "RandomPosterization", {"factor": (3, 3)}, SHAPE, **FIX),
    Case("posterization_unit", "RandomPosterization", {"factor": (2, 2), "value_range": (0.0, 1.0)}, SHAPE, **UNIT),
    Case("solarization", "Solarization", {}, SHAPE, **FIX),
    Case(
        "solarization_random",
        "Solarization",
        {"addition_factor": 0.2, "threshold_factor": 0.5, "seed": 1},
        SHAPE,
        **RANDOM,
    ),
    Case("blur", "RandomGaussianBlur", {"factor": (1.0, 1.0), "sigma": (0.7, 0.7)}, SHAPE, **FIX),
    Case(
        "blur_wide",
        "RandomGaussianBlur",
        {"factor": (1.0, 1.0), "sigma": (1.0, 1.0), "kernel_size": (3, 5)},
        SHAPE,
        **FIX,
    ),
    Case("erasing_random", "RandomErasing", {"seed": 1}, SHAPE, **RANDOM),
    Case("erasing_none", "RandomErasing", {"factor": 0.0, "fill_value": 3.0}, SHAPE, **FIX),
    Case("auto_contrast", "AutoContrast", {}, SHAPE, **FIX),
    Case("auto_contrast_unit", "AutoContrast", {"value_range": (0.0, 1.0)}, SHAPE, **UNIT),
    Case("equalization", "Equalization", {}, SHAPE, **FIX),
    Case("equalization_unit", "Equalization", {"value_range": (0.0, 1.0), "bins": 16, **CHANNELS}, FIRST, **UNIT),
    Case("clahe", "ContrastLimitedAdaptiveHistogramEqualization", {"tile_grid_size": (2, 3)}, SHAPE, **FIX),
    Case(
        "clahe_first",
        "ContrastLimitedAdaptiveHistogramEqualization",
        {"tile_grid_size": (4, 4), "clip_limit": 0.0, **CHANNELS},
        FIRST,
        **FIX,
    ),
    # mixtures
    Case("mix_up", "MixUp", {"seed": 1}, SHAPE, **RANDOM),
    Case("cut_mix", "CutMix", {"seed": 1}, (4, 8, 8, 1), **RANDOM),
    Case("rand_augment", "RandAugment", {"num_ops": 1, "seed": 1}, (2, 4, 4, 3), **RANDOM),
    Case("aug_mix", "AugMix", {"num_chains": 1, "chain_depth": 1, "seed": 1}, (2, 4, 4, 3), **RANDOM),
    Case("rand_augment_off", "RandAugment", {}, SHAPE, **OFF),
    Case(
        "pipeline",
        "Pipeline",
        {"layers": [Sub("Rescaling", scale=0.5), Sub("CenterCrop", height=3, width=4)]},
        SHAPE,
        **BYTES,
        policies=False,
        because="the parts have policies of their own",
    ),
]
