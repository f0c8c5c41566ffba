"""Write down how students of Keras 3 learn from teachers: python -m compat_tests.make_distillation (on JAX)."""

import json
import pathlib

import numpy as np

X = (np.arange(48).reshape(12, 4) * 7 % 11 / 11).astype("float32")
Y = np.arange(12) * 5 % 3


def fill(model, phase):
    """Weights that are the same everywhere."""
    shapes = [w.shape for w in model.get_weights()]
    model.set_weights([(np.sin(np.arange(np.prod(s)) * 1.7 + phase) * 0.6).reshape(s) for s in shapes])
    return model


def pair(keras, outputs=1, sizes=(8, 8)):
    """(teacher, student), each with a hidden layer named after it."""

    def net(name, units):
        x = keras.Input((4,))
        h = keras.layers.Dense(units, activation="tanh", name=f"{name}_hidden")(x)
        h = keras.layers.Dropout(0.0)(h)
        out = [keras.layers.Dense(3, name=f"{name}_{i}")(h) for i in range(outputs)]
        return keras.Model(x, out[0] if outputs == 1 else out, name=name)

    return fill(net("teacher", sizes[0]), 0.3), fill(net("student", sizes[1]), 1.1)


def trained(keras, losses, weights=None, share=0.5):
    """What a student has learnt in two epochs, and what it was told on the way."""
    teacher, student = pair(keras)
    distiller = keras.distillation.Distiller(teacher, student, losses, weights, student_loss_weight=share)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    distiller.compile(keras.optimizers.SGD(0.1), loss, metrics=["accuracy"])
    history = distiller.fit(X, Y, batch_size=5, epochs=2, verbose=0, shuffle=False).history
    return {
        "history": history,
        "evaluate": distiller.evaluate(X, Y, verbose=0, return_dict=True),
        "weights": [np.sum(w) for w in student.get_weights()],
        "teacher": [np.sum(w) for w in teacher.get_weights()],
        "trainable": len(distiller.trainable_weights),
    }


def cases(keras):
    """name -> function of no arguments."""
    d = keras.distillation
    a, b = X[:3], X[3:6]
    between = {"teacher_layer_name": "teacher_hidden", "student_layer_name": "student_hidden"}
    return {
        "logits_of_a_class": lambda: trained(keras, d.LogitsDistillation(2, keras.losses.KLDivergence()), share=0.25),
        "two": lambda: trained(
            keras, [d.LogitsDistillation(4.0, "mse"), d.FeatureDistillation("mae", **between)], weights=[1.0, 0.5]
        ),
        "outputs": lambda: d.LogitsDistillation(3.0, ["mse", None]).compute_loss([a, b], [b, a]),
        "only_teacher": lambda: trained(keras, d.FeatureDistillation(), share=0.0),
        **{
            f"loss_{name}": lambda name=name: d.LogitsDistillation(3.0, name).compute_loss(a, b)
            for name in ("kl_divergence", "mse", "categorical_crossentropy", "KLDivergence", "cosine_similarity")
        },
        "config": lambda: d.LogitsDistillation(3.0).get_config(),
        "config_of_features": lambda: d.FeatureDistillation(**between).get_config(),
    }


def plain(value):
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    return value if isinstance(value, (str, type(None))) else (
        [plain(v) for v in value] if isinstance(value, (list, tuple)) else np.asarray(value, "float64").tolist()
    )  # fmt: skip


def main():
    import keras

    found = {name: plain(run()) for name, run in cases(keras).items()}
    text = json.dumps({"keras": keras.__version__, "found": found}, indent=1, sort_keys=True)
    (pathlib.Path(__file__).parent / "golden" / "keras3" / "distillation.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
