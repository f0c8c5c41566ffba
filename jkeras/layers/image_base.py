"""What all layers for pictures share: batches, data formats, dicts of pictures with labels, boxes and masks.

A layer says how it draws a transformation (``draw``) and how it applies it to (n, h, w, c) pictures (``paint``).
"""

import jax
import jax.numpy as jnp
import numpy as np

from ..core.declare import Converter
from ..core.layer import Layer, layer
from ..core.rng import SeedGenerator, key_of
from ..core.spec import describe
from ..nn import boxes as nn_boxes
from .fields import DataFormat, choice, unless_set

BoxFormat = Converter(lambda v: v if v is None or v.lower() in nn_boxes.FORMATS else choice(*nn_boxes.FORMATS).get(v))
Interpolation = choice("nearest", "bilinear")
FillMode = choice("reflect", "wrap", "constant", "nearest")


def Factor(low, high, single="around", raw=False):
    """Field type: a number, or the pair of numbers between which one is drawn; within ``low`` and ``high``.

    One number x means from -x to x ("around"), cut off at ``low``, or from 0 to x ("from0"). ``raw``: kept as given.
    """

    def get(value):
        pair = value
        if isinstance(value, (int, float)) and low <= value <= high:
            pair = (max(-abs(value), low), abs(value)) if single == "around" else (0, value)
        if not isinstance(pair, (tuple, list)) or len(pair) != 2 or min(pair) > high or max(pair) < low:
            raise ValueError(f"expected a number from {low} to {high}, or a pair of them.")
        return value if raw else tuple(sorted(pair))

    return Converter(get)


def pair_of(value):
    """The two ends of a factor that is kept as it was given."""
    return tuple(sorted(value)) if isinstance(value, (tuple, list)) else (-abs(value), abs(value))


def _range(value):
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise ValueError("expected two numbers.")
    return tuple(sorted(value))


ValueRange = Converter(_range)


def image_layer(cls):
    """Declares a layer for pictures; ``data_format`` and ``bounding_box_format`` come last where it does not name them."""
    kinds = {"data_format": DataFormat, "bounding_box_format": BoxFormat}
    for name, kind in kinds.items():
        if name not in cls.__annotations__:
            cls.__annotations__[name] = kind
            setattr(cls, name, None)
    return layer(cls)


