"""``tf.io`` and ``tf.audio``: bytes of files as numbers, pictures (by Pillow), sounds and text. On the host."""

import base64
import csv
import glob
import io
import os
import wave
from typing import Any

import jax.numpy as jnp
import numpy as np

from .rows import dtype_of, ints, one_of, only
from .texts import bytes_of


def _bytes(contents: Any) -> bytes:
    return bytes_of(contents).item()


def _text(x: Any) -> str:
    return os.fsdecode(_bytes(x))


def read_file(filename: Any) -> Any:
    """The bytes of a file."""
    with open(_text(filename), "rb") as file:
        return np.array(file.read(), dtype=object)


def write_file(filename: Any, contents: Any) -> None:
    """Bytes into a file, whose folders are made."""
    path = _text(filename)
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "wb") as file:
        file.write(_bytes(contents))


def matching_files(pattern: Any) -> Any:
    """The names of the files that match one pattern or several, in order."""
    names = {name for one in bytes_of(pattern).reshape(-1) for name in glob.glob(os.fsdecode(one))}
    return np.array([os.fsencode(n) for n in sorted(names)], dtype=object)


# ------------------------------------------------- pictures


def _picture(where: str, contents: Any, channels: Any, kinds: tuple = ()) -> Any:
    try:
        from PIL import Image
    except ImportError:
        raise ImportError(f"{where} needs Pillow: pip install pillow") from None
    try:
        picture = Image.open(io.BytesIO(_bytes(contents)))
    except OSError:
        raise ValueError(f"{where}: the bytes are no picture that Pillow can read.") from None
    if kinds and picture.format not in kinds:
        raise ValueError(f"{where}: expected {' or '.join(kinds)}, received {picture.format}.")
    channels = ints(channels) or 0
    if channels not in (0, 1, 3, 4):
        raise ValueError(f"{where}: expected 0, 1, 3 or 4 channels, received {channels}.")
    return picture, channels


