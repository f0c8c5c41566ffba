"""Turns whatever a user calls data (arrays, lists, frames, tensors of other libraries) into arrays.

Everything here runs on the host, before anything compiles: what cannot be used is refused with a message that names the
argument, what came and what to do.
"""

from collections.abc import Mapping

import jax
import jax.numpy as jnp
import numpy as np

from jkeras.core.config import floatx

SCALARS = (bool, int, float, complex, str, bytes, np.generic)
TEXT_KINDS = "UST"


def as_arrays(data, where, *, count=None, optional=False):
    """The pytree of arrays that `data` means: dicts, lists and tuples of array-likes, or one array-like.

    A nested list whose leaves are Python numbers is one array, unless it has exactly `count` > 1 items, one for each
    input (or output) of the model. `optional` lets None stand where an output has no target.
    """
    if data is None:
        if optional:
            return None
        raise ValueError(f"{where}: expected an array, received None. Leave the entry out or give it data.")
    if isinstance(data, Mapping):
        if not data:
            raise ValueError(f"{where}: received an empty dict. Give one array per name.")
        return {k: as_arrays(v, f"{where}[{k!r}]", optional=optional) for k, v in data.items()}
    if isinstance(data, list | tuple):
        if len(data) == 0:
            raise ValueError(f"{where}: received an empty {type(data).__name__}. Give at least one sample.")
        if _leaf_is_scalar(data) and not (count is not None and count > 1 and len(data) == count):
            return as_array(data, where)
        items = [as_arrays(v, f"{where}[{i}]", optional=optional) for i, v in enumerate(data)]
        return items if isinstance(data, list) else tuple(items)
    return as_array(data, where)


def _leaf_is_scalar(data):
    while isinstance(data, list | tuple):
        if len(data) == 0:
            return True
        data = data[0]
    return isinstance(data, SCALARS)


def as_array(data, where):
    """One array, numpy or jax, with floats in `floatx()` and integers of at most 32 bits; text stays as it is."""
    if isinstance(data, jax.Array):
        array = _from_jax(data, where)
    else:
        array = _narrow(_to_numpy(data, where), where)
    if array.ndim == 0:
        raise ValueError(f"{where}: expected an array with a batch axis, received the scalar {array!r}.")
    return array


def _from_jax(data, where):
    if isinstance(data, jax.core.Tracer):
        raise TypeError(
            f"{where}: received a value of a function that is being transformed. Pass concrete arrays, or use "
            "model.apply inside transformations."
        )
    if jnp.issubdtype(data.dtype, jnp.floating) and data.dtype != jnp.dtype(floatx()):
        return data.astype(floatx())
    return data


def _to_numpy(data, where):
    if isinstance(data, np.ndarray):
        return data
    if isinstance(data, list | tuple):
        try:
            return np.asarray(data)
        except ValueError:
            raise ValueError(
                f"{where}: the rows of the nested list have different lengths. Pad them to one length, "
                "with pad_sequences for example."
            ) from None
    if isinstance(data, str | bytes):
        raise TypeError(f"{where}: expected arrays, received the text {data!r:.60}. Load the file first.")
    if is_sparse(data):
        return data.toarray()
    if is_dataframe(data):
        return np.asarray(data.to_numpy())
    if is_series(data):
        return np.asarray(data.to_numpy())[:, None]
    for method in ("detach", "cpu"):  # torch keeps gradients and devices
        if hasattr(data, method) and hasattr(data, "numpy"):
            data = getattr(data, method)()
    if hasattr(data, "__array__"):
        return np.asarray(data)
    if is_sliceable(data):
        return np.asarray(data[0 : data.shape[0]])
    if hasattr(data, "__getitem__") and hasattr(data, "__len__"):
        raise TypeError(
            f"{where}: {type(data).__name__} gives items by index. Where they are batches, derive the class from "
            "keras.utils.PyDataset; where they are single samples, wrap it in a DataLoader."
        )
    raise TypeError(
        f"{where}: cannot use an object of type {type(data).__name__} as an array. Expected a numpy or jax array, a "
        "list of numbers, a DataFrame, or a dict or list of these."
    )


def _narrow(array, where):
    """Converts to what the device computes with; the same object where nothing is to do."""
    dtype = array.dtype
    if dtype.kind == "f" or (dtype.kind == "V" and jnp.issubdtype(dtype, jnp.floating)):
        return array if dtype == np.dtype(floatx()) else array.astype(floatx())
    if dtype.kind in "iu":
        return _narrow_integers(array, where)
    if dtype.kind == "c":
        return array.astype(np.complex64) if dtype == np.complex128 and not jax.config.jax_enable_x64 else array
    if dtype.kind == "b" or dtype.kind in TEXT_KINDS:
        return array
    if dtype.kind == "O":
        return _check_objects(array, where)
    raise TypeError(f"{where}: arrays of dtype {dtype} cannot be used. Convert to numbers first.")


