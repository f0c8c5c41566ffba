"""A student with a compute_loss of its own (no training argument); the teacher's last activation is taken away."""
import numpy as np
import keras
from keras import layers, ops

rng = np.random.default_rng(17)
x, y = rng.uniform(-1, 1, (24, 5)).astype("float32"), rng.integers(0, 3, 24)


class Distiller(keras.Model):
    def __init__(self, student, teacher):
        super().__init__()
        self.teacher, self.student = teacher, student

    def compile(self, optimizer, metrics, student_loss_fn, distillation_loss_fn, alpha=0.1, temperature=3):
        super().compile(optimizer=optimizer, metrics=metrics)
        self.student_loss_fn, self.distillation_loss_fn = student_loss_fn, distillation_loss_fn
        self.alpha, self.temperature = alpha, temperature

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, allow_empty=False):
        told = self.teacher(x, training=False)
        soft = [ops.softmax(logits / self.temperature, axis=1) for logits in (told, y_pred)]
        own = self.student_loss_fn(y, y_pred)
        return self.alpha * own + (1 - self.alpha) * self.distillation_loss_fn(*soft) * self.temperature**2

    def call(self, x):
        return self.student(x)


def network(name, activation=None):
    model = keras.Sequential([keras.Input((5,)), layers.Dense(6, "tanh"), layers.Dense(3, activation=activation)], name=name)
    model.set_weights([rng.uniform(-0.5, 0.5, w.shape) for w in model.get_weights()])
    return model


teacher = network("teacher", "softmax")
teacher.layers[-1].activation = None
teacher.trainable = False
distiller = Distiller(student=network("student"), teacher=teacher)
crossentropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
distiller.compile(keras.optimizers.Adam(0.01), [keras.metrics.SparseCategoricalAccuracy()], crossentropy, keras.losses.KLDivergence())
distiller.fit(x, y, epochs=2, batch_size=8, shuffle=False, verbose=0)
print("final", *[f"{v:.4f}" for v in (*distiller.evaluate(x, y, verbose=0), np.std(distiller.predict(x, verbose=0)))])
