"""A data set as a chain of steps over numpy arrays: the part of tf.data that scripts use, without TensorFlow."""

import itertools
import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from jkeras.core import frame
from jkeras.train.data_prefetch import Prefetch

AUTOTUNE = -1
INFINITE, UNKNOWN = -1, -2  # of cardinality(), as in tf.data


def map_leaves(fn, *trees):
    """`fn` of the corresponding leaves of tuples and dicts; everything else is a leaf."""
    first = trees[0]
    if isinstance(first, dict):
        return {key: map_leaves(fn, *(tree[key] for tree in trees)) for key in first}
    if isinstance(first, tuple):
        parts = [map_leaves(fn, *parts) for parts in zip(*trees)]
        return type(first)(*parts) if hasattr(first, "_fields") else tuple(parts)
    return fn(*trees)


def leaves_of(tree):
    if isinstance(tree, dict):
        return [leaf for key in tree for leaf in leaves_of(tree[key])]
    return [leaf for part in tree for leaf in leaves_of(part)] if isinstance(tree, tuple) else [tree]


class Dataset:
    """Elements (arrays, or tuples and dicts of arrays) that can be iterated again and again.

    Each method gives a new data set and leaves this one as it is. A model takes it as `x`; its elements then are
    batches (inputs, targets).

    Source: https://www.tensorflow.org/api_docs/python/tf/data/Dataset.

    >>> data = Dataset.from_tensor_slices((np.arange(5), np.arange(5) * 10))
    >>> for x, y in data.map(lambda x, y: (x + 1, y)).batch(3):
    ...     print(x, y)
    [1 2 3] [ 0 10 20]
    [4 5] [30 40]
    """

    batch_size = None  # of a data set that `batch` made

    def __new__(cls, *args, **kwargs):
        if cls is Dataset and frame.recorder is not None:  # in a script for TensorFlow it is one of tf.data, of tensors
            from jkeras.compat.tensorflow import pipeline

            cls = pipeline.Dataset
        return super().__new__(cls)

    def __init__(self, start, size=UNKNOWN):
        self._start, self._size = start, size

    # ---- sources

    @classmethod
    def from_tensor_slices(cls, tensors):
        """One element for each row of the arrays; raises ValueError where they have different lengths."""
        tensors = map_leaves(np.asarray, tensors)
        sizes = {len(leaf) for leaf in leaves_of(tensors)}
        if len(sizes) != 1:
            raise ValueError(f"from_tensor_slices: all arrays must have one length, received {sorted(sizes)}.")
        size = sizes.pop()
        return cls(lambda: (map_leaves(lambda leaf, i=i: leaf[i], tensors) for i in range(size)), size)

    @classmethod
    def from_tensors(cls, tensors):
        """A single element."""
        tensors = map_leaves(np.asarray, tensors)
        return cls(lambda: iter([tensors]), 1)

    @classmethod
    def from_generator(cls, generator, output_types=None, output_shapes=None, args=(), output_signature=None):
        """What a function yields, called anew in each pass. `output_types` (or those of `output_signature`) convert."""
        del output_shapes  # arrays know theirs
        types = output_types
        if output_signature is not None:
            types = map_leaves(lambda spec: spec.dtype, output_signature)

        def convert(item):
            if types is None:
                return map_leaves(np.asarray, item)
            item = tuple(item) if isinstance(types, tuple) else item
            return map_leaves(
                lambda kind, leaf: np.asarray(leaf, dtype=getattr(kind, "as_numpy_dtype", kind)), types, item
            )

        return cls(lambda: map(convert, generator(*args)))

    @classmethod
    def range(cls, *args, output_type=None):
        """The numbers of Python's `range`."""
        numbers = range(*args)
        return cls(lambda: (np.asarray(n, output_type or np.int64) for n in numbers), len(numbers))

    @classmethod
    def zip(cls, *datasets):
        """Tuples (or dicts) of the elements of several data sets, as long as the shortest."""
        tree = datasets[0] if len(datasets) == 1 and isinstance(datasets[0], tuple | dict) else datasets
        sizes = [one._size for one in leaves_of(tree)]
        size = UNKNOWN if UNKNOWN in sizes else min((n for n in sizes if n != INFINITE), default=INFINITE)

        def start():
            iterators = map_leaves(iter, tree)
            while True:
                try:
                    yield map_leaves(next, iterators)
                except StopIteration:
                    return

        return cls(start, size)

    # ---- steps

    def _then(self, start, size=UNKNOWN):
        return type(self)(start, size)

    def map(self, map_func, num_parallel_calls=None, deterministic=True, name=None):
        """`map_func` of each element (its parts as arguments), in threads where `num_parallel_calls` is given."""

        def call(element):
            result = map_func(*element) if isinstance(element, tuple) else map_func(element)
            return map_leaves(np.asarray, result)

        if num_parallel_calls is None:
            return self._then(lambda: map(call, self._start()), self._size)
        workers = os.cpu_count() or 1 if num_parallel_calls == AUTOTUNE else int(num_parallel_calls)
        return self._then(lambda: in_threads(call, self._start(), workers), self._size)

    def filter(self, predicate):
        """The elements for which `predicate` is true."""
        return self._then(
            lambda: (e for e in self._start() if (predicate(*e) if isinstance(e, tuple) else predicate(e)))
        )

    def flat_map(self, map_func):
        """The elements of the data sets that `map_func` gives for each element."""

        def start():
            for element in self._start():
                yield from map_func(*element) if isinstance(element, tuple) else map_func(element)

        return self._then(start)

    def batch(self, batch_size, drop_remainder=False, num_parallel_calls=None, deterministic=True, name=None):
        """So many elements stacked along a new first axis; the last batch may be smaller."""
        return self._batched(batch_size, drop_remainder, stack)

    def padded_batch(self, batch_size, padded_shapes=None, padding_values=None, drop_remainder=False, name=None):
        """As `batch`, each array filled up to the largest of its batch (or to `padded_shapes`) with 0 or a value."""

        def padded(rows):
            arrays = map_leaves(lambda *leaves: list(leaves), *rows)
            shapes = map_leaves(lambda _: None, arrays) if padded_shapes is None else padded_shapes
            values = padding_values
            if not isinstance(values, tuple | dict):
                values = map_leaves(lambda _: padding_values, rows[0])
            if not isinstance(shapes, dict) and not (isinstance(shapes, tuple) and isinstance(rows[0], tuple)):
                return pad(arrays, shapes, values)
            return zip_trees(pad, arrays, shapes, values)

        return self._batched(batch_size, drop_remainder, padded)

    def _batched(self, batch_size, drop_remainder, join):
        batch_size = int(batch_size)
        if batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, received {batch_size}.")

        def start():
            elements = iter(self._start())
            while rows := list(itertools.islice(elements, batch_size)):
                if len(rows) < batch_size and drop_remainder:
                    return
                yield join(rows)

        size = self._size
        if size >= 0:
            size = size // batch_size if drop_remainder else -(-size // batch_size)
        made = self._then(start, size)
        made.batch_size = batch_size
        return made

    def unbatch(self):
        """The rows of each element as elements."""

        def start():
            for batch in self._start():
                for i in range(len(leaves_of(batch)[0])):
                    yield map_leaves(lambda leaf, i=i: leaf[i], batch)

        return self._then(start)

    def shuffle(self, buffer_size, seed=None, reshuffle_each_iteration=True, name=None):
        """Elements drawn at random from the next `buffer_size` ones; by default another order in each pass."""
        seeds = np.random.SeedSequence(seed if seed is not None else int(np.random.randint(2**31)))
        passes = itertools.count()

        def start():
            number = next(passes) if reshuffle_each_iteration else 0
            rng, elements = np.random.default_rng([seeds.entropy, number]), iter(self._start())
            buffer = list(itertools.islice(elements, int(buffer_size)))
            for element in elements:
                i = int(rng.integers(len(buffer)))
                buffer[i], element = element, buffer[i]
                yield element
            rng.shuffle(buffer)
            yield from buffer

        return self._then(start, self._size)

    def repeat(self, count=None):
        """Pass after pass, `count` times or without end."""
        if count is None or count == -1:
            return self._then(lambda: endless(self._start), INFINITE if self._size else 0)
        size = self._size * count if self._size >= 0 else self._size
        return self._then(lambda: (e for _ in range(count) for e in self._start()), size)

    def take(self, count):
        """The first `count` elements."""
        size = count if self._size == INFINITE else self._size if self._size < 0 else min(self._size, count)
        return self._then(lambda: itertools.islice(self._start(), count if count >= 0 else None), size)

    def skip(self, count):
        """All but the first `count` elements."""
        size = self._size if self._size < 0 else max(self._size - count, 0)
        return self._then(lambda: itertools.islice(self._start(), count, None), size)

    def shard(self, num_shards, index):
        """Every `num_shards`-th element from the `index`-th on."""
        size = self._size if self._size < 0 else len(range(index, self._size, num_shards))
        return self._then(lambda: itertools.islice(self._start(), index, None, num_shards), size)

    def concatenate(self, dataset):
        """The elements of this and then of the other."""
        sizes = self._size, dataset._size
        size = INFINITE if INFINITE in sizes else UNKNOWN if UNKNOWN in sizes else sum(sizes)
        return self._then(lambda: itertools.chain(self._start(), dataset._start()), size)

    def enumerate(self, start=0):
        """Pairs of a number and the element."""
        return self._then(lambda: ((np.int64(i), e) for i, e in enumerate(self._start(), start)), self._size)

    def cache(self, filename=""):
        """Keeps the elements in memory after the first whole pass."""
        if filename:
            raise ValueError("cache to a file is not offered; call cache() without a name to keep elements in memory.")
        kept = []

        def start():
            if kept:
                return iter(kept[0])
            return first_pass()

        def first_pass():
            seen = []
            for element in self._start():
                seen.append(element)
                yield element
            kept[:] = [seen]

        return self._then(start, self._size)

    def prefetch(self, buffer_size=AUTOTUNE, name=None):
        """Makes elements ahead of time in a thread."""
        return self._then(
            lambda: ahead(self._start(), 2 if buffer_size in (None, AUTOTUNE) else buffer_size), self._size
        )

    def apply(self, transformation_func):
        """`transformation_func` of this data set."""
        return transformation_func(self)

    def with_options(self, options, name=None):
        """The same data set: options of TensorFlow's runtime have no meaning here."""
        return self

    # ---- use

    def __iter__(self):
        return iter(self._start())

    def as_numpy_iterator(self):
        """An iterator over the elements."""
        return iter(self)

    def cardinality(self):
        """The number of elements, -1 for infinitely many, -2 where it is not known."""
        return np.int64(self._size)

    def __len__(self):
        if self._size < 0:
            raise TypeError(
                "The number of elements is infinite."
                if self._size == INFINITE
                else "The number of elements is not known."
            )
        return self._size

    def __bool__(self):
        return True

    def reduce(self, initial_state, reduce_func):
        """``state = reduce_func(state, element)`` over all elements; the last state."""
        state = initial_state
        for element in self:
            state = reduce_func(state, element)
        return state


