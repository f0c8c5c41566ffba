"""``tf.train.Example`` and its parts, in the wire format that TensorFlow reads and writes.

https://www.tensorflow.org/tutorials/load_data/tfrecord
"""

import struct
from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np

from . import wire


class Values(list):
    """The values of a list of one kind; others raise TypeError."""

    def __init__(self, check: Any, values: Iterable = ()):
        self._check = check
        super().__init__(map(check, values))

    def append(self, value: Any) -> None:
        """Adds one."""
        super().append(self._check(value))

    def extend(self, values: Iterable) -> None:
        """Adds several."""
        super().extend(map(self._check, values))


class Message:
    """A message: fields that are made on first use, bytes both ways."""

    FIELDS: ClassVar[dict[str, Any]] = {}

    def __init__(self, **given: Any):
        unknown = set(given) - set(self.FIELDS)
        if unknown:
            raise ValueError(f"{type(self).__name__} has no field {sorted(unknown)}; it has {', '.join(self.FIELDS)}.")
        self._set = {k: self._checked(k, v) for k, v in given.items() if v is not None}

    def _checked(self, name: str, value: Any) -> Any:
        if not isinstance(value, self.FIELDS[name][1]):
            kind = self.FIELDS[name][1].__name__
            raise TypeError(f"{type(self).__name__}.{name}: expected tf.train.{kind}, received {type(value).__name__}.")
        return value

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self.FIELDS:
            raise AttributeError(f"{type(self).__name__} has no field {name!r}; it has {', '.join(self.FIELDS)}.")
        made = self.FIELDS[name][1]()
        return self._set.setdefault(name, made)

    def HasField(self, field_name: str) -> bool:
        """Was the field set?"""
        return field_name in self._set

    def SerializeToString(self, deterministic: Any = None) -> bytes:
        """The message as bytes, always in the same order."""
        del deterministic
        return b"".join(
            wire.field(number, self._set[name].SerializeToString())
            for name, (number, _) in self.FIELDS.items()
            if name in self._set
        )

    @classmethod
    def FromString(cls, s: bytes) -> Any:
        """The message that bytes hold; ValueError where they hold none."""
        made = cls()
        made.MergeFromString(bytes(s))
        return made

    def ParseFromString(self, serialized: bytes) -> int:
        """Replaces what is here; gives the number of bytes."""
        vars(self).update(vars(type(self).FromString(serialized)))
        return len(serialized)

    def MergeFromString(self, serialized: bytes) -> None:
        """Adds what bytes hold."""
        by_number = {number: (name, made) for name, (number, made) in self.FIELDS.items()}
        for number, kind, content in wire.fields(serialized):
            if number in by_number and kind == wire.BYTES:
                name, made = by_number[number]
                if isinstance(self, Feature):
                    self._set.clear()
                self._set[name] = made.FromString(content)

    def CopyFrom(self, other: Any) -> None:
        """Replaces what is here by a copy."""
        self.ParseFromString(other.SerializeToString())

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and str(self) == str(other)

    __hash__ = object.__hash__

    def _lines(self) -> list[str]:
        return [
            line
            for name in self.FIELDS
            if name in self._set
            for line in (f"{name} {{", *(f"  {inner}" for inner in self._set[name]._lines()), "}")
        ]

    def __str__(self) -> str:
        return "".join(f"{line}\n" for line in self._lines())

    __repr__ = __str__


def _bytes(value: Any) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError(f"BytesList: expected bytes, received {value!r} of type {type(value).__name__}; use .encode().")
    return bytes(value)


def _float(value: Any) -> float:
    if isinstance(value, (str, bytes)) or np.ndim(value):
        raise TypeError(f"FloatList: expected numbers, received {value!r}.")
    return float(np.float32(value))


def _whole(value: Any) -> int:
    if not isinstance(value, (int, np.integer, np.bool_)) and not (
        hasattr(value, "__index__") and np.ndim(value) == 0 and not isinstance(value, np.ndarray)):  # fmt: skip
        raise TypeError(f"Int64List: expected whole numbers, received {value!r} of type {type(value).__name__}.")
    found = int(value)
    if not -(1 << 63) <= found < 1 << 63:
        raise ValueError(f"Int64List: {found} does not fit into 64 bits.")
    return found


class _List(Message):
    FIELDS: ClassVar[dict[str, Any]] = {"value": (1, Values)}
    check: Any = None

    def __init__(self, value: Any = ()):
        self._set: dict[str, Any] = {}
        self.value = Values(type(self).check, value)

    def MergeFromString(self, serialized: bytes) -> None:
        """Adds the values of bytes."""
        for number, kind, content in wire.fields(serialized):
            if number == 1:
                self.value.extend(self._read(kind, content))

    def _lines(self) -> list[str]:
        return [f"value: {self._shown(v)}" for v in self.value]

    @staticmethod
    def _shown(value: Any) -> str:
        return str(value)

    _read: Any = None


class BytesList(_List):
    """Texts and other bytes."""

    check = staticmethod(_bytes)

    def SerializeToString(self, deterministic: Any = None) -> bytes:
        """The values as bytes."""
        del deterministic
        return b"".join(wire.field(1, v) for v in self.value)

    def _read(self, kind: int, content: Any) -> Any:
        if kind != wire.BYTES:
            raise ValueError("BytesList: the bytes hold something else.")
        return [content]

    @staticmethod
    def _shown(value: Any) -> str:
        special = {9: "\\t", 10: "\\n", 13: "\\r", 34: '\\"', 39: "\\'", 92: "\\\\"}
        return '"' + "".join(special.get(b, chr(b) if 32 <= b < 127 else f"\\{b:03o}") for b in value) + '"'


