"""Old argument names and values, in today's words. One table for all classes: a row counts for a class that has
an argument of the new name and none of the old.
"""

# old name -> new names; the first that the class or function has is meant
RENAMES = {
    "output_dim": ("units",),
    "init": ("kernel_initializer", "embeddings_initializer", "depthwise_initializer", "alpha_initializer"),
    "inner_init": ("recurrent_initializer",),
    "inner_activation": ("recurrent_activation",),
    "beta_init": ("beta_initializer",),
    "gamma_init": ("gamma_initializer",),
    "W_regularizer": ("kernel_regularizer", "embeddings_regularizer", "depthwise_regularizer"),
    "U_regularizer": ("recurrent_regularizer",),
    "b_regularizer": ("bias_regularizer",),
    "W_constraint": ("kernel_constraint", "embeddings_constraint", "depthwise_constraint"),
    "U_constraint": ("recurrent_constraint",),
    "b_constraint": ("bias_constraint",),
    "bias": ("use_bias",),
    "dropout_W": ("dropout",),
    "dropout_U": ("recurrent_dropout",),
    "consume_less": ("implementation",),
    "nb_filter": ("filters",),
    "filter_length": ("kernel_size",),
    "border_mode": ("padding",),
    "subsample": ("strides",),
    "subsample_length": ("strides",),
    "stride": ("strides",),
    "atrous_rate": ("dilation_rate",),
    "dim_ordering": ("data_format",),
    "pool_length": ("pool_size",),
    "poolsize": ("pool_size",),
    "length": ("size",),
    "p": ("rate",),
    "sigma": ("stddev",),
    "alpha": ("negative_slope",),
    "mode": ("statistics",),
    "input": ("inputs",),
    "output": ("outputs",),
    "input_dtype": ("dtype",),
    "epsilon": ("min_delta",),
    "nb_epoch": ("epochs",),
    "nb_worker": ("workers",),
    "max_q_size": ("max_queue_size",),
    "pickle_safe": ("use_multiprocessing",),
    "nb_classes": ("num_classes",),
    "nb_words": ("num_words",),
    "l": ("l2", "l1"),
    "build_fn": ("model",),
}

# Several old arguments make one of today's: new name -> groups of old names
JOINED = {
    "kernel_size": (("nb_row", "nb_col"), ("kernel_dim1", "kernel_dim2", "kernel_dim3")),
    "cropping": (("top_crop", "bottom_crop", "left_crop", "right_crop"),),
}

# old value -> today's, for the arguments of the new name
VALUES = {
    "data_format": {"th": "channels_first", "tf": "channels_last", "default": None},
    "implementation": {"cpu": 0, "mem": 1, "gpu": 2},
    "statistics": {0: "moving", 1: "sample", 2: "batch"},
}

# the same for single functions: (function, old name) -> new name
OF_FUNCTION = {
    ("set_epsilon", "e"): "value",
    ("set_floatx", "floatx"): "value",
    ("batch_get_value", "ops"): "tensors",
    ("standardize_data_format", "value"): "data_format",
    ("deserialize", "name"): "config",
    ("to_categorical", "y"): "x",
    ("serialize_keras_object", "instance"): "obj",
    ("deserialize_keras_object", "identifier"): "config",
    **{(f"ConvNeXt{size}", "model_name"): "name" for size in ("Tiny", "Small", "Base", "Large", "XLarge")},
    ("to_ordinal", "y"): "x",
    ("one_hot", "text"): "input_text",
    ("text_to_word_sequence", "text"): "input_text",
}

# What is a value of another argument today: (function, old name) -> (new name, {old value: new value or None})
SAID_OTHERWISE: dict[tuple[str, str], tuple[str, dict]] = {
    ("load_img", "grayscale"): ("color_mode", {True: "grayscale", False: None}),
}

# old name -> further names of today that get the same value: (class, old name) -> names
ALSO = {
    ("SeparableConv2D", "init"): ("pointwise_initializer",),
    ("SeparableConv1D", "init"): ("pointwise_initializer",),
}

# Words by which a call is known to be one of Keras 1
KERAS_1_WORDS = frozenset(
    "init inner_init W_regularizer U_regularizer b_regularizer W_constraint U_constraint b_constraint bias nb_filter "
    "filter_length border_mode subsample subsample_length atrous_rate dim_ordering".split()
)

# Arguments that acted on nothing but how old versions computed: (class or method, name) -> values taken, None for any
WITHOUT_EFFECT = {
    ("Embedding", "dropout"): (0, 0.0, None),
    ("Highway", "transform_bias"): None,
    ("compile", "class_mode"): None,
    ("compile", "experimental_run_tf_function"): None,
    ("TensorBoard", "batch_size"): None,
    ("MobileNetV2", "depth_multiplier"): (1,),
    ("flow_from_dataframe", "has_ext"): (True,),
}
ADVICE = {
    ("MobileNetV2", "depth_multiplier"): "It never changed a layer; alpha changes the width.",
    ("flow_from_dataframe", "has_ext"): "Put the names of the files, with their endings, into the column.",
    ("Embedding", "dropout"): "Add SpatialDropout1D after it.",
}
