"""Where the batches of fit, evaluate and predict come from: arrays in memory or a stream."""

import math
import warnings

import jax
import numpy as np

from .data_arrays import (
    as_arrays,
    common_length,
    generator,
    is_array_like,
    is_nested,
    is_text,
    leaves,
    take,
    usual_size,
    whole,
)
from .data_sequence import is_sequence
from .data_stream import IterableFeed, IteratorFeed, SequenceFeed, SliceFeed, StreamSource, warn_short
from .data_weights import class_weights, combine

MEMORY_LIMIT = 2**30  # bytes: storage outside memory that is larger is read batch by batch


def adapt(
    x,
    y=None,
    sample_weight=None,
    *,
    batch_size=None,
    steps=None,
    shuffle=True,
    class_weight=None,
    workers=None,
    use_multiprocessing=None,
    max_queue_size=None,
    inputs=None,
    outputs=None,
    choose=None,
    predict=False,
    memory_limit=MEMORY_LIMIT,
):
    """The source of batches for what a user passed to fit, evaluate or predict.

    Arrays, lists, frames and dicts of them give an `ArraySource`; generators, Sequences, DataLoaders, data sets and
    storage larger than `memory_limit` bytes give a `StreamSource`. `inputs` and `outputs` are the numbers of arrays
    the model takes and makes, where known; `choose` leaves out of a dict of inputs what the model does not take;
    `predict` says that no targets are wanted.
    """
    if batch_size is not None:
        batch_size = whole(batch_size, "batch_size")
    if steps is not None:
        steps = whole(steps, "steps")
    if shuffle not in (True, False, "batch", None):
        raise ValueError(f"shuffle: expected True, False or 'batch', received {shuffle!r}.")
    if isinstance(x, ArraySource | StreamSource):
        return x
    if x is None:
        raise ValueError("x: received None. Pass the input data: arrays, a generator or a Sequence.")
    shuffle = shuffle if isinstance(shuffle, str) else bool(shuffle)
    if not is_stream(x):
        x = x if choose is None else choose(x)
        if _size_on_disk((x, y, sample_weight)) > memory_limit:
            feed = SliceFeed(x, y, sample_weight, batch_size=batch_size, steps=steps, shuffle=shuffle)
            return StreamSource(feed, steps=steps, class_weight=class_weight, queue_size=max_queue_size, inputs=inputs)
        return ArraySource(
            x, y, sample_weight, batch_size=batch_size, steps=steps, shuffle=shuffle, class_weight=class_weight, inputs=inputs,
            outputs=outputs,
        )  # fmt: skip
    for name, value in (("y", y), ("sample_weight", sample_weight)):
        if value is not None:
            raise ValueError(
                f"{name}: not accepted beside x of type {type(x).__name__}, whose batches already are "
                "(inputs, targets, sample_weights). Put it into the batches."
            )
    if batch_size is not None:
        warnings.warn(
            f"batch_size={batch_size} has no effect: x of type {type(x).__name__} makes its own batches. Set the size "
            "where they are made.",
            stacklevel=3,
        )
    feed = _feed(x, shuffle, workers, use_multiprocessing, max_queue_size)
    return StreamSource(
        feed, steps=steps, class_weight=class_weight, workers=workers, queue_size=max_queue_size, inputs=inputs, choose=choose,
        predict=predict,
    )  # fmt: skip


def is_stream(x):
    """Does `x` make batches by itself (a generator, Sequence, DataLoader, data set), as opposed to arrays?"""
    if is_nested(x) or is_array_like(x):
        return False
    if is_sequence(x) or hasattr(x, "as_numpy_iterator") or hasattr(x, "__next__"):
        return True
    if hasattr(x, "__iter__") and not isinstance(x, str | bytes):
        return True
    if callable(x) and not isinstance(x, type):
        raise TypeError(
            f"x: received the function {getattr(x, '__name__', x)!r}. Call it, if it is a generator function: x()."
        )
    return False


def _feed(x, shuffle, workers, use_multiprocessing, max_queue_size):
    if is_sequence(x):
        return SequenceFeed(x, shuffle, workers, use_multiprocessing, max_queue_size)
    if hasattr(x, "__next__"):
        return IteratorFeed(x)
    return IterableFeed(x)


def _size_on_disk(data):
    """Bytes of the arrays that do not lie in memory yet: HDF5 data sets, memory-mapped files, sparse matrices."""
    total = 0
    for _, leaf in leaves(data):
        if isinstance(leaf, np.ndarray) and not isinstance(leaf, np.memmap) or isinstance(leaf, jax.Array):
            continue
        shape, dtype = getattr(leaf, "shape", None), getattr(leaf, "dtype", None)
        outside = isinstance(leaf, np.memmap) or hasattr(leaf, "nnz") or not hasattr(leaf, "to_numpy")
        if outside and isinstance(shape, tuple) and hasattr(dtype, "itemsize"):
            total += math.prod(shape) * dtype.itemsize
    return total


