"""``tf.train.Checkpoint``: the values of variables in a file, put back by the places of the variables among the objects.

The file (``PREFIX.index``) is safetensors with a checksum for each array: nothing in it is ever run. It appears whole or not
at all. Checkpoints of TensorFlow itself are another format.
"""

import functools
import os
import types
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np

from ...core import frame as frames
from ...core import tracking
from ...core.variable import Variable, initialize
from ...saving import tensors
from ...saving.atomic import replacing
from ...saving.checksums import Window
from ...saving.errors import FileError
from ...saving.hdf5 import damage_named
from .creation import TFVariable
from .elements import Elements
from .rows import only
from .tensor import Tensor, unwrap

END = "/.ATTRIBUTES/VARIABLE_VALUE"
waiting: list["Restored"] = []  # restored from files whose values wait for variables that are not made yet


_FUNCTIONS = (types.FunctionType, types.MethodType, types.ModuleType, functools.partial)


class Kept:
    """A value with its place, as the writer of files wants it."""

    def __init__(self, path: str, owner: Any):
        self.path, self.owner = path, owner

    def __getattr__(self, name: str) -> Any:
        return getattr(vars(self)["owner"], name)


class Number:
    """A number that is no variable: how many elements an iterator gave."""

    def __init__(self, owner: Any):
        self.owner, self.shape, self.size, self.array_dtype = owner, (), 1, np.dtype("int64")

    def materialize(self) -> np.ndarray:
        """The number."""
        return np.asarray(self.owner.position, "int64")

    def assign(self, value: Any) -> None:
        """Goes to that place."""
        self.owner.go_to(int(value))


def _is_layer(x: Any) -> bool:
    return getattr(type(x), tracking.KIND, None) is not None


def _is_optimizer(x: Any) -> bool:
    return hasattr(x, "apply_gradients") and hasattr(x, "built")


def trackable(x: Any) -> bool:
    """Can it be kept in a checkpoint?"""
    if isinstance(x, (Variable, Elements, dict, list, tuple)) or _is_layer(x) or _is_optimizer(x):
        return True
    plain = isinstance(x, (Tensor, np.ndarray, type, *_FUNCTIONS)) or hasattr(x, "python_function")
    return hasattr(x, "__dict__") and not plain


def walk(root: Any) -> Iterator[tuple[str, Any]]:
    """``(place, object)`` of all that is kept below an object: variables, layers, optimizers, iterators; each once."""
    seen: set[int] = set()

    def visit(one: Any, place: str) -> Iterator[tuple[str, Any]]:
        if id(one) in seen or not trackable(one) or type(one).__module__.startswith(("jax", "numpy")):
            return
        seen.add(id(one))
        if isinstance(one, (Variable, Elements)) or _is_layer(one) or _is_optimizer(one):
            yield place, one
        for name, part in _below(one):
            yield from visit(part, f"{place}/{name}" if place else name)

    yield from visit(root, "")


def _below(one: Any) -> list[tuple[str, Any]]:
    """The parts of an object by name."""
    if isinstance(one, (Variable, Elements)):
        return []
    if isinstance(one, dict):
        return [(str(k), v) for k, v in one.items()]
    if isinstance(one, (list, tuple)):
        return [(str(i), v) for i, v in enumerate(one)]
    if _is_optimizer(one):
        return [(f"variables/{i}", v) for i, v in enumerate(_variables_of(one))]
    if _is_layer(one):
        if not hasattr(one, "_sublayers"):  # a metric
            return [(f"variables/{i}", v) for i, v in enumerate(one.variables)]
        names = {id(v): k for k, v in vars(one).items()}
        parts = [(names.get(id(s), f"layer-{i}"), s) for i, s in enumerate(one._sublayers())]
        return [*_numbered(tracking.own_weights(one)), *parts]
    own = vars(one)
    if isinstance(one, Checkpoint):
        return [*([] if own["_root"] is None else [("root", own["_root"])]), *own["_parts"].items()]
    return [(k, v) for k, v in own.items() if not k.startswith("__")]


