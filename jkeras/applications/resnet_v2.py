"""ResNet V2, its preprocessing and the names of its classes."""

from .blocks import architecture
from .imagenet_utils import decode_predictions, preprocessing
from .resnet import resnet

__all__ = ["ResNet50V2", "ResNet101V2", "ResNet152V2", "decode_predictions", "preprocess_input"]

ResNet50V2 = architecture(resnet, "ResNet50V2", kind="resnet50v2", depths=(3, 4, 6, 3), preact=True)
ResNet101V2 = architecture(resnet, "ResNet101V2", kind="resnet101v2", depths=(3, 4, 23, 3), preact=True)
ResNet152V2 = architecture(resnet, "ResNet152V2", kind="resnet152v2", depths=(3, 8, 36, 3), preact=True)
preprocess_input = preprocessing("tf")
