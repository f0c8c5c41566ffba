"""Defaults by era: what was the default where it is not today's."""

from typing import Any

from ..core import naming
from ..core.declare import era
from ..core.errors import unknown

ERAS = ("1", "2.2", "tf2", "3")
ALIASES = {"2": "2.2", "2.0": "2.2", "2.1": "2.2", "2.3": "tf2", "tf": "tf2", "tf.keras": "tf2", "1.0": "1", "1.2": "1"}

# (class, field): value, for each era
_POSITIONAL_BATCH = ("on_batch_begin", "on_batch_end", "on_train_begin", "on_train_end")
_BEFORE_3 = {
    ("MonitorCallback", "first_is_best"): False,
    ("MonitorCallback", "direction"): "acc",
    ("ModelCheckpoint", "saves_without_monitor"): False,
    ("ReduceLROnPlateau", "rate_name"): "lr",
    ("LearningRateScheduler", "rate_name"): "lr",
    ("LambdaCallback", "positional"): _POSITIONAL_BATCH,
    ("binary_accuracy", "averages_last_axis"): True,
    **{(f"ConvLSTM{kind}", "recurrent_activation"): "hard_sigmoid" for kind in ("Cell", "1D", "2D", "3D")},
    ("hard_sigmoid", "slope"): 0.2,
    ("to_categorical", "dtype"): "float32",
    **{(name, "show_layer_names"): True for name in ("plot_model", "model_to_dot")},
    **{(name, "dpi"): 96 for name in ("plot_model", "model_to_dot")},
    ("Concatenate", "mask_of_all"): True,
    ("Model", "rounds_steps_up"): True,
    ("Layer", "regularizes_frozen"): True,
    ("Embedding", "first_shape"): (None, None),
    **{
        (name, "data_format"): "channels_last"
        for name in (
            "AveragePooling1D",
            "Conv1D",
            "GlobalAveragePooling1D",
            "GlobalMaxPooling1D",
            "MaxPooling1D",
        )
    },
}
_KERAS_2 = {
    **_BEFORE_3,
    ("batch_dot", "shares_axes"): True,
    ("apply_affine_transform", "row_axis"): 0,
    ("apply_affine_transform", "col_axis"): 1,
    ("apply_affine_transform", "channel_axis"): 2,
    ("Layer", "activity_per_sample"): False,
    ("Model", "layers_are_live"): True,
    ("Model", "load_order"): ("by_name", "skip_mismatch", "reshape"),
    ("Model", "logs_tell_size"): True,
    ("Model", "validation_goes_on"): True,
    ("update", "waits"): True,
    ("Model", "weighted_prefix"): "weighted_",
    ("Progbar", "style"): "2.2",
    ("ProgbarLogger", "count_mode"): "samples",
    ("EarlyStopping", "first_rules"): True,
    ("CSVLogger", "validation_columns"): False,
    ("ModelCheckpoint", "positional"): ("period",),
    ("TensorBoard", "log_dir"): "./logs",
    ("hinge", "converts_labels"): False,
    ("Model", "predict_verbose"): 0,
    ("SeparableConv1D", "data_format"): "channels_last",
    ("VarianceScaling", "distribution"): "normal",
    ("LambdaCallback", "positional"): _POSITIONAL_BATCH,
    ("TensorBoard", "positional"): (
        "batch_size",
        "write_graph",
        "write_grads",
        "write_images",
        "embeddings_freq",
        "embeddings_layer_names",
        "embeddings_metadata",
        "embeddings_data",
        "update_freq",
    ),
    # optimizers
    ("Adagrad", "learning_rate"): 0.01,
    ("Adadelta", "learning_rate"): 1.0,
    ("Adamax", "learning_rate"): 0.002,
    ("Nadam", "learning_rate"): 0.002,
    ("Adagrad", "initial_accumulator_value"): 0.0,
    **{(name, "epsilon"): None for name in ("RMSprop", "Adagrad", "Adadelta", "Adam", "Adamax", "Nadam")},
    # recurrent layers
    **{(name, "recurrent_activation"): "hard_sigmoid" for name in ("LSTM", "LSTMCell", "GRU", "GRUCell")},
    **{(name, "implementation"): 1 for name in ("LSTM", "LSTMCell", "GRU", "GRUCell")},
    # as observed in 2.2.4: the moving variance is the unbiased one of the unbiased one, and a frozen layer still uses
    # the statistics of its batch
    ("BatchNormalization", "moving_variance_of"): "twice",
    ("BatchNormalization", "debiased"): True,
    ("BatchNormalization", "frozen_is_inference"): False,
    ("Bidirectional", "zero_output_for_mask"): False,
    ("StackedRNNCells", "nested_states"): False,
    ("GRU", "reset_after"): False,
    ("GRUCell", "reset_after"): False,
    ("l1_l2", "l1"): 0.01,
    ("l1_l2", "l2"): 0.01,
}
_KERAS_1 = {**_KERAS_2, ("Model", "epochs"): 10}
_TF_KERAS = {
    **_BEFORE_3,
    ("InputLayer", "shape_in_list"): True,
    ("Model", "saves_folders"): True,
    ("Softmax", "robust_masking"): False,
    ("Progbar", "style"): "tf2",
    ("Identity", "supports_masking"): False,
    ("Normalization", "counts"): True,
    ("RandomCrop", "always"): True,
    ("ModelCheckpoint", "positional"): ("save_freq", "options", "initial_value_threshold"),
    **{
        (f"{name}", "name"): None
        for name in (
            "CosineDecay",
            "CosineDecayRestarts",
            "ExponentialDecay",
            "InverseTimeDecay",
            "PiecewiseConstantDecay",
            "PolynomialDecay",
        )
    },
    ("Loss", "reduction"): "auto",
    ("KLDivergence", "name"): "kullback_leibler_divergence",
    ("_IoUBase", "default_dtype"): "float32",
    ("binary_crossentropy", "epsilon_in_log"): 1e-7,
    ("sparse_categorical_crossentropy", "order"): ("axis", "ignore_class"),
    ("BackupAndRestore", "positional"): ("delete_checkpoint", "save_before_preemption"),
    ("BatchNormalization", "moving_variance_of"): "images",
    ("MultiHeadAttention", "softmax_robust_masking"): False,
    ("Lion", "learning_rate"): 1e-4,
    ("RMSprop", "ema_overwrite_frequency"): 100,
    ("l1_l2", "l1"): 0.01,
    ("l1_l2", "l2"): 0.01,
}
DEFAULTS: dict[str, dict[tuple[str, str], Any]] = {"1": _KERAS_1, "2.2": _KERAS_2, "tf2": _TF_KERAS, "3": {}}

