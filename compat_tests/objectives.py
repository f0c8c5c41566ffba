"""Runs a loss or metric case on whichever Keras is there; jkeras goes the same way as the real ones."""

import contextlib

import numpy as np

from compat_tests import loss_cases, metric_cases


def runner(impl, keras):
    """The runner of one implementation."""
    return {"keras224": Graph, "tf_keras": Eager}.get(impl, Jax)(impl, keras)


class Jax:
    """Keras 3 on JAX, and jkeras."""

    def __init__(self, impl, keras):
        self.impl, self.keras = impl, keras

    def objective(self, case):
        found = getattr(self.keras.losses, case.name)
        return found(**case.config) if case.is_class else lambda *a: found(*a, **case.config)

    def masked(self, y_pred, mask):
        if mask is None:
            return y_pred
        if self.impl == "jkeras":
            from jkeras.core.frame import set_mask as put
        else:
            from keras.src.backend import set_keras_mask as put
        put(y_pred, mask)
        return y_pred

    def run_loss(self, case):
        """(values, gradient of their weighted sum or None, dtype, config or None)."""
        import jax.numpy as jnp

        y_true, y_pred = loss_cases.batch(case.data)
        extra = [loss_cases.sample_weight(case.weights, y_pred, y_true)] if case.weights else []
        mask = jnp.asarray(loss_cases.mask_of(case.mask, y_pred)) if case.mask else None
        loss = self.objective(case)

        def values(p):
            return loss(y_true, self.masked(p, mask), *extra)

        with self.call():  # masks belong to a call
            return self._loss_results(case, loss, values, y_pred)

    def _loss_results(self, case, loss, values, y_pred):
        import jax
        import jax.numpy as jnp

        value = values(jnp.asarray(y_pred))
        grad = jax.grad(lambda p: _ramp(values(p), jnp))(jnp.asarray(y_pred)) if case.grad else None
        config = loss.get_config() if case.is_class else None
        dtype = str(value.dtype)
        return np.asarray(value, "float32"), None if grad is None else np.asarray(grad), dtype, config

    def weighted(self, data, weights, mask):
        """The mean squared error of a batch, reduced as Keras 2.2.4 does."""
        y_true, y_pred = loss_cases.batch(data)
        w = loss_cases.sample_weight(weights, y_pred, y_true) if weights else None
        m = loss_cases.mask_of(mask, y_pred) if mask else None
        values = self.keras.losses.mean_squared_error(y_true, y_pred)
        return self.keras.losses.reduce_weighted(values, w, m, era="2.2")

    def run_metric(self, case):
        """(results after each batch, names and values of the variables, config)."""
        if not case.is_class:
            found = getattr(self.keras.metrics, case.name)(
                *map(self.tensor, metric_cases.batch(case, 0)), **case.config
            )
            return [np.asarray(found, "float32")], {}, None
        metric = getattr(self.keras.metrics, case.name)(**case.config)
        results = []
        for index in range(case.batches):
            arrays = metric_cases.batch(case, index)
            weight = metric_cases.sample_weight(case, arrays, index)
            arrays = [self.tensor(a) for a in arrays]
            if case.mask:
                arrays[-1] = self.masked(arrays[-1], self.tensor(metric_cases.mask(arrays)))
            with self.call():
                metric.update_state(*arrays, **({} if weight is None else {"sample_weight": self.tensor(weight)}))
            results.append(np.asarray(metric.result(), "float32"))
        state = {v.name.split(":")[0]: np.asarray(v) for v in metric.variables}
        return results, state, metric.get_config()

    def choose(self, identifier, y_true_shape, y_pred_shape, loss):
        """[function (or class) that a word means, its name in the logs] for targets and predictions of these shapes."""
        if self.impl == "jkeras":
            era = {"keras3": "3", "tf_keras": "tf2", "keras224": "2.2"}[self.real]
            return _described(self.keras.metrics.choose(identifier, y_true_shape, y_pred_shape, loss, era))
        from keras.src.trainers.compile_utils import get_metric

        return _described(get_metric(identifier, np.zeros(y_true_shape), np.zeros(y_pred_shape)))

    def tensor(self, array):
        import jax.numpy as jnp

        return jnp.asarray(array)

    def call(self):
        if self.impl != "jkeras":
            return contextlib.nullcontext()
        from jkeras.core.frame import Frame

        return Frame()


