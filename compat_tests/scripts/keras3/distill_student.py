"""Knowledge distillation by hand and with keras.distillation."""
import numpy as np
import keras
from keras import layers
from keras.distillation import Distiller, LogitsDistillation

rng = np.random.default_rng(2)
x = rng.normal(size=(60, 5)).astype("float32")
y = (x[:, 0] * x[:, 1] > 0).astype("int32")


def net(units, name):
    model = keras.Sequential([keras.Input((5,)), layers.Dense(units, activation="tanh"), layers.Dense(2)], name=name)
    model.set_weights([rng.uniform(-0.6, 0.6, w.shape) for w in model.get_weights()])
    return model


loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
teacher, student = net(12, "teacher"), net(3, "student")
teacher.compile(keras.optimizers.Adam(0.05), loss, metrics=["accuracy"])
teacher.fit(x, y, epochs=8, batch_size=20, shuffle=False, verbose=0)
taught = teacher.evaluate(x, y, verbose=0)

distiller = Distiller(
    teacher, student, LogitsDistillation(temperature=3.0, loss=keras.losses.KLDivergence()), student_loss_weight=0.3
)
distiller.compile(keras.optimizers.Adam(0.05), loss, metrics=["accuracy"])
history = distiller.fit(x, y, epochs=6, batch_size=20, shuffle=False, verbose=0).history
logits = distiller.student.predict(x, verbose=0)
print(sorted(history))
print("final", f"{taught[0]:.4f} {taught[1]:.3f}", *(f"{history[k][-1]:.4f}" for k in ("student_loss", "distillation_loss")),
      f"{logits.sum():.3f}")
