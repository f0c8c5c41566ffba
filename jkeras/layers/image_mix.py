"""Pictures mixed with each other, and chains of the other augmentations."""

import jax
import jax.numpy as jnp

from ..core import registry
from ..core.calling import signature_of
from ..core.declare import BaseArgument, Converter
from ..core.layer import Layer, layer
from ..core.spec import describe
from .fields import DataFormat, Flag, NaturalInt, PositiveInt
from .image_base import Factor, ImageLayer, Interpolation, ValueRange, image_layer, uniform
from .image_color import (
    AutoContrast,
    Equalization,
    RandomBrightness,
    RandomColorDegeneration,
    RandomContrast,
    RandomPosterization,
    RandomSharpness,
    Solarization,
    rectangles,
)
from .image_geometry import RandomRotation, RandomShear, RandomTranslation


class _Mix(ImageLayer):
    def mix_labels(self, labels, transformation):
        labels, weight = jnp.asarray(labels), transformation["mix_weight"]
        weight = weight.reshape(-1, *[1] * (labels.ndim - 1))
        return weight * labels + (1 - weight) * labels[transformation["permutation_order"]]


@image_layer
class MixUp(_Mix):
    """Blends each picture, and its label, with another one of the batch.

    Source: Zhang et al., 2017, https://arxiv.org/abs/1710.09412

    >>> MixUp()(jnp.ones((2, 4, 4, 3))).shape
    (2, 4, 4, 3)
    """

    alpha: float = 0.2
    data_format: DataFormat = None
    seed: object = None

    def draw(self, key, shape):
        one, two = jax.random.split(key)
        weight = jax.random.beta(two, self.alpha, self.alpha, (shape[0],))
        return {"mix_weight": weight, "permutation_order": jax.random.permutation(one, shape[0])}

    def paint(self, images, transformation, interpolation=None):
        weight = jnp.asarray(transformation["mix_weight"], images.dtype).reshape(-1, 1, 1, 1)
        return weight * images + (1 - weight) * images[transformation["permutation_order"]]

    def transform_segmentation_masks(self, segmentation_masks, transformation=None, training=True):
        masks = jnp.asarray(segmentation_masks)
        return self.paint(masks.astype("float32"), transformation) if training and transformation else masks

    def transform_bounding_boxes(self, bounding_boxes, transformation=None, training=True):
        if not training or transformation is None:
            return bounding_boxes
        order = transformation["permutation_order"]
        found = {name: jnp.asarray(bounding_boxes[name]) for name in ("boxes", "labels")}
        return {**bounding_boxes, **{name: jnp.concatenate([v, v[order]], axis=1) for name, v in found.items()}}


@image_layer
class CutMix(_Mix):
    """Pastes a rectangle of another picture of the batch into each; labels follow the areas.

    Source: Yun et al., 2019, https://arxiv.org/abs/1905.04899

    >>> CutMix()(jnp.ones((2, 4, 4, 3))).shape
    (2, 4, 4, 3)
    """

    factor: Factor(0.0, 1.0) = 1.0
    seed: object = None
    moves_masks = True

    def draw(self, key, shape):
        keys = jax.random.split(key, 4)
        alpha = uniform(keys[0], (), self.factor) + 1e-6
        ratio = jnp.sqrt(1.0 - jax.random.beta(keys[1], alpha, alpha, (shape[0],)))
        masks, share = rectangles(keys[2], shape, jnp.stack([ratio, ratio], axis=-1))
        order = jax.random.permutation(keys[3], shape[0])
        return {"permutation_order": order, "batch_masks": masks, "mix_weight": 1.0 - share}

    def paint(self, images, transformation, interpolation=None):
        return jnp.where(transformation["batch_masks"], images[transformation["permutation_order"]], images)

    def transform_bounding_boxes(self, bounding_boxes, transformation=None, training=True):
        raise NotImplementedError(f"{describe(self)}: boxes cannot follow pasted pictures.")


class _Chosen(ImageLayer):
    """Base of the layers that pick among augmentations; only the one that is picked is computed."""

    moves_masks = True

    def __post_init__(self):
        super().__post_init__()
        either, colors = {"interpolation": self.interpolation}, {"value_range": self.value_range}
        made = {
            "random_shear": RandomShear(self.factor, self.factor, dtype=self.dtype_policy, **either),
            "random_translation": RandomTranslation(self.factor, self.factor, dtype=self.dtype_policy, **either),
            "random_rotation": RandomRotation(self.factor, dtype=self.dtype_policy, **either),
            "random_brightness": RandomBrightness(self.factor, dtype=self.dtype_policy, **colors),
            "random_color_degeneration": RandomColorDegeneration(self.factor, dtype=self.dtype_policy, **colors),
            "random_contrast": RandomContrast(self.factor, dtype=self.dtype_policy, **colors),
            "random_sharpness": RandomSharpness(self.factor, dtype=self.dtype_policy, **colors),
            "random_posterization": RandomPosterization(
                max(1, int(8 * self.factor[1])), dtype=self.dtype_policy, **colors
            ),
            "solarization": Solarization(self.factor, self.factor, dtype=self.dtype_policy, **colors),
            "auto_contrast": AutoContrast(dtype=self.dtype_policy, **colors),
            "equalization": Equalization(dtype=self.dtype_policy, **colors),
        }
        self._choices = {name: part for name, part in made.items() if name in self.names}
        vars(self).update(self._choices)

    def _sublayers(self):
        return []  # they draw from this layer's key

    def draw_all(self, key, shape):
        """A transformation of each augmentation."""
        keys = jax.random.split(key, len(self._choices))
        return {name: part.draw(k, shape) for k, (name, part) in zip(keys, self._choices.items())}

    def apply_one(self, index, images, drawn, interpolation=None):
        """The pictures after augmentation number ``index``; one number more than there are leaves them alone."""

        def run(part, transformation):
            moved = interpolation is None or part.moves_masks
            return lambda x: part.paint(x, transformation, interpolation).astype(x.dtype) if moved else x

        branches = [run(part, drawn[name]) for name, part in self._choices.items()]
        return jax.lax.switch(index, [*branches, lambda x: x], images)


