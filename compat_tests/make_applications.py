"""Write down what the architectures of a real Keras are made of, inside that Keras's environment.

    python -m compat_tests.make_applications --impl keras3        # on JAX (KERAS_BACKEND=jax)
    python -m compat_tests.make_applications --impl tf_keras      # what Keras 3 no longer has
    python -m compat_tests.make_applications --impl keras224      # ResNet50 as it was until Keras 2.2

Of each: the names of its layers in order, the shapes of its weights in the order of ``get_weights``, and which layers own
them. ``predictions`` has the outputs of some small ones for weights that are a function of their names' order alone.
"""

import argparse
import gc
import gzip
import hashlib
import json
import pathlib
import sys

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT.parent))

NAMES = {
    "keras3": """VGG16 VGG19 ResNet50 ResNet101 ResNet152 ResNet50V2 ResNet101V2 ResNet152V2 InceptionV3 InceptionResNetV2
        Xception MobileNet MobileNetV2 MobileNetV3Small MobileNetV3Large DenseNet121 DenseNet169 DenseNet201 NASNetMobile
        NASNetLarge EfficientNetB0 EfficientNetB1 EfficientNetB2 EfficientNetB3 EfficientNetB4 EfficientNetB5 EfficientNetB6
        EfficientNetB7 EfficientNetV2B0 EfficientNetV2B1 EfficientNetV2B2 EfficientNetV2B3 EfficientNetV2S EfficientNetV2M
        EfficientNetV2L ConvNeXtTiny ConvNeXtSmall ConvNeXtBase ConvNeXtLarge ConvNeXtXLarge""".split(),
    "tf_keras": [
        f"RegNet{kind}{size}" for kind in "XY" for size in "002 004 006 008 016 032 040 064 080 120 160 320".split()
    ]
    + [f"ResNetRS{depth}" for depth in (50, 101, 152, 200, 270, 350, 420)],
    "keras224": ["ResNet50"],
}
PREDICTED = {
    "keras3": {
        "MobileNet": dict(alpha=0.25, input_shape=(32, 32, 3), classes=5),
        "MobileNetV2": dict(alpha=0.35, input_shape=(33, 32, 3), classes=5),
        "MobileNetV3Small": dict(alpha=0.75, input_shape=(32, 32, 3), classes=5),
        "EfficientNetV2B0": dict(include_top=False, pooling="avg", input_shape=(32, 32, 3)),
    },
    "tf_keras": {"RegNetY002": dict(input_shape=(32, 32, 3), classes=5)},
    "keras224": {},
}


def described(model):
    """Layer names, shapes of the weights and who owns how many of them."""
    return {
        "layers": " ".join(layer.name for layer in model.layers),
        "owners": " ".join(f"{layer.name}:{len(layer.weights)}" for layer in model.layers if layer.weights),
        "weights": [[int(n) for n in weight.shape] for weight in model.weights],
    }


def fingerprint(facts):
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]


def seeded(shapes):
    """Weights by order and shape: small enough for the activations not to grow, positive where they scale."""
    rng = np.random.RandomState(5)
    for shape in shapes:
        values = (
            rng.standard_normal(shape) / np.sqrt(max(np.prod(shape[:-1]), 1))
            if len(shape) > 1
            else rng.uniform(0.5, 1.5, shape)
        )
        yield values.astype("float32")


def picture(shape):
    return np.random.RandomState(6).uniform(-1, 1, (2, *shape)).astype("float32")


def draw_zeros(keras):
    """Shapes are all that counts here: initial values that cost nothing, where this Keras draws them eagerly."""
    if keras.__version__.startswith("3"):
        base = keras.initializers.VarianceScaling
        base.__call__ = lambda self, shape, dtype=None: np.zeros(shape, "float32")


def make(name):
    from compat_tests import impl

    keras = impl.load(name)
    path = ROOT / "golden" / name / "applications.json.gz"
    found, predictions = {}, {}
    draw_zeros(keras)
    for architecture in NAMES[name]:
        impl.clear(keras)
        gc.collect()
        facts = described(getattr(keras.applications, architecture)(weights=None))
        found[architecture] = {"hash": fingerprint(facts), **facts}
        print(architecture, len(facts["weights"]), file=sys.stderr)
    for architecture, config in PREDICTED[name].items():
        impl.clear(keras)
        model = getattr(keras.applications, architecture)(weights=None, **config)
        model.set_weights(list(seeded([tuple(int(n) for n in w.shape) for w in model.weights])))
        predictions[architecture] = np.asarray(model.predict(picture(config["input_shape"]), verbose=0)).tolist()
    text = json.dumps({"versions": impl.version(keras), "found": found, "predictions": predictions}, sort_keys=True)
    path.write_bytes(gzip.compress(text.encode(), 9, mtime=0))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--impl", required=True)
    make(parser.parse_args().impl)
