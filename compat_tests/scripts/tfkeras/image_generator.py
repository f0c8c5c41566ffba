"""ImageDataGenerator of tf.keras: rescale, split into training and validation, own preprocessing function."""
import numpy as np
from tensorflow.keras.preprocessing.image import ImageDataGenerator
from tensorflow.keras import layers, models, losses

rng = np.random.RandomState(35)
x = rng.randint(0, 200, (40, 8, 8, 3)).astype('float32')
y = (np.arange(40) // 2) % 2
x[y == 1, :, :, 0] += 55

datagen = ImageDataGenerator(rescale=1 / 255., validation_split=0.25, preprocessing_function=lambda im: im[::-1])
train = datagen.flow(x, y, batch_size=10, shuffle=False, subset='training')
val = datagen.flow(x, y, batch_size=10, shuffle=False, subset='validation')
model = models.Sequential([
    layers.Conv2D(3, (3, 3), activation='relu', input_shape=(8, 8, 3)),
    layers.AveragePooling2D((2, 2)),
    layers.Flatten(),
    layers.Dense(1),
])
model.set_weights([rng.uniform(-0.3, 0.3, w.shape) for w in model.get_weights()])
model.compile(optimizer='adam', loss=losses.BinaryCrossentropy(from_logits=True), metrics=['accuracy'])
history = model.fit(train, validation_data=val, epochs=3, verbose=0, shuffle=False)
print(len(train), len(val))
print('final', '%.5f %.5f' % (history.history['loss'][-1], history.history['val_loss'][-1]), val.n)
