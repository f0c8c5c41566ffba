"""VGG19, its preprocessing and the names of its classes."""

from .blocks import architecture
from .imagenet_utils import decode_predictions, preprocessing
from .vgg import vgg

__all__ = ["VGG19", "decode_predictions", "preprocess_input"]

VGG19 = architecture(vgg, "VGG19", kind="vgg19", depths=(2, 2, 4, 4, 4))
preprocess_input = preprocessing("caffe")
