"""Pictures brought to another size: resized, cut out, filled up."""

import jax
import jax.numpy as jnp

from ..core.declare import BaseArgument, era_default, resolve_default
from ..core.spec import describe
from ..nn import image
from .fields import DataFormat, Flag, PositiveInt, choice
from .image_base import Factor, ImageLayer, image_layer, pair_of, uniform

Method = choice("bilinear", "nearest", "bicubic", "lanczos3", "lanczos5")


class _View(ImageLayer):
    """A part of the picture, (top, left, height, width), resized to ``self.height`` by ``self.width``."""

    interpolation = "bilinear"
    antialias = False
    moves_masks = True

    def view(self, transformation, height, width):
        """The part; negative corners are filled up."""
        raise NotImplementedError

    def paint(self, images, transformation, interpolation=None):
        top, left, height, width = self.view(transformation, *images.shape[1:3])
        images = self.cut(images, top, left, height, width)
        if (height, width) == (self.height, self.width):
            return images
        return image.resize(images, (self.height, self.width), interpolation or self.interpolation, 1, self.antialias)

    def cut(self, images, top, left, height, width):
        """The part of the pictures, which may begin at traced places."""
        return jax.lax.dynamic_slice(images, (0, top, left, 0), (images.shape[0], height, width, images.shape[3]))

    def move_boxes(self, boxes, transformation, height, width):
        top, left, part_height, part_width = self.view(transformation, height, width)
        scale = jnp.array([self.width / part_width, self.height / part_height] * 2, boxes.dtype)
        start = jnp.stack([jnp.asarray(n, boxes.dtype) for n in (left, top, left, top)])
        return (boxes - start) * scale, self.height, self.width


@image_layer
class Resizing(_View):
    """Resizes pictures; integers stay integers, rounded.

    https://keras.io/api/layers/preprocessing_layers/image_preprocessing/resizing/

    >>> Resizing(2, 3)(jnp.ones((1, 4, 4, 3))).shape
    (1, 2, 3, 3)
    """

    height: PositiveInt
    width: PositiveInt
    interpolation: Method = "bilinear"
    crop_to_aspect_ratio: Flag = False
    pad_to_aspect_ratio: Flag = False
    fill_mode: choice("constant") = "constant"
    fill_value: float = 0.0
    antialias: Flag = False

    def __post_init__(self):
        if self.crop_to_aspect_ratio and self.pad_to_aspect_ratio:
            raise ValueError(f"{describe(self)}: crop_to_aspect_ratio and pad_to_aspect_ratio exclude each other.")

    def get_random_transformation(self, data, training=True, seed=None):
        return super().get_random_transformation(data, True, seed)

    def view(self, transformation, height, width):
        if self.crop_to_aspect_ratio:
            return image.fitting_box(height, width, (self.height, self.width))
        if self.pad_to_aspect_ratio:  # as much on both sides
            above = int((max(height, int(width * self.height / self.width)) - height) / 2)
            beside = int((max(width, int(height * self.width / self.height)) - width) / 2) if not above else 0
            return -above, -beside, height + 2 * above, width + 2 * beside
        return 0, 0, height, width

    def cut(self, images, top, left, height, width):
        if self.pad_to_aspect_ratio:
            pads = [(0, 0), (-top, -top), (-left, -left), (0, 0)]
            return jnp.pad(images, pads, constant_values=self.fill_value)
        return super().cut(images, top, left, height, width)

    def transform_images(self, images, transformation=None, training=True):
        images = jnp.asarray(images)
        resized = self._painted(images, None)
        if not jnp.issubdtype(images.dtype, jnp.integer):
            return resized.astype(images.dtype)
        limits = jnp.iinfo(images.dtype)
        return jnp.clip(jnp.round(resized), limits.min, limits.max).astype(images.dtype)

    def transform_segmentation_masks(self, segmentation_masks, transformation=None, training=True):
        masks = jnp.asarray(segmentation_masks)
        return self._painted(masks, None, "nearest").astype(masks.dtype)

    def transform_bounding_boxes(self, bounding_boxes, transformation=None, training=True):
        moved = super().transform_bounding_boxes(bounding_boxes, transformation, True)
        given = jnp.asarray(bounding_boxes["boxes"])
        empty = jnp.all(given == -1, axis=-1) | jnp.all(given == 0, axis=-1)
        return {**moved, "boxes": jnp.where(empty[..., None], 0, moved["boxes"])}


@image_layer
class CenterCrop(_View):
    """Cuts the middle out of pictures; smaller ones are resized, keeping the aspect ratio, and cut.

    https://keras.io/api/layers/preprocessing_layers/image_preprocessing/center_crop/

    >>> CenterCrop(2, 2)(jnp.ones((1, 4, 4, 3))).shape
    (1, 2, 2, 3)
    """

    height: PositiveInt
    width: PositiveInt

    def get_random_transformation(self, data, training=True, seed=None):
        return super().get_random_transformation(data, True, seed)

    def view(self, transformation, height, width):
        if height >= self.height and width >= self.width:
            return (height - self.height) // 2, (width - self.width) // 2, self.height, self.width
        return image.fitting_box(height, width, (self.height, self.width))

    def transform_images(self, images, transformation=None, training=True):
        return super().transform_images(images, {} if transformation is None else transformation, True)

    def transform_segmentation_masks(self, segmentation_masks, transformation=None, training=True):
        return super().transform_segmentation_masks(segmentation_masks, {}, True)

    def transform_bounding_boxes(self, bounding_boxes, transformation=None, training=True):
        return super().transform_bounding_boxes(bounding_boxes, transformation, True)


