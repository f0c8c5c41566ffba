"""Data sets of windows over a time series, and data sets cut in two."""

import random

import numpy as np

from jkeras.utils.dataset import AUTOTUNE, Dataset, leaves_of, map_leaves, stack
from jkeras.utils.extras import need


def timeseries_dataset_from_array(
    data,
    targets,
    sequence_length,
    sequence_stride=1,
    sampling_rate=1,
    batch_size=128,
    shuffle=False,
    seed=None,
    start_index=None,
    end_index=None,
    format="tf",
):
    """Batches of windows over a time series, and the target of each. (time, ...) -> (batch, sequence_length, ...)

    Window i starts at ``start_index + i * sequence_stride`` and takes every `sampling_rate`-th step; its target is
    ``targets[start]``, so that shifted targets are given to predict ahead. Without `targets` the windows alone; without
    `batch_size` single windows.

    Source: https://keras.io/api/data_loading/timeseries/#timeseries_dataset_from_array-function.

    Raises ValueError for steps and bounds outside the data.

    >>> for x, y in timeseries_dataset_from_array(np.arange(6), np.arange(6) * 10, 3, batch_size=2):
    ...     print(x.tolist(), y)
    [[0, 1, 2], [1, 2, 3]] [ 0 10]
    [[2, 3, 4], [3, 4, 5]] [20 30]
    """
    check_bounds(len(data), sequence_stride, sampling_rate, start_index, end_index, format)
    first, last = start_index or 0, len(data) if end_index is None else end_index
    count = last - first - (sequence_length - 1) * sampling_rate
    if targets is not None:
        count = min(count, len(targets))
    starts = np.arange(0, count, sequence_stride)
    if shuffle:
        seed = int(np.random.randint(10**6)) if seed is None else seed
        np.random.RandomState(seed).shuffle(starts)
    steps = np.arange(sequence_length) * sampling_rate
    x, y = np.asarray(data[first:last]), None if targets is None else np.asarray(targets[first:])

    def window(i):
        start = starts[i]
        return x[start + steps] if y is None else (x[start + steps], y[start])

    if format == "grain":
        grain = need("grain", "grain", "format='grain'").MapDataset.range(len(starts))
        grain = grain.shuffle(seed=seed) if shuffle else grain
        grain = grain.map(window).to_iter_dataset()
        return grain if batch_size is None else grain.batch(batch_size)
    windows = Dataset.from_tensor_slices(np.arange(len(starts)))
    if shuffle:
        windows = windows.shuffle(1024 if batch_size is None else 8 * batch_size, seed=seed)
    windows = windows.map(window)
    return (windows if batch_size is None else windows.batch(batch_size)).prefetch(AUTOTUNE)


def check_bounds(length, stride, rate, first, last, format):
    for name, value in (("sampling_rate", rate), ("sequence_stride", stride)):
        if not 0 < value < length:
            raise ValueError(f"{name} must lie between 1 and the {length} steps of the data, received {value}.")
    if first is not None and not 0 <= first < length:
        raise ValueError(f"start_index must lie in the {length} steps of the data, received {first}.")
    if last is not None and not (first or 0) < last < length:
        raise ValueError(f"end_index must lie behind start_index and in the {length} steps, received {last}.")
    if format not in ("tf", "grain"):
        raise ValueError(f"format must be 'tf' or 'grain', received {format!r}.")


def split_dataset(dataset, left_size=None, right_size=None, shuffle=False, seed=None, preferred_backend=None):
    """Two data sets: the first and the last elements of one, in one seeded random order where `shuffle` is set.

    `dataset` is an array, a tuple, list or dict of arrays, a data set (batched as before) or something with items.
    Sizes are shares of the whole or numbers of elements; one may be left out.

    Source: https://keras.io/api/utils/python_utils/#split_dataset-function (`preferred_backend` has one meaning here).

    Raises ValueError for sizes that leave a part empty or do not fit, TypeError for another kind of data.

    >>> left, right = split_dataset(np.arange(10), left_size=0.8)
    >>> len(left), [int(x) for x in right]
    (8, [8, 9])
    """
    if preferred_backend not in (None, "jax", "tensorflow"):
        raise ValueError(f"preferred_backend must be None or 'jax', received {preferred_backend!r}.")
    elements = elements_of(dataset)
    left, right = sizes(left_size, right_size, len(elements))
    if shuffle:
        random.Random(random.randint(0, 10**6) if seed is None else seed).shuffle(elements)

    def made(rows):
        part = Dataset.from_tensor_slices(stack(rows))
        batch_size = getattr(dataset, "batch_size", None) if isinstance(dataset, Dataset) else None
        return (part.batch(batch_size) if batch_size else part).prefetch(AUTOTUNE)

    return made(elements[:left]), made(elements[-right:])


def elements_of(dataset):
    if isinstance(dataset, list):
        dataset = tuple(dataset)
    if isinstance(dataset, np.ndarray | tuple | dict):
        if any(not hasattr(leaf, "shape") for leaf in leaves_of(dataset)) or not leaves_of(dataset):
            raise ValueError("split_dataset: a list, tuple or dict must hold arrays, at least one.")
        return list(Dataset.from_tensor_slices(dataset))
    if isinstance(dataset, Dataset):
        return list(dataset.unbatch() if dataset.batch_size else dataset)
    if hasattr(dataset, "__getitem__") and hasattr(dataset, "__len__"):
        return [map_leaves(np.asarray, dataset[i]) for i in range(len(dataset))]
    raise TypeError(f"split_dataset: expected arrays or a data set, received {type(dataset).__name__}.")


def sizes(left, right, total):
    if left is None and right is None:
        raise ValueError("split_dataset: give left_size, right_size or both.")
    counts = []
    for name, size in (("left_size", left), ("right_size", right)):
        if size is None:
            counts.append(None)
        elif isinstance(size, bool) or not isinstance(size, int | float | np.integer | np.floating):
            raise TypeError(f"split_dataset: {name} must be a number, received {type(size).__name__}.")
        elif not 0 < size < (1 if isinstance(size, float) else total):
            raise ValueError(
                f"split_dataset: {name} must be a share between 0 and 1 or a number below {total}, received {size}."
            )
        else:
            counts.append(round(size * total) if isinstance(size, float) else int(size))
    first = total - counts[1] if counts[0] is None else counts[0]
    second = total - counts[0] if counts[1] is None else counts[1]
    if first + second > total or not first or not second:
        raise ValueError(f"split_dataset: {total} elements cannot be split into {first} and {second}.")
    return first, second
