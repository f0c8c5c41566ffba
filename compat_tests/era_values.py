"""What the defaults of each generation come to, as expressions that every Keras can evaluate.

python -m compat_tests.era_values NAME     (keras224, tf_keras or keras3, in that environment) writes golden/eras_NAME.json
"""

import json
import os
import sys

LAYERS = "keras.layers."
EXPRESSIONS = [
    *(f"round(float(K.get_value(keras.optimizers.{name}().{rate})), 7)"
      for name in ("SGD", "RMSprop", "Adagrad", "Adadelta", "Adam", "Adamax", "Nadam")
      for rate in ("lr",)),
    "[round(float(v), 6) for v in K.eval(keras.activations.hard_sigmoid(K.constant([-1.0, 1.0])))]",
    "[round(float(v), 6) for v in K.eval(keras.layers.LSTM(2).recurrent_activation(K.constant([-1.0, 1.0])))]",
    "[round(float(v), 6) for v in K.eval(keras.layers.GRU(2).recurrent_activation(K.constant([-1.0, 1.0])))]",
    "[round(float(v), 6) for v in K.eval(keras.layers.ConvLSTM2D(2, 2).recurrent_activation(K.constant([-1.0, 1.0])))]",
    "bool(keras.layers.GRU(2).reset_after)",
    "keras.layers.Dense(2).name",
    "str(keras.utils.to_categorical([1]).dtype)",
    "keras.initializers.VarianceScaling().get_config()['distribution']",
    "round(float(np.ravel(keras.regularizers.l1_l2().l1)[0]), 6)",
    "round(float(np.ravel(keras.regularizers.l1_l2().l2)[0]), 6)",
    "history(fit_of('acc'))",
    "history(fit_of('accuracy'))",
    "history(fit_of('mse'))",
    "names(fit_of('mae'))",
    "len(fit_of('acc').epoch)",
    "frozen()",
    "weighted()",
    "convnet('adadelta')",
    "convnet(keras.optimizers.Adadelta())",
    "channels(keras.layers.MaxPooling1D)",
    "channels(keras.layers.Conv1D, 1, 1)",
    "channels(keras.layers.GlobalAveragePooling1D)",
    "positional(keras.callbacks.ModelCheckpoint('a.h5', 'val_loss', 0, False, False, 'auto', 3))",
    "keras.callbacks.TensorBoard().log_dir",
    "regularized_frozen()",
    "parts_of_steps()",
    "validations()",
]  # fmt: skip


def scope(keras, np):
    """The names that the expressions use, made for one Keras."""
    K = keras.backend

    def fit_of(metric):
        model = keras.models.Sequential([keras.layers.Dense(2, activation="softmax", input_shape=(2,))])
        model.compile("sgd", "categorical_crossentropy", metrics=[metric])
        return model.fit(np.ones((4, 2)), np.eye(2)[[0, 1, 0, 1]], verbose=0)

    def weighted():
        model = keras.models.Sequential(
            [keras.layers.Dense(1, kernel_initializer="ones", use_bias=False, input_shape=(1,))]
        )
        model.compile("sgd", "mse")
        x = np.array([[1.0], [2.0], [3.0], [4.0]])
        return round(
            float(model.evaluate(x, 0 * x, sample_weight=np.array([1.0, 0, 2.0, 0]), batch_size=4, verbose=0)), 5
        )

    def frozen():
        layer = keras.layers.BatchNormalization(trainable=False, input_shape=(1,))
        model = keras.models.Sequential([layer, keras.layers.Dense(1, kernel_initializer="ones", use_bias=False)])
        model.compile("sgd", "mse")
        return round(float(np.ravel(model.train_on_batch(np.array([[1.0], [3.0]]), np.array([[-1.0], [1.0]])))[0]), 2)

    def convnet(optimizer):
        """Losses of a small convnet, three epochs, and whether it learns in 30, from the same weights and data always."""
        rng = np.random.RandomState(7)
        y = np.arange(64) % 4
        x = np.sign(rng.rand(4, 8, 8, 1) - 0.5)[y] + 0.2 * rng.rand(64, 8, 8, 1)
        L = keras.layers
        model = keras.models.Sequential(
            [
                L.Conv2D(8, 3, activation="relu", input_shape=(8, 8, 1)),
                L.MaxPooling2D(2),
                L.Flatten(),
                L.Dense(16, activation="relu"),
                L.Dense(4, activation="softmax"),
            ]
        )
        model.set_weights([0.4 * (rng.rand(*w.shape) - 0.5) for w in model.get_weights()])
        model.compile(optimizer, "categorical_crossentropy")
        history = model.fit(x, np.eye(4)[y], batch_size=16, epochs=30, shuffle=False, verbose=0)
        losses = [round(float(v), 5) for v in history.history["loss"]]
        return [*losses[:3], float(min(losses) < 0.5)]

    class Rows(keras.utils.Sequence):
        def __len__(self):
            return 4

        def __getitem__(self, index):
            return np.ones((2, 1)), np.full((2, 1), float(index))

    def still(**options):
        layer = keras.layers.Dense(1, kernel_initializer="zeros", use_bias=False, input_shape=(1,), **options)
        layer.trainable = False
        model = keras.models.Sequential([layer])
        model.compile("sgd", "mse")
        return model

    def regularized_frozen():
        model = still(kernel_regularizer=lambda w: 0.1 + 0 * K.sum(w) if hasattr(K, "sum") else 0.1 + 0 * w[0, 0])
        return round(float(model.evaluate(np.ones((2, 1)), np.zeros((2, 1)), verbose=0)), 5)

    def fit_still(**options):
        model = still()
        return getattr(model, "fit_generator", model.fit)(Rows(), shuffle=False, verbose=0, **options)

    def parts_of_steps():
        seen = []
        log = type(
            "Log", (keras.callbacks.Callback,), {"on_batch_end": lambda self, batch, logs=None: seen.append(batch)}
        )
        try:
            fit_still(steps_per_epoch=2.5, callbacks=[log()])
        except (TypeError, ValueError):
            return "refused"
        return len(seen)

    def validations():
        found = fit_still(steps_per_epoch=1, epochs=3, validation_data=Rows(), validation_steps=2)
        return [round(float(v), 5) for v in found.history["val_loss"]]

    def channels(layer, *args):
        K.set_image_data_format("channels_first")
        try:
            return layer(*args).data_format
        finally:
            K.set_image_data_format("channels_last")

    def positional(checkpoint):
        return [getattr(checkpoint, "period", None) == 3, getattr(checkpoint, "save_freq", None) == 3]

    history = {"history": lambda h: sorted(h.history), "names": lambda h: list(h.model.metrics_names)[:2]}
    return {**locals(), **history}


def values(keras, np):
    """{expression: value, or the kind of error} for one Keras."""
    names, found = scope(keras, np), {}
    for expression in EXPRESSIONS:
        keras.backend.clear_session()
        try:
            found[expression] = eval(expression, names)
        except Exception as error:
            found[expression] = f"raises {type(error).__name__}"
    return found


if __name__ == "__main__":
    import numpy

    name = sys.argv[1]
    if name == "tf_keras":
        import tf_keras as keras
    else:
        import keras
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden", f"eras_{name}.json")
    with open(path, "w") as file:
        json.dump({"version": keras.__version__, "values": values(keras, numpy)}, file, indent=1)
        file.write("\n")