class FloatList(_List):
    """Floats of 32 bits."""

    check = staticmethod(_float)

    def SerializeToString(self, deterministic: Any = None) -> bytes:
        """The values as bytes."""
        del deterministic
        return wire.field(1, struct.pack(f"<{len(self.value)}f", *self.value)) if self.value else b""

    def _read(self, kind: int, content: Any) -> Any:
        return wire.floats_of(kind, content)

    @staticmethod
    def _shown(value: Any) -> str:
        short = np.format_float_positional(np.float32(value), trim="-")
        return short if 1e-5 <= abs(value) < 1e15 or value == 0 else str(np.float32(value))


class Int64List(_List):
    """Whole numbers of 64 bits."""

    check = staticmethod(_whole)

    def SerializeToString(self, deterministic: Any = None) -> bytes:
        """The values as bytes."""
        del deterministic
        return wire.field(1, wire.packed(self.value)) if self.value else b""

    def _read(self, kind: int, content: Any) -> Any:
        return wire.numbers_of(kind, content)


class Feature(Message):
    """One of bytes_list, float_list and int64_list."""

    FIELDS: ClassVar[dict[str, Any]] = {
        "bytes_list": (1, BytesList),
        "float_list": (2, FloatList),
        "int64_list": (3, Int64List),
    }

    def __init__(self, **given: Any):
        super().__init__(**given)
        if len(self._set) > 1:
            raise ValueError(f"tf.train.Feature: give one kind of list, received {sorted(self._set)}.")

    def __getattr__(self, name: str) -> Any:
        known = name in self.FIELDS and name in self._set
        if not known and self._set and name in self.FIELDS:
            return self.FIELDS[name][1]()  # another kind than the one it has: empty
        return super().__getattr__(name) if not known else self._set[name]

    def WhichOneof(self, oneof_group: str) -> str | None:
        """The kind of list it has."""
        if oneof_group != "kind":
            raise ValueError(f"tf.train.Feature has the group 'kind', not {oneof_group!r}.")
        return next((k for k, v in self._set.items() if v.value or len(self._set) == 1), None)


class FeatureList(Message):
    """Features in order."""

    def __init__(self, feature: Any = ()):
        self.feature = list(feature)

    def SerializeToString(self, deterministic: Any = None) -> bytes:
        """The features as bytes."""
        del deterministic
        return b"".join(wire.field(1, f.SerializeToString()) for f in self.feature)

    def MergeFromString(self, serialized: bytes) -> None:
        """Adds the features of bytes."""
        self.feature += [Feature.FromString(c) for n, k, c in wire.fields(serialized) if n == 1 and k == wire.BYTES]

    def _lines(self) -> list[str]:
        return [line for f in self.feature for line in ("feature {", *(f"  {one}" for one in f._lines()), "}")]


class _Named(dict):
    """Messages by name, made on first use."""

    def __init__(self, kind: type, given: Any):
        self._kind = kind
        for key, value in (given or {}).items():
            if not isinstance(value, kind):
                raise TypeError(f"{key!r}: expected tf.train.{kind.__name__}, received {type(value).__name__}.")
        super().__init__({str(k): v for k, v in (given or {}).items()})

    def __missing__(self, key: str) -> Any:
        self[key] = made = self._kind()
        return made


class _Map(Message):
    """A message of one field, which holds messages by name."""

    label, kind = "", Feature

    def __init__(self, **given: Any):
        if set(given) - {self.label}:
            raise ValueError(
                f"{type(self).__name__} has no field {sorted(set(given) - {self.label})}; it has {self.label}."
            )
        vars(self)[self.label] = _Named(self.kind, given.get(self.label))

    def SerializeToString(self, deterministic: Any = None) -> bytes:
        """The messages by name as bytes, in the order of the names."""
        del deterministic
        entries = sorted(vars(self)[self.label].items())
        return b"".join(
            wire.field(1, wire.field(1, k.encode()) + wire.field(2, v.SerializeToString())) for k, v in entries
        )

    def MergeFromString(self, serialized: bytes) -> None:
        """Adds what bytes hold."""
        for number, kind, content in wire.fields(serialized):
            if number == 1 and kind == wire.BYTES:
                entry = {n: c for n, k, c in wire.fields(content) if k == wire.BYTES}
                vars(self)[self.label][entry.get(1, b"").decode()] = self.kind.FromString(entry.get(2, b""))

    def _lines(self) -> list[str]:
        found = []
        for key, value in sorted(vars(self)[self.label].items()):
            inner = [f"    {line}" for line in value._lines()]
            found += [f"{self.label} {{", f"  key: {BytesList._shown(key.encode())}", "  value {", *inner, "  }", "}"]
        return found


class Features(_Map):
    """Features by name."""

    label, kind = "feature", Feature


class FeatureLists(_Map):
    """Lists of features by name."""

    label, kind = "feature_list", FeatureList


class Example(Message):
    """One record of features.

    >>> one = Example(features=Features(feature={"n": Feature(int64_list=Int64List(value=[3]))}))
    >>> Example.FromString(one.SerializeToString()).features.feature["n"].int64_list.value
    [3]
    """

    FIELDS: ClassVar[dict[str, Any]] = {"features": (1, Features)}


class SequenceExample(Message):
    """One record of features (``context``), and of lists of features by step."""

    FIELDS: ClassVar[dict[str, Any]] = {"context": (1, Features), "feature_lists": (2, FeatureLists)}


NAMES = (
    BytesList, FloatList, Int64List, Feature, Features, FeatureList, FeatureLists, Example, SequenceExample
)  # fmt: skip
