'''Sequence to sequence with teacher forcing; separate encoder and decoder models for inference.'''
import numpy as np
from keras.models import Model
from keras.layers import Input, LSTM, Dense

rng = np.random.RandomState(1)
input_texts = ['ab', 'ba', 'aab', 'bba', 'abb', 'bab']
target_texts = ['\t' + t.upper() + '\n' for t in input_texts]
chars_in, chars_out = sorted(set(''.join(input_texts))), sorted(set(''.join(target_texts)))
token_in = dict((c, i) for i, c in enumerate(chars_in))
token_out = dict((c, i) for i, c in enumerate(chars_out))
encoder_input_data = np.zeros((6, 3, len(chars_in)), dtype='float32')
decoder_input_data = np.zeros((6, 5, len(chars_out)), dtype='float32')
decoder_target_data = np.zeros((6, 5, len(chars_out)), dtype='float32')
for i, (source, target) in enumerate(zip(input_texts, target_texts)):
    for t, char in enumerate(source):
        encoder_input_data[i, t, token_in[char]] = 1.
    for t, char in enumerate(target):
        decoder_input_data[i, t, token_out[char]] = 1.
        if t > 0:
            decoder_target_data[i, t - 1, token_out[char]] = 1.

latent_dim = 8
encoder_inputs = Input(shape=(None, len(chars_in)))
encoder_outputs, state_h, state_c = LSTM(latent_dim, return_state=True)(encoder_inputs)
encoder_states = [state_h, state_c]
decoder_inputs = Input(shape=(None, len(chars_out)))
decoder_lstm = LSTM(latent_dim, return_sequences=True, return_state=True)
decoder_outputs, _, _ = decoder_lstm(decoder_inputs, initial_state=encoder_states)
decoder_dense = Dense(len(chars_out), activation='softmax')
decoder_outputs = decoder_dense(decoder_outputs)
model = Model([encoder_inputs, decoder_inputs], decoder_outputs)
model.set_weights([rng.uniform(-0.4, 0.4, w.shape) for w in model.get_weights()])
model.compile(optimizer='rmsprop', loss='categorical_crossentropy')
h = model.fit([encoder_input_data, decoder_input_data], decoder_target_data, batch_size=6, epochs=20, verbose=0)

encoder_model = Model(encoder_inputs, encoder_states)
state_inputs = [Input(shape=(latent_dim,)), Input(shape=(latent_dim,))]
decoder_outputs, state_h, state_c = decoder_lstm(decoder_inputs, initial_state=state_inputs)
decoder_model = Model([decoder_inputs] + state_inputs, [decoder_dense(decoder_outputs), state_h, state_c])

states = encoder_model.predict(encoder_input_data[:1])
target, decoded, total = np.zeros((1, 1, len(chars_out))), '', 0.
target[0, 0, token_out['\t']] = 1.
for _ in range(4):
    output, h1, c1 = decoder_model.predict([target] + states)
    index = int(np.argmax(output[0, -1]))
    decoded += chars_out[index]
    total += float(output.max())
    target = np.eye(len(chars_out))[[[index]]]
    states = [h1, c1]
print('Input sentence:', input_texts[0], 'Decoded:', repr(decoded))
print('final', '%.5f %.4f' % (h.history['loss'][-1], total))
