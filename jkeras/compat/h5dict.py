"""``H5Dict`` of Keras 2.2: a dict, or a group of an HDF5 file, with one way to read and write arrays, lists and groups."""

from collections.abc import Iterator
from typing import Any

import numpy as np

LIMIT = 64512  # bytes that an attribute of an HDF5 object may have
_GROUP = "_is_group"


class H5Dict:
    """Arrays become data sets, everything else attributes; a name that is not there becomes a group when it is read.

    ``path`` is the path of an HDF5 file, opened in ``mode``, a group of one, or a dict. In a dict, arrays stay arrays:
    what another program pickled into it is not unpickled.

    Raises TypeError for another kind of path, ValueError for writing with mode "r", KeyError for a name that is a group.

    >>> group = H5Dict({})
    >>> group["dense"]["kernel"] = np.ones((2, 3))
    >>> group["dense"]["kernel"].shape, "bias" in group["dense"]
    ((2, 3), False)
    """

    def __init__(self, path: Any, mode: str = "a"):
        import h5py

        self._is_file = isinstance(path, str)
        if self._is_file:
            path = h5py.File(path, mode)
        elif isinstance(path, dict):
            if mode == "w":
                path.clear()
            path[_GROUP] = True
        elif not isinstance(path, h5py.Group):
            raise TypeError(f"H5Dict: expected a group, a path or a dict, received {type(path).__name__}.")
        self.data, self.read_only = path, mode == "r"

    @staticmethod
    def is_supported_type(path: Any) -> bool:
        """Can an H5Dict be made of this?"""
        import h5py

        return isinstance(path, (str, dict, h5py.Group))

    def __setitem__(self, attr: Any, val: Any) -> None:
        if self.read_only:
            raise ValueError(f"H5Dict: cannot set {attr!r}, it was opened with mode 'r'.")
        attr = attr.decode("utf-8") if isinstance(attr, bytes) else attr
        if isinstance(self.data, dict):
            self.data[attr] = val
        elif attr in self.data:
            raise KeyError(f"H5Dict: there is a group or data set {attr!r} already.")
        elif isinstance(val, (np.ndarray, np.generic)):
            self.data.create_dataset(attr, data=val)
        elif isinstance(val, list) and val:
            self._set_list(attr, val)
        else:
            self.data.attrs[attr] = val

    def _set_list(self, attr: str, values: list) -> None:
        """A list as one attribute, or, where it is too long for one, as several with numbers after their name."""
        values = [v.encode("utf-8") if isinstance(v, str) else v for v in values]
        long = [v for v in values if isinstance(v, bytes) and len(v) > LIMIT]
        if long:
            raise RuntimeError(f"H5Dict: an attribute holds {LIMIT} bytes; {attr!r} has texts of more.")
        array, parts = np.asarray(values), 1
        while any(part.nbytes > LIMIT for part in np.array_split(array, parts)):
            parts += 1
        for i, part in enumerate(np.array_split(array, parts)):
            self.data.attrs[attr if parts == 1 else f"{attr}{i}"] = part

    def __getitem__(self, attr: Any) -> Any:
        import h5py

        attr = attr.decode("utf-8") if isinstance(attr, bytes) else attr
        if isinstance(self.data, dict):
            if attr not in self.data:
                self.data[attr] = self._new_group(attr, lambda: {_GROUP: True})
            found = self.data[attr]
            return H5Dict(found) if isinstance(found, dict) and found.get(_GROUP) else found
        if attr in self.data.attrs:
            value = self.data.attrs[attr]
            return _texts(value) if getattr(value, "dtype", np.dtype(int)).kind == "S" else value
        if attr in self.data:
            found = self.data[attr]
            return (
                np.asarray(found) if isinstance(found, h5py.Dataset) else H5Dict(found, "r" if self.read_only else "a")
            )
        if f"{attr}0" in self.data.attrs:
            return list(self._chunks(attr))
        return H5Dict(self._new_group(attr, lambda: self.data.create_group(attr)))

    def _chunks(self, attr: str) -> Iterator[Any]:
        i = 0
        while f"{attr}{i}" in self.data.attrs:
            yield from _texts(self.data.attrs[f"{attr}{i}"])
            i += 1

    def _new_group(self, attr: str, make: Any) -> Any:
        if self.read_only:
            raise ValueError(f"H5Dict: there is no {attr!r}, and mode 'r' makes no groups.")
        return make()

    def __contains__(self, key: Any) -> bool:
        return key in self.data or not isinstance(self.data, dict) and key in self.data.attrs

    def __len__(self) -> int:
        return len(self.data)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.data)

    iter = __iter__

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "data":
            raise AttributeError(name)
        return getattr(self.data, name)

    def get(self, key: Any, default: Any = None) -> Any:
        """What a name holds, or the default."""
        return self[key] if key in self else default

    def update(self, *args: Any) -> None:
        """Sets every name of a dict."""
        for given in args:
            for key, value in dict(given).items():
                self[key] = value

    def __enter__(self) -> "H5Dict":
        return self

    def __exit__(self, *error: Any) -> None:
        self.close()

    def close(self) -> None:
        """Writes what is left to the file, and closes it if it was opened here."""
        if not isinstance(self.data, dict):
            self.data.file.flush()
            if self._is_file:
                self.data.close()


def _texts(values: Any) -> list[Any]:
    return [v.decode("utf-8") if isinstance(v, bytes) else v for v in values.tolist()]


h5dict = H5Dict