def stack(rows):
    return map_leaves(lambda *leaves: np.stack([np.asarray(leaf) for leaf in leaves]), *rows)


def zip_trees(fn, arrays, shapes, values):
    if isinstance(arrays, dict):
        return {key: zip_trees(fn, arrays[key], shapes[key], values[key]) for key in arrays}
    if isinstance(arrays, tuple):
        return tuple(zip_trees(fn, *parts) for parts in zip(arrays, shapes, values))
    return fn(arrays, shapes, values)


def pad(arrays, shape, value):
    arrays = [np.asarray(one) for one in arrays]
    largest = np.max([one.shape for one in arrays], axis=0).astype(int)
    if shape is not None:
        largest = [int(own) if want in (None, -1) else int(want) for own, want in zip(largest, shape)]
    out = np.full((len(arrays), *largest), 0 if value is None else value, dtype=arrays[0].dtype)
    for i, one in enumerate(arrays):
        out[(i, *(slice(n) for n in one.shape))] = one
    return out


def endless(start):
    while True:
        seen = False
        for element in start():
            seen = True
            yield element
        if not seen:
            return


def in_threads(call, elements, workers):
    """`map` in a pool of threads, in order, with as many elements in the making as there are threads."""
    with ThreadPoolExecutor(max(1, workers)) as pool:
        waiting = deque()
        for element in elements:
            waiting.append(pool.submit(call, element))
            if len(waiting) > workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def ahead(elements, depth):
    thread = Prefetch(elements, depth)
    try:
        yield from thread
    finally:
        thread.close()
