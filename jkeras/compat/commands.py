"""What the commands of ``python -m jkeras`` do."""

import ast
import importlib.util
import linecache
import os
import sys
import tokenize
import traceback
from types import CodeType, ModuleType
from typing import Any

from .._version import __version__
from . import child, evidence, names, notebooks
from .eras import ALIASES, ERAS, set_era
from .paths import install

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


class Refused(Exception):
    """What a command cannot do; its text is all that the user needs."""


def _source(path: str) -> str:
    """The text of a script, "-" being the standard input; of a notebook, its code cells in order."""
    try:
        if path == "-":
            raw = sys.stdin.buffer.read()
        else:
            with open(path, "rb") as file:
                raw = file.read()
    except IsADirectoryError:
        raise Refused(f"{path} is a folder; give a script.") from None
    except OSError as error:
        raise Refused(f"cannot read {path}: {error.strerror}.") from None
    try:
        if path.endswith(".ipynb"):
            return _cells(path, raw)
        encoding, _ = tokenize.detect_encoding(iter([line + b"\n" for line in raw.split(b"\n")[:2]] + [b""]).__next__)
        return raw.decode(encoding)
    except (UnicodeDecodeError, SyntaxError) as error:
        raise Refused(f"{path} is no text: {error}.") from None


def _cells(path: str, raw: bytes) -> str:
    try:
        return notebooks.code_of(raw)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Refused(f"{path} is no notebook (version 4).") from None


def _parsed(text: str, path: str) -> ast.Module:
    try:
        tree = ast.parse(text, path)
        _compiled(tree, path)  # finds what the grammar allows and the language does not
    except (SyntaxError, ValueError) as error:
        line = f", line {error.lineno}" if getattr(error, "lineno", None) else ""
        raise Refused(f"{path}{line}: {getattr(error, 'msg', error)}.") from None
    return tree


def _compiled(tree: ast.Module, path: str) -> CodeType:
    return compile(tree, path, "exec", dont_inherit=True)


def code_of(path: str) -> CodeType:
    """The code of a script or notebook; raises Refused where there is none."""
    return _compiled(_parsed(_source(path), path), path)


def run(script: str, args: list[str], era: str | None, module: bool = False) -> int:
    """Runs a script as if its Keras were there; returns its exit status."""
    if era is not None and ALIASES.get(era, era) not in ERAS:
        raise Refused(f"unknown era {era!r}. Known: {', '.join(ERAS)}.")
    package = ""
    if module:
        sys.path.insert(0, os.getcwd())
        try:
            spec = importlib.util.find_spec(script)
            if spec is not None and spec.submodule_search_locations is not None:
                spec = importlib.util.find_spec(script + ".__main__")
        except ModuleNotFoundError:
            spec = None
        if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
            raise Refused(f"no module named {script!r} that can be run.")
        script, package = spec.origin, spec.name.rpartition(".")[0]
    text = _source(script)
    tree = _parsed(text, script)
    era = era or os.environ.get("JKERAS_ERA")
    why = "asked for"
    if not era:
        era, why = evidence.infer(tree)
    try:
        install()
        set_era(era)
    except (ValueError, RuntimeError) as error:
        raise Refused(str(error)) from None
    print(f"jkeras: era {ALIASES.get(era, era)} ({why})", file=sys.stderr)
    if script.endswith(".ipynb"):  # tracebacks show the cells' lines
        linecache.cache[script] = (len(text), None, text.splitlines(keepends=True), script)
    if script != "-":
        child.leave_word(script, package, ALIASES.get(era, era))
    return _execute(_compiled(tree, script), script, args, package, module)


def _execute(code: CodeType, script: str, args: list[str], package: str, module: bool) -> int:
    main = ModuleType("__main__")
    vars(main).update(__file__=script, __builtins__=__builtins__, __package__=package or None)
    if script.endswith(".ipynb"):
        vars(main).update(get_ipython=notebooks.Shell, display=print)
    sys.modules["__main__"] = sys.modules["__mp_main__"] = main  # the second is what children send back
    sys.argv = [script, *args]
    if not module:
        sys.path.insert(0, os.path.dirname(os.path.abspath(script)))
    try:
        exec(code, vars(main))
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    except BaseException as error:
        trace = error.__traceback__
        while trace is not None and trace.tb_frame.f_code.co_filename.startswith(_PACKAGE):
            trace = trace.tb_next  # begins at the user's line
        traceback.print_exception(type(error), error, trace)
        return 130 if isinstance(error, KeyboardInterrupt) else 1
    return 0