def _narrow_integers(array, where):
    if array.dtype.itemsize <= 4 or jax.config.jax_enable_x64:
        return array
    narrow = np.dtype(np.int32 if array.dtype.kind == "i" else np.uint32)
    if array.size:
        low, high, limits = array.min(), array.max(), np.iinfo(narrow)
        if low < limits.min or high > limits.max:
            raise ValueError(
                f"{where}: integers between {low} and {high} do not fit into {narrow}. Pass smaller numbers or "
                "floats, or switch 64-bit numbers on."
            )
    return array.astype(narrow)


def _check_objects(array, where):
    """Lets object arrays of text pass, for the text layers, and refuses the rest."""
    odd = next((v for v in array.flat if not isinstance(v, str | bytes)), None)
    if odd is None and array.size:
        return array
    if isinstance(odd, list | tuple | np.ndarray):
        raise ValueError(
            f"{where}: an object array of {type(odd).__name__}s, as rows of different lengths make. Pad them to one "
            "length, with pad_sequences for example."
        )
    raise TypeError(
        f"{where}: an array of dtype object (holding {type(odd).__name__}). Convert it to numbers first, with "
        '.astype("float32") for example.'
    )


# ---------------------------------------------------------------- what kind of thing is it?


def is_sparse(data):
    """Is it a scipy sparse matrix or array?"""
    return hasattr(data, "toarray") and hasattr(data, "nnz")


def is_dataframe(data):
    """Is it a table of pandas, polars or the like?"""
    return hasattr(data, "to_numpy") and hasattr(data, "columns")


def is_series(data):
    """Is it one column of pandas, polars or the like?"""
    return hasattr(data, "to_numpy") and hasattr(data, "name") and not hasattr(data, "columns")


def is_sliceable(data):
    """Is it array-like storage that is read piece by piece, as an HDF5 data set?"""
    return hasattr(data, "shape") and hasattr(data, "dtype") and hasattr(data, "__getitem__")


def is_array_like(data):
    """Is it one array, in memory or not, and no stream of batches?"""
    if isinstance(data, (np.ndarray, jax.Array, *SCALARS)):
        return True
    return is_sparse(data) or is_dataframe(data) or is_series(data) or is_sliceable(data) or hasattr(data, "__array__")


def is_text(array):
    """Does the array hold text, which stays on the host?"""
    return array.dtype.kind in TEXT_KINDS or array.dtype.kind == "O"


def is_nested(data):
    """Is it a container of arrays, and not one array?"""
    return isinstance(data, list | tuple | Mapping)


# ---------------------------------------------------------------- pytrees


def leaves(tree, where=""):
    """Pairs (where, array) of a pytree, without the Nones."""
    if tree is None:
        return
    if isinstance(tree, Mapping):
        for k, v in tree.items():
            yield from leaves(v, f"{where}[{k!r}]")
    elif isinstance(tree, list | tuple):
        for i, v in enumerate(tree):
            yield from leaves(v, f"{where}[{i}]")
    else:
        yield where, tree


def common_length(x, y, sample_weight, what="data"):
    """The number of samples that all arrays have; raises ValueError where they differ or there is none."""
    named = [*leaves(x, "x"), *leaves(y, "y"), *leaves(sample_weight, "sample_weight")]
    lengths = {int(a.shape[0]) for _, a in named}
    if len(lengths) > 1:
        sizes = ", ".join(f"{w}: {a.shape[0]}" for w, a in named)
        raise ValueError(f"{what}: all arrays must have the same number of samples, received {sizes}.")
    if not lengths:
        raise ValueError(f"{what}: no arrays were given.")
    size = lengths.pop()
    if size == 0:
        raise ValueError(f"{what}: the arrays are empty (0 samples). Give at least one sample.")
    return size


def take(tree, indices):
    """The rows `indices` (an integer array or a slice) of every array of a pytree."""
    return jax.tree.map(lambda a: a[indices], tree)


def whole(value, name, least=1):
    """The int of a whole number, 16.0 among them; raises TypeError for no number, ValueError for a part or too few."""
    number = value.item() if isinstance(value, np.generic) else value
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise TypeError(f"{name}: expected a whole number, received {value!r} of type {type(value).__name__}.")
    if not (number % 1 == 0 and number >= least):  # so NaN is wrong too
        raise ValueError(f"{name}: expected a whole number of at least {least}, received {value!r}.")
    return int(number)


def usual_size(samples, steps):
    """The size of batches where none is given: what makes that many steps, or 32."""
    return -(-samples // steps) if steps else 32


def generator(rng):
    """A numpy Generator from a Generator, a seed (int or ints), a jax key or None."""
    if isinstance(rng, np.random.Generator):
        return rng
    if isinstance(rng, jax.Array):
        data = jax.random.key_data(rng) if jax.dtypes.issubdtype(rng.dtype, jax.dtypes.prng_key) else rng
        rng = [int(v) for v in np.asarray(data).ravel()]
    return np.random.default_rng(rng)
