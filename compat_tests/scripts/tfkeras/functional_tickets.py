"""Several inputs and outputs: priority and department of a ticket."""
import numpy as np
from tensorflow import keras
from tensorflow.keras import layers

rng = np.random.RandomState(11)
num_tags, num_words, num_departments = 4, 30, 3
title_data = rng.randint(num_words, size=(32, 5))
tags_data = rng.randint(2, size=(32, num_tags)).astype("float32")
priority_targets = rng.random_sample((32, 1))
dept_targets = np.eye(num_departments)[rng.randint(num_departments, size=32)]

title_input = keras.Input(shape=(None,), name="title")
tags_input = keras.Input(shape=(num_tags,), name="tags")
title_features = layers.Embedding(num_words, 6)(title_input)
title_features = layers.LSTM(5)(title_features)
x = layers.concatenate([title_features, tags_input])
priority_pred = layers.Dense(1, name="priority")(x)
department_pred = layers.Dense(num_departments, name="department")(x)
model = keras.Model(inputs=[title_input, tags_input], outputs={"priority": priority_pred, "department": department_pred})
weights = [rng.uniform(-0.4, 0.4, w.shape) for w in model.get_weights()]
model.set_weights(weights)
model.compile(
    optimizer=keras.optimizers.RMSprop(1e-3),
    loss={"priority": keras.losses.BinaryCrossentropy(from_logits=True),
          "department": keras.losses.CategoricalCrossentropy(from_logits=True)},
    loss_weights={"priority": 1.0, "department": 0.2},
)
history = model.fit({"title": title_data, "tags": tags_data}, {"priority": priority_targets, "department": dept_targets},
                    epochs=4, batch_size=8, shuffle=False, verbose=0)
result = model.evaluate({"title": title_data, "tags": tags_data},
                        {"priority": priority_targets, "department": dept_targets}, verbose=0, return_dict=True)
print(sorted(result))
print("final", " ".join("%.5f" % result[k] for k in sorted(result)))
