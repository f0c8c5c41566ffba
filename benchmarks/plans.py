"""The plans in docs/scaling.md: ``python -m benchmarks.plans resnet|transformer-64|transformer-256|small``.

``python -m benchmarks.scaling`` writes them into that page.
"""

import sys

import jkeras as keras
from jkeras import distribution, layers

GB = 1e9


def resnet50():
    """The ResNet50 of ``keras.applications``, for ImageNet."""
    model = keras.applications.ResNet50(weights=None, classifier_activation=None)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), loss)
    return model


@keras.saving.register_keras_serializable()
class Block(layers.Layer):
    """Attention and a gated network of a decoder, computed again for the gradient instead of kept."""

    def __init__(self, heads, width, hidden, **options):
        super().__init__(**options)
        self.before, self.between = layers.RMSNormalization(), layers.RMSNormalization()
        self.attention = layers.MultiHeadAttention(heads, width // heads, use_bias=False)
        self.gate = layers.Dense(hidden, activation="silu", use_bias=False, name="gate")
        self.up = layers.Dense(hidden, use_bias=False, name="up")
        self.down = layers.Dense(width, use_bias=False, name="down")

    def call(self, x):
        y = self.before(x)
        x = x + self.attention(y, y, use_causal_mask=True)
        y = self.between(x)
        return x + self.down(self.gate(y) * self.up(y))


def transformer(blocks=32, width=4096, hidden=11008, heads=32, vocabulary=32000, length=2048):
    """A decoder of 7 billion weights in mixed_bfloat16, with Adam."""
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    inputs = keras.Input((length,), dtype="int32")
    x = layers.Embedding(vocabulary, width)(inputs)
    for _ in range(blocks):
        with keras.RematScope("full"):
            x = Block(heads, width, hidden)(x)
    x = layers.Dense(vocabulary, use_bias=False, name="vocabulary")(layers.RMSNormalization()(x))
    model = keras.Model(inputs, x, name="transformer")
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def small():
    """The same decoder, much smaller."""
    return transformer(2, 256, 512, 4, 1000, 128)


COLUMNS_AND_ROWS = {
    ".*attention.*/(query|key|value)/kernel": (None, "model", None),
    ".*attention_output/kernel": ("model", None, None),
    ".*/(gate|up)/kernel": (None, "model"),
    ".*/down/kernel": ("model", None),
    ".*vocabulary/kernel": (None, "model"),
    ".*embedding.*/embeddings": ("model", None),
}
PLANS = {
    "resnet": lambda: distribution.plan(resnet50, 8, batch=256, memory=16 * GB),
    "transformer-64": lambda: distribution.plan(transformer, 64, batch=256, fsdp=True, memory=80 * GB),
    "transformer-256": lambda: distribution.plan(
        transformer, {"batch": 32, "model": 8}, COLUMNS_AND_ROWS, 256, fsdp=True, memory=80 * GB
    ),
    "small": lambda: distribution.plan(small, {"batch": 2, "model": 4}, COLUMNS_AND_ROWS, 8, fsdp=True),
}

if __name__ == "__main__":
    for number, wanted in enumerate(sys.argv[1:] or PLANS):
        print("\n" * (number > 0), end="")
        PLANS[wanted]()
