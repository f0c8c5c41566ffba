"""Two inputs, two outputs with names, losses as a dict."""
import numpy as np
import keras
from keras import layers

rng = np.random.default_rng(3)
a, b = rng.random((32, 3)).astype("float32"), rng.integers(0, 9, (32, 4))
price, kind = a.sum(1, keepdims=True), b[:, 0] % 3
numbers = keras.Input((3,), name="numbers")
words = keras.Input((4,), name="words", dtype="int32")
e = layers.GlobalAveragePooling1D()(layers.Embedding(9, 4)(words))
h = layers.Dense(6, activation="relu")(layers.concatenate([numbers, e]))
model = keras.Model({"numbers": numbers, "words": words},
                    {"price": layers.Dense(1, name="price")(h), "kind": layers.Dense(3, name="kind")(h)})
model.set_weights([rng.uniform(-0.4, 0.4, w.shape) for w in model.get_weights()])
model.compile("adam", loss={"price": "mse", "kind": keras.losses.SparseCategoricalCrossentropy(from_logits=True)},
              loss_weights={"price": 1.0, "kind": 0.5})
data = {"numbers": a, "words": b}, {"price": price, "kind": kind}
model.fit(*data, epochs=4, batch_size=8, shuffle=False, verbose=0)
out = model.evaluate(*data, verbose=0, return_dict=True)
print("final", f"{out['loss']:.5f}", f"{float(np.sum(model.predict(data[0], verbose=0)['price'])):.4f}")