def port(script: str) -> int:
    """Prints a script with the argument names that have one meaning, and the modules, as they are written today."""
    text = _source(script)
    tree = _parsed(text, script)
    lines = text.splitlines(keepends=True)
    changes = [change for node in ast.walk(tree) for change in _changes(node)]
    for row, column, old, new in sorted(changes, reverse=True):
        raw = lines[row].encode()
        at = raw.find(old.encode(), column)
        if at >= 0:
            lines[row] = (raw[:at] + new.encode() + raw[at + len(old.encode()) :]).decode()
    sys.stdout.write("".join(lines))
    return 0


def _changes(node: ast.AST) -> list[tuple[int, int, str, str]]:
    from .. import layers
    from . import translate

    if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("keras.layers."):
        return [(node.lineno - 1, node.col_offset, node.module, "keras.layers")]
    if isinstance(node, ast.ImportFrom) and node.module in ("keras.objectives", "keras.utils.np_utils"):
        new = {"keras.objectives": "keras.losses", "keras.utils.np_utils": "keras.utils"}[node.module]
        return [(node.lineno - 1, node.col_offset, node.module, new)]
    if not isinstance(node, ast.Call):
        return []
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    owner: Any = getattr(layers, name, None) if name in layers.HOMES else None
    known = translate._known(owner) if isinstance(owner, type) else frozenset()
    if name in ("fit", "fit_generator"):
        known = frozenset({"epochs", "workers", "max_queue_size", "use_multiprocessing"})
    found = []
    for keyword in node.keywords:
        if keyword.arg and known and keyword.arg in names.RENAMES:
            new = translate._new_name(known, keyword.arg)
            if new != keyword.arg:
                found.append((keyword.lineno - 1, keyword.col_offset, keyword.arg, new))
            table = names.VALUES.get(new, {})
            if isinstance(keyword.value, ast.Constant) and isinstance(table.get(keyword.value.value), str):
                value, new_value = keyword.value, table[keyword.value.value]
                found.append((value.lineno - 1, value.col_offset + 1, str(value.value), str(new_value)))
    return found


def doctor() -> int:
    """Prints versions, devices, caches and the packages that ``run`` would shadow."""
    import platform
    from importlib import metadata

    print(f"python {platform.python_version()} on {platform.platform()}")
    print(f"jkeras {__version__}")
    for name in ("jax", "jaxlib", "optax", "numpy", "h5py", "rich", "pillow", "scipy"):
        try:
            print(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            print(f"{name} is not installed")
    import jax

    print(f"devices: {', '.join(map(str, jax.devices()))}")
    print(f"compilation cache: {jax.config.jax_compilation_cache_dir or 'none'}")
    home = os.environ.get("KERAS_HOME") or os.path.join(os.path.expanduser("~"), ".keras")
    print(f"data cache: {home}{'' if os.path.isdir(home) else ' (not there yet)'}")
    for name in ("keras", "tf_keras", "tensorflow", "keras_applications", "keras_preprocessing"):
        if importlib.util.find_spec(name) is not None:
            print(f"{name} is installed; 'run' shadows it in its own process")
    return 0


def _loaded(path: str) -> Any:
    from .. import saving

    if not os.path.exists(path):
        raise Refused(f"there is no file {path}.")
    try:
        return saving.load_model(path, compile=False)
    except (ValueError, TypeError, OSError, KeyError) as error:
        raise Refused(f"cannot load {path}: {' '.join(str(error).split())}") from None


def convert(source: str, target: str) -> int:
    """Writes the model of one file into another, in the format of its name."""
    from .. import saving

    if not target.endswith((".keras", ".h5", ".hdf5")):
        raise Refused(f"{target}: the name must end with .keras, .h5 or .hdf5.")
    model = _loaded(source)
    try:
        saving.save_model(model, target)
    except (ValueError, OSError) as error:
        raise Refused(f"cannot write {target}: {error}") from None
    return 0


def inspect(file: str) -> int:
    """Prints the layers of a model file, and the shapes of their weights."""
    model = _loaded(file)
    model.summary()
    for weight in model.weights:
        print(f"{weight.path}: {tuple(weight.shape)} {weight.dtype}")
    return 0
