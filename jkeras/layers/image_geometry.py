"""Pictures moved: flipped, turned, zoomed, shifted, sheared, tilted, bent."""

import jax
import jax.numpy as jnp

from ..core.spec import describe
from ..nn import boxes as nn_boxes
from ..nn import image
from .fields import DataFormat, choice, optional
from .image_base import Factor, FillMode, ImageLayer, Interpolation, ValueRange, column, image_layer, pair_of, uniform


@image_layer
class RandomFlip(ImageLayer):
    """Mirrors each picture with probability 1/2, "horizontal", "vertical", or both at once.

    https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_flip/

    >>> RandomFlip("horizontal")(jnp.ones((2, 4, 4, 3))).shape
    (2, 4, 4, 3)
    """

    mode: choice("horizontal", "vertical", "horizontal_and_vertical") = "horizontal_and_vertical"
    seed: object = None
    moves_masks = True

    def draw(self, key, shape):
        return {"flips": uniform(key, (shape[0], 1, 1, 1), (0, 1)) <= 0.5}

    def paint(self, images, transformation, interpolation=None):
        axes = [axis for axis, name in ((1, "vertical"), (2, "horizontal")) if name in self.mode]
        return jnp.where(column(transformation["flips"], images), jnp.flip(images, axes), images)

    def move_boxes(self, boxes, transformation, height, width):
        x1, y1, x2, y2 = jnp.moveaxis(boxes, -1, 0)
        if "horizontal" in self.mode:
            x1, x2 = width - x2, width - x1
        if "vertical" in self.mode:
            y1, y2 = height - y2, height - y1
        flipped = jnp.stack([x1, y1, x2, y2], axis=-1)
        return jnp.where(jnp.asarray(transformation["flips"]).reshape(-1, 1, 1), flipped, boxes), height, width


class _Warp(ImageLayer):
    """Pictures sampled where a matrix of ``image.warp`` says."""

    moves_masks = True
    fill_mode = "constant"

    def matrix(self, transformation, height, width):
        """(n, 8)"""
        raise NotImplementedError

    def paint(self, images, transformation, interpolation=None):
        matrix = self.matrix(transformation, *images.shape[1:3])
        return image.warp(images, matrix, interpolation or self.interpolation, self.fill_mode, self.fill_value)

    def get_transformed_x_y(self, x, y, transform):
        """Where a (n, 8) transform takes the pixel (x, y) from."""
        a0, a1, a2, b0, b1, b2, c0, c1 = jnp.split(jnp.asarray(transform), 8, axis=-1)
        k = c0 * x + c1 * y + 1
        return (a0 * x + a1 * y + a2) / k, (b0 * x + b1 * y + b2) / k

    def get_shifted_bbox(self, bounding_boxes, w_shift_factor, h_shift_factor):
        """xyxy boxes moved to the left and up."""
        boxes = jnp.asarray(bounding_boxes["boxes"])
        shift = jnp.concatenate([jnp.asarray(w_shift_factor), jnp.asarray(h_shift_factor)] * 2, axis=-1)
        return {**bounding_boxes, "boxes": boxes - (shift[:, None] if boxes.ndim == 3 else shift)}

    def get_clipped_bbox(self, bounding_boxes, h_end, h_start, w_end, w_start):
        """xyxy boxes seen from the corner of a part of the picture, cut off at its edges."""
        boxes = jnp.asarray(bounding_boxes["boxes"])
        lift = (lambda x: jnp.asarray(x)[:, None]) if boxes.ndim == 3 else jnp.asarray
        low, high = (jnp.concatenate([lift(w), lift(h)] * 2, -1) for w, h in ((w_start, h_start), (w_end, h_end)))
        return {**bounding_boxes, "boxes": jnp.clip(boxes, low, high) - low}

    def move_boxes(self, boxes, transformation, height, width):
        return nn_boxes.warp(boxes, self.matrix(transformation, height, width)), height, width