def _values(picture: Any, channels: int, wide: bool = False) -> np.ndarray:
    """(h, w, channels)"""
    own = {"1": "L", "P": "RGBA" if "transparency" in picture.info else "RGB", "CMYK": "RGB", "YCbCr": "RGB"}
    if picture.mode.startswith("I"):  # 16 bits
        found = np.asarray(picture).astype("uint16")[..., None]
        found = np.repeat(found, 3, -1) if channels >= 3 else found
        return found if wide else (found // 257).astype("uint8")
    mode = {0: own.get(picture.mode, picture.mode), 1: "L", 3: "RGB", 4: "RGBA"}[channels]
    found = np.asarray(picture if picture.mode == mode else picture.convert(mode))
    return found[..., None] if found.ndim == 2 else found


def _in_dtype(where: str, found: np.ndarray, dtype: Any) -> Any:
    name = one_of(f"{where}: dtype", str(dtype_of(dtype)), ("uint8", "uint16", "float32"))
    if name == str(found.dtype):
        return jnp.asarray(found)
    top = 255 if found.dtype == np.uint8 else 65535
    if name == "float32":
        return jnp.asarray(found.astype("float32") * np.float32(1 / top))
    return jnp.asarray(found.astype("uint16") * 257 if name == "uint16" else (found // 257).astype("uint8"))


def decode_image(contents: Any, channels: Any = None, dtype: Any = "uint8", expand_animations: bool = True) -> Any:
    """The values of a BMP, GIF, JPEG or PNG; all the pictures of a GIF unless ``expand_animations`` is false."""
    where = "tf.io.decode_image"
    picture, channels = _picture(where, contents, channels, ("BMP", "GIF", "JPEG", "MPO", "PNG"))
    if picture.format == "GIF" and expand_animations:
        return _in_dtype(where, _frames(picture), dtype)
    return _in_dtype(where, _values(picture, 3 if picture.format == "GIF" else channels, True), dtype)


def _frames(picture: Any) -> np.ndarray:
    from PIL import ImageSequence

    return np.stack([_values(frame, 3) for frame in ImageSequence.Iterator(picture)])


def decode_png(contents: Any, channels: Any = 0, dtype: Any = "uint8") -> Any:
    """The values of a PNG, or of another picture."""
    picture, channels = _picture("tf.io.decode_png", contents, channels)
    return _in_dtype("tf.io.decode_png", _values(picture, channels, True), dtype)


def decode_jpeg(contents: Any, channels: Any = 0, ratio: Any = 1, fancy_upscaling: bool = True,
                try_recover_truncated: bool = False, acceptable_fraction: Any = 1, dct_method: str = "") -> Any:  # fmt: skip
    """The values of a JPEG, or of another picture; Pillow decodes, to a rounding step of TensorFlow's values."""
    where = "tf.io.decode_jpeg"
    one_of(f"{where}: ratio", ratio, (1, 2, 4, 8))
    only(f"{where}: fancy_upscaling", fancy_upscaling, True, "Pillow interpolates colours always.")
    only(f"{where}: acceptable_fraction", acceptable_fraction, 1, "try_recover_truncated=True takes what there is.")
    one_of(f"{where}: dct_method", dct_method, ("", "INTEGER_ACCURATE"))
    picture, channels = _picture(where, contents, channels)
    if ratio > 1:
        picture = picture.reduce(int(ratio))
    from PIL import ImageFile

    before, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, bool(try_recover_truncated)
    try:
        return jnp.asarray(_values(picture, channels))
    except OSError as error:
        raise ValueError(f"{where}: {error}. Use try_recover_truncated=True for what is there.") from None
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before


def decode_bmp(contents: Any, channels: Any = 0) -> Any:
    """The values of a BMP."""
    picture, channels = _picture("tf.io.decode_bmp", contents, channels, ("BMP",))
    return jnp.asarray(_values(picture, channels))


def decode_gif(contents: Any) -> Any:
    """The values of all pictures of a GIF: (pictures, h, w, 3)."""
    return jnp.asarray(_frames(_picture("tf.io.decode_gif", contents, 3, ("GIF",))[0]))


def _encoded(image: Any, **options: Any) -> Any:
    from PIL import Image

    values, buffer = np.asarray(image), io.BytesIO()
    if values.ndim != 3 or values.dtype not in (np.uint8, np.uint16) or values.shape[-1] not in (1, 2, 3, 4):
        raise ValueError(f"Expected a picture (h, w, channels) of uint8, received {values.shape} of {values.dtype}.")
    Image.fromarray(values[..., 0] if values.shape[-1] == 1 else values).save(buffer, **options)
    return np.array(buffer.getvalue(), dtype=object)


def encode_png(image: Any, compression: Any = -1) -> Any:
    """A picture as the bytes of a PNG."""
    level = {} if ints(compression) == -1 else {"compress_level": ints(compression)}
    return _encoded(image, format="PNG", **level)


def encode_jpeg(image: Any, format: str = "", quality: Any = 95, progressive: bool = False, optimize_size: bool = False,
                chroma_downsampling: bool = True, density_unit: str = "in", x_density: Any = 300, y_density: Any = 300,
                xmp_metadata: str = "") -> Any:  # fmt: skip
    """A picture as the bytes of a JPEG."""
    one_of("tf.io.encode_jpeg: format", format, ("", "grayscale", "rgb"))
    one_of("tf.io.encode_jpeg: density_unit", density_unit, ("in",))
    only("tf.io.encode_jpeg: xmp_metadata", xmp_metadata, "", "write it with Pillow.")
    if format and {"grayscale": 1, "rgb": 3}[format] != image.shape[-1]:
        raise ValueError(f"tf.io.encode_jpeg: a picture of {image.shape[-1]} channels is not {format!r}.")
    return _encoded(
        image, format="JPEG", quality=ints(quality), progressive=bool(progressive), optimize=bool(optimize_size),
        subsampling=2 if chroma_downsampling else 0, dpi=(ints(x_density), ints(y_density)),
    )  # fmt: skip


def is_jpeg(contents: Any) -> Any:
    """Do the bytes begin as those of a JPEG?"""
    return jnp.asarray(_bytes(contents)[:3] == b"\xff\xd8\xff")


# ------------------------------------------------- other bytes


def decode_raw(input_bytes: Any, out_type: Any, little_endian: bool = True, fixed_length: Any = None) -> Any:
    """Bytes as numbers, along a new last axis; of ``fixed_length`` bytes each, cut or filled with 0."""
    from ...core.dtypes import standardize_dtype

    stored = np.dtype(standardize_dtype(out_type)).newbyteorder("<" if little_endian else ">")
    x = bytes_of(input_bytes)
    size = None if fixed_length is None else ints(fixed_length)
    rows = [np.frombuffer(s if size is None else s[:size].ljust(size, b"\0"), stored) for s in x.reshape(-1)]
    return jnp.asarray(np.stack(rows).reshape(*x.shape, -1).astype(dtype_of(out_type)))


def decode_base64(input: Any) -> Any:
    """Bytes of base64 text for addresses."""
    pad = np.frompyfunc(lambda s: base64.urlsafe_b64decode(s + b"=" * (-len(s) % 4)), 1, 1)
    return np.asarray(pad(bytes_of(input)), dtype=object)


def encode_base64(input: Any, pad: bool = False) -> Any:
    """Bytes as base64 text for addresses."""
    code = lambda s: base64.urlsafe_b64encode(s) if pad else base64.urlsafe_b64encode(s).rstrip(b"=")  # noqa: E731
    return np.asarray(np.frompyfunc(code, 1, 1)(bytes_of(input)), dtype=object)


def decode_csv(records: Any, record_defaults: Any, field_delim: str = ",", use_quote_delim: bool = True, na_value: str = "",
               select_cols: Any = None) -> list:  # fmt: skip
    """The columns of lines; each default says the dtype, and what stands for an empty field, if it is not empty itself."""
    x, columns = bytes_of(records), []
    quoting = csv.QUOTE_MINIMAL if use_quote_delim else csv.QUOTE_NONE
    lines = [next(csv.reader([s.decode()], delimiter=field_delim, quoting=quoting)) for s in x.reshape(-1)]
    wanted = list(range(len(record_defaults))) if select_cols is None else [ints(c) for c in select_cols]
    for line in lines:
        if len(line) <= max(wanted) or select_cols is None and len(line) != len(wanted):
            raise ValueError(f"tf.io.decode_csv: expected {len(wanted)} fields, received {len(line)} in {line}.")
    for place, default in zip(wanted, record_defaults, strict=True):
        columns.append(_column([line[place] for line in lines], place, default, na_value, x.shape))
    return columns


def _column(fields: list[str], place: int, default: Any, na_value: str, shape: tuple) -> Any:
    from .tensor import DType

    given = None if isinstance(default, DType) else np.asarray(default).reshape(-1)
    text = default == "string" if given is None else given.dtype.kind in "OUST"
    to: Any = object if text else dtype_of(default if given is None else given.dtype)
    to = np.dtype("float32") if to == np.float64 else np.dtype("int32") if to == np.int64 else to
    found = []
    for field in fields:
        if field in ("", na_value):
            if given is None or not len(given):
                raise ValueError(f"tf.io.decode_csv: field {place} is empty and has no default.")
            found.append(given[0])
        else:
            found.append(field if text else float(field) if np.dtype(to).kind == "f" else int(field))
    if text:
        return bytes_of(np.array(found, dtype=object).reshape(shape))
    return jnp.asarray(np.array(found).reshape(shape).astype(to))


def decode_wav(contents: Any, desired_channels: Any = -1, desired_samples: Any = -1) -> tuple:
    """Sound of 16 bits as floats from -1 to 1, (samples, channels), and its rate."""
    try:
        with wave.open(io.BytesIO(_bytes(contents))) as file:
            rate, channels, width = file.getframerate(), file.getnchannels(), file.getsampwidth()
            raw = file.readframes(file.getnframes())
    except (wave.Error, EOFError) as error:
        raise ValueError(f"tf.audio.decode_wav: {error}.") from None
    if width != 2:
        raise ValueError(f"tf.audio.decode_wav: expected 16 bits, received {8 * width}.")
    found = np.frombuffer(raw, "<i2").reshape(-1, channels).astype("float32") / 32768
    wanted, count = ints(desired_channels), ints(desired_samples)
    if wanted != -1:
        found = np.stack([found[:, min(i, channels - 1)] for i in range(wanted)], -1)
    if count != -1:
        found = np.pad(found[:count], [(0, max(count - len(found), 0)), (0, 0)])
    return jnp.asarray(found), jnp.asarray(rate, "int32")


def encode_wav(audio: Any, sample_rate: Any) -> Any:
    """Sound from -1 to 1, (samples, channels), as the bytes of a WAV file of 16 bits."""
    values, buffer = np.asarray(audio), io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(values.shape[1])
        file.setsampwidth(2)
        file.setframerate(ints(sample_rate))
        file.writeframes(np.clip(np.round(values * 32768), -32768, 32767).astype("<i2").tobytes())
    return np.array(buffer.getvalue(), dtype=object)


PICTURES = {
    "decode_image": decode_image, "decode_png": decode_png, "decode_jpeg": decode_jpeg, "decode_bmp": decode_bmp,
    "decode_gif": decode_gif, "encode_png": encode_png, "encode_jpeg": encode_jpeg, "is_jpeg": is_jpeg,
}  # fmt: skip
ROWS = {
    **PICTURES, "read_file": read_file, "write_file": write_file, "matching_files": matching_files, "decode_raw": decode_raw,
    "decode_base64": decode_base64, "encode_base64": encode_base64, "decode_csv": decode_csv,
}  # fmt: skip
AUDIO = {"decode_wav": decode_wav, "encode_wav": encode_wav}
