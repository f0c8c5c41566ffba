"""Tokenizer, pre-made word vectors, Conv1D over them with the embedding frozen."""
import numpy as np
from keras.preprocessing.text import Tokenizer, text_to_word_sequence
from keras.preprocessing.sequence import pad_sequences
from keras.utils import to_categorical
from keras.layers import Dense, Input, GlobalMaxPooling1D, Conv1D, MaxPooling1D, Embedding
from keras.models import Model

subjects = ['the cat', 'a dog', 'my horse']
texts = ['%s %s in the %s.' % (s, v, p) for s in subjects for v in ('sleeps', 'runs', 'eats') for p in ('barn', 'sun')]
labels = [i // 6 for i in range(len(texts))]

tokenizer = Tokenizer(num_words=15, oov_token='<oov>')
tokenizer.fit_on_texts(texts)
sequences = tokenizer.texts_to_sequences(texts)
data = pad_sequences(sequences, maxlen=7, padding='pre', truncating='post')
labels = to_categorical(np.asarray(labels))
print('Shape of data tensor:', data.shape)
print(text_to_word_sequence(texts[0]))

rng = np.random.RandomState(4)
vectors = {word: rng.normal(size=5) for word in sorted(tokenizer.word_index)}
embedding_matrix = np.zeros((15, 5))
for word, i in tokenizer.word_index.items():
    if i < 15:
        embedding_matrix[i] = vectors[word]

words = Input(shape=(7,), dtype='int32')
embedded = Embedding(15, 5, weights=[embedding_matrix], input_length=7, trainable=False)(words)
x = Conv1D(6, 3, activation='relu')(embedded)
x = MaxPooling1D(2)(x)
x = GlobalMaxPooling1D()(x)
preds = Dense(3, activation='softmax')(x)
model = Model(words, preds)
for layer in (model.layers[2], model.layers[-1]):
    layer.set_weights([rng.uniform(-0.3, 0.3, w.shape) for w in layer.get_weights()])
model.compile(loss='categorical_crossentropy', optimizer='adam', metrics=['acc'])
model.fit(data, labels, batch_size=6, epochs=8, shuffle=False, verbose=0)
loss, acc = model.evaluate(data, labels, verbose=0)
assert (model.layers[1].get_weights()[0] == embedding_matrix.astype('float32')).all()
print('final', '%.5f %.4f %d' % (loss, acc, data.sum()))
