"""Old positional orders: what the arguments of a call in the order of an older Keras are called.

Which order is meant shows in the values where it can (an initializer's name is no activation), else in old keywords of
the same call, else in the era.
"""

from typing import Any

from .names import KERAS_1_WORDS

# The arguments of Keras 1 by position
_DENSE = ("output_dim", "init", "activation", "weights")
_CONV1D = ("nb_filter", "filter_length", "init", "activation", "weights", "border_mode", "subsample_length")
_CONV2D = ("nb_filter", "nb_row", "nb_col", "init", "activation", "weights", "border_mode", "subsample", "dim_ordering")
_CONV3D = ("nb_filter", "kernel_dim1", "kernel_dim2", "kernel_dim3", "init", "activation", "weights", "border_mode",
           "subsample", "dim_ordering")  # fmt: skip
_RNN = ("output_dim", "init", "inner_init", "activation")
KERAS_1 = {
    "Dense": _DENSE,
    "Conv1D": _CONV1D,
    "Conv2D": _CONV2D,
    "Conv3D": _CONV3D,
    "SeparableConv2D": _CONV2D,
    "LocallyConnected1D": _CONV1D,
    "LocallyConnected2D": _CONV2D,
    "Conv2DTranspose": (
        "nb_filter",
        "nb_row",
        "nb_col",
        "output_shape",
        "init",
        "activation",
        "weights",
        "border_mode",
        "subsample",
        "dim_ordering",
    ),  # fmt: skip
    "SimpleRNN": _RNN,
    "GRU": ("output_dim", "init", "inner_init", "activation", "inner_activation"),
    "LSTM": ("output_dim", "init", "inner_init", "forget_bias_init", "activation", "inner_activation"),
    "ConvLSTM2D": (
        "nb_filter",
        "nb_row",
        "nb_col",
        "init",
        "inner_init",
        "forget_bias_init",
        "activation",
        "inner_activation",
        "border_mode",
        "dim_ordering",
        "subsample",
    ),
    "BatchNormalization": ("epsilon", "mode", "axis", "momentum"),
}
# Keras 0.1 had the size of the input first
KERAS_0 = {
    "Dense": ("input_dim", "output_dim", "init", "activation"),
    "SimpleRNN": ("input_dim", "output_dim", "init", "inner_init", "activation"),
    "GRU": ("input_dim", "output_dim", "init", "inner_init", "activation"),
    "LSTM": ("input_dim", "output_dim", "init", "inner_init", "forget_bias_init", "activation"),
    "Conv2D": ("nb_filter", "stack_size", "nb_row", "nb_col", "init", "activation"),
}
# Where the arguments of a class stand in another order than today's in a later generation: class -> era -> order.
# "..." ends the order: what follows could only be given by name.
_RNN_MIDDLE = "kernel_initializer recurrent_initializer bias_initializer"
_GATES = f"units activation recurrent_activation use_bias {_RNN_MIDDLE}"
_PENALTIES = "kernel_regularizer recurrent_regularizer bias_regularizer"
_LIMITS = "kernel_constraint recurrent_constraint bias_constraint"
_ONE_KERNEL = "use_bias kernel_initializer bias_initializer kernel_regularizer bias_regularizer activity_regularizer"
_BASE = "trainable name dtype dynamic"
_CONV_LSTM = (
    "filters kernel_size strides padding data_format dilation_rate activation recurrent_activation use_bias "
    f"{_RNN_MIDDLE} unit_forget_bias {_PENALTIES} activity_regularizer {_LIMITS}"
)
_CUDNN = f"{_PENALTIES} activity_regularizer {_LIMITS} return_sequences return_state stateful"
ORDERS: dict[str, dict[str, str]] = {
    "Conv3DTranspose": {
        "2.2": f"filters kernel_size strides padding output_padding data_format activation {_ONE_KERNEL} "
        "kernel_constraint bias_constraint",
        "tf2": f"filters kernel_size strides padding output_padding data_format dilation_rate activation {_ONE_KERNEL} "
        "kernel_constraint bias_constraint",
        "3": f"filters kernel_size strides padding data_format output_padding dilation_rate activation {_ONE_KERNEL} "
        "kernel_constraint bias_constraint",
    },
    "DepthwiseConv2D": {
        "2.2": "kernel_size strides padding depth_multiplier data_format activation use_bias depthwise_initializer "
        "bias_initializer depthwise_regularizer bias_regularizer activity_regularizer depthwise_constraint bias_constraint",
    },
    "CuDNNGRU": {"2.2": f"units {_RNN_MIDDLE} {_CUDNN}"},
    "CuDNNLSTM": {"2.2": f"units {_RNN_MIDDLE} unit_forget_bias {_CUDNN}"},
    "GRUCell": {"2.2": f"{_GATES} {_PENALTIES} {_LIMITS} dropout recurrent_dropout implementation reset_after"},
    "LSTMCell": {"2.2": f"{_GATES} unit_forget_bias {_PENALTIES} {_LIMITS} dropout recurrent_dropout implementation"},
    "GRU": {
        "tf2": f"{_GATES} {_PENALTIES} activity_regularizer {_LIMITS} dropout recurrent_dropout return_sequences "
        "return_state go_backwards stateful unroll time_major reset_after",
    },
    "LSTM": {
        "tf2": f"{_GATES} unit_forget_bias {_PENALTIES} activity_regularizer {_LIMITS} dropout recurrent_dropout "
        "return_sequences return_state go_backwards stateful time_major unroll",
    },
    "RNN": {"tf2": "cell return_sequences return_state go_backwards stateful unroll time_major"},
    **{
        f"ConvLSTM{rank}D": {
            "2.2": f"{_CONV_LSTM} return_sequences go_backwards stateful dropout recurrent_dropout",
            "tf2": f"{_CONV_LSTM} return_sequences return_state go_backwards stateful dropout recurrent_dropout",
        }
        for rank in (1, 2, 3)
    },
    "BatchNormalization": {
        "tf2": "axis momentum epsilon center scale beta_initializer gamma_initializer moving_mean_initializer "
        "moving_variance_initializer beta_regularizer gamma_regularizer beta_constraint gamma_constraint synchronized",
    },
    "EinsumDense": {
        "tf2": "equation output_shape activation bias_axes kernel_initializer bias_initializer kernel_regularizer "
        "bias_regularizer activity_regularizer kernel_constraint bias_constraint",
    },
    "Embedding": {
        "2.2": "input_dim output_dim embeddings_initializer embeddings_regularizer activity_regularizer "
        "embeddings_constraint mask_zero input_length",
        "tf2": "input_dim output_dim embeddings_initializer embeddings_regularizer activity_regularizer "
        "embeddings_constraint mask_zero input_length sparse",
    },
    "MultiHeadAttention": {
        "tf2": f"num_heads key_dim value_dim dropout use_bias output_shape attention_axes "
        f"{_ONE_KERNEL.removeprefix('use_bias ')} kernel_constraint bias_constraint softmax_robust_masking",
    },
    "RandomContrast": {"tf2": "factor seed"},
    "StringLookup": {
        "tf2": "max_tokens num_oov_indices mask_token oov_token vocabulary idf_weights encoding invert output_mode "
        "sparse pad_to_max_tokens",
    },
    "SparseCategoricalCrossentropy": {"tf2": "from_logits ignore_class reduction name"},
    "Identity": {"tf2": _BASE},
    "AbstractRNNCell": {"tf2": _BASE},
}
_FLOW = "self x y batch_size shuffle sample_weight seed save_to_dir save_prefix save_format"
_FRAME = "self dataframe directory x_col y_col"
_FILES = "target_size color_mode classes class_mode batch_size shuffle seed"
_SAVED = "save_to_dir save_prefix save_format"
_LOAD = "path grayscale color_mode target_size interpolation"
_PLOT = "show_shapes show_dtype show_layer_names rankdir expand_nested dpi"
_PLOT_END = "layer_range show_layer_activations show_trainable"
# The same for functions and methods, which say themselves how many places are stable
FUNCTIONS: dict[str, dict[str, str]] = {
    "load_img": {"1": "path grayscale target_size", "2.2": _LOAD, "tf2": f"{_LOAD} keep_aspect_ratio"},
    "plot_model": {
        "2.2": "model to_file show_shapes show_layer_names rankdir expand_nested dpi",
        "tf2": f"model to_file {_PLOT} {_PLOT_END}",
    },
    "model_to_dot": {
        "2.2": "model show_shapes show_layer_names rankdir expand_nested dpi subgraph",
        "tf2": f"model {_PLOT} subgraph {_PLOT_END}",
    },
    "MobileNetV2": {
        "2.2": "input_shape alpha depth_multiplier include_top weights input_tensor pooling classes",
    },
    **{
        f"ConvNeXt{size}": {
            "tf2": "model_name include_top include_preprocessing weights input_tensor input_shape pooling classes "
            "classifier_activation"
        }
        for size in ("Tiny", "Small", "Base", "Large", "XLarge")
    },
    "Tokenizer": {"2.2": "self num_words filters lower split char_level oov_token document_count"},
    "NumpyArrayIterator": {
        "2.2": f"self x y image_data_generator batch_size shuffle sample_weight seed data_format {_SAVED} subset dtype",
    },
    "DirectoryIterator": {
        "2.2": f"self directory image_data_generator {_FILES} data_format {_SAVED} follow_links subset interpolation dtype",
    },
    "ImageDataGenerator": {
        "2.2": "self featurewise_center samplewise_center featurewise_std_normalization samplewise_std_normalization "
        "zca_whitening zca_epsilon rotation_range width_shift_range height_shift_range brightness_range shear_range "
        "zoom_range channel_shift_range fill_mode cval horizontal_flip vertical_flip rescale preprocessing_function "
        "data_format validation_split dtype",
    },
    "ImageDataGenerator.flow": {"2.2": f"{_FLOW} subset"},
    "ImageDataGenerator.flow_from_dataframe": {"2.2": f"{_FRAME} has_ext {_FILES} {_SAVED} subset interpolation"},
    "deserialize_keras_object": {"2.2": "config module_objects custom_objects printable_module_name"},
    "GeneratorEnqueuer": {"tf2": "self generator use_multiprocessing random_seed"},
}
# How many arguments stand in the same places always, and take the same words
STABLE = {
    "Conv3DTranspose": 4,
    "DepthwiseConv2D": 5,
    "CuDNNGRU": 13,
    "CuDNNLSTM": 14,
    "GRUCell": 15,
    "LSTMCell": 16,
    "GRU": 16,
    "LSTM": 17,
    "RNN": 6,
    "ConvLSTM1D": 20,
    "ConvLSTM2D": 20,
    "ConvLSTM3D": 20,
    "BatchNormalization": 13,
    "EinsumDense": 8,
    "Embedding": 4,
    "MultiHeadAttention": 7,
    "RandomContrast": 1,
    "StringLookup": 6,
    "SparseCategoricalCrossentropy": 3,
    "Identity": 0,
    "AbstractRNNCell": 0,
    "L1": 1,  # also l1(l=)
    "L2": 1,
}


