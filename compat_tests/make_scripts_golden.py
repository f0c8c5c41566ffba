"""Numbers that the whole scripts of compat_tests/scripts end with on the Keras that they were written for.

Run it in the environment of each, ``keras`` being Keras 2.2.4 for keras1 and keras2:

    python keras224.py compat_tests/make_scripts_golden.py keras1 keras2
    TF_USE_LEGACY_KERAS=1 python -m compat_tests.make_scripts_golden tfkeras
    KERAS_BACKEND=jax python -m compat_tests.make_scripts_golden keras3

It writes golden/scripts/<folder>.json: versions, and the numbers of each script. A script that this Keras cannot run (the
function ``merge`` of Keras 1, say) is listed under "not_here" with the error. Words after the folders restrict the scripts.
"""

import contextlib
import io
import json
import os
import sys
import tempfile
import traceback

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

from compat_tests import script_runs


def _keras(folder):
    if folder == "tfkeras":
        import tf_keras as keras
    else:
        import keras
    if folder in ("keras1", "keras2"):
        _mend_22()
    for home in ("data_utils", "file_utils"):  # the made data sets have hashes of their own
        with contextlib.suppress(ImportError, AttributeError):
            module = __import__(
                f"{keras.__name__}.{'src.' if folder in ('tfkeras', 'keras3') else ''}utils", fromlist=[home]
            )
            getattr(module, home).validate_file = lambda *args, **kwargs: True
    return keras


def _mend_22():
    """What Keras 2.2.4 needs of the Python, numpy and TensorFlow of its time; variables that no update races with."""
    import collections
    import inspect

    import numpy as np
    import tensorflow

    tensorflow.enable_resource_variables()
    setattr(np, "Inf", np.inf)  # noqa: B010
    spec = collections.namedtuple("ArgSpec", "args varargs keywords defaults")
    inspect.getargspec = lambda function: spec(*inspect.getfullargspec(function)[:4])


def _run(keras, path):
    out = io.StringIO()
    keras.backend.clear_session()
    with tempfile.TemporaryDirectory() as folder, script_runs.place(folder, keep_modules=True):
        sys.argv = [str(path)]
        main = type(sys)("__main__")
        main.__file__ = str(path)
        sys.modules["__main__"] = main
        with contextlib.redirect_stdout(out):
            exec(compile(path.read_text(), str(path), "exec"), vars(main))
    return script_runs.numbers(out.getvalue())


def main(words):
    folders = [word for word in words if word in script_runs.ERA_OF]
    wanted = [word for word in words if word not in folders]
    home = tempfile.mkdtemp()
    os.environ["HOME"] = os.environ["KERAS_HOME"] = home
    script_runs.make_data_home(home)
    script_runs.make_data_home(os.path.join(home, ".keras"))
    for folder in folders:
        keras = _keras(folder)
        file = script_runs.GOLDEN / f"{folder}.json"
        os.makedirs(file.parent, exist_ok=True)
        golden = json.loads(file.read_text()) if file.exists() else {}
        golden["made_by"] = f"compat_tests/make_scripts_golden.py {folder}, {keras.__name__} {keras.__version__}"
        found, missing = golden.setdefault("scripts", {}), golden.setdefault("not_here", {})
        for name in script_runs.names(folder):
            if wanted and not any(word in name for word in wanted):
                continue
            found.pop(name, None), missing.pop(name, None)
            try:
                found[name] = _run(keras, script_runs.SCRIPTS / folder / f"{name}.py")
                print(folder, name, found[name], flush=True)
            except Exception as error:
                missing[name] = " ".join(f"{type(error).__name__}: {error}".split())[:200]
                print(folder, name, "FAILED", "".join(traceback.format_exc()[-900:]), flush=True)
        for group in (found, missing):
            for name in set(group) - set(script_runs.names(folder)):
                del group[name]
        golden["scripts"], golden["not_here"] = dict(sorted(found.items())), dict(sorted(missing.items()))
        file.write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
