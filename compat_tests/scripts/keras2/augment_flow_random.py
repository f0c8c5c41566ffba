"""Random shifts and flips: the pictures differ each time, the accuracy hardly does."""
import numpy as np
from keras.preprocessing.image import ImageDataGenerator
from keras.models import Sequential
from keras.layers import Conv2D, GlobalAveragePooling2D, Dense
from keras.utils import np_utils

np.random.seed(1)
x = np.random.uniform(0, 0.2, (40, 9, 9, 1))
labels = np.arange(40) % 2
x[labels == 1] += 0.5
y = np_utils.to_categorical(labels)

datagen = ImageDataGenerator(width_shift_range=0.1, height_shift_range=0.1, rotation_range=20, zoom_range=0.1,
                             horizontal_flip=True, vertical_flip=True, fill_mode='nearest')
datagen.fit(x)
model = Sequential()
model.add(Conv2D(4, (3, 3), activation='relu', input_shape=(9, 9, 1)))
model.add(GlobalAveragePooling2D())
model.add(Dense(2, activation='softmax'))
model.set_weights([np.random.uniform(-0.5, 0.5, w.shape) for w in model.get_weights()])
model.compile(loss='categorical_crossentropy', optimizer='adagrad', metrics=['accuracy'])
for e in range(12):
    batches = 0
    for x_batch, y_batch in datagen.flow(x, y, batch_size=20, seed=e):
        loss = model.train_on_batch(x_batch, y_batch)
        batches += 1
        if batches >= len(x) / 20:
            break  # the generator never ends
score = model.evaluate(x, y, verbose=0)
print('final', '%.3f' % score[1], batches)