def _variables_of(optimizer: Any) -> list[Variable]:
    """The variables of an optimizer, that of the learning rate included."""
    return [v for v in optimizer.variables if isinstance(v, Variable)]


def _numbered(variables: list[Variable]) -> Iterator[tuple[str, Any]]:
    """Names, numbered where two have one."""
    count: dict[str, int] = {}
    for v in variables:
        n = count.setdefault(v.name, 0)
        count[v.name] += 1
        yield (f"{v.name}_{n}" if n else v.name), v


def values_of(root: Any) -> dict[str, Any]:
    """What is kept, by place."""
    found = {}
    for place, one in walk(root):
        if isinstance(one, Variable):
            found[place + END] = one
        elif isinstance(one, Elements):
            found[place + END] = Number(one)
    return found


# ------------------------------------------------- files


def write(prefix: str, root: Any) -> str:
    """Writes the values below an object; the file is whole or not there."""
    found = values_of(root)
    holder = SimpleNamespace(weights=[Kept(k, v) for k, v in found.items()],
                             variables=[v for v in found.values() if isinstance(v, Variable)])  # fmt: skip
    initialize(holder.variables)
    with replacing(f"{prefix}.index") as temporary:
        tensors.write(temporary, holder)
    return prefix


def read(prefix: Any) -> dict[str, np.ndarray]:
    """The arrays of a file by their places; an error that names it where it is damaged, or TensorFlow's own."""
    path = os.fspath(prefix)
    path = path if path.endswith(".index") else f"{path}.index"
    if not os.path.exists(path):
        raise FileNotFoundError(f"{path} does not exist: there is no checkpoint of that name.")
    if os.path.exists(path.removesuffix(".index") + ".data-00000-of-00001"):
        raise FileError(
            f"{path}: a checkpoint that TensorFlow wrote, whose format is its own. Load it there, and save the model as .keras."
        )
    with damage_named(path), open(path, "rb") as file:
        kept, sums, begin = tensors._contents(file, path)
        window = Window(file, begin)
        return {name: tensors._array(window, name, place, sums, path) for name, place in kept.items()}


class Restored:
    """What ``restore`` gives: values that were put back, and those that wait for their variables."""

    def __init__(self, root: Any, prefix: Any, values: dict[str, np.ndarray]):
        self.root, self.prefix, self.left, self.done = root, prefix, values, set()
        self.update()
        if self.left:
            waiting.append(self)

    def update(self) -> None:
        """Puts values into variables that are there now, and watches what is not built."""
        token = frames._current.set(None)
        try:
            for place, one in values_of(self.root).items():
                if place in self.left and self._key(one) not in self.done:
                    self._put(place, one)
        finally:
            frames._current.reset(token)
        if self.left:
            for _, one in list(walk(self.root)):
                self._watch(one)
        elif self in waiting:
            waiting.remove(self)

    def _put(self, place: str, one: Any) -> None:
        value = self.left[place]
        if tuple(value.shape) != tuple(one.shape):
            raise ValueError(
                f"{self.prefix}: {place.removesuffix(END)} has shape {tuple(value.shape)}, the variable {tuple(one.shape)}."
            )
        one.assign(value if isinstance(one, Number) else value.astype(one.array_dtype))
        self.done.add(self._key(one))
        del self.left[place]

    def _watch(self, one: Any) -> None:
        """Where it is built later, it gets its values then."""
        name = "build" if _is_optimizer(one) else "_finish_build"
        if getattr(one, "built", True) or name in vars(one) or not hasattr(one, name):
            return
        own = getattr(one, name)

        def then(*args: Any, **kwargs: Any) -> Any:
            one.__dict__.pop(name, None)
            found = own(*args, **kwargs)
            self.update()
            return found

        one.__dict__[name] = then

    def _without(self) -> list[str]:
        """Variables that the file had nothing for."""
        return [p.removesuffix(END) for p, v in values_of(self.root).items() if self._key(v) not in self.done]

    @staticmethod
    def _key(value: Any) -> int:
        return id(value.owner if isinstance(value, Number) else value)

    def assert_consumed(self) -> "Restored":
        """Raises AssertionError unless every value has a variable, and every variable a value."""
        self.update()
        if self.left:
            names = [p.removesuffix(END) for p in sorted(self.left)[:5]]
            raise AssertionError(f"{self.prefix}: no variable was found for {', '.join(names)}.")
        return self.assert_existing_objects_matched()

    def assert_existing_objects_matched(self) -> "Restored":
        """Raises AssertionError where a variable has no value in the file."""
        self.update()
        missing = [p for p in self._without() if p != "save_counter" and not p.endswith("/save_counter")]
        if missing:
            raise AssertionError(f"{self.prefix}: the file has no value for {', '.join(missing[:5])}.")
        return self

    def assert_nontrivial_match(self) -> "Restored":
        """Raises AssertionError where nothing was put back."""
        if not self.done:
            raise AssertionError(f"{self.prefix}: nothing in the file belongs to these objects.")
        return self

    def expect_partial(self) -> "Restored":
        """Itself: nothing is said about values without variables."""
        return self

    def initialize_or_restore(self, session: Any = None) -> None:
        """Nothing: values are put back at once."""
        only("initialize_or_restore: session", session, None, "there are no sessions.")

    run_restore_ops = initialize_or_restore


