"""A sequence to sequence model in a file: encoder and decoder are taken out of what load_model gives."""
import numpy as np
from keras.layers import LSTM, Dense, Input
from keras.models import Model, load_model

rng = np.random.RandomState(8)
source, target = rng.uniform(-1, 1, (12, 4, 3)), np.eye(4)[rng.randint(0, 4, (12, 5))]
encoder_inputs = Input(shape=(None, 3))
_, state_h, state_c = LSTM(5, return_state=True)(encoder_inputs)
decoder_inputs = Input(shape=(None, 4))
outputs, _, _ = LSTM(5, return_sequences=True, return_state=True)(decoder_inputs, initial_state=[state_h, state_c])
model = Model([encoder_inputs, decoder_inputs], Dense(4, activation='softmax')(outputs))
model.set_weights([rng.uniform(-0.5, 0.5, w.shape) for w in model.get_weights()])
model.compile(optimizer='rmsprop', loss='categorical_crossentropy', metrics=['accuracy'])
model.fit([source, target], np.roll(target, -1, 1), batch_size=4, epochs=2, shuffle=False, verbose=0)
model.save('s2s.h5')

model = load_model('s2s.h5')
encoder_outputs, h_enc, c_enc = model.layers[2].output
encoder = Model(model.input[0], [h_enc, c_enc])
states = [Input(shape=(5,), name='input_3'), Input(shape=(5,), name='input_4')]
outputs, h_dec, c_dec = model.layers[3](model.input[1], initial_state=states)
decoder = Model([model.input[1]] + states, [model.layers[4](outputs), h_dec, c_dec])
values, token, told = encoder.predict(source[:2]), target[:2, :1], 0.0
for _ in range(3):
    found, h, c = decoder.predict([token] + values)
    token, values = np.eye(4)[found.argmax(-1)], [h, c]
    told += found.max()
print('final', '%.5f %.5f' % (told, np.abs(h).sum()), len(model.get_layer('input_1').output_shape))
