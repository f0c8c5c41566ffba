"""Helpers of Keras: labels, files, data sets from folders, plots, seeds. Everything loads on first use."""

from importlib import import_module

from ..core.connections import old_names

# Where each public name lives, so that importing one costs nothing of the others.
PLACES = {
    "jkeras.utils.numeric": ("to_categorical", "to_ordinal", "normalize"),
    "jkeras.utils.file_utils": ("get_file",),
    "jkeras.utils.plotting": ("model_to_dot", "plot_model"),
    "jkeras.utils.models": ("convert_all_kernels_in_model", "multi_gpu_model", "print_summary"),
    "jkeras.backend": ("clear_session",),
    "jkeras.utils.objects": ("deserialize_keras_object", "serialize_keras_object"),
    "jkeras.utils.embeddings": ("warmstart_embedding_matrix",),
    "jkeras.utils.threads": ("StepsPerExecutionTuner", "TimedThread"),
    "jkeras.utils.packing": ("pack_x_y_sample_weight", "unpack_x_y_sample_weight"),
    "jkeras.utils.directories": (
        "audio_dataset_from_directory",
        "image_dataset_from_directory",
        "text_dataset_from_directory",
    ),
    "jkeras.utils.timeseries": ("split_dataset", "timeseries_dataset_from_array"),
    "jkeras.preprocessing.image": ("array_to_img", "img_to_array", "load_img", "save_img"),
    "jkeras.preprocessing.sequence": ("pad_sequences",),
    "jkeras.utils.config": ("Config",),
    "jkeras.utils.feature_space": ("FeatureSpace",),
    "jkeras.utils.hdf5_matrix": ("HDF5Matrix",),
    "jkeras.core.dtypes": ("standardize_dtype",),
    "jkeras.core.history": ("get_source_inputs",),
    "jkeras.core.registry": (
        "CustomObjectScope",
        "custom_object_scope",
        "get_custom_objects",
        "get_registered_name",
        "get_registered_object",
        "register_keras_serializable",
    ),
    "jkeras.train.data_sequence": (
        "GeneratorEnqueuer",
        "OrderedEnqueuer",
        "PyDataset",
        "Sequence",
        "SequenceEnqueuer",
    ),
    "jkeras.train.recompiling": ("compilations",),
    "jkeras.train.callbacks.profiler": ("profile",),
    "jkeras.train.progress": (
        "Progbar",
        "disable_interactive_logging",
        "enable_interactive_logging",
        "is_interactive_logging_enabled",
    ),
}
# What scripts take from the inside of Keras 2 (`generic_utils`, `conv_utils`, ...): found, but not shown.
HIDDEN = {
    "jkeras.compat.h5dict": ("h5dict",),
    "jkeras.utils.older": (
        "HDF5_OBJECT_HEADER_LIMIT",
        "ask_to_proceed_with_overwrite",
        "convert_dense_weights_data_format",
        "deconv_length",
        "has_arg",
        "normalize_padding",
        "normalize_tuple",
        "transpose_shape",
    ),
}
_PLACE_OF = {name: module for module, names in PLACES.items() for name in names}
_HIDDEN_IN = {name: module for module, names in HIDDEN.items() for name in names}
_RENAMED = {
    "set_random_seed": ("jkeras.core.rng", "set_seed"),
    "is_keras_tensor": ("jkeras.core.symbolic", "is_symbolic"),
}

__all__ = sorted([*_PLACE_OF, *_RENAMED])


def __getattr__(name):
    if name == "bounding_boxes":
        return import_module("jkeras.utils.bounding_boxes")
    module, attribute = _RENAMED.get(name) or (_PLACE_OF.get(name) or _HIDDEN_IN.get(name), name)
    if module is None:
        return old_names(__name__)(name)
    value = globals()[name] = getattr(import_module(module), attribute)
    return value


def __dir__():
    return __all__
