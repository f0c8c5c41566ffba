"""The implementations that the suite can run on."""

import importlib

MODULES = {"jkeras": "jkeras", "keras3": "keras", "tf_keras": "tf_keras", "keras224": "keras"}


def load(name):
    """The Keras module called ``name`` here; raises when this environment holds another one."""
    if name not in MODULES:
        raise ValueError(f"--impl {name!r} is unknown; choose one of {sorted(MODULES)}")
    keras = importlib.import_module(MODULES[name])
    wanted = {"keras3": "3.", "keras224": "2.2.4"}.get(name, "")
    if not keras.__version__.startswith(wanted):
        raise ValueError(
            f"--impl {name} wants Keras {wanted}*, but this environment has {keras.__version__}. "
            "Keras 2.2.4 is reached through compat_tests/__main__.py (see its first lines)."
        )
    return keras


def lookup(keras, path):
    """The layer class at ``path``: a name in ``keras.layers``, or a dotted path from the root."""
    if "." in path:
        module, _, name = path.rpartition(".")
        return getattr(importlib.import_module(keras.__name__ + "." + module), name)
    return getattr(keras.layers, path)


def clear(keras):
    """Automatic names begin anew."""
    if keras.__name__ == "jkeras":
        from jkeras.core.naming import reset_names

        reset_names()
    else:
        keras.backend.clear_session()


def version(keras):
    """What made a golden file: Keras, its backend and the numerical library below."""
    found = {"keras": keras.__version__}
    for library in ("jax", "tensorflow", "numpy"):
        module = __import__("sys").modules.get(library)
        if module is not None and hasattr(module, "__version__"):
            found[library] = module.__version__
    return found
