"""What comes before and after the image classifiers: pixels in, names of classes out."""

import functools
import json
import warnings

import numpy as np

from ..core import config
from ..utils.file_utils import get_file

CLASS_INDEX_URL = "https://storage.googleapis.com/download.tensorflow.org/data/imagenet_class_index.json"
CLASS_INDEX_HASH = "c2c37ea517e94d9795004a39431a14cb"
MEANS = {"caffe": (103.939, 116.779, 123.68), "torch": (0.485, 0.456, 0.406)}  # caffe: of blue, green, red
DEVIATIONS = (0.229, 0.224, 0.225)


def preprocess_input(x, data_format=None, mode="caffe"):
    """Pixels in 0..255 as the classifiers were trained on. (n, h, w, 3) or (h, w, 3) -> the same shape

    `mode` "tf": -1 to 1; "torch": 0 to 1, then each channel standardised; "caffe": BGR with the mean of each channel
    taken off. Numpy arrays, jax arrays and symbolic tensors; the input is left as it is.

    Source: https://keras.io/api/applications/.

    Raises ValueError for an unknown mode or data format.

    >>> preprocess_input(np.full((1, 1, 3), 255.0), mode="tf").tolist()
    [[[1.0, 1.0, 1.0]]]
    """
    if mode not in ("caffe", "tf", "torch"):
        raise ValueError(f"preprocess_input: mode must be 'caffe', 'tf' or 'torch', received {mode!r}.")
    data_format = data_format or config.image_data_format()
    if data_format not in ("channels_first", "channels_last"):
        raise ValueError(
            f"preprocess_input: data_format must be channels_first or channels_last, received {data_format!r}."
        )
    if isinstance(x, np.ndarray) and x.dtype.kind != "f":
        x = x.astype(config.floatx())
    if mode == "tf":
        return x / 127.5 - 1.0
    axis = len(x.shape) - 1 if data_format == "channels_last" else len(x.shape) - 3
    across = [1] * len(x.shape)
    across[axis] = 3

    def of_channels(values):
        return np.reshape(np.asarray(values, "float32" if not isinstance(x, np.ndarray) else x.dtype), across)

    if mode == "torch":
        return (x / 255.0 - of_channels(MEANS[mode])) / of_channels(DEVIATIONS)
    return x[(slice(None),) * axis + (slice(None, None, -1),)] - of_channels(MEANS[mode])


def preprocessing(mode):
    """The ``preprocess_input`` of an architecture; ``mode`` None where the model does it by itself."""

    if mode is None:

        def preprocess_input_of_model(x, data_format=None):
            return x
    else:

        def preprocess_input_of_model(x, data_format=None, mode=mode):  # Keras 2.2 let it be chosen
            return preprocess_input(x, data_format, mode)

    how = f"in the mode {mode!r}" if mode else "nothing to do: the model does it by itself"
    preprocess_input_of_model.__doc__ = f"Pixels in 0..255 as this architecture wants them ({how})."
    preprocess_input_of_model.__name__ = preprocess_input_of_model.__qualname__ = "preprocess_input"
    return preprocess_input_of_model


@functools.cache
def class_index():
    """Number as text -> (WordNet identifier, name) of the 1000 classes of ImageNet."""
    path = get_file("imagenet_class_index.json", CLASS_INDEX_URL, cache_subdir="models", file_hash=CLASS_INDEX_HASH)
    with open(path) as file:
        return json.load(file)


def decode_predictions(preds, top=5):
    """The best classes of ImageNet with names, (n, 1000) -> n lists of (WordNet identifier, name, score).

    The names come from a small file that is downloaded once.

    Source: https://keras.io/api/applications/. Raises ValueError for another shape.
    """
    preds = np.asarray(preds)
    if preds.ndim != 2 or preds.shape[1] != 1000:
        raise ValueError(
            f"decode_predictions: expected predictions of shape (samples, 1000), received {preds.shape}. It knows the "
            "classes of ImageNet alone."
        )
    names = class_index()
    best = [sorted(row.argsort()[::-1][:top], key=lambda i: -row[i]) for row in preds]
    return [[(*names[str(i)], row[i]) for i in order] for row, order in zip(preds, best)]


def obtain_input_shape(input_shape, default_size, min_size, data_format, require_flatten, weights=None):
    """The input shape without the batch: as given and checked, or the default of the architecture."""
    first = data_format == "channels_first"

    def shape(size, channels):
        return (channels, size, size) if first else (size, size, channels)

    if input_shape is not None:
        input_shape = tuple(input_shape)
        if len(input_shape) != 3:
            raise ValueError(f"input_shape must be a tuple of three integers, received {input_shape}.")
        channels = input_shape[0 if first else -1]
        sides = input_shape[1:] if first else input_shape[:-1]
        if weights == "imagenet" and require_flatten and input_shape != shape(default_size, 3):
            raise ValueError(
                f"With include_top=True and weights='imagenet' input_shape must be {shape(default_size, 3)}, received "
                f"{input_shape}. Pass include_top=False for pictures of another size."
            )
        if weights == "imagenet" and channels != 3:
            raise ValueError(f"The weights of ImageNet want 3 channels, received input_shape={input_shape}.")
        if weights != "imagenet" and channels not in (1, 3):
            warnings.warn(f"This model usually has 1 or 3 input channels, input_shape={input_shape} has {channels}.")
        if any(side is not None and side < min_size for side in sides):
            raise ValueError(f"Input size must be at least {min_size}x{min_size}, received input_shape={input_shape}.")
        if require_flatten and None in input_shape:
            raise ValueError(f"include_top=True wants a static input_shape, received {input_shape}.")
        return input_shape
    return shape(default_size if require_flatten else None, 3)


def correct_pad(inputs, kernel_size):
    """The padding before a strided convolution of TensorFlow's "same" kind: ((top, bottom), (left, right))."""
    first = config.image_data_format() == "channels_first"
    sides = tuple(inputs.shape)[2:4] if first else tuple(inputs.shape)[1:3]
    sizes = (kernel_size, kernel_size) if isinstance(kernel_size, int) else tuple(kernel_size)
    adjust = (1, 1) if sides[0] is None else tuple(1 - side % 2 for side in sides)
    return tuple((size // 2 - less, size // 2) for size, less in zip(sizes, adjust))


def validate_activation(classifier_activation, weights):
    """Raises ValueError where published weights meet an activation that they were not trained with."""
    from .. import activations

    if weights is not None and activations.get(classifier_activation) not in (
        activations.get("softmax"),
        activations.get(None),
    ):
        raise ValueError(
            "classifier_activation must be None or 'softmax' with pretrained weights and include_top=True, received "
            f"{classifier_activation!r}."
        )
