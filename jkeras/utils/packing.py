"""(x, y, sample_weight), as `train_step` gets it."""


def pack_x_y_sample_weight(x, y=None, sample_weight=None):
    """A tuple of what is there; `x` alone stays as it is unless it is a list or tuple.

    Source: https://keras.io/api/utils/python_utils (`keras.utils.pack_x_y_sample_weight`).

    >>> pack_x_y_sample_weight(1), pack_x_y_sample_weight(1, 2), pack_x_y_sample_weight([1, 2])
    (1, (1, 2), ([1, 2],))
    """
    if y is None:
        return (x,) if isinstance(x, list | tuple) else x
    return (x, y) if sample_weight is None else (x, y, sample_weight)


def unpack_x_y_sample_weight(data):
    """(x, y, sample_weight) with None for what is not there.

    Source: https://keras.io/api/utils/python_utils (`keras.utils.unpack_x_y_sample_weight`).

    Raises ValueError for more than three parts.

    >>> unpack_x_y_sample_weight((1, 2)), unpack_x_y_sample_weight(1)
    ((1, 2, None), (1, None, None))
    """
    if isinstance(data, list):
        data = tuple(data)
    if not isinstance(data, tuple):
        return data, None, None
    if not 1 <= len(data) <= 3:
        raise ValueError(f"Expected x, (x, y) or (x, y, sample_weight), received a tuple of {len(data)} parts.")
    return (*data, None, None)[:3]