@image_layer
class RandomRotation(_Warp):
    """Turns each picture by a random part of a full turn.

    https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_rotation/

    >>> RandomRotation(0.1)(jnp.ones((2, 4, 4, 3))).shape
    (2, 4, 4, 3)
    """

    factor: Factor(-1.0, 1.0)
    fill_mode: FillMode = "reflect"
    interpolation: Interpolation = "bilinear"
    seed: object = None
    fill_value: float = 0.0

    def draw(self, key, shape):
        angle = uniform(key, (shape[0],), [360.0 * f for f in self.factor])
        return {"angle": angle, "rotation_matrix": image.affine_matrix(angle, shape[1], shape[2])}

    def matrix(self, transformation, height, width):
        return jnp.asarray(transformation["rotation_matrix"]).reshape(-1, 8)


@image_layer
class RandomZoom(_Warp):
    """Zooms each picture; a negative factor is nearer. Without ``width_factor`` the aspect ratio stays.

    https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_zoom/

    >>> RandomZoom(0.1)(jnp.ones((2, 4, 4, 3))).shape
    (2, 4, 4, 3)
    """

    height_factor: Factor(-1.0, 1.0, raw=True)
    width_factor: optional(Factor(-1.0, 1.0, raw=True)) = None
    fill_mode: FillMode = "reflect"
    interpolation: Interpolation = "bilinear"
    seed: object = None
    fill_value: float = 0.0

    def draw(self, key, shape):
        keys, size = jax.random.split(key), (shape[0], 1)
        height = uniform(keys[0], size, [1.0 + f for f in pair_of(self.height_factor)])
        if self.width_factor is None:
            return {"height_zoom": height, "width_zoom": height}
        return {
            "height_zoom": height,
            "width_zoom": uniform(keys[1], size, [1.0 + f for f in pair_of(self.width_factor)]),
        }

    def matrix(self, transformation, height, width):
        x, y = (jnp.asarray(transformation[name]).reshape(-1) for name in ("width_zoom", "height_zoom"))
        zero = jnp.zeros_like(x)
        return jnp.stack([x, zero, (width - 1) / 2 * (1 - x), zero, y, (height - 1) / 2 * (1 - y), zero, zero], axis=-1)


@image_layer
class RandomTranslation(_Warp):
    """Shifts each picture by random parts of its height and width.

    https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_translation/

    >>> RandomTranslation(0.1, 0.2)(jnp.ones((2, 4, 4, 3))).shape
    (2, 4, 4, 3)
    """

    height_factor: Factor(-1.0, 1.0, raw=True)
    width_factor: Factor(-1.0, 1.0, raw=True)
    fill_mode: FillMode = "reflect"
    interpolation: Interpolation = "bilinear"
    seed: object = None
    fill_value: float = 0.0

    def draw(self, key, shape):
        keys, ends = jax.random.split(key), [pair_of(self.width_factor), pair_of(self.height_factor)]
        parts = [uniform(k, (shape[0], 1), e) * n for k, e, n in zip(keys, ends, (shape[2], shape[1]))]
        return {"translations": jnp.concatenate(parts, axis=1)}

    def matrix(self, transformation, height, width):
        x, y = jnp.moveaxis(jnp.asarray(transformation["translations"]), -1, 0)
        zero, one = jnp.zeros_like(x), jnp.ones_like(x)
        return jnp.stack([one, zero, -x, zero, one, -y, zero, zero], axis=-1)


@image_layer
class RandomShear(_Warp):
    """Shears each picture along x and y by random factors, to either side.

    https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_shear/

    >>> RandomShear(0.1)(jnp.ones((2, 4, 4, 3))).shape
    (2, 4, 4, 3)
    """

    x_factor: Factor(-1.0, 1.0) = 0.0
    y_factor: Factor(-1.0, 1.0) = 0.0
    interpolation: Interpolation = "bilinear"
    fill_mode: FillMode = "reflect"
    fill_value: float = 0.0
    data_format: DataFormat = None
    seed: object = None

    def draw(self, key, shape):
        keys, size = jax.random.split(key, 3), (shape[0], 1)
        side = jnp.where(uniform(keys[0], size, (0, 1)) > 0.5, -1.0, 1.0)
        parts = [uniform(k, size, f) for k, f in zip(keys[1:], (self.x_factor, self.y_factor))]
        return {"shear_factor": jnp.concatenate(parts, axis=1) * side}

    def matrix(self, transformation, height, width):
        x, y = jnp.moveaxis(jnp.asarray(transformation["shear_factor"]), -1, 0)
        zero, one = jnp.zeros_like(x), jnp.ones_like(x)
        return jnp.stack([one, x, zero, y, one, zero, zero, zero], axis=-1)


