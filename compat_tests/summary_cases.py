"""Models and options whose `summary()` is compared with that of the real Kerases."""

import os

ALL = ("keras3", "tf_keras", "keras224")
NEWER = ("keras3", "tf_keras")


def chain(keras):
    model = keras.models.Sequential(name="chain")
    model.add(keras.layers.Dense(30, activation="relu", input_shape=(40,), name="first"))
    model.add(keras.layers.Dropout(0.5, name="drop"))
    model.add(keras.layers.BatchNormalization(name="norm"))
    model.add(keras.layers.Dense(2000, name="a_layer_with_a_name_too_long_for_its_column", trainable=False))
    return model


def straight(keras):
    x = inputs = keras.layers.Input((8, 8, 3), name="image")
    x = keras.layers.Conv2D(4, 3, name="conv")(x)
    x = keras.layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.models.Model(inputs, keras.layers.Dense(1, name="head")(x), name="straight")


def branched(keras):
    a, b = keras.layers.Input((3,), name="a"), keras.layers.Input((3,), name="b")
    shared = keras.layers.Dense(4, name="shared")
    x = keras.layers.Concatenate(name="both")([shared(a), shared(b), a])
    return keras.models.Model(
        [a, b], [keras.layers.Dense(1, name="one")(x), keras.layers.Dense(2, name="two")(x)], name="y"
    )


def nested(keras):
    inner = keras.models.Sequential(name="inner")
    inner.add(keras.layers.Dense(4, input_shape=(3,), name="deep"))
    inner.add(keras.layers.Dense(5, name="deeper"))
    x = keras.layers.Input((3,), name="x")
    return keras.models.Model(x, keras.layers.Dense(1, name="head")(inner(x)), name="outer")


def unbuilt(keras):
    model = keras.models.Sequential(name="unbuilt")
    model.add(keras.layers.Dense(3, name="first"))
    model.add(keras.layers.Dense(1, name="second"))
    return model


def compiled(keras):
    model = straight(keras)
    model.compile("adam", "mse")
    return model


MODELS = {f.__name__: f for f in (chain, straight, branched, nested, unbuilt, compiled)}
# model, columns of the terminal, options, the Kerases that take them
CASES = {
    "chain": ("chain", 80, {}, ALL),
    "chain, wide": ("chain", 200, {}, ALL),
    "chain, narrow": ("chain", 50, {}, NEWER),
    "chain, trainable": ("chain", 200, {"show_trainable": True}, NEWER),
    "chain, trainable, 80 columns": ("chain", 80, {"show_trainable": True}, NEWER),
    "chain, a range": ("chain", 100, {"layer_range": ["drop", "norm"]}, NEWER),
    "straight": ("straight", 120, {}, ALL),
    "straight, a length": ("straight", 120, {"line_length": 70}, ALL),
    "straight, positions": ("straight", 120, {"line_length": 100, "positions": [0.3, 0.7, 1.0]}, ALL),
    "branched": ("branched", 80, {}, ALL),
    "branched, wide": ("branched", 200, {}, ALL),
    "branched, trainable": ("branched", 200, {"show_trainable": True}, NEWER),
    "nested": ("nested", 100, {}, ALL),
    "nested, expanded": ("nested", 100, {"expand_nested": True}, NEWER),
    "nested, expanded, trainable": ("nested", 200, {"expand_nested": True, "show_trainable": True}, NEWER),
    "unbuilt": ("unbuilt", 100, {}, ("keras3",)),
    "compiled": ("compiled", 100, {}, ALL),
}  # fmt: skip


def text_of(keras, name):
    """What the summary of a row prints."""
    model, columns, options, _ = CASES[name]
    before = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = str(columns)
    lines = []
    try:
        MODELS[model](keras).summary(print_fn=lambda text, line_break=False: lines.append(text.rstrip("\n")), **options)
    finally:
        del os.environ["COLUMNS"]
        if before is not None:
            os.environ["COLUMNS"] = before
    return "\n".join(lines)
