"""Models that only have steps of their own, as generative ones often do."""

import jax
import numpy as np
import pytest

import jkeras as keras


class Parts(keras.Model):
    """A model whose step trains one of its parts; it cannot be called itself."""

    def __init__(self):
        super().__init__()
        self.part = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, kernel_initializer="ones")])
        self.tracker = keras.metrics.Mean(name="error")

    @property
    def metrics(self):
        return [self.tracker]

    def train_step(self, state, data):
        trainable, non_trainable, optimizer, metrics = state
        x, y = data

        def error(values):
            return ((self.part.stateless_call(values, non_trainable[:0], x)[0] - y) ** 2).mean()

        value, grads = jax.value_and_grad(error)(trainable)
        trainable, optimizer = self.optimizer.stateless_apply(optimizer, grads, trainable)
        metrics = self.tracker.stateless_update_state(metrics, value)
        return {"error": self.tracker.stateless_result(metrics)}, (trainable, non_trainable, optimizer, metrics)


def test_a_model_without_call_trains_by_its_own_step_also_with_targets():
    model = Parts()
    model.compile(keras.optimizers.SGD(0.1))
    history = model.fit(np.ones((8, 2)), np.zeros((8, 1)), batch_size=4, epochs=2, verbose=0).history
    assert list(history) == ["error"] and history["error"][0] > history["error"][1]


def test_a_model_without_call_and_without_steps_says_what_is_missing():
    class Empty(keras.Model):
        def __init__(self):
            super().__init__()
            self.part = keras.layers.Dense(1)

    model = Empty()
    model.compile("sgd", "mse")
    with pytest.raises(NotImplementedError, match=r"no call\(\)"):
        model.fit(np.ones((4, 2)), np.ones((4, 1)), verbose=0)


class Shown(keras.Model):
    """The example of Keras's guide for JAX: metrics of its own, in an order of its own, beside those of ``compile``."""

    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(1, kernel_initializer="ones")
        self.second, self.first = keras.metrics.MeanAbsoluteError(name="mae"), keras.metrics.Mean(name="loss")

    @property
    def metrics(self):
        return [self.first, self.second]

    def call(self, x):
        return self.dense(x)

    def logs(self, values, loss, y, y_pred):
        count = len(self.first.variables)
        first = self.first.stateless_update_state(values[:count], loss)
        second = self.second.stateless_update_state(values[count:], y, y_pred)
        logs = {"loss": self.first.stateless_result(first), "mae": self.second.stateless_result(second)}
        return logs, first + second

    def test_step(self, state, data):
        trainable, non_trainable, values = state
        x, y = data
        y_pred, _ = self.stateless_call(trainable, non_trainable, x)
        logs, values = self.logs(values, ((y_pred - y) ** 2).mean(), y, y_pred)
        return logs, (trainable, non_trainable, values)


def test_a_step_is_given_the_metrics_that_its_class_shows():
    model = Shown()
    model.compile("sgd", "mse", metrics=["mape"])
    assert [v.path.split("/")[0] for v in model.metrics_variables] == ["loss", "loss", "mae", "mae"]
    logs = model.evaluate(np.ones((8, 2)), np.ones((8, 1)), batch_size=4, verbose=0, return_dict=True)
    assert logs == {"loss": 1.0, "mae": 1.0}