class Nothing(Restored):
    """What ``restore(None)`` gives: there was no file."""

    def __init__(self) -> None:
        self.root, self.prefix, self.left, self.done = [], None, {}, set()

    def assert_consumed(self) -> "Restored":
        """There was no file."""
        raise AssertionError("No checkpoint was given to restore.")

    assert_existing_objects_matched = assert_nontrivial_match = assert_consumed


class Checkpoint:
    """Objects whose variables are written and put back together.

    https://www.tensorflow.org/api_docs/python/tf/train/Checkpoint
    """

    def __init__(self, root: Any = None, **kwargs: Any):
        given = kwargs if root is None else {"root": root, **kwargs}
        for name, value in given.items():
            if not trackable(value):
                raise ValueError(
                    f"tf.train.Checkpoint: {name}={value!r} keeps no variables. Give layers, models, optimizers, tf.Variables, "
                    "tf.Modules, iterators of data sets, or lists and dicts of them."
                )
        own = {"_root": root, "_parts": dict(kwargs), "_counter": None}
        vars(self).update(own)

    def __getattr__(self, name: str) -> Any:
        parts = vars(self).get("_parts", {})
        if name in parts:
            return parts[name]
        raise AttributeError(f"tf.train.Checkpoint has no {name!r}; it keeps {', '.join(parts) or 'nothing'}.")

    def __setattr__(self, name: str, value: Any) -> None:
        self._parts[name] = value
        check_waiting()

    @property
    def save_counter(self) -> TFVariable:
        """How often ``save`` was called, kept in the files, too."""
        if self._counter is None:
            vars(self)["_counter"] = TFVariable(0, trainable=False, name="save_counter", dtype="int64")
            self._parts["save_counter"] = self._counter
        return self._counter

    def write(self, file_prefix: Any, options: Any = None) -> str:
        """Writes a file of that name."""
        _no_options("write", options)
        return write(os.fspath(unwrap(file_prefix)), self)

    def save(self, file_prefix: Any, options: Any = None) -> str:
        """Writes the next numbered file and notes it as the latest of its folder; gives its name."""
        _no_options("save", options)
        self.save_counter.assign_add(1)
        path = self.write(f"{os.fspath(unwrap(file_prefix))}-{int(self.save_counter.numpy())}")
        before = get_checkpoint_state(os.path.dirname(path) or ".")
        earlier = [] if before is None else [p for p in before.all_model_checkpoint_paths if p != path]
        note(os.path.dirname(path), [*earlier, path])
        return path

    def read(self, save_path: Any, options: Any = None) -> Restored:
        """Puts the values of a file of ``write`` back."""
        _no_options("read", options)
        return Restored(self, os.fspath(save_path), read(save_path))

    def restore(self, save_path: Any, options: Any = None) -> Restored:
        """Puts the values of a file back; what is not built yet gets them when it is. None is no file."""
        _no_options("restore", options)
        if save_path is None:
            return Nothing()
        counter = self.save_counter  # made before, so that it is put back too
        found = Restored(self, os.fspath(unwrap(save_path)), read(unwrap(save_path)))
        found.done.add(id(counter))
        return found