class ImageLayer(Layer):
    """Base of the layers for pictures."""

    moves_masks = False  # are segmentation masks transformed like the pictures?
    hidden = ()  # fields that Keras keeps out of the config

    def __post_init__(self):
        if "seed" in self._fields:
            self.generator = SeedGenerator(self.seed)

    # ---- written by each layer, for (n, h, w, c)

    def draw(self, key, shape):
        """The random transformation of pictures of a shape, as a dict of arrays."""
        return {}

    def paint(self, images, transformation, interpolation=None):
        """The transformed pictures."""
        return images

    def move_boxes(self, boxes, transformation, height, width):
        """(xyxy boxes, height, width) after the transformation; layers that do not write this leave boxes alone."""
        raise NotImplementedError

    def mix_labels(self, labels, transformation):
        """The labels of the transformed pictures."""
        return labels

    # ---- Keras's interface

    def _shape(self, data):
        shape = _given_shape(data)
        if len(shape) not in (3, 4):
            raise ValueError(f"{describe(self)}: expected pictures of 3 or 4 axes, received shape {shape}.")
        shape = shape if len(shape) == 4 else (1, *shape)
        return (shape[0], *shape[2:], shape[1]) if self.data_format == "channels_first" else shape

    def get_random_transformation(self, data, training=True, seed=None):
        """What ``transform_images`` and its sisters will do to these pictures, or None."""
        if not training:
            return None
        key = None
        if "seed" in self._fields:
            key = self.generator.next() if seed is None else key_of(seed)
        return {**self.draw(key, self._shape(data)), "input_shape": _given_shape(data)}

    def _size(self, transformation):
        """(height, width) of the pictures that a transformation was drawn for."""
        shape = transformation["input_shape"]
        return shape[-2:] if self.data_format == "channels_first" else shape[-3:-1]

    def _painted(self, images, transformation, interpolation=None):
        single, first = images.ndim == 3, self.data_format == "channels_first"
        images = images[None] if single else images
        images = jnp.moveaxis(images, 1, -1) if first else images
        images = self.paint(images, transformation, interpolation)
        images = jnp.moveaxis(images, -1, 1) if first else images
        return images[0] if single else images

    def transform_images(self, images, transformation=None, training=True):
        """The transformed pictures: (h, w, c) or (n, h, w, c)."""
        images = jnp.asarray(images).astype(self.compute_dtype)
        if not training:
            return images
        transformation = self.get_random_transformation(images) if transformation is None else transformation
        return self._painted(images, transformation).astype(self.compute_dtype)

    def transform_labels(self, labels, transformation=None, training=True):
        """The labels of the transformed pictures."""
        return self.mix_labels(labels, transformation) if training and transformation is not None else labels

    def transform_segmentation_masks(self, segmentation_masks, transformation=None, training=True):
        """The masks of the transformed pictures; classes are never blended."""
        if not training or not self.moves_masks or transformation is None:
            return segmentation_masks
        masks = jnp.asarray(segmentation_masks)
        return self._painted(masks.astype("float32"), transformation, "nearest").astype(masks.dtype)

    def transform_bounding_boxes(self, bounding_boxes, transformation=None, training=True):
        """The boxes ``{"boxes", "labels"}`` of the transformed pictures; the labels of those that are lost become -1."""
        if not training or transformation is None or type(self).move_boxes is ImageLayer.move_boxes:
            return bounding_boxes
        boxes, labels = jnp.asarray(bounding_boxes["boxes"]), bounding_boxes.get("labels")
        single = boxes.ndim == 2
        boxes = boxes[None] if single else boxes
        labels = None if labels is None else jnp.asarray(labels)[None] if single else jnp.asarray(labels)
        height, width = self._size(transformation)
        corners = nn_boxes.convert(boxes, self.bounding_box_format or "xyxy", "xyxy", height, width)
        corners, *size = self.move_boxes(corners, transformation, height, width)
        corners, labels = nn_boxes.clip(corners, labels, *size)
        boxes = nn_boxes.convert(corners, "xyxy", self.bounding_box_format or "xyxy", *size)
        found = {**bounding_boxes, "boxes": boxes[0] if single else boxes}
        return found if labels is None else {**found, "labels": labels[0] if single else labels}

    def _single(self, change, value, transformation, training):
        lifted = jax.tree.map(lambda x: jnp.asarray(x)[None], value)
        return jax.tree.map(lambda x: x[0], change(lifted, transformation, training=training))

    def transform_single_image(self, image, transformation, training=True):
        """``transform_images`` of one picture."""
        return self._single(self.transform_images, image, transformation, training)

    def transform_single_label(self, label, transformation, training=True):
        """``transform_labels`` of one label."""
        return self._single(self.transform_labels, label, transformation, training)

    def transform_single_bounding_box(self, bounding_box, transformation, training=True):
        """``transform_bounding_boxes`` of the boxes of one picture."""
        return self._single(self.transform_bounding_boxes, bounding_box, transformation, training)

    def transform_single_segmentation_mask(self, segmentation_mask, transformation, training=True):
        """``transform_segmentation_masks`` of one mask."""
        return self._single(self.transform_segmentation_masks, segmentation_mask, transformation, training)

    def call(self, data, training=True):
        transformation = self.get_random_transformation(data, training=training)
        if not isinstance(data, dict):
            return self.transform_images(data, transformation, training)
        result, single = dict(data), len(data["images"].shape) == 3
        changes = {
            "images": (self.transform_images, self.transform_single_image),
            "labels": (self.transform_labels, self.transform_single_label),
            "bounding_boxes": (self.transform_bounding_boxes, self.transform_single_bounding_box),
            "segmentation_masks": (self.transform_segmentation_masks, self.transform_single_segmentation_mask),
        }
        if "bounding_boxes" in data:
            if not self.bounding_box_format:
                raise ValueError(f"{describe(self)}: pictures with boxes want bounding_box_format, such as 'xyxy'.")
            boxes = {key: densify(value) for key, value in data["bounding_boxes"].items()}
            result["bounding_boxes"] = {**boxes, "boxes": jnp.asarray(boxes["boxes"], "float32")}
        for name in [name for name in changes if name in data]:
            result[name] = changes[name][single](result[name], transformation, training=training)
        return result

    def get_config(self):
        config = unless_set(super().get_config(), "bounding_box_format")
        return {key: value for key, value in config.items() if key not in self.hidden}


def _given_shape(data):
    return tuple((data["images"] if isinstance(data, dict) else data).shape)


def densify(rows):
    """Lists of boxes or labels, of several lengths, as one array; what is missing is 0, or the label -1."""
    if hasattr(rows, "shape") or not isinstance(rows, (list, tuple)):
        return rows
    ranks = {np.ndim(row) for row in rows}
    if len({np.shape(row) for row in rows}) <= 1 or ranks == {0}:
        return jnp.asarray(rows)
    longest, boxed = max(map(len, rows)), any(np.ndim(row) == 2 for row in rows)
    full = np.zeros((len(rows), longest, 4), "float32") if boxed else np.full((len(rows), longest), -1, "int32")
    for line, row in zip(full, rows):
        if len(row):
            line[: len(row)] = row
    return jnp.asarray(full)


def uniform(key, shape, ends, dtype="float32"):
    """Numbers between two ends."""
    return jax.random.uniform(key, shape, dtype, ends[0], ends[1])


def column(values, images):
    """One number a picture, made to broadcast over (n, h, w, c)."""
    values = jnp.asarray(values)
    return values.reshape(-1, 1, 1, 1).astype(values.dtype if values.dtype == bool else images.dtype)