EVERY = (
    "random_shear random_translation random_rotation random_brightness random_color_degeneration random_contrast "
    "random_sharpness random_posterization solarization auto_contrast equalization"
).split()
WITHOUT_COLOR = (
    "random_shear random_translation random_rotation random_posterization solarization auto_contrast equalization"
)


@image_layer
class RandAugment(_Chosen):
    """``num_ops`` random augmentations after each other, of random strength up to ``factor``.

    Source: Cubuk et al., 2019, https://arxiv.org/abs/1909.13719

    >>> RandAugment(num_ops=1)(jnp.ones((2, 4, 4, 3)), training=False).shape
    (2, 4, 4, 3)
    """

    value_range: ValueRange = (0, 255)
    num_ops: NaturalInt = 2
    factor: Factor(0.0, 1.0) = 0.5
    interpolation: Interpolation = "bilinear"
    seed: object = None
    names = EVERY

    def draw(self, key, shape):
        one, two = jax.random.split(key)
        chosen = jax.random.randint(one, (self.num_ops,), 0, len(self._choices))
        return {"layer_idxes": chosen, "transforms": self.draw_all(two, shape)}

    def paint(self, images, transformation, interpolation=None):
        for i in range(self.num_ops):
            images = self.apply_one(
                transformation["layer_idxes"][i], images, transformation["transforms"], interpolation
            )
        return images

    def move_boxes(self, boxes, transformation, height, width):
        for i in range(self.num_ops):
            for number, (name, part) in enumerate(self._choices.items()):
                if part.moves_masks:  # those that move the picture
                    moved = part.move_boxes(boxes, transformation["transforms"][name], height, width)[0]
                    boxes = jnp.where(transformation["layer_idxes"][i] == number, moved, boxes)
        return boxes, height, width


@image_layer
class AugMix(_Chosen):
    """Blends a picture with several chains of random augmentations of it.

    Source: Hendrycks et al., 2019, https://arxiv.org/abs/1912.02781

    >>> AugMix(num_chains=1)(jnp.ones((2, 4, 4, 3)), training=False).shape
    (2, 4, 4, 3)
    """

    value_range: ValueRange = (0, 255)
    num_chains: PositiveInt = 3
    chain_depth: PositiveInt = 3
    factor: Factor(0.0, 1.0) = 0.3
    alpha: float = 1.0
    all_ops: Flag = True
    interpolation: Interpolation = "bilinear"
    seed: object = None

    @property
    def names(self):
        """The augmentations that take part."""
        return EVERY if self.all_ops else WITHOUT_COLOR.split()

    def draw(self, key, shape):
        keys = jax.random.split(key, 4)
        links = jax.random.split(keys[0], (self.num_chains, self.chain_depth))
        chosen = jax.random.randint(keys[1], (self.num_chains, self.chain_depth), 0, len(self._choices) + 1)
        return {
            "chain_mixing_weights": jax.random.dirichlet(keys[2], jnp.full(self.num_chains, float(self.alpha))),
            "weight_sample": jax.random.beta(keys[3], self.alpha, self.alpha),
            "chain_transforms": [[self.draw_all(k, shape) for k in chain] for chain in links],
            "layer_idxes": chosen,
        }

    def paint(self, images, transformation, interpolation=None):
        mixed, weight = jnp.zeros_like(images), transformation["weight_sample"].astype(images.dtype)
        for i, chain in enumerate(transformation["chain_transforms"]):
            changed = images
            for k, drawn in enumerate(chain):
                changed = self.apply_one(transformation["layer_idxes"][i, k], changed, drawn, interpolation)
            mixed = mixed + changed * transformation["chain_mixing_weights"][i].astype(images.dtype)
        mixed = weight * images + (1 - weight) * mixed
        return mixed if interpolation else jnp.clip(mixed, *self.value_range)


@layer
class Pipeline(Layer):
    """Layers called after each other, as one layer for preparing data.

    https://keras.io/api/layers/preprocessing_layers/

    >>> Pipeline([AutoContrast(), RandomBrightness(0.0)])(jnp.ones((1, 2, 2, 1))).shape
    (1, 2, 2, 1)
    """

    layers: Converter(
        lambda v: [registry.deserialize(x) if isinstance(x, dict) else x for x in v],
        lambda v: [registry.serialize(x) for x in v],
    )
    name: BaseArgument = None

    def call(self, inputs, training=True, mask=None):
        for part in self.layers:
            takes = signature_of(type(part).call)
            options = {"mask": mask} if "mask" in takes.names else {}
            inputs = part(
                inputs, **options, **({"training": training} if takes.training and training is not None else {})
            )
            mask = None  # the next one finds that of its own inputs
        return inputs

    def get_config(self):
        return {key: value for key, value in super().get_config().items() if key in ("layers", "name")}
