"""Pictures recoloured: brightness, contrast, hue, sharpness and the rest; boxes and masks stay as they are."""

import jax
import jax.numpy as jnp

from ..core import config as settings
from ..core.declare import Converter
from ..core.spec import describe
from ..nn import image
from .fields import DataFormat, PositiveInt, Rate
from .image_base import Factor, ImageLayer, ValueRange, column, image_layer, uniform
from .image_geometry import chance

BYTES = (0, 255)


@image_layer
class RandomBrightness(ImageLayer):
    """Adds a random part of the value range to each picture.

    https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_brightness/

    >>> RandomBrightness((0.2, 0.2))(jnp.zeros((1, 1, 1, 1))).tolist()
    [[[[51.0]]]]
    """

    factor: Factor(-1.0, 1.0)
    value_range: ValueRange = (0, 255)
    seed: object = None

    def draw(self, key, shape):
        low, high = self.value_range
        return {"rgb_delta": uniform(key, (shape[0], 1, 1, 1), self.factor) * (high - low)}

    def paint(self, images, transformation, interpolation=None):
        return jnp.clip(images + column(transformation["rgb_delta"], images), *self.value_range)


@image_layer
class RandomContrast(ImageLayer):
    """Spreads the values of each channel about its mean by a random factor, 1 - ``factor`` to 1 + ``factor``.

    https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_contrast/

    >>> RandomContrast(0.2)(jnp.ones((1, 2, 2, 3))).shape
    (1, 2, 2, 3)
    """

    factor: Factor(0.0, 1.0)
    value_range: ValueRange = (0, 255)
    seed: object = None

    def draw(self, key, shape):
        low, high = self.factor
        return {"contrast_factor": uniform(key, (shape[0], 1, 1, 1), (1.0 - low, 1.0 + high))}

    def paint(self, images, transformation, interpolation=None):
        mean = jnp.mean(images, axis=(1, 2), keepdims=True)
        spread = (images - mean) * column(transformation["contrast_factor"], images) + mean
        return jnp.clip(spread, *self.value_range)


@image_layer
class RandomHue(ImageLayer):
    """Shifts the hue of each RGB picture by up to half of ``factor``, either way.

    https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_hue/

    >>> RandomHue(0.2)(jnp.ones((1, 2, 2, 3))).shape
    (1, 2, 2, 3)
    """

    factor: Factor(0.0, 1.0)
    value_range: ValueRange = (0, 255)
    data_format: DataFormat = None
    seed: object = None

    def draw(self, key, shape):
        one, two = jax.random.split(key)
        side = jnp.where(uniform(one, (shape[0],), (0, 1)) > 0.5, -1.0, 1.0)
        return {"factor": side * uniform(two, (shape[0],), self.factor) * 0.5}

    def paint(self, images, transformation, interpolation=None):
        hsv = image.rgb_to_hsv(image.rescale(images, self.value_range, (0, 1)))
        hue = hsv[..., 0] + column(transformation["factor"], images)[..., 0]
        hue = jnp.where(hue > 1, hue - 1, hue)
        hue = jnp.where(hue < 0, hue + 1, hue)
        shifted = image.hsv_to_rgb(hsv.at[..., 0].set(hue))
        return image.rescale(jnp.clip(shifted, 0, 1), (0, 1), self.value_range)


@image_layer
class RandomSaturation(ImageLayer):
    """Multiplies the saturation of each RGB picture: 0 gives grey, 0.5 leaves it, 1 is as colourful as can be.

    https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_saturation/

    >>> RandomSaturation((0.5, 0.6))(jnp.ones((1, 2, 2, 3))).shape
    (1, 2, 2, 3)
    """

    factor: Factor(-1.0, 1.0)
    value_range: ValueRange = (0, 255)
    data_format: DataFormat = None
    seed: object = None

    def draw(self, key, shape):
        factor = uniform(key, (shape[0],), self.factor)
        return {"factor": factor / (1 - factor + settings.epsilon())}

    def paint(self, images, transformation, interpolation=None):
        hsv = image.rgb_to_hsv(images)
        saturation = hsv[..., 1] * column(transformation["factor"], images)[..., 0]
        return image.hsv_to_rgb(hsv.at[..., 1].set(jnp.clip(saturation, *self.value_range)))