def check_waiting() -> None:
    """Gives values that wait to variables that were made meanwhile."""
    for one in list(waiting):
        one.update()


def _no_options(where: str, options: Any) -> None:
    only(f"tf.train.Checkpoint.{where}: options", options, None, "leave it out.")


# ------------------------------------------------- which file is the latest


def _state_file(folder: Any, name: Any = None) -> str:
    return os.path.join(os.fspath(folder), name or "checkpoint")


def note(folder: str, paths: list[str]) -> None:
    """Writes down which files there are, the latest last, in the text file that TensorFlow has for it."""
    name = lambda p: os.path.relpath(p, folder or ".").replace("\\", "\\\\").replace('"', '\\"')  # noqa: E731
    lines = [
        f'model_checkpoint_path: "{name(paths[-1])}"',
        *(f'all_model_checkpoint_paths: "{name(p)}"' for p in paths),
    ]
    with replacing(_state_file(folder)) as temporary, open(temporary, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


def get_checkpoint_state(checkpoint_dir: Any, latest_filename: Any = None) -> Any:
    """``model_checkpoint_path`` and ``all_model_checkpoint_paths`` of a folder; None where nothing was noted."""
    path = _state_file(checkpoint_dir, latest_filename)
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as file:
        pairs = [line.strip().partition(": ") for line in file if ": " in line]
    found = [(k, os.path.join(os.fspath(checkpoint_dir), v[1:-1].replace('\\"', '"').replace("\\\\", "\\")))
             for k, _, v in pairs if v.startswith('"')]  # fmt: skip
    latest = next((v for k, v in found if k == "model_checkpoint_path"), "")
    return SimpleNamespace(
        model_checkpoint_path=latest,
        all_model_checkpoint_paths=[v for k, v in found if k == "all_model_checkpoint_paths"],
    )


def latest_checkpoint(checkpoint_dir: Any, latest_filename: Any = None) -> str | None:
    """The latest file of a folder; None where there is none."""
    state = get_checkpoint_state(checkpoint_dir, latest_filename)
    found = state is not None and os.path.exists(f"{state.model_checkpoint_path}.index")
    return state.model_checkpoint_path if found else None


class CheckpointManager:
    """Numbered files in a folder, of which the last ``max_to_keep`` stay.

    https://www.tensorflow.org/api_docs/python/tf/train/CheckpointManager
    """

    def __init__(self, checkpoint: Checkpoint, directory: Any, max_to_keep: Any, keep_checkpoint_every_n_hours: Any = None,
                 checkpoint_name: str = "ckpt", step_counter: Any = None, checkpoint_interval: Any = None,
                 init_fn: Any = None, last_checkpoint_step: Any = None):  # fmt: skip
        where = "tf.train.CheckpointManager"
        only(
            f"{where}: keep_checkpoint_every_n_hours", keep_checkpoint_every_n_hours, None, "copy the file to keep it."
        )
        if max_to_keep is not None and max_to_keep < 1:
            raise ValueError(f"{where}: expected max_to_keep of 1 or more, or None for all, received {max_to_keep}.")
        if checkpoint_interval is not None and step_counter is None:
            raise ValueError(f"{where}: checkpoint_interval needs step_counter.")
        self.checkpoint, self.directory, self._most = checkpoint, os.fspath(unwrap(directory)), max_to_keep
        self._name, self._counter, self.checkpoint_interval = checkpoint_name, step_counter, checkpoint_interval
        self._init, self._last = init_fn, last_checkpoint_step
        state = get_checkpoint_state(self.directory)
        self._files = [] if state is None else [
            p for p in state.all_model_checkpoint_paths if os.path.exists(f"{p}.index")]  # fmt: skip

    @property
    def checkpoints(self) -> list[str]:
        """The files that are kept, the oldest first."""
        return list(self._files)

    @property
    def latest_checkpoint(self) -> str | None:
        """The last file; None where there is none."""
        return self._files[-1] if self._files else None

    def save(self, checkpoint_number: Any = None, check_interval: bool = True, options: Any = None) -> str | None:
        """Writes the next file, unless the interval is not over, and removes the oldest; gives its name."""
        _no_options("save", options)
        if self.checkpoint_interval is not None:
            step = int(np.asarray(unwrap(self._counter)))
            if check_interval and self._last is not None and step - self._last < self.checkpoint_interval:
                return None
            self._last = step
        number = int(self.checkpoint.save_counter.assign_add(1).numpy())
        number = number if checkpoint_number is None else int(np.asarray(unwrap(checkpoint_number)))
        path = self.checkpoint.write(os.path.join(self.directory, f"{self._name}-{number}"))
        self._files = [*(p for p in self._files if p != path), path]
        old = [] if self._most is None else self._files[: -self._most]
        self._files = self._files[len(old) :]
        note(self.directory, self._files)
        for one in old:
            if os.path.exists(f"{one}.index"):
                os.unlink(f"{one}.index")
        return path

    def restore_or_initialize(self) -> str | None:
        """Puts the last file back, or calls ``init_fn``; gives the name of the file."""
        latest = self.latest_checkpoint
        if latest is not None:
            self.checkpoint.restore(latest)
        elif self._init is not None:
            self._init()
        return latest


# ------------------------------------------------- a file by itself


class Reader:
    """The arrays of a file."""

    def __init__(self, prefix: Any):
        self._values = read(prefix)

    def get_variable_to_shape_map(self) -> dict[str, list]:
        """Names and shapes."""
        return {name: list(value.shape) for name, value in self._values.items()}

    def get_variable_to_dtype_map(self) -> dict[str, str]:
        """Names and dtypes."""
        return {name: value.dtype.name for name, value in self._values.items()}

    def has_tensor(self, tensor_str: str) -> bool:
        """Is there one of that name?"""
        return tensor_str in self._values

    def get_tensor(self, tensor_str: str) -> np.ndarray:
        """The array of a name."""
        if tensor_str not in self._values:
            raise ValueError(f"The checkpoint has no {tensor_str!r}; it has {', '.join(sorted(self._values)[:8])}.")
        return self._values[tensor_str]


def load_checkpoint(ckpt_dir_or_file: Any) -> Reader:
    """The arrays of a file, or of the latest of a folder."""
    given = os.fspath(ckpt_dir_or_file)
    if os.path.isdir(given):
        found = latest_checkpoint(given)
        if found is None:
            raise ValueError(f"tf.train.load_checkpoint: there is no checkpoint in {given}.")
        given = found
    return Reader(given)


def list_variables(ckpt_dir_or_file: Any) -> list[tuple[str, list]]:
    """Names and shapes of a file."""
    return sorted(load_checkpoint(ckpt_dir_or_file).get_variable_to_shape_map().items())


def load_variable(ckpt_dir_or_file: Any, name: str) -> np.ndarray:
    """The array of a name."""
    return load_checkpoint(ckpt_dir_or_file).get_tensor(name.removesuffix(":0"))
