"""``tf.summary``: numbers, pictures, texts and histograms in the files that TensorBoard reads.

A file is one of TFRecords, whose records are Event messages.
"""

import contextlib
import os
import platform
import threading
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import jax
import numpy as np

from ...core.variable import Variable
from . import wire
from .records import TFRecordWriter
from .rows import known, only
from .system import Space
from .tensor import unwrap

_now = threading.local()
_numbers = iter(range(10**9))


class SummaryWriter:
    """Writes the events of a folder.

    https://www.tensorflow.org/api_docs/python/tf/summary/SummaryWriter
    """

    def __init__(self, logdir: Any, suffix: str = ".v2"):
        folder = os.fspath(unwrap(logdir))
        os.makedirs(folder, exist_ok=True)
        name = f"events.out.tfevents.{int(time.time())}.{platform.node()}.{os.getpid()}.{next(_numbers)}{suffix}"
        self._file: Any = TFRecordWriter(os.path.join(folder, name))
        self._file.write(wire.double(1, time.time()) + wire.field(3, b"brain.Event:2"))

    def as_default(self, step: Any = None) -> Any:
        """A context: what is written in it is written here, at a step that may be given."""
        return _within(self, step)

    def set_as_default(self, step: Any = None) -> None:
        """Everything is written here from now on."""
        _now.writer = self
        if step is not None:
            _now.step = step

    def flush(self) -> None:
        """Hands what was written to the file."""
        if self._file is not None:
            self._file.flush()

    def close(self) -> None:
        """Ends the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def add(self, tag: str, step: int, content: bytes) -> None:
        """Writes a value of a step."""
        if self._file is None:
            raise RuntimeError("tf.summary: the writer is closed.")
        value = wire.field(1, wire.field(1, tag.encode()) + content)
        self._file.write(wire.double(1, time.time()) + wire.number(2, step) + wire.field(5, value))


class _Nowhere(SummaryWriter):
    """A writer that writes nothing."""

    def __init__(self) -> None:
        self._file = None

    def add(self, *_: Any) -> None:
        """Nothing."""


@contextlib.contextmanager
def _within(writer: Any, step: Any) -> Iterator[Any]:
    before = getattr(_now, "writer", None), getattr(_now, "step", None)
    _now.writer, _now.step = writer, before[1] if step is None else step
    try:
        yield writer
    finally:
        _now.writer, _now.step = before
        writer.flush()


def create_file_writer(
    logdir: Any, max_queue: Any = None, flush_millis: Any = None, filename_suffix: Any = None, name: Any = None,
    experimental_trackable: bool = False, experimental_mesh: Any = None,
) -> SummaryWriter:  # fmt: skip
    """A writer of events into a folder; ``max_queue`` and ``flush_millis`` are hints, the file is written at once."""
    only("tf.summary.create_file_writer: experimental_mesh", experimental_mesh, None, "leave it out.")
    return SummaryWriter(logdir, ".v2" if filename_suffix is None else str(unwrap(filename_suffix)))


def _content(kind: str, plugin: bytes, tensor: bytes, description: Any) -> bytes:
    about = wire.field(1, wire.field(1, kind.encode()) + (wire.field(2, plugin) if plugin else b""))
    text = b"" if description is None else wire.field(3, str(description).encode())
    return wire.field(9, about + text) + wire.field(8, tensor)


def _written(name: str, step: Any, data: Any, make: Callable[[np.ndarray], bytes]) -> bool:
    """Writes what ``make`` gives for the data, where there is a writer and it is time; each time a compiled function runs."""
    writer = getattr(_now, "writer", None)
    if writer is None or isinstance(writer, _Nowhere):
        return False
    at, condition = getattr(_now, "step", None) if step is None else step, getattr(_now, "condition", True)
    if at is None:
        raise ValueError("tf.summary: no step was given: give step=, or tf.summary.experimental.set_step().")
    tag = "/".join([*getattr(_now, "scopes", ()), str(name)])
    values = [_plain(v) for v in (data, at, condition() if callable(condition) else condition)]

    def write(value: Any, place: Any, holds: Any) -> None:
        if np.asarray(holds):
            writer.add(tag, int(np.asarray(place)), make(np.asarray(value)))

    if all(map(known, values)):
        write(*values)
        return bool(np.asarray(values[2]))
    jax.debug.callback(write, *values)
    return True


def _plain(x: Any) -> Any:
    x = unwrap(x)
    return x._stored() if isinstance(x, Variable) else x


def _recorded() -> bool:
    condition = getattr(_now, "condition", True)
    return bool(unwrap(condition() if callable(condition) else condition))


def _tensor(array: Any) -> bytes:
    from .parsing import serialize_tensor

    return unwrap(serialize_tensor(array)).item()


def scalar(name: str, data: Any, step: Any = None, description: Any = None) -> bool:
    """A number of a step."""
    if np.prod(np.shape(_plain(data))) != 1:
        raise ValueError(f"tf.summary.scalar: expected one number, received shape {np.shape(_plain(data))}.")
    make = lambda v: _content("scalars", b"", _tensor(v.reshape(()).astype("float32")), description)  # noqa: E731
    return _written(name, step, data, make)


def image(name: str, data: Any, step: Any = None, max_outputs: Any = 3, description: Any = None) -> bool:
    """Pictures (count, h, w, channels), floats from 0 to 1 or uint8, of which the first few are kept."""
    if len(np.shape(_plain(data))) != 4:
        raise ValueError(
            f"tf.summary.image: expected (count, h, w, channels), received shape {np.shape(_plain(data))}."
        )

    def make(pictures: np.ndarray) -> bytes:
        from .files import encode_png

        values = pictures[: int(unwrap(max_outputs))]
        if values.dtype != np.uint8:
            values = (np.clip(values, 0, 1) * 255 + 0.5).astype("uint8")
        texts = [str(n).encode() for n in (pictures.shape[2], pictures.shape[1])] + [
            encode_png(v).item() for v in values
        ]
        return _content("images", b"", _tensor(np.array(texts, dtype=object)), description)

    return _written(name, step, data, make)


def text(name: str, data: Any, step: Any = None, description: Any = None) -> bool:
    """Text of a step."""
    from .texts import bytes_of

    return _written(name, step, bytes_of(unwrap(data)), lambda v: _content("text", b"", _tensor(v), description))


def histogram(name: str, data: Any, step: Any = None, buckets: Any = None, description: Any = None) -> bool:
    """How many values lie in each of 30 (or so many) ranges."""
    count = 30 if buckets is None else int(unwrap(buckets))

    def make(values: np.ndarray) -> bytes:
        values = values.astype("float64").reshape(-1)
        if not values.size or not count:
            table = np.zeros((count, 3))
        elif values.min() == values.max():
            table = np.array(
                [[values[0] - 0.5, values[0] + 0.5, float(i == count - 1) * values.size] for i in range(count)]
            )
        else:
            found, edges = np.histogram(values, count)
            table = np.stack([edges[:-1], edges[1:], found], -1)
        return _content("histograms", b"", _tensor(table.astype("float64")), description)

    return _written(name, step, data, make)


def audio(name: str, data: Any, sample_rate: Any, step: Any = None, max_outputs: Any = 3, encoding: Any = None,
          description: Any = None) -> bool:  # fmt: skip
    """Sounds (count, samples, channels) from -1 to 1, of which the first few are kept."""
    from .files import encode_wav

    only("tf.summary.audio: encoding", encoding if encoding != "wav" else None, None, "sounds are kept as WAV.")
    most = int(unwrap(max_outputs))

    def make(sounds: np.ndarray) -> bytes:
        texts = np.array([[encode_wav(s, sample_rate).item(), b""] for s in sounds[:most]], dtype=object)
        return _content("audio", wire.number(2, 11), _tensor(texts), description)

    return _written(name, step, data, make)


def write(tag: str, tensor: Any, step: Any = None, metadata: Any = None, name: Any = None) -> bool:
    """A tensor of a step."""
    only("tf.summary.write: metadata", metadata, None, "use scalar, image, text, audio or histogram.")
    return _written(tag, step, tensor, lambda v: wire.field(8, _tensor(v)))


@contextlib.contextmanager
def record_if(condition: Any) -> Iterator[None]:
    """A context in which things are written only where a condition holds."""
    before, _now.condition = getattr(_now, "condition", True), condition
    try:
        yield
    finally:
        _now.condition = before


@contextlib.contextmanager
def summary_scope(name: str, default_name: str = "summary", values: Any = None) -> Iterator[tuple]:
    """A context whose name stands before those of what is written in it."""
    before = getattr(_now, "scopes", ())
    _now.scopes = (*before, name or default_name)
    try:
        yield "/".join(_now.scopes), "/".join(_now.scopes)
    finally:
        _now.scopes = before


def _set_step(step: Any) -> None:
    _now.step = step


def _flush(writer: Any = None, name: Any = None) -> None:
    found = getattr(_now, "writer", None) if writer is None else writer
    if found is not None:
        found.flush()


def _trace(*_: Any, **__: Any) -> Any:
    raise NotImplementedError(
        "tf.summary.trace_on is not offered on JAX: use keras.callbacks.Profiler or jax.profiler.trace."
    )


summary = Space(
    "tf.summary",
    SummaryWriter=SummaryWriter, create_file_writer=create_file_writer, create_noop_writer=lambda: _Nowhere(), scalar=scalar,
    image=image, text=text, histogram=histogram, audio=audio, write=write, record_if=record_if, flush=_flush,
    should_record_summaries=_recorded, trace_on=_trace, trace_off=_trace, trace_export=_trace, graph=_trace,
    experimental=SimpleNamespace(set_step=_set_step, get_step=lambda: getattr(_now, "step", None),
                                 summary_scope=summary_scope),
)  # fmt: skip