# Automatic names of layers and models that are other words, or start at another number: today's base -> (base, number)
_KERAS_1_LAYERS = (
    "ActivityRegularization AveragePooling1D AveragePooling2D AveragePooling3D BatchNormalization ConvLSTM2D Cropping1D "
    "Cropping2D Cropping3D GaussianDropout GaussianNoise GlobalAveragePooling1D GlobalAveragePooling2D GlobalMaxPooling1D "
    "GlobalMaxPooling2D LocallyConnected1D LocallyConnected2D MaxPooling1D MaxPooling2D MaxPooling3D MaxoutDense "
    "RepeatVector SimpleRNN SpatialDropout1D SpatialDropout2D SpatialDropout3D ThresholdedReLU TimeDistributed "
    "UpSampling1D UpSampling2D UpSampling3D ZeroPadding1D ZeroPadding2D ZeroPadding3D"
)
_MODELS = {"input_layer": ("input", 1), "functional": ("model", 1)}
BASES: dict[str, dict[str, tuple[str, int]]] = {
    "1": {
        **_MODELS,
        **{naming.snake_case(word): (word.lower(), 1) for word in _KERAS_1_LAYERS.split()},
        **{f"conv{n}d": (f"convolution{n}d", 1) for n in (1, 2, 3)},
        "conv2d_transpose": ("deconvolution2d", 1),
        "separable_conv2d": ("separableconvolution2d", 1),
    },
    "2.2": {**_MODELS, "conv_lstm2d": ("conv_lst_m2d", 1)},
    "tf2": {**_MODELS, "functional": ("model", 0)},
    "3": {},
}


def set_era(name: str) -> None:
    """Makes the defaults of a Keras generation hold from now on; raises ValueError for an unknown one."""
    name = ALIASES.get(str(name), str(name))
    if name not in ERAS:
        raise ValueError(unknown("era", name, [*ERAS, *ALIASES]))
    era.name = name
    era.defaults = DEFAULTS[name]
    naming.first_index[0] = 1 if name in ("1", "2.2") else 0
    naming.bases.clear()
    naming.bases.update(BASES[name])
