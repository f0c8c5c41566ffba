"""Every argument name that Keras 1 had, in each class that had it, makes the layer that today's name makes."""

import pytest

from jkeras import layers
from jkeras.compat import era

# old word -> (its value, the same in today's words)
WORDS = {
    "output_dim": (3, {"units": 3}),
    "init": ("one", {"kernel_initializer": "ones"}),
    "inner_init": ("identity", {"recurrent_initializer": "identity"}),
    "forget_bias_init": ("zero", {"unit_forget_bias": False}),
    "inner_activation": ("tanh", {"recurrent_activation": "tanh"}),
    "W_regularizer": ("l2", {"kernel_regularizer": "l2"}),
    "U_regularizer": ("l2", {"recurrent_regularizer": "l2"}),
    "b_regularizer": ("l1", {"bias_regularizer": "l1"}),
    "W_constraint": ("nonneg", {"kernel_constraint": "nonneg"}),
    "b_constraint": ("nonneg", {"bias_constraint": "nonneg"}),
    "bias": (False, {"use_bias": False}),
    "dropout_W": (0.25, {"dropout": 0.25}),
    "dropout_U": (0.5, {"recurrent_dropout": 0.5}),
    "consume_less": ("mem", {"implementation": 1}),
    "input_dim": (5, {"input_shape": (5,)}),
    "nb_filter": (3, {"filters": 3}),
    "filter_length": (2, {"kernel_size": 2}),
    "subsample_length": (2, {"strides": 2}),
    "border_mode": ("same", {"padding": "same"}),
    "subsample": ((2, 2), {"strides": (2, 2)}),
    "dim_ordering": ("th", {"data_format": "channels_first"}),
    "pool_length": (3, {"pool_size": 3}),
    "stride": (2, {"strides": 2}),
    "length": (3, {"size": 3}),
    "p": (0.25, {"rate": 0.25}),
    "sigma": (0.25, {"stddev": 0.25}),
    "beta_init": ("one", {"beta_initializer": "ones"}),
    "gamma_init": ("zero", {"gamma_initializer": "zeros"}),
    "mode": (0, {}),
    "dropout": (0.0, {}),
    "atrous_rate": (2, {"dilation_rate": 2}),
    "transform_bias": (-2, {}),
    "input_dtype": ("float64", {"dtype": "float64"}),
}
_WEIGHTS = "init W_regularizer b_regularizer W_constraint b_constraint bias"
_RECURRENT = "output_dim init inner_init W_regularizer U_regularizer b_regularizer dropout_W dropout_U consume_less"
# class -> (what it must be given, its words of Keras 1, what its own names for a word are where the table has others)
CLASSES = {
    "Dense": ({"units": 3}, f"output_dim {_WEIGHTS} input_dim", {}),
    "Conv1D": ({"filters": 3, "kernel_size": 2}, f"nb_filter filter_length subsample_length border_mode {_WEIGHTS}", {}),
    "Conv2D": ({"filters": 3, "kernel_size": 2}, f"nb_filter subsample border_mode dim_ordering {_WEIGHTS}", {}),
    "Conv3D": ({"filters": 3, "kernel_size": 2}, f"nb_filter border_mode dim_ordering {_WEIGHTS}", {}),
    "Conv2DTranspose": ({"filters": 3, "kernel_size": 2}, f"nb_filter subsample border_mode dim_ordering {_WEIGHTS}", {}),
    "SeparableConv2D": (
        {"filters": 3, "kernel_size": 2},
        "nb_filter subsample border_mode dim_ordering b_regularizer b_constraint bias init",
        {"init": {"depthwise_initializer": "ones", "pointwise_initializer": "ones"}},
    ),
    "LocallyConnected1D": ({"filters": 3, "kernel_size": 2}, f"nb_filter filter_length subsample_length {_WEIGHTS}", {}),
    "LocallyConnected2D": ({"filters": 3, "kernel_size": 2}, f"nb_filter subsample dim_ordering {_WEIGHTS}", {}),
    "ConvLSTM2D": (
        {"filters": 3, "kernel_size": 2},
        "nb_filter subsample border_mode dim_ordering init inner_init W_regularizer U_regularizer b_regularizer "
        "inner_activation dropout_W dropout_U bias forget_bias_init",
        {},
    ),
    "SimpleRNN": ({"units": 3}, _RECURRENT.replace(" consume_less", ""), {}),
    "GRU": ({"units": 3}, f"{_RECURRENT} inner_activation", {}),
    "LSTM": ({"units": 3}, f"{_RECURRENT} inner_activation forget_bias_init", {}),
    "Embedding": (
        {"input_dim": 4, "output_dim": 3},
        "init W_regularizer W_constraint dropout",
        {
            "init": {"embeddings_initializer": "ones"},
            "W_regularizer": {"embeddings_regularizer": "l2"},
            "W_constraint": {"embeddings_constraint": "nonneg"},
        },
    ),
    "BatchNormalization": ({}, "beta_init gamma_init mode", {}),
    "PReLU": ({}, "init", {"init": {"alpha_initializer": "ones"}}),
    "Dropout": ({"rate": 0.5}, "p", {}),
    "GaussianDropout": ({"rate": 0.5}, "p", {}),
    "GaussianNoise": ({"stddev": 0.5}, "sigma", {}),
    "SpatialDropout1D": ({"rate": 0.5}, "p", {}),
    "SpatialDropout2D": ({"rate": 0.5}, "p dim_ordering", {}),
    "SpatialDropout3D": ({"rate": 0.5}, "p dim_ordering", {}),
    "UpSampling1D": ({}, "length", {}),
    **{name: ({}, "dim_ordering", {}) for name in (
        "Cropping2D", "Cropping3D", "UpSampling2D", "UpSampling3D", "ZeroPadding2D", "ZeroPadding3D",
        "GlobalAveragePooling2D", "GlobalAveragePooling3D", "GlobalMaxPooling2D", "GlobalMaxPooling3D",
    )},
    **{name: ({}, "pool_length stride border_mode", {}) for name in ("AveragePooling1D", "MaxPooling1D")},
    **{name: ({}, "border_mode dim_ordering", {}) for name in (
        "AveragePooling2D", "AveragePooling3D", "MaxPooling2D", "MaxPooling3D",
    )},
    "Highway": ({}, "transform_bias init", {"init": {"kernel_initializer": "ones"}}),
    "MaxoutDense": ({"output_dim": 3}, "init", {"init": {"kernel_initializer": "ones"}}),
    "AtrousConvolution1D": ({"filters": 3, "kernel_size": 2}, "atrous_rate", {}),
    "AtrousConvolution2D": ({"filters": 3, "kernel_size": 2}, "atrous_rate", {}),
    "Flatten": ({}, "input_dtype", {}),
}  # fmt: skip
ROWS = [(cls, word) for cls, (_, words, _) in CLASSES.items() for word in words.split()]