@image_layer
class RandomSharpness(ImageLayer):
    """Sharpens each picture, or blurs it: 0 is smoothed, 0.5 unchanged, 1 sharpest.

    https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_sharpness/

    >>> RandomSharpness(0.2)(jnp.ones((1, 2, 2, 3))).shape
    (1, 2, 2, 3)
    """

    factor: Factor(0.0, 1.0)
    value_range: ValueRange = (0, 255)
    data_format: DataFormat = None
    seed: object = None

    def draw(self, key, shape):
        return {"factor": uniform(key, (shape[0],), self.factor)}

    def paint(self, images, transformation, interpolation=None):
        kernel = jnp.full((3, 3), 1 / 13).at[1, 1].set(5 / 13)
        blend = 1 - 2 * column(transformation["factor"], images)
        return jnp.clip(images + blend * (image.smooth(images, kernel) - images), *self.value_range)


@image_layer
class RandomColorDegeneration(ImageLayer):
    """Blends each RGB picture with its grey version: 0 leaves it, 1 is grey.

    https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_color_degeneration/

    >>> RandomColorDegeneration(0.2)(jnp.ones((1, 2, 2, 3))).shape
    (1, 2, 2, 3)
    """

    factor: Factor(-1.0, 1.0)
    value_range: ValueRange = (0, 255)
    data_format: DataFormat = None
    seed: object = None

    def draw(self, key, shape):
        return {"factor": uniform(key, (shape[0], 1, 1, 1), self.factor)}

    def paint(self, images, transformation, interpolation=None):
        grey = image.rgb_to_grayscale(images)
        return jnp.clip(images + column(transformation["factor"], images) * (grey - images), *self.value_range)


@image_layer
class RandomColorJitter(ImageLayer):
    """Random brightness, contrast, saturation and hue, each where its factor is given.

    https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_color_jitter/

    >>> RandomColorJitter(brightness_factor=0.2, hue_factor=0.1)(jnp.ones((1, 2, 2, 3))).shape
    (1, 2, 2, 3)
    """

    value_range: ValueRange = (0, 255)
    brightness_factor: object = None
    contrast_factor: object = None
    saturation_factor: object = None
    hue_factor: object = None
    seed: object = None

    def __post_init__(self):
        super().__post_init__()
        kinds = {
            "brightness": RandomBrightness,
            "contrast": RandomContrast,
            "saturation": RandomSaturation,
            "hue": RandomHue,
        }
        self._parts = {
            name: cls(getattr(self, f"{name}_factor"), value_range=self.value_range, dtype=self.dtype_policy)
            for name, cls in kinds.items()
            if getattr(self, f"{name}_factor") is not None
        }

    def _sublayers(self):
        return []  # they draw from this layer's key

    def draw(self, key, shape):
        keys = jax.random.split(key, max(len(self._parts), 1))
        return {name: part.draw(k, shape) for k, (name, part) in zip(keys, self._parts.items())}

    def paint(self, images, transformation, interpolation=None):
        for name, part in self._parts.items():
            images = part.paint(images, transformation[name])
        return images


@image_layer
class RandomGrayscale(ImageLayer):
    """Makes RGB pictures grey with a probability; they keep three channels.

    https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_grayscale/

    >>> RandomGrayscale(1.0)(jnp.ones((1, 2, 2, 3))).shape
    (1, 2, 2, 3)
    """

    factor: Rate = 0.5
    data_format: DataFormat = None
    seed: object = None
    hidden = ("seed",)

    def draw(self, key, shape):
        return {"apply": uniform(key, (shape[0], 1, 1, 1), (0, 1)) < self.factor}

    def get_random_transformation(self, images, training=True, seed=None):
        """Which of these pictures become grey, or None."""
        return super().get_random_transformation(images, training, seed)

    def transform_labels(self, labels, transformations=None, **kwargs):
        """The labels as they are."""
        return labels

    def transform_segmentation_masks(self, segmentation_masks, transformations=None, **kwargs):
        """The masks as they are."""
        return segmentation_masks

    def paint(self, images, transformation, interpolation=None):
        return jnp.where(column(transformation["apply"], images), image.rgb_to_grayscale(images), images)


@image_layer
class RandomInvert(ImageLayer):
    """Replaces values by the largest value minus them, with probability ``factor``.

    https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_invert/

    >>> RandomInvert((1.0, 1.0))(jnp.zeros((1, 1, 1, 1))).tolist()
    [[[[255.0]]]]
    """

    factor: Factor(0.0, 1.0) = 1.0
    value_range: ValueRange = (0, 255)
    seed: object = None

    def draw(self, key, shape):
        return {"apply_inversion": chance(key, shape[0], self.factor)}

    def paint(self, images, transformation, interpolation=None):
        return jnp.where(column(transformation["apply_inversion"], images), self.value_range[1] - images, images)


