"""Encoder and decoder with Luong attention from layers.Attention."""
import numpy as np
from tensorflow import keras
from tensorflow.keras import layers

rng = np.random.RandomState(15)
source = rng.randint(1, 8, (32, 5))
target = source[:, ::-1]
shifted = np.concatenate([np.zeros((32, 1), dtype=int), target[:, :-1]], axis=1)

enc_in = keras.Input((5,), dtype="int32")
enc, state = layers.GRU(8, return_sequences=True, return_state=True)(layers.Embedding(9, 6)(enc_in))
dec_in = keras.Input((5,), dtype="int32")
dec = layers.GRU(8, return_sequences=True)(layers.Embedding(9, 6)(dec_in), initial_state=state)
context = layers.Attention(use_scale=False)([dec, enc])
both = layers.Concatenate()([dec, context])
logits = layers.TimeDistributed(layers.Dense(8))(both)
model = keras.Model([enc_in, dec_in], logits)
model.set_weights([rng.uniform(-0.4, 0.4, w.shape) for w in model.get_weights()])
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
history = model.fit([source, shifted], target, epochs=4, batch_size=16, shuffle=False, verbose=0)
print("final %.5f %.5f" % (history.history["loss"][-1], history.history["accuracy"][-1]))
