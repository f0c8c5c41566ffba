"""Sequences: padding, windows over time series, word pairs."""

import json
import random

import numpy as np

from jkeras.train.data_sequence import Sequence


def pad_sequences(sequences, maxlen=None, dtype="int32", padding="pre", truncating="pre", value=0.0):
    """Sequences of different lengths as one array. n lists of (length, ...) -> (n, maxlen, ...)

    `maxlen` is the longest length unless given. Shorter sequences are filled with `value` in front ("pre") or behind
    ("post"), longer ones lose items in front or behind.

    Source: https://keras.io/api/data_loading/timeseries/#pad_sequences-function.

    Raises ValueError for another `padding` or `truncating`, for items that are no sequences or of different shapes, and
    for a text `value` in an array of numbers.

    >>> pad_sequences([[1], [2, 3], [4, 5, 6]])
    array([[0, 0, 1],
           [0, 2, 3],
           [4, 5, 6]], dtype=int32)
    """
    for name, side in (("padding", padding), ("truncating", truncating)):
        if side not in ("pre", "post"):
            raise ValueError(f"pad_sequences: {name} must be 'pre' or 'post', received {side!r}.")
    if not hasattr(sequences, "__len__"):
        raise ValueError(f"pad_sequences: expected a list of sequences, received {type(sequences).__name__}.")
    for i, one in enumerate(sequences):
        if not hasattr(one, "__len__"):
            raise ValueError(f"pad_sequences: expected a list of sequences, but item {i} is {one!r}.")
    if isinstance(value, str) and np.dtype(dtype) != object and not np.issubdtype(dtype, np.str_):
        raise ValueError(f"pad_sequences: value={value!r} does not fit dtype={dtype!r}. Pass dtype=object for texts.")
    lengths = [len(one) for one in sequences]
    maxlen = max(lengths, default=0) if maxlen is None else int(maxlen)
    first = next((one for one in sequences if len(one)), ())
    result = np.full((len(lengths), maxlen, *np.asarray(first).shape[1:]), value, dtype=dtype)
    for i, one in enumerate(sequences):
        if not len(one) or not maxlen:
            continue
        part = np.asarray(one[-maxlen:] if truncating == "pre" else one[:maxlen], dtype=dtype)
        if part.shape[1:] != result.shape[2:]:
            raise ValueError(
                f"pad_sequences: the items of sequence {i} have shape {part.shape[1:]}, others "
                f"{result.shape[2:]}. All must have one shape."
            )
        if padding == "pre":
            result[i, maxlen - len(part) :] = part
        else:
            result[i, : len(part)] = part
    return result


def make_sampling_table(size, sampling_factor=1e-5):
    """How likely a word of each rank is kept when frequent words are thinned out, by Zipf's law. () -> (size,)

    Source: Mikolov and others (2013), https://arxiv.org/abs/1310.4546, as in Keras 2.

    >>> make_sampling_table(4).round(5)
    array([0.00315, 0.00315, 0.00548, 0.00742])
    """
    rank = np.arange(size)
    rank[:1] = 1
    # 0.577 is Euler's constant; the sum of 1/k up to the rank is log(rank) + 0.577 + 1/(2 rank) - 1/(12 rank^2).
    inverse_frequency = rank * (np.log(rank) + 0.577) + 0.5 - 1.0 / (12.0 * rank)
    return np.minimum(1.0, np.sqrt(sampling_factor * inverse_frequency))


def skipgrams(
    sequence,
    vocabulary_size,
    window_size=4,
    negative_samples=1.0,
    shuffle=True,
    categorical=False,
    sampling_table=None,
    seed=None,
):
    """Pairs (word, word near it) with label 1 and (word, any word) with label 0; returns (pairs, labels).

    `sequence` is a list of word ranks, of which 0 is no word. `negative_samples` is how many pairs of the second kind
    there are for one of the first; `sampling_table` gives for each rank how likely it is kept. Labels are [0, 1] and
    [1, 0] where `categorical`. Draws come from Python's `random`, which `seed` seeds before the final shuffle.

    Source: Mikolov and others (2013), https://arxiv.org/abs/1301.3781, as in Keras 2.

    >>> skipgrams([1, 2, 3], 4, window_size=1, negative_samples=0, shuffle=False)
    ([[1, 2], [2, 1], [2, 3], [3, 2]], [1, 1, 1, 1])
    """
    couples = []
    for i, word in enumerate(sequence):
        if not word or (sampling_table is not None and sampling_table[word] < random.random()):
            continue
        near = range(max(0, i - window_size), min(len(sequence), i + window_size + 1))
        couples += [[word, sequence[j]] for j in near if j != i and sequence[j]]
    labels = [[0, 1] if categorical else 1 for _ in couples]
    if negative_samples > 0 and couples:
        words = [couple[0] for couple in couples]
        count = int(len(labels) * negative_samples)
        random.shuffle(words)
        couples += [[words[i % len(words)], random.randint(1, int(vocabulary_size - 1))] for i in range(count)]
        labels += [[1, 0] if categorical else 0 for _ in range(count)]
    if shuffle:
        seed = random.randint(0, int(10e6)) if seed is None else seed
        for part in (couples, labels):  # both in the same order
            random.seed(seed)
            random.shuffle(part)
    return couples, labels