@image_layer
class RandomPosterization(ImageLayer):
    """Keeps a random number of the 8 bits of each value, from 1 to 8.

    https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_posterization/

    >>> RandomPosterization((1, 1))(jnp.full((1, 1, 1, 1), 200.0)).tolist()
    [[[[128.0]]]]
    """

    factor: Factor(1, 8)
    value_range: ValueRange = (0, 255)
    data_format: DataFormat = None
    seed: object = None

    def draw(self, key, shape):
        low, high = self.factor
        bits = jax.random.randint(key, (shape[0],), low, high) if low != high else jnp.full(shape[0], low)
        return {"shift_factor": (8 - bits).astype("uint8")}

    def paint(self, images, transformation, interpolation=None):
        shift = jnp.asarray(transformation["shift_factor"]).reshape(-1, 1, 1, 1)
        whole = image.rescale(images, self.value_range, BYTES).astype("uint8")
        return image.rescale(((whole >> shift) << shift).astype(images.dtype), BYTES, self.value_range)


@image_layer
class Solarization(ImageLayer):
    """Adds up to ``addition_factor``, then inverts values above a threshold of up to ``threshold_factor``.

    https://keras.io/api/layers/preprocessing_layers/image_augmentation/solarization/

    >>> Solarization()(jnp.full((1, 1, 1, 1), 55.0)).tolist()
    [[[[200.0]]]]
    """

    addition_factor: Factor(0.0, 1.0, "from0") = 0.0
    threshold_factor: Factor(0.0, 1.0, "from0") = 0.0
    value_range: ValueRange = (0, 255)
    seed: object = None

    def draw(self, key, shape):
        keys, size = jax.random.split(key), (shape[0], 1, 1, 1)
        ends = [(low, high * 255) for low, high in (self.addition_factor, self.threshold_factor)]
        return {name: uniform(k, size, e) for name, k, e in zip(("additions", "thresholds"), keys, ends)}

    def paint(self, images, transformation, interpolation=None):
        found = image.rescale(images, self.value_range, BYTES) + column(transformation["additions"], images)
        found = jnp.clip(found, *BYTES)
        found = jnp.where(found < column(transformation["thresholds"], images), found, 255 - found)
        return image.rescale(found, BYTES, self.value_range)


def _odd(value):
    pair = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    if len(pair) != 2 or any(not isinstance(n, int) or n % 2 == 0 for n in pair):
        raise ValueError("expected an odd number, or two.")
    return pair


@image_layer
class RandomGaussianBlur(ImageLayer):
    """Blurs pictures with probability ``factor``, by a random sigma.

    https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_gaussian_blur/

    >>> RandomGaussianBlur()(jnp.ones((1, 4, 4, 3))).shape
    (1, 4, 4, 3)
    """

    factor: Factor(0.0, 1.0) = 1.0
    kernel_size: Converter(_odd) = 3
    sigma: Factor(0.0, 1.0) = 1.0
    value_range: ValueRange = (0, 255)
    data_format: DataFormat = None
    seed: object = None

    def draw(self, key, shape):
        one, two = jax.random.split(key)
        blur = uniform(two, (2,), self.sigma) + 1e-6
        return {"should_apply_blur": chance(one, shape[0], self.factor), "blur_factor": blur}

    def paint(self, images, transformation, interpolation=None):
        blurred = image.gaussian_blur(images, self.kernel_size, transformation["blur_factor"])
        return jnp.clip(
            jnp.where(column(transformation["should_apply_blur"], images), blurred, images), *self.value_range
        )