_SAME_NAMES = ("jkeras.initializers", "jkeras.metrics")  # their classes share names with others and never changed order


def _is_ours(cls: type) -> bool:
    return cls.__module__.startswith("jkeras.") and not cls.__module__.startswith(_SAME_NAMES)


def stable(cls: type) -> int | None:
    """How many arguments of a class stand in the same places in all generations; None for all of them."""
    return STABLE.get(cls.__name__) if _is_ours(cls) else None


def later_order(cls: type, count: int, era: str) -> list[str] | None:
    """The names of ``count`` positional arguments in an era's own order; None where it is today's."""
    name = cls.__name__
    if not _is_ours(cls):
        return None
    orders = ORDERS.get(name, {})
    order = orders.get("2.2" if era == "1" else era)
    return order.split() if order is not None and count > STABLE.get(name, 0) else None


def order_of_function(name: str, args: tuple, era: str) -> list[str] | None:
    """The names of the positional arguments of a function in an era's own order; None where it is today's."""
    orders = FUNCTIONS.get(name, {})
    order = orders.get(era) or (orders.get("2.2") if era == "1" else None)
    # Keras 2.2 had two orders of these, which a value tells apart
    if order is not None and "has_ext" in order and not isinstance(args[5], bool):
        return None
    if order is not None and "depth_multiplier" in order and isinstance(args[2], bool):
        return None
    return None if order is None else order.split()


