"""The layers, imported family by family on first use.

Some 6,000 lines of code for the layers of four generations of Keras, and 3,000 of docstrings with an example each.

>>> from jkeras import layers
>>> layers.Dense(3).units
3
"""

import importlib

from ..core.connections import old_names

# Module of this package -> the names it offers. A new layer is a class there and a word here.
MODULES = {
    "core": "Dense EinsumDense Identity Lambda Masking Wrapper",
    "conv": "Conv1D Conv1DTranspose Conv2D Conv2DTranspose Conv3D Conv3DTranspose Convolution1D Convolution1DTranspose "
    "Convolution2D Convolution2DTranspose Convolution3D Convolution3DTranspose DepthwiseConv1D DepthwiseConv2D "
    "SeparableConv1D SeparableConv2D SeparableConvolution1D SeparableConvolution2D",
    "pooling": "AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D AdaptiveMaxPooling1D "
    "AdaptiveMaxPooling2D AdaptiveMaxPooling3D AveragePooling1D AveragePooling2D AveragePooling3D AvgPool1D AvgPool2D "
    "AvgPool3D GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D GlobalAvgPool1D GlobalAvgPool2D "
    "GlobalAvgPool3D GlobalMaxPool1D GlobalMaxPool2D GlobalMaxPool3D GlobalMaxPooling1D GlobalMaxPooling2D "
    "GlobalMaxPooling3D MaxPool1D MaxPool2D MaxPool3D MaxPooling1D MaxPooling2D MaxPooling3D",
    "normalization": "BatchNormalization GroupNormalization LayerNormalization RMSNormalization SpectralNormalization "
    "UnitNormalization",
    "local": "LocallyConnected1D LocallyConnected2D",
    "embedding": "Embedding ReversibleEmbedding",
    "activation": "Activation ELU LeakyReLU PReLU ReLU Softmax SReLU ParametricSoftplus ThresholdedReLU",
    "spectrogram": "MelSpectrogram STFTSpectrogram",
    "reshaping": "Cropping1D Cropping2D Cropping3D Flatten Permute RepeatVector Reshape UpSampling1D UpSampling2D "
    "UpSampling3D ZeroPadding1D ZeroPadding2D ZeroPadding3D",
    "image_color": "AutoContrast ContrastLimitedAdaptiveHistogramEqualization Equalization RandomBrightness "
    "RandomColorDegeneration RandomColorJitter RandomContrast RandomErasing RandomGaussianBlur RandomGrayscale RandomHue "
    "RandomInvert RandomPosterization RandomSaturation RandomSharpness Solarization",
    "image_geometry": "RandomElasticTransform RandomFlip RandomPerspective RandomRotation RandomShear RandomTranslation "
    "RandomZoom",
    "image_mix": "AugMix CutMix MixUp Pipeline RandAugment",
    "image_size": "CenterCrop MaxNumBoundingBoxes RandomCrop RandomHeight RandomWidth Resizing",
    "jax_layer": "FlaxLayer JaxLayer",
    "legacy": "Highway MaxoutDense Merge RandomFourierFeatures merge",
    "merging": "Add Average Concatenate Dot Maximum Minimum Multiply Subtract add average concatenate dot maximum "
    "minimum multiply subtract",
    "recurrent": "RNN SimpleRNN LSTM GRU CuDNNLSTM CuDNNGRU",
    "recurrent_cells": "SimpleRNNCell LSTMCell GRUCell PeepholeLSTMCell",
    "recurrent_loop": "AbstractRNNCell StackedRNNCells",
    "wrappers": "Bidirectional TimeDistributed",
    "attention": "AdditiveAttention Attention GroupQueryAttention GroupedQueryAttention MultiHeadAttention",
    "conv_recurrent": "ConvLSTM1D ConvLSTM2D ConvLSTM2DCell ConvLSTM3D ConvRNN2D",
    "preprocessing_hashing": "HashedCrossing Hashing",
    "preprocessing_lookup": "IntegerLookup StringLookup",
    "preprocessing_numbers": "CategoryEncoding Discretization Normalization Rescaling",
    "preprocessing_text": "TextVectorization",
    "regularization": "ActivityRegularization AlphaDropout Dropout GaussianDropout GaussianNoise SpatialDropout1D "
    "SpatialDropout2D SpatialDropout3D",
}

# Offered here, at home elsewhere in the package.
ELSEWHERE = {
    "Layer": "core.layer",
    "InputSpec": "core.spec",
    "Input": "layers.inputs",
    "InputLayer": "layers.inputs",
}

HOMES = {name: "layers." + module for module, names in MODULES.items() for name in names.split()} | ELSEWHERE

__all__ = [*HOMES, "deserialize", "get", "serialize"]


def __getattr__(name):
    if name in HOMES and name != "merge":  # a function of Keras 1, and a module
        value = getattr(importlib.import_module("jkeras." + HOMES[name]), name)
        globals()[name] = value
        return value
    return old_names(__name__)(name)


def __dir__():
    return __all__


def _load():
    """The family of layers with every module imported, so that each name can be found."""
    from ..core.layer import family

    for module in MODULES:
        importlib.import_module(f"{__name__}.{module}")
    return family


def serialize(layer, use_legacy_format=False):
    """The config of a layer, as plain data; ``use_legacy_format``: as Keras 2 wrote it.

    >>> serialize(__getattr__("Dense")(3))["class_name"]
    'Dense'
    """
    from ..core.registry import serialize

    if use_legacy_format:
        return {"class_name": type(layer).__name__, "config": layer.get_config()}
    return serialize(layer)


def deserialize(config, custom_objects=None, use_legacy_format=False):
    """The layer that ``serialize`` described; all formats are recognised, whatever ``use_legacy_format`` says.

    >>> deserialize({"class_name": "Dense", "config": {"units": 3}}).units
    3
    """
    found = _load().deserialize(config, custom_objects)
    if not getattr(type(found), "_tracked_as", None) == "layer":
        raise ValueError(f"deserialize: the config describes no layer but {found!r}.")
    return found


def get(identifier):
    """A layer from a layer, a config or a name."""
    return _load().get(identifier)
