"""Tokenizer of tf.keras, pooled embeddings."""
import numpy as np
import tensorflow as tf
from tensorflow.keras.preprocessing.text import Tokenizer
from tensorflow.keras.preprocessing.sequence import pad_sequences

training_sentences = ["granny starting to fear spiders in the garden", "the weather today is bright and sunny",
                      "game of thrones finale was a letdown", "sunny garden today", "what a letdown the weather",
                      "bright bright finale"]
training_labels = np.array([0, 1, 0, 1, 0, 1])
vocab_size, embedding_dim, max_length = 40, 6, 8
tokenizer = Tokenizer(num_words=vocab_size, oov_token="<OOV>")
tokenizer.fit_on_texts(training_sentences)
padded = pad_sequences(tokenizer.texts_to_sequences(training_sentences), maxlen=max_length, padding='post',
                       truncating='post')
model = tf.keras.Sequential([
    tf.keras.layers.Embedding(vocab_size, embedding_dim, input_length=max_length),
    tf.keras.layers.GlobalAveragePooling1D(),
    tf.keras.layers.Dense(8, activation='relu'),
    tf.keras.layers.Dense(1, activation='sigmoid'),
])
model.compile(loss='binary_crossentropy', optimizer='adam', metrics=['accuracy'])
rng = np.random.RandomState(9)
model.set_weights([rng.uniform(-0.5, 0.5, w.shape) for w in model.get_weights()])
history = model.fit(padded, training_labels, epochs=8, batch_size=6, verbose=0)
sentence = ["granny in the bright sunny castle"]
seq = pad_sequences(tokenizer.texts_to_sequences(sentence), maxlen=max_length, padding='post', truncating='post')
guess = float(model.predict(seq, verbose=0)[0, 0])
print(tokenizer.word_index["<OOV>"], seq[0])
print('final', '%.5f %.5f' % (history.history['loss'][-1], guess), seq.sum())
