"""Functional model of Keras 1: two inputs, two outputs, input= and output=, loss weights."""
import numpy as np
from keras.layers import Input, Dense
from keras.models import Model

rng = np.random.RandomState(8)
weather = rng.rand(80, 5).astype('float32')
calendar = rng.rand(80, 3).astype('float32')
demand = (weather.sum(1) + 2 * calendar[:, 0])[:, None]
holiday = (calendar[:, 1] > 0.5).astype('float32')[:, None]

weather_in = Input(shape=(5,), name='weather')
calendar_in = Input(shape=(3,), name='calendar')
h = Dense(8, activation='relu', init='he_normal')(weather_in)
g = Dense(8, activation='tanh')(calendar_in)
demand_out = Dense(1, name='demand')(h)
holiday_out = Dense(1, activation='sigmoid', name='holiday')(g)
model = Model(input=[weather_in, calendar_in], output=[demand_out, holiday_out])
for layer in model.layers:
    layer.set_weights([rng.uniform(-0.5, 0.5, w.shape) for w in layer.get_weights()])

model.compile(optimizer='adam', loss={'demand': 'mse', 'holiday': 'binary_crossentropy'},
              loss_weights={'demand': 1., 'holiday': 0.2})
history = model.fit({'weather': weather, 'calendar': calendar}, {'demand': demand, 'holiday': holiday},
                    nb_epoch=8, batch_size=16, shuffle=False, verbose=0)
print(sorted(history.history))
total, demand_loss, holiday_loss = model.evaluate([weather, calendar], [demand, holiday], verbose=0)
print('final', '%.5f %.5f %.5f %.5f' % (total, demand_loss, holiday_loss, history.history['demand_loss'][-1]))
