"""The data sets of ``jkeras.utils`` as ``tf.data`` has them: their functions take and give tensors."""

import functools
import itertools
import os
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ...utils import dataset
from .elements import (
    Elements,
    announced,
    arrays_of,
    called,
    chosen,
    columns,
    hosted,
    is_composite,
    joined,
    joined_ragged,
    on_arrays,
    reduced,
    row,
)  # fmt: skip
from .files import matching_files
from .rows import dtype_of
from .tensor import Tensor, unwrap, wrap

AUTOTUNE = -1
INFINITE_CARDINALITY, UNKNOWN_CARDINALITY = -1, -2


class Dataset(dataset.Dataset):
    """Elements that can be iterated again and again; see ``jkeras.utils.dataset.Dataset``.

    https://www.tensorflow.org/api_docs/python/tf/data/Dataset

    >>> [int(x) for x in Dataset.range(3).map(lambda x: x * 2)]
    [0, 2, 4]
    """

    _open: int | None = None  # the first size of its elements where it is a batch's, which may differ

    # ---- sources

    @classmethod
    def from_tensor_slices(cls, tensors: Any, name: Any = None) -> Any:
        """One element for each row of the arrays."""
        tree = arrays_of(tensors)
        leaves = dataset.leaves_of(tree)
        if not any(map(is_composite, leaves)):
            return super().from_tensor_slices(tree)
        sizes = {len(leaf) for leaf in leaves}
        if len(sizes) != 1:
            raise ValueError(f"from_tensor_slices: all arrays must have one length, received {sorted(sizes)}.")
        size = sizes.pop()
        return cls(lambda: (dataset.map_leaves(lambda leaf, i=i: row(leaf, i), tree) for i in range(size)), size)

    @classmethod
    def from_tensors(cls, tensors: Any, name: Any = None) -> Any:
        """One element."""
        element = arrays_of(tensors)
        return cls(lambda: iter([element]), 1)

    @classmethod
    def from_generator(cls, generator: Callable, output_types: Any = None, output_shapes: Any = None, args: Any = None,
                       output_signature: Any = None, name: Any = None) -> Any:  # fmt: skip
        """What a function yields, called anew in each pass; TypeError where it does not fit the types and shapes."""
        if not callable(generator):
            raise TypeError(f"from_generator: expected a function that gives an iterator, received {generator!r}.")
        if output_signature is not None and (output_types is not None or output_shapes is not None):
            raise TypeError("from_generator: give output_signature, or output_types and output_shapes, not both.")
        if output_signature is None and output_types is None:
            raise TypeError("from_generator: output_signature (or output_types) must be given.")
        types, shapes = output_types, output_shapes
        if output_signature is not None:
            types = dataset.map_leaves(lambda spec: spec.dtype, output_signature)
            shapes = dataset.map_leaves(lambda spec: spec.shape, output_signature)
        given = [np.asarray(unwrap(a)) for a in args or ()]

        def start() -> Iterator:
            for item in generator(*given):
                yield announced(item, types, shapes)

        return cls(start)

    @classmethod
    def zip(cls, *args: Any, datasets: Any = None, name: Any = None) -> Any:
        """Tuples (or dicts) of the elements of several data sets, as many as the shortest has."""
        args = args or (datasets,)
        return super().zip(*(tuple(a) if isinstance(a, list) else a for a in args))

    @classmethod
    def counter(cls, start: Any = 0, step: Any = 1, dtype: Any = np.int64, name: Any = None) -> Any:
        """Numbers without end."""
        first, each, to = int(unwrap(start)), int(unwrap(step)), np.dtype(str(np.dtype(dtype)))
        return cls(lambda: (np.asarray(n, to)[()] for n in itertools.count(first, each)), INFINITE_CARDINALITY)

    @classmethod
    def list_files(cls, file_pattern: Any, shuffle: Any = None, seed: Any = None, name: Any = None) -> Any:
        """The names of the files that match one pattern or several, shuffled unless ``shuffle`` is False."""
        names = matching_files(unwrap(file_pattern)).tolist()
        if not names:
            raise ValueError(f"list_files: no file matches {file_pattern!r}.")
        found = cls.from_tensor_slices(np.array(names, dtype=object))
        return found.shuffle(len(found), seed=seed) if shuffle in (None, True) else found

    @staticmethod
    def choose_from_datasets(datasets: Any, choice_dataset: Any, stop_on_empty_dataset: bool = True) -> Any:
        """The next element of the data set whose number comes next."""

        def start() -> Iterator:
            yield from chosen(
                [iter(d._start()) for d in datasets], map(int, choice_dataset._start()), stop_on_empty_dataset
            )

        return Dataset(start)

    @staticmethod
    def sample_from_datasets(datasets: Any, weights: Any = None, seed: Any = None, stop_on_empty_dataset: bool = False,
                             rerandomize_each_iteration: Any = None) -> Any:  # fmt: skip
        """The next element of a data set drawn at random, by weights; all are used up unless it stops at the first end."""
        chances = np.ones(len(datasets)) if weights is None else np.asarray(unwrap(weights), float)
        entropy = np.random.randint(2**31) if seed is None else int(unwrap(seed))
        passes = itertools.count()

        def start() -> Iterator:
            rng = np.random.default_rng([entropy, next(passes) if rerandomize_each_iteration is not False else 0])
            left, sources = chances.copy(), [iter(d._start()) for d in datasets]
            while left.sum() > 0:
                place = int(rng.choice(len(left), p=left / left.sum()))
                for element in sources[place]:
                    yield element
                    break
                else:
                    left[place] = 0
                    if stop_on_empty_dataset:
                        return

        return Dataset(start)

    # ---- steps

    def _then(self, start: Callable, size: int = UNKNOWN_CARDINALITY) -> Any:
        made = type(self)(start, size)
        made._open = self._open
        return made

    def map(
        self, map_func: Callable, num_parallel_calls: Any = None, deterministic: Any = None, synchronous: Any = None,
        use_unbounded_threadpool: bool = False, name: Any = None,
    ) -> Any:  # fmt: skip
        """``map_func`` of each element, as tensors, in threads where ``num_parallel_calls`` is given; in order always."""
        fn = on_arrays(map_func)
        call = lambda element: called(fn, element)  # noqa: E731
        if num_parallel_calls is None:
            return self._then(lambda: map(call, self._start()), self._size)
        given = int(unwrap(num_parallel_calls))
        workers = os.cpu_count() or 1 if given == AUTOTUNE else given
        return self._then(lambda: dataset.in_threads(call, self._start(), workers), self._size)

    def filter(self, predicate: Callable, name: Any = None) -> Any:
        """The elements for which ``predicate`` is true."""
        return super().filter(on_arrays(predicate))

    def take_while(self, predicate: Callable, name: Any = None) -> Any:
        """The elements up to the first for which ``predicate`` is false."""
        holds = on_arrays(predicate)
        return self._then(lambda: itertools.takewhile(lambda e: bool(called(holds, e)), self._start()))

    def scan(self, initial_state: Any, scan_func: Callable, name: Any = None) -> Any:
        """``state, output = scan_func(state, element)``: the outputs."""

        def start() -> Iterator:
            state = wrap(arrays_of(initial_state))
            for element in self._start():
                state, output = scan_func(state, *map(wrap, element if isinstance(element, tuple) else (element,)))
                yield hosted(unwrap(output))

        return self._then(start, self._size)

    def unique(self, name: Any = None) -> Any:
        """Each element once."""

        def start() -> Iterator:
            seen = set()
            for element in self._start():
                key = tuple(
                    (a.tobytes() if a.dtype.kind != "O" else str(a.tolist()))
                    for a in map(np.asarray, dataset.leaves_of(element))
                )
                if key not in seen:
                    seen.add(key)
                    yield element

        return self._then(start)

    def flat_map(self, map_func: Callable, name: Any = None) -> Any:
        """The elements of the data sets that ``map_func`` gives."""

        def start() -> Iterator:
            for element in self._start():
                yield from self._inner(map_func, element)

        return self._then(start)

    def interleave(self, map_func: Callable, cycle_length: Any = None, block_length: Any = None, num_parallel_calls: Any = None,
                   deterministic: Any = None, name: Any = None) -> Any:  # fmt: skip
        """Elements of several data sets in turn, so many of each; in this order always, and in this thread."""
        width = (os.cpu_count() or 1) if cycle_length in (None, AUTOTUNE) else int(unwrap(cycle_length))
        block = 1 if block_length is None else int(unwrap(block_length))
        if width < 1 or block < 1:
            raise ValueError(
                f"interleave: expected positive cycle_length and block_length, received {width} and {block}."
            )

        def start() -> Iterator:
            waiting, slots, end = iter(self._start()), [None] * width, object()
            while True:
                for i in range(width):
                    if slots[i] is None and (element := next(waiting, end)) is not end:
                        slots[i] = self._inner(map_func, element)
                    for _ in range(block if slots[i] is not None else 0):
                        if (element := next(slots[i], end)) is end:
                            slots[i] = None
                            break
                        yield element
                if all(slot is None for slot in slots):
                    if (element := next(waiting, end)) is end:
                        return
                    waiting = itertools.chain([element], waiting)

        return self._then(start)

    @staticmethod
    def _inner(map_func: Callable, element: Any) -> Iterator:
        return iter(called(on_arrays(map_func), element)._start())

    def batch(self, batch_size: Any, drop_remainder: bool = False, num_parallel_calls: Any = None, deterministic: Any = None,
              name: Any = None) -> Any:  # fmt: skip
        """So many elements stacked along a new first axis; the last batch may be smaller."""
        return self._in_batches(batch_size, drop_remainder, joined)

    def ragged_batch(self, batch_size: Any, drop_remainder: bool = False, row_splits_dtype: Any = "int64",
                     name: Any = None) -> Any:  # fmt: skip
        """So many elements of several lengths as rows of ragged tensors."""
        dtype_of(row_splits_dtype)
        return self._in_batches(batch_size, drop_remainder, joined_ragged)

    def _in_batches(self, batch_size: Any, drop_remainder: bool, join: Callable) -> Any:
        made = self._batched(int(unwrap(batch_size)), bool(drop_remainder), join)
        made._open = None if drop_remainder else int(unwrap(batch_size))
        return made

    def padded_batch(self, batch_size: Any, padded_shapes: Any = None, padding_values: Any = None, drop_remainder: bool = False,
                     name: Any = None) -> Any:  # fmt: skip
        """As ``batch``, each array filled up to the largest of its batch, or to ``padded_shapes``."""
        values = dataset.map_leaves(lambda v: None if v is None else np.asarray(unwrap(v)), padding_values)
        made = super().padded_batch(int(unwrap(batch_size)), padded_shapes, values, bool(drop_remainder))
        made._open = None if drop_remainder else int(unwrap(batch_size))
        return made

    def rebatch(self, batch_size: Any, drop_remainder: bool = False, name: Any = None) -> Any:
        """Batches of another size."""
        return self.unbatch().batch(batch_size, drop_remainder)

    def window(
        self, size: Any, shift: Any = None, stride: Any = 1, drop_remainder: bool = False, name: Any = None
    ) -> Any:
        """Data sets of so many elements, each beginning ``shift`` later and taking every ``stride``-th."""
        size, stride = int(unwrap(size)), int(unwrap(stride))
        shift = size if shift is None else int(unwrap(shift))
        if min(size, shift, stride) < 1:
            raise ValueError(
                f"window: expected positive size, shift and stride, received {size}, {shift} and {stride}."
            )

        def start() -> Iterator:
            elements, buffer = iter(self._start()), []
            span, rest = (size - 1) * stride + 1, 0
            while True:
                for _ in range(rest):  # between windows
                    next(elements, None)
                buffer += list(itertools.islice(elements, span - len(buffer)))
                rows = buffer[::stride][:size]
                if not rows or drop_remainder and len(rows) < size:
                    return
                yield columns(rows)
                rest, buffer = max(shift - len(buffer), 0) if len(buffer) == span else 0, buffer[shift:]

        return self._then(start)

    def group_by_window(self, key_func: Callable, reduce_func: Callable, window_size: Any = None, window_size_func: Any = None,
                        name: Any = None) -> Any:  # fmt: skip
        """What ``reduce_func(key, data set)`` gives for groups of so many elements of one key."""
        if (window_size is None) == (window_size_func is None):
            raise ValueError("group_by_window: give one of window_size and window_size_func.")
        key_of = on_arrays(key_func)

        def start() -> Iterator:
            groups: dict[int, list] = {}
            for element in self._start():
                key = int(called(key_of, element))
                groups.setdefault(key, []).append(element)
                limit = window_size if window_size_func is None else window_size_func(wrap(np.int64(key)))
                if len(groups[key]) >= int(unwrap(limit)):
                    yield from reduced(reduce_func, key, groups.pop(key))
            for key, rows in groups.items():
                yield from reduced(reduce_func, key, rows)

        return self._then(start)

    def bucket_by_sequence_length(self, element_length_func: Callable, bucket_boundaries: Any, bucket_batch_sizes: Any,
                                  padded_shapes: Any = None, padding_values: Any = None, pad_to_bucket_boundary: bool = False,
                                  no_padding: bool = False, drop_remainder: bool = False, name: Any = None) -> Any:  # fmt: skip
        """Batches of elements of about one length."""
        edges, sizes = list(bucket_boundaries), list(bucket_batch_sizes)
        if len(sizes) != len(edges) + 1:
            raise ValueError(
                f"bucket_by_sequence_length: expected {len(edges) + 1} batch sizes, received {len(sizes)}."
            )
        if pad_to_bucket_boundary:
            raise ValueError("bucket_by_sequence_length: pad_to_bucket_boundary is not offered; give padded_shapes.")

        def place(*element: Any) -> Any:
            return np.int64(np.searchsorted(edges, int(element_length_func(*element)), side="right"))

        def joined(key: Any, rows: Any) -> Any:
            count = sizes[int(key)]
            return rows.batch(count, drop_remainder) if no_padding else rows.padded_batch(
                count, padded_shapes, padding_values, drop_remainder)  # fmt: skip

        return self.group_by_window(place, joined, window_size_func=lambda key: sizes[int(key)])

    def rejection_resample(self, class_func: Callable, target_dist: Any, initial_dist: Any = None, seed: Any = None,
                           name: Any = None) -> Any:  # fmt: skip
        """Pairs ``(class, element)`` of elements drawn so that classes occur as ``target_dist`` says; the others are left out."""
        from .stored_data import resampled

        return resampled(self, on_arrays(class_func), target_dist, initial_dist, seed)

    def sparse_batch(self, batch_size: Any, row_shape: Any, name: Any = None) -> Any:
        """So many elements of several lengths as rows of sparse tensors."""
        from .sparse_tensor import from_dense, reset_shape, stacked

        whole = [len(self)] if not row_shape and self._size >= 0 else list(unwrap(row_shape))
        mark = lambda a: reset_shape(from_dense(a), whole)  # noqa: E731
        return self._in_batches(
            batch_size, False, lambda rows: dataset.map_leaves(lambda *parts: stacked([mark(p) for p in parts]), *rows)
        )

    def ignore_errors(self, log_warning: bool = False, name: Any = None) -> Any:
        """The elements that could be made; those whose making raised are left out."""
        from .stored_data import without_errors

        return without_errors(self, bool(log_warning))

    def save(self, path: Any, compression: Any = None, shard_func: Any = None, checkpoint_args: Any = None) -> None:
        """Writes all elements into a folder, for ``Dataset.load``."""
        from .stored_data import save

        save(self, path, compression, shard_func, checkpoint_args)

    @classmethod
    def load(cls, path: Any, element_spec: Any = None, compression: Any = None, reader_func: Any = None,
             wait: bool = False) -> Any:  # fmt: skip
        """The elements that ``save`` wrote; ``element_spec`` is in the folder, too."""
        from .stored_data import load

        return load(cls, path, element_spec, compression, reader_func, wait)

    def snapshot(self, path: Any, compression: Any = "AUTO", reader_func: Any = None, shard_func: Any = None,
                 name: Any = None) -> Any:  # fmt: skip
        """The elements, which the first whole pass writes into a folder, from which later passes read them."""
        from .stored_data import kept

        return kept(self, path, compression, reader_func, shard_func)

    def cache(self, filename: Any = "", name: Any = None) -> Any:
        """Keeps the elements after the first whole pass: in memory, or in a file."""
        from .stored_data import kept

        where = unwrap(filename)
        where = where.item() if isinstance(where, np.ndarray) else where
        return kept(self, where, None, None, None) if where else dataset.Dataset.cache(self)

    def options(self) -> Any:
        """The options that were given: they change no element."""
        from .data import Options

        return getattr(self, "_options", None) or Options()

    def with_options(self, options: Any, name: Any = None) -> Any:
        """The same elements: options are hints about speed and order."""
        made = self._then(self._start, self._size)
        made._options = options
        return made

    @classmethod
    def random(cls, seed: Any = None, rerandomize_each_iteration: Any = None, name: Any = None) -> Any:
        """Whole numbers drawn at random, without end."""
        from .stored_data import random_numbers

        return random_numbers(cls, seed, rerandomize_each_iteration)

    def reduce(self, initial_state: Any, reduce_func: Callable, name: Any = None) -> Any:
        """``state = reduce_func(state, *element)`` over all elements; the last state."""
        state = wrap(arrays_of(initial_state))
        for element in self:
            state = reduce_func(state, *(element if isinstance(element, tuple) else (element,)))
        return state

    # ---- use

    def cardinality(self, name: Any = None) -> Tensor:
        """The number of elements, -1 for infinitely many, -2 where it is not known."""
        return Tensor(np.asarray(self._size, "int64"))

    def __iter__(self) -> Iterator:
        return Elements(self._start)

    def as_numpy_iterator(self) -> Iterator:
        """An iterator over the elements as arrays; text as bytes."""
        return iter(dataset.map_leaves(lambda t: t.numpy(), element) for element in self)

    def get_single_element(self, name: Any = None) -> Any:
        """The one element."""
        found = list(itertools.islice(self, 2))
        if len(found) != 1:
            raise ValueError(f"get_single_element: the data set has {'no' if not found else 'more than one'} element.")
        return found[0]

    @property
    def element_spec(self) -> Any:
        """What the elements look like; the sizes are those of the first, and None for a batch's."""
        from .small import TensorSpec

        def spec(a: Any) -> Any:
            if is_composite(a):
                return a._spec
            shape = np.shape(a)
            shape = (None, *shape[1:]) if shape and shape[0] == self._open else shape
            kind = np.asarray(a).dtype
            return TensorSpec(shape, "string" if kind.kind in "OUS" else str(kind))

        return dataset.map_leaves(spec, next(iter(self._start())))

    def unbatch(self, name: Any = None) -> Any:
        """The rows of each element as elements."""

        def start() -> Iterator:
            for batch in self._start():
                for i in range(len(dataset.leaves_of(batch)[0])):
                    yield dataset.map_leaves(lambda leaf, i=i: row(leaf, i), batch)

        made = self._then(start)
        made._open = None
        return made


def _labelled(method: Callable) -> Callable:
    """A method that takes TensorFlow's ``name=`` and tensors."""

    @functools.wraps(method)
    def call(self: Any, *args: Any, name: Any = None, **kwargs: Any) -> Any:
        return method(self, *(int(a) if isinstance(a, Tensor) else a for a in args), **kwargs)

    return call


for _name in "repeat take skip shard concatenate enumerate".split():
    setattr(Dataset, _name, _labelled(getattr(dataset.Dataset, _name)))