@image_layer
class RandomPerspective(_Warp):
    """Moves the corners of each picture, as if it were seen from aside, with probability ``factor``.

    https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_perspective/

    >>> RandomPerspective(1.0, 0.5)(jnp.ones((2, 4, 4, 3))).shape
    (2, 4, 4, 3)
    """

    factor: Factor(0.0, 1.0) = 1.0
    scale: float = 1.0
    interpolation: Interpolation = "bilinear"
    fill_value: float = 0.0
    seed: object = None

    def __post_init__(self):
        super().__post_init__()
        if not 0 <= self.scale <= 1:
            raise ValueError(f"{describe(self)}: expected scale from 0 to 1, received {self.scale}.")

    def draw(self, key, shape):
        keys, half = jax.random.split(key), 0.5 * self.scale
        n, right, bottom = shape[0], shape[2] - 1.0, shape[1] - 1.0
        start = jnp.tile(jnp.array([[[0.0, 0.0], [right, 0.0], [0.0, bottom], [right, bottom]]]), (n, 1, 1))
        end = start + start * uniform(keys[0], (n, 4, 2), (-half, half))
        return {"apply_perspective": chance(keys[1], n, self.factor), "start_points": start, "end_points": end}

    def matrix(self, transformation, height, width):
        moved = image.homography(transformation["start_points"], transformation["end_points"])
        still = jnp.array([1.0, 0, 0, 0, 1, 0, 0, 0], moved.dtype)
        return jnp.where(jnp.asarray(transformation["apply_perspective"])[:, None], moved, still)


def chance(key, count, factor):
    """True for each picture with a probability that is itself drawn between two ends."""
    one, two = jax.random.split(key)
    return uniform(one, (count,), (0, 1)) < uniform(two, (count,), factor)


@image_layer
class RandomElasticTransform(ImageLayer):
    """Bends each picture by smooth random displacements, with probability ``factor``.

    Source: Simard et al., 2003, https://doi.org/10.1109/ICDAR.2003.1227801

    >>> RandomElasticTransform()(jnp.ones((2, 24, 24, 3))).shape
    (2, 24, 24, 3)
    """

    factor: Factor(0.0, 1.0) = 1.0
    scale: Factor(0.0, 1.0) = 1.0
    interpolation: Interpolation = "bilinear"
    fill_mode: choice("constant", "nearest", "wrap", "mirror", "reflect") = "reflect"
    fill_value: float = 0.0
    value_range: ValueRange = (0, 255)
    seed: object = None
    moves_masks = True

    def get_elastic_transform_params(self, height, width, factor):
        """(how far pixels move, how smoothly) for a factor from 0 to 1."""
        return max(height, width) * 0.1 * factor, min(height, width) * 0.05 * factor

    def draw(self, key, shape):
        keys, (n, height, width) = jax.random.split(key, 4), shape[:3]
        alpha, sigma = self.get_elastic_transform_params(height, width, uniform(keys[0], (), self.scale))
        size = int(6 * min(height, width) * 0.05 * self.scale[1]) | 1  # as wide as the smoothest case wants
        noise = jax.random.normal(keys[1], (n, height, width, 2)) * sigma
        shifts = alpha * image.gaussian_blur(noise, (size, size), (sigma + 1e-12, sigma + 1e-12))
        return {"apply_transform": chance(keys[2], n, self.factor), "shifts": shifts}

    def paint(self, images, transformation, interpolation=None):
        y, x = jnp.meshgrid(jnp.arange(images.shape[1]), jnp.arange(images.shape[2]), indexing="ij")
        dx, dy = jnp.moveaxis(transformation["shifts"], -1, 0)
        mode = interpolation or self.interpolation
        bent = image.sample(images, y + dy, x + dx, mode, self.fill_mode, self.fill_value)
        bent = jnp.where(column(transformation["apply_transform"], images), bent, images)
        return bent if interpolation else jnp.clip(bent, *self.value_range)

    def transform_bounding_boxes(self, bounding_boxes, transformation=None, training=True):
        raise NotImplementedError(f"{describe(self)}: boxes cannot follow an elastic transformation.")
