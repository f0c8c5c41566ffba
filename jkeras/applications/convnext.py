"""ConvNeXt. Liu et al., 2022, https://arxiv.org/abs/2201.03545"""

from .. import layers
from ..core import rng
from ..core.registry import register_keras_serializable
from ..models import Sequential
from .blocks import act, architecture, begin, finish, pooled
from .imagenet_utils import DEVIATIONS, MEANS, decode_predictions, preprocessing, validate_activation

HASHES = {
    "tiny": (
        "8ae6e78ce2933352b1ef4008e6dd2f17bc40771563877d156bc6426c7cf503ff",
        "d547c096cabd03329d7be5562c5e14798aa39ed24b474157cef5e85ab9e49ef1",
    ),
    "small": (
        "ce1277d8f1ee5a0ef0e171469089c18f5233860ceaf9b168049cb9263fd7483c",
        "6fc8009faa2f00c1c1dfce59feea9b0745eb260a7dd11bee65c8e20843da6eab",
    ),
    "base": (
        "52cbb006d3dadd03f6e095a8ca1aca47aecdd75acb4bc74bce1f5c695d0086e6",
        "40a20c5548a5e9202f69735ecc06c990e6b7c9d2de39f0361e27baeb24cb7c45",
    ),
    "large": (
        "070c5ed9ed289581e477741d3b34beffa920db8cf590899d6d2c67fba2a198a6",
        "96f02b6f0753d4f543261bc9d09bed650f24dd6bc02ddde3066135b63d23a1cd",
    ),
    "xlarge": (
        "c1f5ccab661354fc3a79a10fa99af82f0fbf10ec65cb894a3ae0815f17a889ee",
        "de3f8a54174130e0cecdc71583354753d557fcf1f4487331558e2a16ba0cfe05",
    ),
}
DEPTHS = {"tiny": (3, 3, 9, 3)}  # the others: 3, 3, 27, 3
WIDTHS = {"tiny": 96, "small": 96, "base": 128, "large": 192, "xlarge": 256}


@register_keras_serializable("keras.applications")
class LayerScale(layers.Layer):
    """Each channel times a number that trains."""

    def __init__(self, init_values, projection_dim, **kwargs):
        super().__init__(**kwargs)
        self.init_values, self.projection_dim = init_values, projection_dim

    def build(self, input_shape):
        start = {"class_name": "Constant", "config": {"value": self.init_values}}
        self.gamma = self.add_weight("gamma", (self.projection_dim,), initializer=start)

    def call(self, inputs):
        return inputs * self.gamma

    def get_config(self):
        return {**super().get_config(), "init_values": self.init_values, "projection_dim": self.projection_dim}


@register_keras_serializable("keras.applications")
class StochasticDepth(layers.Layer):
    """In training, whole samples of a branch are zero at the given rate and the others scaled up."""

    def __init__(self, drop_path_rate, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.drop_path_rate, self.seed = drop_path_rate, seed
        self.seed_generator = rng.SeedGenerator(seed)

    def call(self, inputs, training=None):
        if not training:
            return inputs
        import jax

        keep = 1 - self.drop_path_rate
        shape = (inputs.shape[0],) + (1,) * (inputs.ndim - 1)
        kept = jax.random.bernoulli(self.seed_generator.next(), keep, shape)
        return inputs / keep * kept.astype(inputs.dtype)

    def get_config(self):
        return {**super().get_config(), "drop_path_rate": self.drop_path_rate}


def convnext(asked, size, include_preprocessing):
    """Liu et al., 2022, https://arxiv.org/abs/2201.03545"""
    x, shape = start = begin(asked, 224, 32, last_only=True)
    name, width = asked.name, WIDTHS[size]
    if include_preprocessing and shape[-1] == 3:
        mean = [255 * value for value in MEANS["torch"]]
        variance = [(255 * value) ** 2 for value in DEVIATIONS]
        x = layers.Normalization(mean=mean, variance=variance, name=f"{name}_prestem_normalization")(x)
    for stage, depth in enumerate(DEPTHS.get(size, (3, 3, 27, 3))):
        x = shrunk(stage, width * 2**stage, name)(x)
        for i in range(depth):
            x = block(x, width * 2**stage, f"{name}_stage_{stage}_block_{i}")
    if asked.include_top:
        validate_activation(asked.classifier_activation, asked.weights)
        x = layers.GlobalAveragePooling2D(name=f"{name}_head_gap")(x)
        x = layers.LayerNormalization(epsilon=1e-6, name=f"{name}_head_layernorm")(x)
        x = layers.Dense(asked.classes, activation=asked.classifier_activation, name=f"{name}_head_dense")(x)
    else:
        x = layers.LayerNormalization(epsilon=1e-6)(pooled(x, asked.pooling))
    files = [(f"convnext/convnext_{size}{end}.h5", digest) for end, digest in zip(("", "_notop"), HASHES[size])]
    return finish(asked, start[0], x, files, only_first=True)


def shrunk(stage, filters, name):
    """The layers that a stage begins with: a strided convolution and a normalization."""
    if stage == 0:
        parts = [
            layers.Conv2D(filters, 4, strides=4, name=f"{name}_stem_conv"),
            layers.LayerNormalization(epsilon=1e-6, name=f"{name}_stem_layernorm"),
        ]
        return Sequential(parts, name=f"{name}_stem")
    i = stage - 1
    parts = [
        layers.LayerNormalization(epsilon=1e-6, name=f"{name}_downsampling_layernorm_{i}"),
        layers.Conv2D(filters, 2, strides=2, name=f"{name}_downsampling_conv_{i}"),
    ]
    return Sequential(parts, name=f"{name}_downsampling_block_{i}")


def block(inputs, filters, name, drop_path_rate=0.0):
    """A depthwise convolution and two dense layers, scaled, with a shortcut."""
    x = layers.Conv2D(filters, 7, padding="same", groups=filters, name=f"{name}_depthwise_conv")(inputs)
    x = layers.LayerNormalization(epsilon=1e-6, name=f"{name}_layernorm")(x)
    x = act(layers.Dense(4 * filters, name=f"{name}_pointwise_conv_1")(x), "gelu", f"{name}_gelu")
    x = layers.Dense(filters, name=f"{name}_pointwise_conv_2")(x)
    x = LayerScale(1e-6, filters, name=f"{name}_layer_scale")(x)
    if drop_path_rate:
        return inputs + StochasticDepth(drop_path_rate, name=f"{name}_stochastic_depth")(x)
    return inputs + act(x, "linear", f"{name}_identity")


NAMES = {"tiny": "Tiny", "small": "Small", "base": "Base", "large": "Large", "xlarge": "XLarge"}
globals().update(
    {
        f"ConvNeXt{end}": architecture(
            convnext,
            f"ConvNeXt{end}",
            model_name=f"convnext_{size}",
            arguments={"include_preprocessing": True},
            stable=0,
            order="include_top include_preprocessing weights input_tensor input_shape pooling classes classifier_activation "
            "name".split(),
            size=size,
        )
        for size, end in NAMES.items()
    }
)
preprocess_input = preprocessing(None)
__all__ = [*(f"ConvNeXt{end}" for end in NAMES.values()), "decode_predictions", "preprocess_input"]
