"""The record of one call: what Variables are worth in it, and what it leaves behind."""

import contextlib
import zlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any
from weakref import ref

import jax
import jax.numpy as jnp
import numpy as np

_current: ContextVar["Frame | None"] = ContextVar("frame", default=None)
_scope: ContextVar[tuple[str, ...]] = ContextVar("scope", default=())
UNBOUND: Any = object()
recorder: Any = None  # what records calls on the tensors of a script for TensorFlow, once there are some
fixed_phase: list[int | None] = [None]  # what K.set_learning_phase said, for calls that are told nothing else


class Frame:
    """Values bound to Variables, ``training``, the key and the masks of one call, and its updates and losses.

    ``values=None`` makes an eager frame: Variables are read from and written to their cells. An ``abstract``
    frame gives zeros for Variables that it does not bind, so that shapes can be found without making weights.
    """

    def __init__(
        self,
        values: dict[Any, Any] | None = None,
        training: Any = None,
        key: jax.Array | None = None,
        abstract: bool = False,
    ):
        self.values, self.training, self.key, self.abstract = values, training, key, abstract
        self.step: Any = None  # the number of the training step, where there is one: draws without a seed follow it
        self.compute_dtype: str | None = None
        self.trainable_flags: dict[int, bool] | None = None  # id(layer) -> trainable, as fixed at compile
        self.losses: list[tuple[Any, Any]] = []  # (layer, scalar)
        self.metrics: list[tuple[Any, Any]] = []
        self.updated: dict[Any, None] = {}
        self.masks: dict[int, tuple[Any, Any]] = {}
        self.draws: dict[str, int] = {}
        self.parent: Frame | None = None
        self._token: Any = None
        self._closed = False

    def __enter__(self) -> "Frame":
        if self._closed:
            raise RuntimeError("This frame belongs to a call that is over; make a new one.")
        self.parent = _current.get()
        self._token = _current.set(self)
        return self

    def __exit__(self, *_: object) -> None:
        _current.reset(self._token)
        self._closed = True

    def lookup(self, variable: Any) -> Any:
        """The value of a Variable in this frame or the ones around it, or UNBOUND."""
        frame: Frame | None = self
        while frame is not None:
            if frame.values is not None and variable in frame.values:
                return frame.values[variable]
            if frame.abstract:
                frame.values = {} if frame.values is None else frame.values
                frame.values[variable] = value = jnp.zeros(variable.shape, variable.array_dtype)
                return value
            frame = frame.parent
        return UNBOUND

    def assign(self, variable: Any, value: Any) -> bool:
        """Binds a new value; False if no frame around has the Variable, so that its cell is meant."""
        frame: Frame | None = self
        while frame is not None:
            if frame._closed:
                raise RuntimeError("This frame belongs to a call that is over.")
            if frame.abstract or (frame.values is not None and variable in frame.values):
                if frame.values is None:
                    frame.values = {}
                frame.values[variable] = value
                frame.updated[variable] = None
                return True
            frame = frame.parent
        return False

    def key_for(self, path: str) -> jax.Array:
        """The key of this call that belongs to a path; another one each time the same path asks."""
        assert self.key is not None
        count = self.draws.get(path, 0)
        self.draws[path] = count + 1
        key = jax.random.fold_in(self.key, np.uint32(zlib.crc32(path.encode())))
        return jax.random.fold_in(key, count) if count else key


class Keeping(Frame):
    """A frame that keeps every write, also to Variables that it does not bind."""

    def assign(self, variable: Any, value: Any) -> bool:
        """Binds a new value; True."""
        assert self.values is not None
        self.values[variable] = value
        self.updated[variable] = None
        return True


def recorded(fn: Callable, *args: Any) -> Any:
    """``fn(*args)``, a call that tapes see; Variables among the arguments are given as their values."""
    if recorder is not None and (found := recorder.function(fn, args, {})) is not NotImplemented:
        return found
    return fn(*(x.value if hasattr(x, "_trainable") else x for x in args))


def step_of(frame: Frame | None) -> Any:
    """The number of the training step that is going on, or None."""
    while frame is not None:
        if frame.step is not None:
            return frame.step
        frame = frame.parent
    return None


def current() -> Frame | None:
    """The frame of the call that is going on, or None."""
    return _current.get()


@contextlib.contextmanager
def scope(name: str) -> Iterator[None]:
    """Names what is made inside: weights get the path ``outer/inner/name``."""
    token = _scope.set((*_scope.get(), name))
    try:
        yield
    finally:
        _scope.reset(token)


def scope_path(name: str = "") -> str:
    """The path of a name in the current scope."""
    return "/".join((*_scope.get(), name) if name else _scope.get())


# Masks of arrays that outlive their call: id -> (weak reference, mask), dropped with the array.
_eager_masks: dict[int, tuple[Any, Any]] = {}


def get_mask(x: Any) -> Any:
    """The mask that the layer which made ``x`` gave it, or None."""
    found = getattr(x, "_keras_mask", None)
    if found is not None:
        return found
    frame = _current.get()
    while frame is not None:
        found = frame.masks.get(id(x))
        if found is not None and found[0] is x:
            return found[1]
        frame = frame.parent
    weak = _eager_masks.get(id(x))
    return weak[1] if weak is not None and weak[0]() is x else None


def set_mask(x: Any, mask: Any) -> None:
    """Remembers the mask of ``x``: for the call if there is one, and for as long as a concrete array lives."""
    frame = _current.get()
    if frame is not None:
        frame.masks[id(x)] = (x, mask)
    if not isinstance(x, jax.core.Tracer):
        with contextlib.suppress(TypeError):
            key = id(x)
            _eager_masks[key] = (ref(x, lambda _: _eager_masks.pop(key, None)), mask)


def drop_mask(x: Any) -> None:
    """Forgets the mask of ``x``."""
    frame = _current.get()
    if frame is not None:
        frame.masks.pop(id(x), None)
    _eager_masks.pop(id(x), None)
