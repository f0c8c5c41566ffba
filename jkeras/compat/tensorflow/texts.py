"""``tf.strings``: text in NumPy's arrays of objects, counted in bytes or letters as TensorFlow counts. On the host."""

import re
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from ...nn import fingerprints
from .rows import array, dtype_of, ints, one_of

UNITS = ("BYTE", "UTF8_CHAR")
ENCODINGS = ("UTF-8", "UTF-16-BE", "UTF-32-BE")
ERRORS = ("strict", "replace", "ignore")


def bytes_of(x: Any) -> np.ndarray:
    """Text as NumPy's array of bytes.

    >>> bytes_of(["a", b"b"]).tolist()
    [b'a', b'b']
    """
    made = np.frompyfunc(lambda s: s if isinstance(s, bytes) else str(s).encode("utf-8", "surrogateescape"), 1, 1)
    return np.asarray(made(np.asarray(x, dtype=object)), dtype=object)


def _each(fn: Callable, *arrays: Any) -> np.ndarray:
    """``fn`` of corresponding elements."""
    return np.asarray(np.frompyfunc(fn, len(arrays), 1)(*arrays), dtype=object)


def _letters(s: bytes) -> str:
    return s.decode("utf-8", "replace")


def _rows(x: np.ndarray, cut: Callable, dtype: Any = None) -> Any:
    """The parts of a text; of several texts a RaggedTensor of the parts of each."""
    texts = [cut(s) for s in x.reshape(-1)]
    flat = np.empty(sum(map(len, texts)), dtype=object)
    flat[:] = [one for row in texts for one in row]
    values = flat if dtype is None else jnp.asarray(flat.astype(dtype))
    if x.ndim == 0:
        return values
    from .ragged_functions import RaggedTensor, starts_of

    found = RaggedTensor(values, starts_of([len(row) for row in texts]))
    for size in reversed(x.shape[1:]):
        found = RaggedTensor(found, np.arange(len(found) // size + 1) * size)
    return found


def split(input: Any, sep: Any = None, maxsplit: int = -1) -> Any:
    """The parts between separators, blanks unless one is given."""
    mark = None if sep is None or len(bytes_of(sep).item()) == 0 else bytes_of(sep).item()
    return _rows(bytes_of(input), lambda s: s.split(mark, int(maxsplit)))


def join(inputs: Any, separator: Any = "") -> Any:
    """Corresponding elements joined."""
    mark = bytes_of(separator).item()
    return _each(lambda *parts: mark.join(parts), *np.broadcast_arrays(*map(bytes_of, inputs)))


def reduce_join(inputs: Any, axis: Any = None, keepdims: bool = False, separator: Any = "") -> Any:
    """The elements along axes joined, in order."""
    x, mark = bytes_of(inputs), bytes_of(separator).item()
    axes = range(x.ndim) if axis is None else np.atleast_1d(ints(axis))
    order = [int(a) % x.ndim for a in axes]
    kept = [a for a in range(x.ndim) if a not in order]
    flat = x.transpose(*kept, *order).reshape(*[x.shape[a] for a in kept], -1)
    found = np.empty(flat.shape[:-1], dtype=object)
    for place in np.ndindex(*found.shape):
        found[place] = mark.join(flat[place])
    return found.reshape([1 if a in order else n for a, n in enumerate(x.shape)]) if keepdims else found


def length(input: Any, unit: str = "BYTE") -> Any:
    """How many bytes or letters."""
    count = len if one_of("tf.strings.length: unit", unit, UNITS) == "BYTE" else lambda s: len(_letters(s))
    return jnp.asarray(_each(count, bytes_of(input)).astype("int32"))


def _cased(name: str) -> Callable:
    def cased(input: Any, encoding: str = "") -> Any:
        whole = one_of(f"tf.strings.{name}: encoding", encoding, ("", "utf-8")) == "utf-8"
        return _each(lambda s: getattr(_letters(s), name)().encode() if whole else getattr(s, name)(), bytes_of(input))

    return cased


def substr(input: Any, pos: Any, len: Any, unit: str = "BYTE") -> Any:
    """So many bytes or letters from a place on; the place may be counted from the end."""
    letters = one_of("tf.strings.substr: unit", unit, UNITS) == "UTF8_CHAR"

    def part(s: bytes, start: Any, count: Any) -> bytes:
        text: Any = _letters(s) if letters else s
        size = text.__len__()
        if not -size <= start <= size:
            raise ValueError(f"tf.strings.substr: position {start} lies outside of {s!r}.")
        start = start + size if start < 0 else start
        found = text[start : start + max(int(count), 0)]
        return found.encode() if letters else found

    return _each(part, bytes_of(input), np.asarray(pos), np.asarray(len))


def _pattern(pattern: Any) -> re.Pattern:
    return re.compile(_whole(bytes_of(pattern).item()), re.ASCII)


def _whole(s: bytes) -> str:
    """All bytes as text, those that are no UTF-8 too."""
    return s.decode("utf-8", "surrogateescape")


def regex_replace(input: Any, pattern: Any, rewrite: Any, replace_global: bool = True) -> Any:
    r"""What matches a pattern replaced; ``\1`` is the first group and ``\0`` all. The patterns are Python's."""
    compiled, count = _pattern(pattern), 0 if replace_global else 1
    rewritten = re.sub(r"\\(\d)", r"\\g<\1>", _whole(bytes_of(rewrite).item()))
    replaced = lambda s: compiled.sub(rewritten, _whole(s), count=count).encode("utf-8", "surrogateescape")  # noqa: E731
    return _each(replaced, bytes_of(input))


def regex_full_match(input: Any, pattern: Any) -> Any:
    """Does all of it match a pattern?"""
    compiled = _pattern(pattern)
    return jnp.asarray(_each(lambda s: compiled.fullmatch(_whole(s)) is not None, bytes_of(input)).astype(bool))


def to_number(input: Any, out_type: Any = "float32") -> Any:
    """The numbers that are written there."""
    to = dtype_of(out_type)
    read = int if jnp.issubdtype(to, jnp.integer) else float

    def number(s: bytes) -> Any:
        try:
            return read(s)
        except ValueError:
            raise ValueError(f"tf.strings.to_number: {s!r} is no number of dtype {out_type!r}.") from None

    return jnp.asarray(_each(number, bytes_of(input)).astype(to))


def as_string(input: Any, precision: int = -1, scientific: bool = False, shortest: bool = False, width: int = -1,
              fill: str = "") -> Any:  # fmt: skip
    """Numbers written out."""
    if fill not in ("", " ", "0", "+", "-"):
        raise ValueError(f"tf.strings.as_string: expected fill '', ' ', '0', '+' or '-', received {fill!r}.")
    if scientific and shortest:
        raise ValueError("tf.strings.as_string: scientific and shortest exclude each other.")
    x = array(input)
    if not hasattr(x, "dtype") or x.dtype.kind == "O":
        return bytes_of(x)
    head = f"%{fill}{width if width > -1 else ''}{f'.{precision}' if precision > -1 else ''}"

    def written(value: Any) -> bytes:
        if isinstance(value, (bool, np.bool_)):
            text = "true" if value else "false"
            return (text.rjust(width) if width > -1 else text).encode()
        if isinstance(value, (int, np.integer)):
            return (f"%{fill}{width if width > -1 else ''}d" % value).encode()
        return ((head + ("e" if scientific else "g" if shortest else "f")) % value).encode()

    return _each(written, np.asarray(x, dtype=object))


def bytes_split(input: Any) -> Any:
    """Each byte by itself."""
    return _rows(bytes_of(input), lambda s: [s[i : i + 1] for i in range(len(s))])


def _decoder(where: str, encoding: str, errors: str, replacement_char: int) -> Callable:
    encoding = one_of(f"{where}: input_encoding", encoding, ENCODINGS)
    errors = one_of(f"{where}: errors", errors, ERRORS)

    def decode(s: bytes) -> str:
        try:
            return s.decode(encoding, errors).replace("\ufffd", chr(int(replacement_char)))
        except UnicodeDecodeError:
            raise ValueError(f"{where}: {s!r} is no text in {encoding}.") from None

    return decode


def unicode_split(input: Any, input_encoding: str, errors: str = "replace", replacement_char: int = 65533) -> Any:
    """Each letter by itself."""
    decode = _decoder("tf.strings.unicode_split", input_encoding, errors, replacement_char)
    return _rows(bytes_of(input), lambda s: [c.encode(input_encoding) for c in decode(s)])


def unicode_decode(input: Any, input_encoding: str, errors: str = "replace", replacement_char: int = 65533,
                   replace_control_characters: bool = False) -> Any:  # fmt: skip
    """The numbers of the letters."""
    decode = _decoder("tf.strings.unicode_decode", input_encoding, errors, replacement_char)
    control = replacement_char if replace_control_characters else None
    number = lambda c: control if control is not None and ord(c) < 32 else ord(c)  # noqa: E731
    return _rows(bytes_of(input), lambda s: [number(c) for c in decode(s)], "int32")


def _offsets(x: Any, decode: Callable, encoding: str) -> Any:
    """The byte at which each letter begins."""
    size = lambda c: len(c.encode(encoding))  # noqa: E731
    return _rows(x, lambda s: np.cumsum([0, *map(size, decode(s))])[:-1].tolist(), "int32")


def unicode_split_with_offsets(input: Any, input_encoding: str, errors: str = "replace",
                               replacement_char: int = 65533) -> tuple:  # fmt: skip
    """Each letter by itself, and the byte at which it begins."""
    decode = _decoder("tf.strings.unicode_split_with_offsets", input_encoding, errors, replacement_char)
    found = unicode_split(input, input_encoding, errors, replacement_char)
    return found, _offsets(bytes_of(input), decode, input_encoding)


def unicode_decode_with_offsets(input: Any, input_encoding: str, errors: str = "replace", replacement_char: int = 65533,
                                replace_control_characters: bool = False) -> tuple:  # fmt: skip
    """The numbers of the letters, and the byte at which each begins."""
    decode = _decoder("tf.strings.unicode_decode_with_offsets", input_encoding, errors, replacement_char)
    found = unicode_decode(input, input_encoding, errors, replacement_char, replace_control_characters)
    return found, _offsets(bytes_of(input), decode, input_encoding)


def unsorted_segment_join(inputs: Any, segment_ids: Any, num_segments: Any, separator: Any = "") -> Any:
    """The texts of each segment joined."""
    x, ids, mark = bytes_of(inputs), np.asarray(segment_ids), bytes_of(separator).item()
    found = np.empty((ints(num_segments), *x.shape[ids.ndim :]), dtype=object)
    for place in np.ndindex(*found.shape):
        found[place] = mark.join(x[(*at, *place[1:])] for at in zip(*np.nonzero(ids == place[0]), strict=True))
    return found


def unicode_encode(input: Any, output_encoding: str, errors: str = "replace", replacement_char: int = 65533) -> Any:
    """Text of the numbers of letters, along the last axis."""
    encoding = one_of("tf.strings.unicode_encode: output_encoding", output_encoding, ENCODINGS)
    errors = one_of("tf.strings.unicode_encode: errors", errors, ERRORS)
    numbers = np.asarray(input)
    bad = lambda n: not 0 <= n <= 0x10FFFF or 0xD800 <= n <= 0xDFFF  # noqa: E731
    if errors == "strict" and any(map(bad, numbers.reshape(-1))):
        raise ValueError("tf.strings.unicode_encode: some numbers are no letters.")
    found = np.empty(numbers.shape[:-1], dtype=object)
    for place in np.ndindex(*found.shape):
        kept = [replacement_char if bad(n) else int(n) for n in numbers[place] if not (bad(n) and errors == "ignore")]
        found[place] = "".join(map(chr, kept)).encode(encoding)
    return found


def unicode_transcode(input: Any, input_encoding: str, output_encoding: str, errors: str = "replace",
                      replacement_char: int = 65533, replace_control_characters: bool = False) -> Any:  # fmt: skip
    """Text in another encoding."""
    encoding = one_of("tf.strings.unicode_transcode: output_encoding", output_encoding, ENCODINGS)
    decode = _decoder("tf.strings.unicode_transcode", input_encoding, errors, replacement_char)
    control = chr(int(replacement_char)) if replace_control_characters else None
    change = lambda t: t if control is None else "".join(control if ord(c) < 32 else c for c in t)  # noqa: E731
    return _each(lambda s: change(decode(s)).encode(encoding), bytes_of(input))


def _bucket(input: Any, num_buckets: Any) -> Any:
    buckets = ints(num_buckets)
    return jnp.asarray(_each(lambda s: fingerprints.fingerprint64(s) % buckets, bytes_of(input)).astype("int32"))


def to_hash_bucket_strong(input: Any, num_buckets: Any, key: Any) -> Any:
    """A number below ``num_buckets`` for each text, by a hash with a key of two numbers."""
    buckets, key = ints(num_buckets), list(key)
    return jnp.asarray(_each(lambda s: fingerprints.siphash(s, key) % buckets, bytes_of(input)).astype("int32"))


def format(template: str, inputs: Any = (), placeholder: str = "{}", summarize: int = 3) -> Any:
    """Tensors written into a text."""
    values = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
    parts = str(template).split(placeholder)
    if len(parts) != len(values) + 1:
        raise ValueError(f"tf.strings.format: {len(parts) - 1} placeholders in {template!r}, but {len(values)} inputs.")
    edge = max(int(summarize), 0)
    threshold = 2 * edge if summarize >= 0 else 2**31
    shown = [
        np.array2string(np.asarray(v), threshold=threshold, edgeitems=edge, formatter={"float": "{:g}".format})
        for v in values
    ]
    text = parts[0] + "".join(s + p for s, p in zip(shown, parts[1:], strict=True))
    return np.array(text.encode(), dtype=object)


def ngrams(data: Any, ngram_width: Any, separator: Any = " ", pad_values: Any = None, padding_width: Any = None,
           preserve_short_sequences: bool = False) -> Any:  # fmt: skip
    """Neighbouring words joined, of each row."""
    x, widths = bytes_of(data), np.atleast_1d(ints(ngram_width)).tolist()
    left, right = pad_values if isinstance(pad_values, tuple) else (pad_values, pad_values)
    mark = bytes_of(separator).item()

    def grams(words: list) -> list:
        found: list[bytes] = []
        for n in widths:
            pads = 0 if pad_values is None else n - 1 if padding_width is None else min(n - 1, int(padding_width))
            row = [bytes_of(left).item()] * pads + words + [bytes_of(right).item()] * pads if pads else words
            found += [mark.join(row[i : i + n]) for i in range(len(row) - n + 1)]
        return found or ([mark.join(words)] if preserve_short_sequences else [])

    rows = [grams(list(r)) for r in x.reshape(-1, x.shape[-1])]
    found = np.array(rows, dtype=object).reshape(len(rows), -1)
    return found.reshape(*x.shape[:-1], -1)


ROWS = {
    "split": split, "join": join, "reduce_join": reduce_join, "length": length, "lower": _cased("lower"),
    "upper": _cased("upper"), "substr": substr, "strip": lambda input: _each(bytes.strip, bytes_of(input)),
    "regex_replace": regex_replace, "regex_full_match": regex_full_match, "to_number": to_number, "as_string": as_string,
    "bytes_split": bytes_split, "unicode_split": unicode_split, "unicode_decode": unicode_decode,
    "unicode_encode": unicode_encode, "unicode_transcode": unicode_transcode,
    "to_hash_bucket_fast": lambda input, num_buckets: _bucket(input, num_buckets),
    "to_hash_bucket_strong": to_hash_bucket_strong, "unicode_split_with_offsets": unicode_split_with_offsets,
    "unicode_decode_with_offsets": unicode_decode_with_offsets, "unsorted_segment_join": unsorted_segment_join,
    "format": format, "ngrams": ngrams,
}  # fmt: skip