class ArraySource:
    """In-memory data: a pytree of arrays of common length, cut into batches by an order of indices.

    Attributes: `arrays` (x, y, sample_weight), `size` (samples), `batch_size`, `steps` (batches an epoch), `ragged`
    (size of the last, smaller batch; 0 if all are full), `host_only` (holds text, which no device takes).
    """

    kind = "arrays"

    def __init__(
        self, x, y=None, sample_weight=None, *, batch_size=None, steps=None, shuffle=True, class_weight=None,
        inputs=None, outputs=None,
    ):  # fmt: skip
        x = as_arrays(x, "x", count=inputs)
        y = as_arrays(y, "y", count=outputs, optional=True)
        weight = _spread(as_arrays(sample_weight, "sample_weight", count=outputs, optional=True), y)
        self.size = common_length(x, y, weight)
        self.own_weight = weight  # the user's, without class weights: what validation uses
        if class_weight is not None:
            weight = combine(weight, class_weights(y, class_weight))
        self.arrays = (x, y, weight)
        self.given_steps = steps
        self._auto_size = not batch_size  # the size then follows from the steps, or is 32
        self.batch_size = batch_size or usual_size(self.size, steps)
        self.shuffle = shuffle
        self._rest = None  # what is left of a pass over the data that the last epoch did not finish

    def __repr__(self):
        return f"ArraySource({self.size} samples, batch_size={self.batch_size}, shuffle={self.shuffle!r})"

    @property
    def steps(self):
        """Batches in one epoch."""
        return self.given_steps or self.batches

    @property
    def batches(self):
        """Batches in one pass over the data."""
        return -(-self.size // self.batch_size)

    @property
    def ragged(self):
        """Size of the last batch where it is smaller than the others, else 0."""
        return self.size % self.batch_size

    @property
    def host_only(self):
        """Does it hold text, which stays on the host for the preprocessing layers?"""
        return any(map(is_text, jax.tree.leaves(self.arrays)))

    @property
    def nbytes(self):
        """Bytes of all arrays."""
        return sum(a.nbytes for a in jax.tree.leaves(self.arrays))

    def order(self, rng=None):
        """The samples of the next epoch: an int32 array of indices, in batches of `batch_size`.

        `rng` is a numpy Generator, a seed, or a jax key; it matters only where a new pass begins and `shuffle` is on.
        Fewer `steps` than there are batches: the next epoch goes on where this one ended, as in Keras. More of them:
        the epoch ends with the data, with a warning.
        """
        pass_ = self._rest if self._rest is not None else self._new_pass(rng)
        if self.given_steps is None:
            return pass_
        count = self.given_steps * self.batch_size
        if len(pass_) <= (self.given_steps - 1) * self.batch_size:
            warn_short(-(-len(pass_) // self.batch_size), self.given_steps)
        self._rest = pass_[count:] if len(pass_) > count else None
        return pass_[:count]

    def _new_pass(self, rng):
        order = np.arange(self.size, dtype=np.int32)
        if self.shuffle == "batch":
            full = self.size - self.ragged
            order[:full] = generator(rng).permutation(order[:full].reshape(-1, self.batch_size)).reshape(-1)
        elif self.shuffle:
            order = generator(rng).permutation(order)
        return order

    def slice(self, indices):
        """The batch (x, y, sample_weight) of these samples; `indices` is an array of integers or a slice."""
        return take(self.arrays, indices)

    def restart(self):
        """The next epoch begins with the first batch."""
        self._rest = None

    def get_state(self):
        """What an exact resume needs besides the rng: the rest of a pass that is not finished."""
        return {"rest": None if self._rest is None else self._rest.tolist()}

    def set_state(self, state):
        """Puts back what `get_state` gave."""
        rest = state["rest"]
        self._rest = None if rest is None else np.asarray(rest, np.int32)


def _spread(weight, y):
    """One array of sample weights for several outputs is used for each of them."""
    if weight is None or is_nested(weight) or not is_nested(y):
        return weight
    if weight.ndim != 1 and weight.shape[1:] != (1,):
        raise ValueError(
            f"sample_weight: one array for several outputs must have one weight per sample, shape (samples,), received "
            f"shape {weight.shape}. Pass a list or dict with one array for each output."
        )
    return jax.tree.map(lambda _: weight, y, is_leaf=lambda a: isinstance(a, np.ndarray))


def validation_split(source, fraction):
    """Cuts the last `fraction` of the samples off, before any shuffling; returns (training source, validation source).

    Class weights count in training only. Raises ValueError for streams, for fractions outside ]0, 1[ and where one
    of the parts would be empty.
    """
    if isinstance(fraction, bool) or not isinstance(fraction, int | float | np.number) or not 0 < fraction < 1:
        raise ValueError(f"validation_split: expected a number between 0 and 1, received {fraction!r}.")
    if not isinstance(source, ArraySource):
        raise ValueError(
            "validation_split: works with arrays only, since a generator, Sequence or data set cannot be cut. Pass "
            "validation_data instead."
        )
    cut = math.floor(source.size * (1.0 - fraction))
    if cut in (0, source.size):
        raise ValueError(
            f"validation_split: {source.size} samples cannot be split by {fraction}: one part would be empty. Use "
            "another fraction, or pass validation_data."
        )
    x, y, weight = source.arrays
    head = _part(source, (x, y, weight), slice(0, cut), source.shuffle, source.given_steps)
    tail = _part(source, (x, y, source.own_weight), slice(cut, source.size), False, None)
    return head, tail


def _part(source, arrays, rows, shuffle, steps):
    part = ArraySource.__new__(ArraySource)
    part.__dict__.update(source.__dict__, arrays=take(arrays, rows), own_weight=take(source.own_weight, rows))
    part.size, part.shuffle, part.given_steps, part._rest = rows.stop - rows.start, shuffle, steps, None
    if part._auto_size:
        part.batch_size = usual_size(part.size, steps)
    return part


__all__ = ["MEMORY_LIMIT", "ArraySource", "StreamSource", "adapt", "generator", "is_stream", "validation_split"]
