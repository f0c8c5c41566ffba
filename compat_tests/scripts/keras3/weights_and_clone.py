"""save_weights, load_weights, JSON and clone_model."""
import numpy as np
import keras

rng = np.random.default_rng(13)
x, y = rng.random((30, 4)), rng.random((30, 2))
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(5, "elu"), keras.layers.Dense(2)])
model.set_weights([rng.uniform(-0.5, 0.5, w.shape) for w in model.get_weights()])
model.compile("adam", "mse")
model.fit(x, y, epochs=3, batch_size=10, shuffle=False, verbose=0)
model.save_weights("run.weights.h5")
twin = keras.models.model_from_json(model.to_json())
twin.load_weights("run.weights.h5")
clone = keras.models.clone_model(model)
clone.set_weights(twin.get_weights())
clone.compile("sgd", "mae")
clone.fit(x, y, epochs=1, batch_size=30, shuffle=False, verbose=0)
print("final", f"{model.evaluate(x, y, verbose=0):.5f} {clone.evaluate(x, y, verbose=0):.5f}")
