"""Image classifiers, with the layer names and the order of weights that the published weight files have.

>>> from jkeras import applications
>>> model = applications.MobileNet(weights=None, alpha=0.25, input_shape=(32, 32, 3), classes=10)
>>> model.name, model.output_shape
('mobilenet_0.25_32', (None, 10))
"""

from importlib import import_module

_REGNETS = tuple(
    f"RegNet{kind}{size}" for kind in "XY" for size in "002 004 006 008 016 032 040 064 080 120 160 320".split()
)

# Module -> the architectures in it. Everything loads on first use.
ARCHITECTURES = {
    "convnext": tuple(f"ConvNeXt{size}" for size in ("Tiny", "Small", "Base", "Large", "XLarge")),
    "densenet": ("DenseNet121", "DenseNet169", "DenseNet201"),
    "efficientnet": tuple(f"EfficientNetB{i}" for i in range(8)),
    "efficientnet_v2": tuple(f"EfficientNetV2{size}" for size in ("B0", "B1", "B2", "B3", "S", "M", "L")),
    "inception_resnet_v2": ("InceptionResNetV2",),
    "inception_v3": ("InceptionV3",),
    "mobilenet": ("MobileNet",),
    "mobilenet_v2": ("MobileNetV2",),
    "mobilenet_v3": ("MobileNetV3Small", "MobileNetV3Large"),
    "nasnet": ("NASNetMobile", "NASNetLarge"),
    "regnet": _REGNETS,
    "resnet": ("ResNet50", "ResNet101", "ResNet152"),
    "resnet_rs": tuple(f"ResNetRS{depth}" for depth in (50, 101, 152, 200, 270, 350, 420)),
    "resnet_v2": ("ResNet50V2", "ResNet101V2", "ResNet152V2"),
    "vgg16": ("VGG16",),
    "vgg19": ("VGG19",),
    "xception": ("Xception",),
}
_MODULES = (*ARCHITECTURES, "imagenet_utils", "mobilenetv2", "resnet50")
_HOMES = {name: module for module, names in ARCHITECTURES.items() for name in names}

__all__ = sorted([*_HOMES, *_MODULES])


def __getattr__(name):
    if name in _HOMES:
        value = globals()[name] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        return value
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module 'jkeras.applications' has no attribute {name!r}")


def __dir__():
    return __all__
