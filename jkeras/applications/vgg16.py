"""VGG16, its preprocessing and the names of its classes."""

from .blocks import architecture
from .imagenet_utils import decode_predictions, preprocessing
from .vgg import vgg

__all__ = ["VGG16", "decode_predictions", "preprocess_input"]

VGG16 = architecture(vgg, "VGG16", kind="vgg16", depths=(2, 2, 3, 3, 3))
preprocess_input = preprocessing("caffe")
