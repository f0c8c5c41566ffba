"""TimeseriesGenerator and stateful prediction of a noisy wave."""
import numpy as np
from keras.models import Sequential
from keras.layers import SimpleRNN, Dense
from keras.preprocessing.sequence import TimeseriesGenerator

rng = np.random.RandomState(0)
series = (np.sin(np.arange(80) * 0.3) + rng.normal(0, 0.05, 80)).reshape(-1, 1)
train, test = series[:60], series[60:]
look_back = 6
train_gen = TimeseriesGenerator(train, train, length=look_back, batch_size=18)
test_gen = TimeseriesGenerator(test, test, length=look_back, batch_size=14, sampling_rate=1, stride=1)
print('Samples: %d' % len(train_gen))

model = Sequential()
model.add(SimpleRNN(5, input_shape=(look_back, 1)))
model.add(Dense(1))
model.set_weights([rng.uniform(-0.5, 0.5, w.shape) for w in model.get_weights()])
model.compile(loss='mse', optimizer='adamax')
model.fit_generator(train_gen, epochs=6, shuffle=False, verbose=0)
error = model.evaluate_generator(test_gen)

forecast = list(train[-look_back:, 0])
for _ in range(5):
    forecast.append(float(model.predict(np.array(forecast[-look_back:]).reshape(1, look_back, 1))[0, 0]))
print('forecast', np.round(forecast[-5:], 3))
print('final', '%.5f %.5f' % (error, sum(forecast[-5:])))
