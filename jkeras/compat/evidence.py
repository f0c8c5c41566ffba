"""Which Keras a script was written for, by the names that stand in it."""

import ast

# era -> what shows it: modules imported, names used, keywords given. The first that matches decides.
KEYWORDS = {
    "1": "nb_epoch nb_filter nb_row nb_col border_mode subsample dim_ordering W_regularizer b_regularizer U_regularizer "
    "W_constraint b_constraint inner_init inner_activation dropout_W dropout_U samples_per_epoch nb_val_samples "
    "show_accuracy class_mode nb_classes nb_words subsample_length filter_length pool_length output_dim".split(),
}
MODULES = {
    "1": ("keras.objectives", "keras.initializations", "keras.layers.containers", "keras.utils.visualize_util"),
    "2.2": (
        "keras.layers.core keras.layers.convolutional keras.layers.pooling keras.layers.recurrent keras.layers.embeddings "
        "keras.layers.normalization keras.layers.merge keras.layers.advanced_activations keras.layers.wrappers "
        "keras.layers.noise keras.engine keras.utils.np_utils keras.utils.vis_utils keras.utils.generic_utils keras.legacy "
        "keras.backend.tensorflow_backend keras.preprocessing.image keras.preprocessing.text keras.wrappers.scikit_learn "
        "keras.utils.multi_gpu_utils keras.utils.data_utils"
    ).split(),
    "tf2": ("tensorflow", "tf_keras"),
    "3": ("keras.ops", "keras.random", "keras.saving", "keras.distribution", "jax", "torch"),
}
NAMES = {
    "1": ("Merge", "TimeDistributedDense", "Graph", "merge"),
    "2.2": "fit_generator predict_generator evaluate_generator predict_classes predict_proba CuDNNLSTM CuDNNGRU "
    "get_session set_session to_categorical".split()[:-1],
}
# Words of Keras 1 that later Kerases have too: as arguments of these
TODAY = {
    "output_dim": ("Embedding",),
    "class_mode": ("flow_from_directory", "flow_from_dataframe"),
}
# All that keras.backend offers since Keras 3
BACKEND = frozenset(
    "backend clear_session epsilon floatx get_uid image_data_format is_float_dtype is_int_dtype is_keras_tensor result_type "
    "rnn set_epsilon set_floatx set_image_data_format standardize_dtype".split()
)


def _old_backend(tree: ast.AST) -> str | None:
    """A name of keras.backend that is gone in Keras 3, where the script uses one."""
    modules = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == "keras")
    known = {alias.asname or alias.name for node in modules for alias in node.names if alias.name == "backend"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in known:
            if node.attr not in BACKEND:
                return node.attr
    return None


def infer(tree: ast.AST) -> tuple[str, str]:
    """(era, the evidence); era "3" where nothing tells.

    >>> infer(ast.parse("from keras.layers.core import Dense; Dense(3, init='uniform', b_constraint=None)"))
    ('1', 'argument b_constraint')
    """
    modules, names, keywords = _seen(tree)
    for era in ("1", "2.2", "tf2", "3"):
        for word in KEYWORDS.get(era, ()):
            if word in keywords:
                return era, f"argument {word}"
        if era == "2.2" and any(m == "tensorflow" or m.startswith("tensorflow.") for m in modules):
            continue
        for known in MODULES.get(era, ()):
            for module in modules:
                if module == known or module.startswith(known + "."):
                    return era, f"module {module}"
        if any(m.split(".")[0] == "keras" for m in modules):
            for name in NAMES.get(era, ()):
                if name in names:
                    return era, f"name {name}"
    for word in ("lr", "sample_weight_mode", "input_length", "period"):
        if word in keywords:
            return "2.2", f"argument {word}"
    gone = _old_backend(tree)
    if gone and not any(module.startswith("keras.ops") for module in modules):
        return "2.2", f"keras.backend.{gone}"
    return "3", "nothing older in it"


def _seen(tree: ast.AST) -> tuple[list[str], set[str], set[str]]:
    modules: list[str] = []
    names: set[str] = set()
    keywords: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            modules.append(node.module)
            modules += [f"{node.module}.{alias.name}" for alias in node.names]
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.Attribute):
            names.add(node.attr)
        elif isinstance(node, ast.Call):
            called = getattr(node.func, "attr", getattr(node.func, "id", ""))
            keywords.update(k.arg for k in node.keywords if k.arg and called not in TODAY.get(k.arg, ()))
    return modules, names, keywords
