"""Saves in the middle: h5, weights, JSON, and a config clone."""
import numpy as np
from tensorflow import keras

rng = np.random.RandomState(40)
x, y = rng.rand(30, 4), rng.rand(30, 2)


def create_model():
    model = keras.Sequential([keras.layers.Dense(5, activation='relu', input_shape=(4,)), keras.layers.BatchNormalization(),
                              keras.layers.Dense(2)])
    model.compile(optimizer='adam', loss='mse', metrics=['mae'])
    return model


model = create_model()
for i in (0, 2):
    model.layers[i].set_weights([rng.uniform(-0.5, 0.5, w.shape) for w in model.layers[i].get_weights()])
model.fit(x, y, epochs=3, batch_size=10, shuffle=False, verbose=0)
model.save('my_model.h5')
model.save_weights('my_weights.h5')
new_model = keras.models.load_model('my_model.h5')
new_model.fit(x, y, epochs=2, batch_size=10, shuffle=False, verbose=0)

other = keras.models.model_from_json(model.to_json())
other.load_weights('my_weights.h5')
np.testing.assert_allclose(other.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-4, atol=1e-5)
clone = keras.models.clone_model(model)
clone.set_weights(model.get_weights())
loss, mae = new_model.evaluate(x, y, verbose=0)
print('Restored model, mae: {:5.2f}'.format(mae))
print('final', '%.5f %.5f %.5f' % (loss, mae, float(np.mean(clone.predict(x, verbose=0)))))
