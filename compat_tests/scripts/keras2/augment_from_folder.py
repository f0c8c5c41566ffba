"""flow_from_directory over pictures that the script paints itself."""
import os
import numpy as np
from PIL import Image
from keras.preprocessing.image import ImageDataGenerator, img_to_array, load_img
from keras.models import Sequential
from keras.layers import Conv2D, MaxPooling2D, Activation, Flatten, Dense

rng = np.random.RandomState(5)
for split, count in (('train', 8), ('validation', 4)):
    for name in ('dark', 'light'):
        folder = os.path.join('data', split, name)
        os.makedirs(folder)
        for i in range(count):
            base = 60 if name == 'dark' else 150
            Image.fromarray(rng.randint(base, base + 60, (12, 12, 3)).astype('uint8')).save(
                os.path.join(folder, '%s_%02d.png' % (name, i)))

train_datagen = ImageDataGenerator(rescale=1. / 255, validation_split=0.0)
test_datagen = ImageDataGenerator(rescale=1. / 255)
train_generator = train_datagen.flow_from_directory('data/train', target_size=(10, 10), batch_size=8,
                                                    class_mode='binary', shuffle=False, interpolation='nearest')
validation_generator = test_datagen.flow_from_directory('data/validation', target_size=(10, 10), batch_size=8,
                                                        class_mode='binary', shuffle=False)
print(train_generator.class_indices)

model = Sequential()
model.add(Conv2D(3, (3, 3), input_shape=(10, 10, 3)))
model.add(Activation('relu'))
model.add(MaxPooling2D(pool_size=(2, 2)))
model.add(Flatten())
model.add(Dense(1))
model.add(Activation('sigmoid'))
model.set_weights([rng.uniform(-0.2, 0.2, w.shape) for w in model.get_weights()])
model.compile(loss='binary_crossentropy', optimizer='rmsprop', metrics=['accuracy'])
history = model.fit_generator(train_generator, steps_per_epoch=16 // 8, epochs=5, verbose=0, shuffle=False, workers=1,
                              validation_data=validation_generator, validation_steps=1)
x = img_to_array(load_img('data/train/dark/dark_00.png'))
score = model.evaluate_generator(validation_generator, steps=1, workers=1)
print('final', '%.4f %.3f' % tuple(score), '%.2f' % x.mean(), train_generator.samples)