class TimeseriesGenerator(Sequence):
    """Batches of windows over a time series, each with the target of the step that follows it.

    Item i of a batch: ``data[t - length : t : sampling_rate]`` of shape (length / sampling_rate, ...) and
    ``targets[t]``, for t from ``start_index + length`` to `end_index` in steps of `stride`.

    Source: https://www.tensorflow.org/api_docs/python/tf/keras/preprocessing/sequence/TimeseriesGenerator.

    Raises ValueError for data and targets of different lengths and where no window fits.

    >>> x, y = TimeseriesGenerator(np.arange(6), np.arange(6), length=3, batch_size=2)[0]
    >>> x, y
    (array([[0, 1, 2],
           [1, 2, 3]]), array([3, 4]))
    """

    def __init__(
        self,
        data,
        targets,
        length,
        sampling_rate=1,
        stride=1,
        start_index=0,
        end_index=None,
        shuffle=False,
        reverse=False,
        batch_size=128,
    ):
        super().__init__()
        if len(data) != len(targets):
            raise ValueError(
                f"TimeseriesGenerator: data has {len(data)} steps, targets {len(targets)}; they must be equally many."
            )
        self.data, self.targets, self.length = data, targets, length
        self.sampling_rate, self.stride, self.batch_size = sampling_rate, stride, batch_size
        self.start_index = start_index + length
        self.end_index = len(data) - 1 if end_index is None else end_index
        self.shuffle, self.reverse = shuffle, reverse
        if self.start_index > self.end_index:
            raise ValueError(
                f"TimeseriesGenerator: no window of length={length} fits between start_index={start_index} and "
                f"end_index={self.end_index}. Use a shorter length or more data."
            )

    def __len__(self):
        step = self.batch_size * self.stride
        return (self.end_index - self.start_index + step) // step

    def __getitem__(self, index):
        if self.shuffle:
            rows = np.random.randint(self.start_index, self.end_index + 1, size=self.batch_size)
        else:
            first = self.start_index + self.batch_size * self.stride * index
            rows = np.arange(first, min(first + self.batch_size * self.stride, self.end_index + 1), self.stride)
        samples = np.array([self.data[row - self.length : row : self.sampling_rate] for row in rows])
        targets = np.array([self.targets[row] for row in rows])
        return (samples[:, ::-1] if self.reverse else samples), targets

    def get_config(self):
        """The arguments, with the data as JSON text; `start_index` has `length` added, as in Keras."""
        names = "length sampling_rate stride start_index end_index shuffle reverse batch_size".split()
        return {
            "data": as_json(self.data, "data"),
            "targets": as_json(self.targets, "targets"),
            **{name: getattr(self, name) for name in names},
        }

    def to_json(self, **kwargs):
        """The class name and the config as JSON text; `kwargs` go to `json.dumps`."""
        return json.dumps({"class_name": type(self).__name__, "config": self.get_config()}, **kwargs)


def as_json(values, name):
    values = values.tolist() if isinstance(values, np.ndarray) else values
    try:
        return json.dumps(values)
    except TypeError as error:
        raise TypeError(f"TimeseriesGenerator: {name} cannot be written as JSON: {error}.") from error


def timeseries_generator_from_json(json_string):
    """The generator that `TimeseriesGenerator.to_json` wrote.

    Source: keras_preprocessing (Keras 2.2).

    >>> old = TimeseriesGenerator([1, 2, 3, 4], [1, 2, 3, 4], length=2)
    >>> timeseries_generator_from_json(old.to_json())[0][0].tolist()
    [[1, 2], [2, 3]]
    """
    config = json.loads(json_string)["config"]
    config["data"], config["targets"] = json.loads(config["data"]), json.loads(config["targets"])
    config["start_index"] -= config["length"]
    return TimeseriesGenerator(**config)