@image_layer
class RandomCrop(_View):
    """While training, cuts a random part out of pictures, the same of all in a batch; smaller ones are resized and cut.

    https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_crop/

    >>> RandomCrop(2, 2)(jnp.ones((1, 4, 4, 3))).shape
    (1, 2, 2, 3)
    """

    height: PositiveInt
    width: PositiveInt
    seed: object = None
    data_format: DataFormat = None
    name: BaseArgument = None

    def __post_init__(self):
        super().__post_init__()
        self._always = resolve_default(type(self), "always", era_default(False))

    def transform_images(self, images, transformation=None, training=True):
        if training or not self._always:
            return super().transform_images(images, transformation, training)
        images = jnp.asarray(images).astype(self.compute_dtype)
        return self._painted(images, {"whole": True}).astype(self.compute_dtype)

    def _cuts(self, height, width):
        return height > self.height and width > self.width

    def draw(self, key, shape):
        height, width = shape[1:3]
        if not self._cuts(height, width):
            top, left = image.fitting_box(height, width, (self.height, self.width))[:2]
            return {"top": top, "left": left}
        keys = jax.random.split(key)
        return {
            "top": jax.random.randint(keys[0], (), 0, height - self.height + 1),
            "left": jax.random.randint(keys[1], (), 0, width - self.width + 1),
        }

    def view(self, transformation, height, width):
        if "whole" in transformation:  # resized and cut, as in CenterCrop of a smaller picture
            return image.fitting_box(height, width, (self.height, self.width))
        top, left = transformation["top"], transformation["left"]
        if self._cuts(height, width):
            return top, left, self.height, self.width
        return top, left, min(self.height, height - top), min(self.width, width - left)


class _RandomSide(ImageLayer):
    """Pictures of a random height or width; the size is a plain number, so this cannot be compiled."""

    axis = 1
    moves_masks = True
    supports_jit = False

    def compute_output_shape(self, input_shape):
        """The shape with a size that is not known."""
        return tuple(
            None if axis % len(input_shape) == len(input_shape) - 3 + self.axis - 1 else size
            for axis, size in enumerate(input_shape)
        )

    def draw(self, key, shape):
        low, high = (1.0 + f for f in pair_of(self.factor))
        try:
            return {"size": max(int(float(uniform(key, (), (low, high))) * shape[self.axis]), 1)}
        except jax.errors.ConcretizationTypeError:
            raise ValueError(
                f"{describe(self)}: its output has a random size, which compiled functions cannot have. Apply it to the "
                "data before training, or use RandomZoom."
            ) from None

    def paint(self, images, transformation, interpolation=None):
        size = list(images.shape[1:3])
        size[self.axis - 1] = transformation["size"]
        return image.resize(images, tuple(size), interpolation or self.interpolation, 1)

    def move_boxes(self, boxes, transformation, height, width):
        size = [height, width]
        size[self.axis - 1] = transformation["size"]
        return boxes * jnp.array([size[1] / width, size[0] / height] * 2), *size


@image_layer
class RandomHeight(_RandomSide):
    """Resizes a batch of pictures to a random height.

    https://keras.io/2/api/layers/preprocessing_layers/image_augmentation/random_height/

    >>> RandomHeight((0.5, 0.5))(jnp.ones((1, 4, 4, 3))).shape
    (1, 6, 4, 3)
    """

    factor: Factor(-1.0, float("inf"), raw=True)
    interpolation: Method = "bilinear"
    seed: object = None


@image_layer
class RandomWidth(_RandomSide):
    """Resizes a batch of pictures to a random width.

    https://keras.io/2/api/layers/preprocessing_layers/image_augmentation/random_width/

    >>> RandomWidth((0.5, 0.5))(jnp.ones((1, 4, 4, 3))).shape
    (1, 4, 6, 3)
    """

    factor: Factor(-1.0, float("inf"), raw=True)
    interpolation: Method = "bilinear"
    seed: object = None
    axis = 2


@image_layer
class MaxNumBoundingBoxes(ImageLayer):
    """Brings the boxes of each picture to one number: cut off, or filled up with ``fill_value``.

    https://keras.io/api/layers/preprocessing_layers/image_preprocessing/max_num_bounding_boxes/

    >>> boxes = {"boxes": jnp.ones((1, 3, 4)), "labels": jnp.ones((1, 3))}
    >>> layer = MaxNumBoundingBoxes(2, bounding_box_format="xyxy")
    >>> layer({"images": jnp.ones((1, 4, 4, 3)), "bounding_boxes": boxes})["bounding_boxes"]["boxes"].shape
    (1, 2, 4)
    """

    max_number: PositiveInt
    fill_value: int = -1
    hidden = ("fill_value",)

    def transform_images(self, images, transformation=None, training=True):
        return images

    def transform_bounding_boxes(self, bounding_boxes, transformation=None, training=True):
        def fit(values):
            values = jnp.asarray(values)[:, : self.max_number]
            missing = [(0, 0), (0, self.max_number - values.shape[1])] + [(0, 0)] * (values.ndim - 2)
            return jnp.pad(values, missing, constant_values=self.fill_value)

        return {**bounding_boxes, "boxes": fit(bounding_boxes["boxes"]), "labels": fit(bounding_boxes["labels"])}
