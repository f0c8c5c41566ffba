"""HDF5Matrix: a data set in an HDF5 file as input of a model, read as it is needed."""

import numpy as np


class HDF5Matrix:
    """Rows `start` to `end` of a data set in an HDF5 file; only the rows that are asked for are read.

    `normalizer` is a function of the rows that were read.

    Source: Keras 2, `keras.utils.HDF5Matrix`.

    Raises IndexError for rows outside, OSError and KeyError where file or data set are not there.
    """

    def __init__(self, datapath, dataset, start=0, end=None, normalizer=None):
        import h5py  # on first use: importing jkeras does not need it

        self.data = h5py.File(datapath, "r")[dataset]
        self.start, self.end = start, len(self.data) if end is None else end
        self.normalizer = normalizer
        first = self._read(slice(0, 1))
        self._base_shape, self._base_dtype = first.shape[1:], first.dtype

    def _read(self, rows):
        x = self.data[rows]
        return x if self.normalizer is None else self.normalizer(x)

    def __len__(self):
        return self.end - self.start

    def __getitem__(self, key):
        if isinstance(key, slice):
            first, stop, step = key.indices(len(self))
            if key.stop is not None and key.stop > len(self):
                raise IndexError(f"Rows up to {key.stop} were asked for, but there are {len(self)}.")
            return self._read(slice(first + self.start, stop + self.start, step))
        rows = np.asarray(key)
        if rows.size and not (-len(self) <= rows.min() and rows.max() < len(self)):
            raise IndexError(f"Rows {rows.min()} to {rows.max()} were asked for, but there are {len(self)}.")
        rows = np.where(rows < 0, rows + len(self), rows) + self.start
        if rows.ndim == 0:
            return self._read(int(rows))
        # HDF5 reads rows in rising order, each once.
        unique, back = np.unique(rows, return_inverse=True)
        return self._read(unique)[back]

    @property
    def shape(self):
        """The shape of all rows."""
        return (len(self), *self._base_shape)

    @property
    def dtype(self):
        """The type of the rows."""
        return self._base_dtype

    @property
    def ndim(self):
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self):
        """The number of values."""
        return int(np.prod(self.shape))

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self[:], dtype=dtype)
