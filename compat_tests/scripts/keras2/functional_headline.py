"""Main input through an embedding and an LSTM, auxiliary input and auxiliary output."""
import numpy as np
import keras
from keras.layers import Input, Embedding, LSTM, Dense
from keras.models import Model
from keras.utils.vis_utils import plot_model

rng = np.random.RandomState(0)
headline_data = rng.randint(1, 20, (40, 5))
additional_data = rng.rand(40, 3)
labels = rng.randint(0, 2, (40, 1))

main_input = Input(shape=(5,), dtype='int32', name='main_input')
x = Embedding(output_dim=6, input_dim=20, input_length=5)(main_input)
lstm_out = LSTM(5)(x)
auxiliary_output = Dense(1, activation='sigmoid', name='aux_output')(lstm_out)
auxiliary_input = Input(shape=(3,), name='aux_input')
x = keras.layers.concatenate([lstm_out, auxiliary_input])
x = Dense(8, activation='relu')(x)
main_output = Dense(1, activation='sigmoid', name='main_output')(x)
model = Model(inputs=[main_input, auxiliary_input], outputs=[main_output, auxiliary_output])
model.set_weights([rng.uniform(-0.4, 0.4, w.shape) for w in model.get_weights()])
model.compile(optimizer='rmsprop', loss={'main_output': 'binary_crossentropy', 'aux_output': 'binary_crossentropy'},
              loss_weights={'main_output': 1., 'aux_output': 0.2}, metrics={'main_output': ['accuracy']})
history = model.fit({'main_input': headline_data, 'aux_input': additional_data},
                    {'main_output': labels, 'aux_output': labels}, epochs=4, batch_size=8, shuffle=False, verbose=0)
print(sorted(history.history))
print(model.metrics_names)
scores = model.evaluate([headline_data, additional_data], [labels, labels], verbose=0)
print('final', ' '.join('%.5f' % s for s in scores), '%.5f' % history.history['main_output_acc'][-1])