class Eager(Jax):
    """tf_keras."""

    def choose(self, identifier, y_true_shape, y_pred_shape, loss):
        import tensorflow as tf
        from tf_keras.src.engine.compile_utils import MetricsContainer

        t, p = tf.zeros(y_true_shape), tf.zeros(y_pred_shape)
        return _described(MetricsContainer()._get_metric_object(identifier, t, p))

    def tensor(self, array):
        import tensorflow as tf

        return tf.constant(array)

    def run_loss(self, case):
        import tensorflow as tf

        y_true, y_pred = loss_cases.batch(case.data)
        extra = [loss_cases.sample_weight(case.weights, y_pred, y_true)] if case.weights else []
        loss = self.objective(case)
        y_pred = tf.constant(y_pred)
        with tf.GradientTape() as tape:
            tape.watch(y_pred)
            p = tf.identity(y_pred)
            if case.mask:
                p._keras_mask = tf.constant(loss_cases.mask_of(case.mask, y_pred.numpy()))
            value = loss(tf.constant(y_true), p, *extra)
            total = _ramp(value, tf)
        grad = tape.gradient(total, y_pred).numpy() if case.grad else None
        config = loss.get_config() if case.is_class else None
        return value.numpy(), grad, value.dtype.name, config


class Graph(Jax):
    """Keras 2.2.4."""

    def weighted(self, data, weights, mask):
        """The mean squared error of a batch as the training loop of Keras 2.2.4 reduces it."""
        from keras.engine.training_utils import weighted_masked_objective

        K = self.keras.backend
        y_true, y_pred = loss_cases.batch(data)
        w = K.constant(loss_cases.sample_weight(weights, y_pred, y_true)) if weights else None
        m = K.constant(loss_cases.mask_of(mask, y_pred).astype("float32")) if mask else None
        loss = weighted_masked_objective(self.keras.losses.mean_squared_error)
        return K.eval(loss(K.constant(y_true), K.constant(y_pred), w, m))

    def choose(self, identifier, y_true_shape, y_pred_shape, loss):
        from keras.engine import training

        wrap, functions = training.weighted_masked_objective, []
        training.weighted_masked_objective = lambda fn: functions.append(fn) or wrap(fn)
        try:
            x = self.keras.layers.Input(y_pred_shape[1:])
            model = self.keras.models.Model(x, self.keras.layers.Activation("softmax")(x))
            model.compile("sgd", loss, metrics=[identifier])
        finally:
            training.weighted_masked_objective = wrap
        return [functions[-1].__name__, model.metrics_names[1]]

    def run_metric(self, case):
        K = self.keras.backend
        y_true, y_pred = metric_cases.batch(case, 0)
        t, p = K.placeholder(shape=y_true.shape), K.placeholder(shape=y_pred.shape)
        value = getattr(self.keras.metrics, case.name)(t, p, **case.config)
        return K.function([t, p], [value])([y_true, y_pred]), {}, None

    def run_loss(self, case):
        K = self.keras.backend
        y_true, y_pred = loss_cases.batch(case.data)
        t, p = K.placeholder(shape=y_true.shape), K.placeholder(shape=y_pred.shape)
        value = self.objective(case)(t, p)
        size = int(np.prod(K.int_shape(value)))
        total = K.sum(K.reshape(value, (-1,)) * K.constant(np.arange(1, size + 1) / size))
        outputs = K.function([t, p], [value, *(K.gradients(total, [p]) if case.grad else [])])([y_true, y_pred])
        return outputs[0], outputs[1] if case.grad else None, "float32", None


def _ramp(values, np_like):
    """A sum with different weights, so that a gradient sees each value."""
    flat = np_like.reshape(values, [-1])
    size = int(flat.shape[0])
    return (np_like.sum if hasattr(np_like, "sum") else np_like.reduce_sum)(
        flat * np.asarray(np.arange(1, size + 1) / max(size, 1), "float32")
    )


def _described(metric):
    function = getattr(metric, "_fn", None)
    return [getattr(function, "__name__", None) or type(metric).__name__, metric.name]
