"""Style transfer tutorial style: a picture is the variable, Gram matrices, total variation, pictures from files."""
import os
import tempfile

import numpy as np
import tensorflow as tf

rng = np.random.RandomState(2)
folder = tempfile.mkdtemp()
for name in ("content", "style"):
    tf.io.write_file(os.path.join(folder, name + ".png"), tf.image.encode_png(rng.randint(0, 255, (20, 24, 3)).astype("uint8")))


def load_img(path_to_img):
    max_dim = 16
    img = tf.io.read_file(path_to_img)
    img = tf.image.decode_image(img, channels=3)
    img = tf.image.convert_image_dtype(img, tf.float32)
    shape = tf.cast(tf.shape(img)[:-1], tf.float32)
    scale = max_dim / max(shape)
    img = tf.image.resize(img, tf.cast(shape * scale, tf.int32))
    return img[tf.newaxis, :]


content_image, style_image = (load_img(os.path.join(folder, n + ".png")) for n in ("content", "style"))
inputs = tf.keras.Input((None, None, 3))
first = tf.keras.layers.Conv2D(4, 3, activation="relu", name="block1")(inputs)
network = tf.keras.Model(inputs, tf.keras.layers.Conv2D(4, 3, name="block2")(first))
network.set_weights([rng.uniform(-0.3, 0.3, w.shape) for w in network.get_weights()])


def gram_matrix(input_tensor):
    result = tf.linalg.einsum("bijc,bijd->bcd", input_tensor, input_tensor)
    input_shape = tf.shape(input_tensor)
    return result / tf.cast(input_shape[1] * input_shape[2], tf.float32)


class StyleContentModel(tf.keras.models.Model):
    def __init__(self, style_layers, content_layers):
        super(StyleContentModel, self).__init__()
        outputs = [network.get_layer(name).output for name in style_layers + content_layers]
        self.vgg = tf.keras.Model([network.input], outputs)
        self.style_layers, self.content_layers = style_layers, content_layers
        self.vgg.trainable = False

    def call(self, inputs):
        outputs = self.vgg(inputs * 2.0 - 1.0)
        style_outputs = [gram_matrix(o) for o in outputs[:len(self.style_layers)]]
        content = dict(zip(self.content_layers, outputs[len(self.style_layers):]))
        return {"content": content, "style": dict(zip(self.style_layers, style_outputs))}


extractor = StyleContentModel(["block1"], ["block2"])
style_targets, content_targets = extractor(style_image)["style"], extractor(content_image)["content"]
image = tf.Variable(content_image)
opt = tf.keras.optimizers.Adam(learning_rate=0.02, beta_1=0.99, epsilon=1e-1)


@tf.function()
def train_step(image):
    with tf.GradientTape() as tape:
        outputs = extractor(image)
        loss = tf.add_n([tf.reduce_mean((outputs["style"][n] - style_targets[n]) ** 2) for n in style_targets])
        loss += tf.add_n([tf.reduce_mean((outputs["content"][n] - content_targets[n]) ** 2) for n in content_targets])
        loss += 0.001 * tf.reduce_sum(tf.image.total_variation(image))
    opt.apply_gradients([(tape.gradient(loss, image), image)])
    image.assign(tf.clip_by_value(image, clip_value_min=0.0, clip_value_max=1.0))
    return loss


for n in range(5):
    loss = train_step(image)
edges = tf.image.sobel_edges(image)
print("final %.5f %.5f %.5f" % (loss.numpy(), image.numpy().mean(), tf.reduce_mean(tf.abs(edges)).numpy()))
