"""Run the whole scripts of compat_tests/scripts in one process, and read the numbers that they end with."""

import contextlib
import io
import os
import pathlib
import sys

import numpy as np

SCRIPTS = pathlib.Path(__file__).with_name("scripts")
GOLDEN = pathlib.Path(__file__).with_name("golden") / "scripts"
ERA_OF = {"keras1": "1", "keras2": "2.2", "tfkeras": "tf2", "keras3": "3"}


def names(folder):
    return sorted(path.stem for path in (SCRIPTS / folder).glob("*.py"))


def numbers(printed):
    """The numbers of the last line that begins with 'final'; without one, an AssertionError with the output."""
    last = [line for line in printed.splitlines() if line.startswith("final")]
    assert last, f"the script printed no line 'final ...':\n{printed[-2000:]}"
    return [float(word) for word in last[-1].split()[1:]]


def make_data_home(folder):
    """A KERAS_HOME whose data sets are a few made pictures."""
    sets = os.path.join(folder, "datasets")
    os.makedirs(sets, exist_ok=True)
    rng = np.random.RandomState(0)
    pictures, labels = rng.randint(0, 60, (80, 28, 28)).astype("uint8"), (np.arange(80) % 10).astype("uint8")
    for picture, label in zip(pictures, labels):
        picture[2 + 2 * label : 5 + 2 * label, 4:24] = 220
    np.savez(
        os.path.join(sets, "mnist.npz"),
        x_train=pictures[:60],
        y_train=labels[:60],
        x_test=pictures[60:],
        y_test=labels[60:],
    )
    return folder


@contextlib.contextmanager
def place(folder, keep_modules=False):
    """Inside, the script's folder of work is this one; afterwards the process is as it was."""
    before = os.getcwd(), sys.argv, list(sys.path), sys.modules.get("__main__"), set(sys.modules)
    os.chdir(folder)
    np.random.seed(0)
    try:
        yield
    finally:
        os.chdir(before[0])
        sys.argv, sys.path[:] = before[1], before[2]
        sys.modules["__main__"] = before[3]
        for name in set(sys.modules) - before[4]:
            if not keep_modules and name.split(".")[0] in (
                "keras",
                "tf_keras",
                "tensorflow",
                "keras_applications",
                "keras_preprocessing",
            ):
                del sys.modules[name]


def run_on_jkeras(path, folder):
    """(exit status, printed text, era that was inferred): what ``python -m jkeras run`` does, within this process."""
    import jkeras
    from jkeras.compat import commands, paths
    from jkeras.compat.eras import set_era
    from jkeras.core.declare import current_era

    out, era, finders = io.StringIO(), current_era(), list(sys.meta_path)
    floatx, layout = jkeras.config.floatx(), jkeras.config.image_data_format()
    jkeras.backend.clear_session()
    try:
        with place(folder), contextlib.redirect_stdout(out):
            status = commands.run(str(path), [], None)
            inferred = current_era()
    finally:
        set_era(era)
        sys.meta_path[:] = [f for f in sys.meta_path if f in finders or not isinstance(f, paths.Aliases)]
        jkeras.config.set_floatx(floatx)
        jkeras.config.set_image_data_format(layout)
        jkeras.backend.clear_session()
    return status, out.getvalue(), inferred
