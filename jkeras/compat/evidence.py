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


def infer(tree: ast.AST) -> tuple[str, str]:
    """(era, the evidence); era "3" where nothing tells.

    >>> infer(ast.parse("from keras.layers.core import Dense; Dense(3, init='uniform', b_constraint=None)"))
    ('1', 'argument b_constraint')
    """
    modules, names, keywords = _seen(tree)
    for era in ("1", "2.2", "tf2", "3"):
        for word in KEYWORDS.get(era, ()):
            if word in keywords and (word != "output_dim" or "input_dim" in keywords):
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
    if "lr" in keywords:
        return "2.2", "argument lr"
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
        elif isinstance(node, ast.keyword) and node.arg:
            keywords.add(node.arg)
    return modules, names, keywords