KERNEL_RANK = {
    "ConvLSTM2D": 2,
    "Conv2D": 2,
    "Conv3D": 3,
    "SeparableConv2D": 2,
    "LocallyConnected2D": 2,
    "Conv2DTranspose": 2,
}


def old_order(name: str, args: tuple, kwargs: dict, era: str) -> tuple[str, ...] | None:
    """The names of positional arguments that stand in an older order than today's; None where they do not."""
    if name not in KERAS_1 or not args:
        return None
    old_words = era == "1" or not KERAS_1_WORDS.isdisjoint(kwargs)
    if name == "BatchNormalization":
        return KERAS_1[name] if isinstance(args[0], float) and args[0] < 1 else None
    if name in KERNEL_RANK:
        return _kernel_order(name, args, old_words or era == "2.2")
    if len(args) < 2:
        return None
    if name in KERAS_0 and all(map(_whole, args[:2])):
        return KERAS_0[name]
    if name in ("Conv1D", "LocallyConnected1D"):
        return KERAS_1[name] if isinstance(args[2:3], tuple) and len(args) > 2 and isinstance(args[2], str) else None
    return KERAS_1[name] if isinstance(args[1], str) and (era == "1" or not _activation(args[1])) else None


def _kernel_order(name: str, args: tuple, old: bool) -> tuple[str, ...] | None:
    rank = KERNEL_RANK[name]
    if name in KERAS_0 and len(args) > rank + 1 and all(map(_whole, args[: rank + 2])):
        return KERAS_0[name]
    numbers = len(args) > rank and all(map(_whole, args[: rank + 1]))
    further = args[rank + 1 :]
    return KERAS_1[name] if numbers and (old or (further and not _padding(further[0]))) else None


def _whole(value: Any) -> bool:
    return hasattr(value, "__index__") and not isinstance(value, bool)


def _padding(value: Any) -> bool:
    return isinstance(value, str) and value.lower() in ("valid", "same", "causal")


def _activation(name: str) -> bool:
    from .. import activations

    try:
        activations.get(name)
    except ValueError:
        return False
    return True
