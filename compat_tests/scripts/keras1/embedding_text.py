"""Good or bad? A bag of five invented reviews, tokenised, padded, embedded."""
import numpy as np
from keras.preprocessing.text import Tokenizer
from keras.preprocessing.sequence import pad_sequences
from keras.models import Sequential
from keras.layers.core import Dense, Flatten
from keras.layers.embeddings import Embedding

texts = ['A lovely, lovely film!', 'Dull plot and dull actors.', 'We loved the lovely end',
         'The plot? Terrible and dull', 'lovely actors; the film is good', 'terrible film']
labels = np.array([1, 0, 1, 0, 1, 0])

tokenizer = Tokenizer(nb_words=20)
tokenizer.fit_on_texts(texts)
sequences = tokenizer.texts_to_sequences(texts)
word_index = tokenizer.word_index
print('Found %s unique tokens.' % len(word_index))
data = pad_sequences(sequences, maxlen=6)

rng = np.random.RandomState(2)
embedding_matrix = rng.uniform(-0.5, 0.5, (20, 4))
model = Sequential()
model.add(Embedding(20, 4, input_length=6, weights=[embedding_matrix]))
model.add(Flatten())
model.add(Dense(1, activation='sigmoid', init='zero'))
model.compile('rmsprop', 'binary_crossentropy', metrics=['acc'])
model.fit(data, labels, nb_epoch=10, batch_size=6, verbose=0)
score = model.evaluate(data, labels, verbose=0)
print(tokenizer.texts_to_matrix(['the lovely dull lovely'], mode='count')[0][:8])
print('final', '%.5f' % score[0], '%.3f' % score[1], data.sum(), len(word_index))
