"""Arrays out of pickles without unpickling: no name in the file reaches anything but the few classes below.

The ragged sequences of IMDB and Reuters are object arrays, which numpy can only store as a pickle, and CIFAR is
published as pickles. Here the pickle machine runs, but every class or function that a file names is replaced by an
inert stand-in (or refused), and numpy arrays are made afterwards from checked parts: shape, type and bytes or list.
"""

import math
import pickle
import re
import zipfile

import numpy as np

PLAIN_TYPE = re.compile(r"[<>|=]?([biuf][1248]|[bBhHiIlLqQfd?])")


class Refused(pickle.UnpicklingError, ValueError):
    """The file names something that no data set needs."""


class Dtype:
    """A dtype as a pickle describes it, before it is believed."""

    def __init__(self, code, align=False, copy=False):
        self.code = code.decode("latin1") if isinstance(code, bytes) else code
        self.order = "="

    def __setstate__(self, state):
        order = state[1].decode("latin1") if isinstance(state[1], bytes) else state[1]
        self.order = order if order in ("<", ">") else "="

    def real(self):
        """The numpy type; None for objects."""
        if self.code in ("O8", "O4", "O", "|O"):
            return None
        if not isinstance(self.code, str) or not PLAIN_TYPE.fullmatch(self.code):
            raise Refused(f"The file holds an array of type {self.code!r}; only numbers are read.")
        return np.dtype(self.code).newbyteorder(self.order)


class Array:
    """An array as older protocols write it: shape, dtype, order and bytes."""

    def __init__(self, *ignored):
        self.parts = None

    def __setstate__(self, state):
        self.parts = state[-4:]  # the version number in front is missing in old files

    def real(self):
        if self.parts is None:
            raise Refused("The file holds an array without content.")
        shape, dtype, fortran, data = self.parts
        return assemble(shape, dtype, "F" if fortran else "C", data)


class Buffer:
    """An array as protocol 5 writes it: its bytes, type, shape and order."""

    def __init__(self, data, dtype, shape, order):
        self.args = shape, dtype, order, data

    def real(self):
        return assemble(*self.args)


class Scalar:
    """A numpy number: its dtype and bytes."""

    def __init__(self, dtype, data):
        self.args = (), dtype, "C", data

    def real(self):
        return assemble(*self.args)[()]


def assemble(shape, dtype, order, data):
    """The array of a description; raises Refused where its parts do not fit each other."""
    if (
        not isinstance(dtype, Dtype)
        or not isinstance(shape, tuple)
        or not all(type(n) is int and n >= 0 for n in shape)
    ):
        raise Refused("The file holds an array whose shape or type is damaged.")
    kind, count = dtype.real(), math.prod(shape)
    if kind is None:
        if not isinstance(data, list) or len(data) != count:
            raise Refused(f"The file holds an object array of shape {shape} that is damaged.")
        array = np.empty(count, dtype=object)
        for i, item in enumerate(data):
            array[i] = plain(item)
        return array.reshape(shape, order=order)
    if isinstance(data, str):
        data = data.encode("latin1")
    if not isinstance(data, (bytes, bytearray)) or len(data) != count * kind.itemsize or order not in ("C", "F"):
        raise Refused(f"The file holds an array of shape {shape} that is damaged.")
    return np.frombuffer(bytes(data), kind).reshape(shape, order=order).copy()


def plain(item):
    """The item with stand-ins replaced by arrays, one level of list or dict down, which is as deep as data sets go."""
    if isinstance(item, (Array, Buffer, Scalar)):
        return item.real()
    if isinstance(item, list):
        return [one.real() if isinstance(one, (Array, Buffer, Scalar)) else one for one in item]
    if isinstance(item, (int, float, str, bytes, type(None))):
        return item
    raise Refused(f"The file holds a {type(item).__name__}, which no data set needs.")


def encode(text, encoding):
    """`_codecs.encode`, which protocol 2 uses for bytes."""
    if not isinstance(text, str) or encoding != "latin1":
        raise Refused("The file holds text in an unknown encoding.")
    return text.encode("latin1")


class Reader(pickle.Unpickler):
    """Runs a pickle in which only the stand-ins exist."""

    def find_class(self, module, name):
        # Made anew for each name, so that a file cannot leave anything behind in a shared object.
        if module in ("numpy.core.multiarray", "numpy._core.multiarray"):
            if name == "_reconstruct":
                return lambda *args: Array()
            if name == "scalar":
                return lambda *args: Scalar(*args)
        if module in ("numpy.core.numeric", "numpy._core.numeric") and name == "_frombuffer":
            return lambda *args: Buffer(*args)
        if (module, name) == ("numpy", "dtype"):
            return lambda *args: Dtype(*args)
        if (module, name) == ("numpy", "ndarray"):
            return object()  # only ever an argument of _reconstruct
        if (module, name) == ("_codecs", "encode"):
            return lambda *args: encode(*args)
        raise Refused(f"The file asks for {module}.{name}, which no data set needs. Do not trust it.")


def run(stream, path):
    """What a pickle holds, read by the closed reader; raises Refused for anything but data."""
    try:
        # Python 2's strings come out as bytes.
        return Reader(stream, encoding="bytes").load()
    except Refused:
        raise
    except Exception as error:  # a damaged pickle can raise nearly anything
        raise Refused(f"{path} is damaged: {type(error).__name__}: {error}") from error


def load_pickle(path):
    """The dict of arrays, lists, strings and numbers that a pickle file holds, bytes keys as text."""
    with open(path, "rb") as stream:
        content = run(stream, path)
    if not isinstance(content, dict):
        raise Refused(f"{path} holds a {type(content).__name__}, expected a dict.")
    return {key.decode() if isinstance(key, bytes) else key: plain(value) for key, value in content.items()}


def load_npz(path):
    """The arrays of an npz file by name, object arrays included.

    >>> import os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "ragged.npz")
    >>> x = np.empty(2, dtype=object)
    >>> x[:] = [[1, 2, 3], [4]]
    >>> np.savez(path, x=x, y=np.array([0, 1]))
    >>> load_npz(path)["x"]
    array([list([1, 2, 3]), list([4])], dtype=object)
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.endswith(".npy")]
            return {name.removesuffix(".npy"): read_npy(archive, name, path) for name in names}
    except zipfile.BadZipFile as error:
        raise ValueError(f"{path} is no npz file, or a damaged one: {error}.") from error


def read_npy(archive, name, path):
    """One array of an npz file; object arrays by the closed reader."""
    with archive.open(name) as stream:
        version = np.lib.format.read_magic(stream)
        # Version 3 differs from 2 in the encoding of field names only.
        header = np.lib.format.read_array_header_1_0 if version[0] == 1 else np.lib.format.read_array_header_2_0
        dtype = header(stream)[2]
        if dtype.hasobject:
            array = run(stream, path)
            if dtype != np.dtype(object) or not isinstance(array, (Array, Buffer)):
                raise Refused(f"{name} in {path} is damaged.")
            return array.real()
    with archive.open(name) as stream:
        return np.lib.format.read_array(stream, allow_pickle=False)