@image_layer
class RandomErasing(ImageLayer):
    """Fills a random rectangle of each picture with noise or a colour, with probability ``factor``.

    Source: Zhong et al., 2017, https://arxiv.org/abs/1708.04896

    >>> RandomErasing()(jnp.ones((1, 4, 4, 3))).shape
    (1, 4, 4, 3)
    """

    factor: Factor(0.0, 1.0) = 1.0
    scale: Factor(0.0, 1.0) = (0.02, 0.33)
    fill_value: object = None
    value_range: ValueRange = (0, 255)
    seed: object = None

    def __post_init__(self):
        super().__post_init__()
        if isinstance(self.fill_value, (tuple, list)) and len(self.fill_value) != 3:
            raise ValueError(f"{describe(self)}: expected fill_value to be a number, three of them or None.")

    def draw(self, key, shape):
        keys = jax.random.split(key, 4)
        ratio = jnp.sqrt(uniform(keys[0], (shape[0], 2), self.scale))
        fill = jnp.broadcast_to(jnp.asarray(0.0 if self.fill_value is None else self.fill_value, "float32"), shape)
        if self.fill_value is None:
            fill = jax.random.normal(keys[3], shape) * self.value_range[1]
        return {
            "apply_erasing": chance(keys[2], shape[0], self.factor),
            "batch_masks": rectangles(keys[1], shape, ratio)[0],
            "fill_value": jnp.clip(fill, *self.value_range),
        }

    def paint(self, images, transformation, interpolation=None):
        erased = jnp.where(
            transformation["batch_masks"], jnp.asarray(transformation["fill_value"], images.dtype), images
        )
        return jnp.where(column(transformation["apply_erasing"], images), erased, images)


def rectangles(key, shape, ratio):
    """(masks, shares) of one rectangle a picture, ``ratio`` (n, 2) of its width and height, at a random place."""
    masks, share = True, 1.0
    for k, axis, column_ in zip(jax.random.split(key), (2, 1), (0, 1)):
        size = shape[axis]
        length = ratio[:, column_] * size
        start = uniform(k, (shape[0],), (0, 1)) * (size - length)
        place = jnp.arange(size) * jnp.ones((shape[0], 1))
        inside = (place >= start[:, None]) & (place < (start + length)[:, None])
        masks = masks & (inside[:, None, :, None] if axis == 2 else inside[:, :, None, None])
        share = share * length / size
    return masks, share


@image_layer
class AutoContrast(ImageLayer):
    """Stretches the values of each channel over the whole value range.

    https://keras.io/api/layers/preprocessing_layers/image_augmentation/auto_contrast/

    >>> AutoContrast()(jnp.array([[[[1.0]], [[3.0]]]])).tolist()
    [[[[0.0]], [[255.0]]]]
    """

    value_range: ValueRange = (0, 255)

    def transform_images(self, images, transformation=None, training=True):
        return super().transform_images(images, {}, True)

    def paint(self, images, transformation, interpolation=None):
        values = image.rescale(images, self.value_range, BYTES)
        low, high = (f(values, axis=(1, 2), keepdims=True) for f in (jnp.min, jnp.max))
        scale = 255.0 / jnp.where(high > low, high - low, 1)
        stretched = image.rescale(jnp.clip(values * scale - low * scale, 0, 255), BYTES, self.value_range)
        return jnp.where(high > low, stretched, images)


@image_layer
class Equalization(ImageLayer):
    """Spreads the values of each channel, over the whole batch, so that all are equally frequent.

    https://keras.io/api/layers/preprocessing_layers/image_augmentation/equalization/

    >>> Equalization()(jnp.array([[[[1.0]], [[3.0]]]])).tolist()
    [[[[0.0]], [[255.0]]]]
    """

    value_range: ValueRange = (0, 255)
    bins: PositiveInt = 256

    def draw(self, key, shape):
        return {}

    def paint(self, images, transformation, interpolation=None):
        values = image.rescale(images, self.value_range, BYTES)
        found = jax.vmap(lambda channel: image.equalize(channel, self.bins), in_axes=-1, out_axes=-1)(values)
        return image.rescale(found, BYTES, self.value_range)


@image_layer
class ContrastLimitedAdaptiveHistogramEqualization(ImageLayer):
    """Equalizes each neighbourhood for itself, without strengthening noise (CLAHE).

    https://keras.io/api/layers/preprocessing_layers/image_augmentation/

    >>> ContrastLimitedAdaptiveHistogramEqualization(tile_grid_size=(2, 2))(jnp.ones((1, 8, 8, 1))).shape
    (1, 8, 8, 1)
    """

    value_range: ValueRange = (0, 255)
    clip_limit: float = 4.0
    tile_grid_size: Converter(tuple) = (8, 8)

    def transform_images(self, images, transformation=None, training=True):
        return super().transform_images(images, {}, True)

    def paint(self, images, transformation, interpolation=None):
        values = image.rescale(images.astype("float32"), self.value_range, BYTES)
        found = image.clahe(values, self.clip_limit, self.tile_grid_size)
        return image.rescale(found, BYTES, self.value_range)