def config_of(name, arguments):
    layer = getattr(layers, name)(**arguments)
    return {**layer.get_config(), "name": None, "first": layer._first_shape}


@pytest.mark.parametrize("name, word", ROWS)
def test_an_old_word_makes_what_todays_makes(name, word):
    needed, _, own = CLASSES[name]
    value, today = WORDS[word]
    today = own.get(word, today)
    rest = {k: v for k, v in needed.items() if k not in today}
    with era("1"):
        assert config_of(name, {**rest, word: value}) == config_of(name, {**needed, **today})


PARTS = [
    ("Conv2D", {"nb_filter": 3, "nb_row": 2, "nb_col": 4}, {"filters": 3, "kernel_size": (2, 4)}),
    ("SeparableConv2D", {"nb_filter": 3, "nb_row": 2, "nb_col": 4}, {"filters": 3, "kernel_size": (2, 4)}),
    ("LocallyConnected2D", {"nb_filter": 3, "nb_row": 2, "nb_col": 4}, {"filters": 3, "kernel_size": (2, 4)}),
    ("Conv2DTranspose", {"nb_filter": 3, "nb_row": 2, "nb_col": 4}, {"filters": 3, "kernel_size": (2, 4)}),
    ("ConvLSTM2D", {"nb_filter": 3, "nb_row": 2, "nb_col": 4}, {"filters": 3, "kernel_size": (2, 4)}),
    (
        "Conv3D",
        {"nb_filter": 3, "kernel_dim1": 2, "kernel_dim2": 4, "kernel_dim3": 1, "subsample": (1, 2, 1)},
        {"filters": 3, "kernel_size": (2, 4, 1), "strides": (1, 2, 1)},
    ),
    ("Conv1D", {"nb_filter": 3, "filter_length": 2, "input_dim": 5}, {"filters": 3, "kernel_size": 2, "input_shape": (None, 5)}),
    (
        "Conv1D",
        {"nb_filter": 3, "filter_length": 2, "input_dim": 5, "input_length": 7},
        {"filters": 3, "kernel_size": 2, "input_shape": (7, 5)},
    ),
    ("GRU", {"output_dim": 3, "input_dim": 5, "input_length": 7}, {"units": 3, "input_shape": (7, 5)}),
]  # fmt: skip


@pytest.mark.parametrize("name, old, today", PARTS)
def test_several_old_words_make_one_of_todays(name, old, today):
    with era("1"):
        assert config_of(name, old) == config_of(name, today)
