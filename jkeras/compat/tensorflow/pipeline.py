"""The data sets of ``jkeras.utils`` as ``tf.data`` has them: their functions take and give tensors."""

import functools
import itertools
import os
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ...utils import dataset
from .files import matching_files
from .tensor import Tensor, unwrap, wrap

AUTOTUNE = -1
INFINITE_CARDINALITY, UNKNOWN_CARDINALITY = -1, -2


def _on_arrays(fn: Callable) -> Callable:
    """A function of tensors as one of arrays on the host."""

    def call(*args: Any) -> Any:
        found = fn(*map(_shown, args))
        if isinstance(found, dataset.Dataset):
            return found
        return _host(unwrap(tuple(found) if isinstance(found, list) else found))

    return call


def _host(x: Any) -> Any:
    if isinstance(x, tuple):
        return tuple(map(_host, x))
    if isinstance(x, dict):
        return {k: _host(v) for k, v in x.items()}
    return np.asarray(x)


def _arrays(tensors: Any) -> Any:
    """Tensors and lists as arrays; numbers of Python as float32 and int32, as TensorFlow has them."""
    if isinstance(tensors, tuple):
        return tuple(map(_arrays, tensors))
    if isinstance(tensors, dict):
        return {k: _arrays(v) for k, v in tensors.items()}
    if isinstance(tensors, list):
        found = np.asarray(unwrap(tensors))
        return found.astype({"f": "float32", "i": "int32"}.get(found.dtype.kind, found.dtype))
    return np.asarray(unwrap(tensors)) if not hasattr(tensors, "iloc") else tensors.to_numpy()


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
        return super().from_tensor_slices(_arrays(tensors))

    @classmethod
    def from_tensors(cls, tensors: Any, name: Any = None) -> Any:
        """One element."""
        return super().from_tensors(_arrays(tensors))

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
                yield _announced(item, types, shapes)

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
            yield from _chosen(
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
        return super().map(
            _on_arrays(map_func), None if num_parallel_calls is None else int(unwrap(num_parallel_calls))
        )

    def filter(self, predicate: Callable, name: Any = None) -> Any:
        """The elements for which ``predicate`` is true."""
        return super().filter(_on_arrays(predicate))

    def take_while(self, predicate: Callable, name: Any = None) -> Any:
        """The elements up to the first for which ``predicate`` is false."""
        holds = _on_arrays(predicate)
        return self._then(lambda: itertools.takewhile(lambda e: bool(_called(holds, e)), self._start()))

    def scan(self, initial_state: Any, scan_func: Callable, name: Any = None) -> Any:
        """``state, output = scan_func(state, element)``: the outputs."""

        def start() -> Iterator:
            state = wrap(_arrays(initial_state))
            for element in self._start():
                state, output = scan_func(state, *map(wrap, element if isinstance(element, tuple) else (element,)))
                yield _host(unwrap(output))

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
        return iter(_called(_on_arrays(map_func), element)._start())

    def batch(self, batch_size: Any, drop_remainder: bool = False, num_parallel_calls: Any = None, deterministic: Any = None,
              name: Any = None) -> Any:  # fmt: skip
        """So many elements stacked along a new first axis; the last batch may be smaller."""
        made = super().batch(int(unwrap(batch_size)), bool(drop_remainder))
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
                yield _columns(rows)
                rest, buffer = max(shift - len(buffer), 0) if len(buffer) == span else 0, buffer[shift:]

        return self._then(start)

    def group_by_window(self, key_func: Callable, reduce_func: Callable, window_size: Any = None, window_size_func: Any = None,
                        name: Any = None) -> Any:  # fmt: skip
        """What ``reduce_func(key, data set)`` gives for groups of so many elements of one key."""
        if (window_size is None) == (window_size_func is None):
            raise ValueError("group_by_window: give one of window_size and window_size_func.")
        key_of = _on_arrays(key_func)

        def start() -> Iterator:
            groups: dict[int, list] = {}
            for element in self._start():
                key = int(_called(key_of, element))
                groups.setdefault(key, []).append(element)
                limit = window_size if window_size_func is None else window_size_func(wrap(np.int64(key)))
                if len(groups[key]) >= int(unwrap(limit)):
                    yield from _reduced(reduce_func, key, groups.pop(key))
            for key, rows in groups.items():
                yield from _reduced(reduce_func, key, rows)

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

    def reduce(self, initial_state: Any, reduce_func: Callable, name: Any = None) -> Any:
        """``state = reduce_func(state, *element)`` over all elements; the last state."""
        state = wrap(_arrays(initial_state))
        for element in self:
            state = reduce_func(state, *(element if isinstance(element, tuple) else (element,)))
        return state

    # ---- use

    def __iter__(self) -> Iterator:
        return Elements(map(_shown, self._start()))

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

        def spec(a: Any) -> TensorSpec:
            shape = np.shape(a)
            shape = (None, *shape[1:]) if shape and shape[0] == self._open else shape
            kind = np.asarray(a).dtype
            return TensorSpec(shape, "string" if kind.kind in "OUS" else str(kind))

        return dataset.map_leaves(spec, next(iter(self._start())))

    def unbatch(self, name: Any = None) -> Any:
        """The rows of each element as elements."""
        made = super().unbatch()
        made._open = None
        return made


class OutOfRangeError(Exception):
    """There is no other element."""


class Elements:
    """An iterator over elements, which also has TensorFlow's ``get_next``."""

    def __init__(self, elements: Iterator):
        self._elements = elements

    def __iter__(self) -> Iterator:
        return self

    def __next__(self) -> Any:
        return next(self._elements)

    def get_next(self, name: Any = None) -> Any:
        """The next element; OutOfRangeError where there is none."""
        try:
            return next(self._elements)
        except StopIteration:
            raise OutOfRangeError("The data set has no other element.") from None


def _labelled(method: Callable) -> Callable:
    """A method that takes TensorFlow's ``name=`` and tensors."""

    @functools.wraps(method)
    def call(self: Any, *args: Any, name: Any = None, **kwargs: Any) -> Any:
        return method(self, *(int(a) if isinstance(a, Tensor) else a for a in args), **kwargs)

    return call


for _name in "repeat take skip shard concatenate enumerate cache cardinality".split():
    setattr(Dataset, _name, _labelled(getattr(dataset.Dataset, _name)))


def _called(fn: Callable, element: Any) -> Any:
    return fn(*(element if isinstance(element, tuple) else (element,)))


def _shown(element: Any) -> Any:
    """The arrays of an element as tensors; data sets in it stay themselves."""
    return dataset.map_leaves(lambda a: a if isinstance(a, dataset.Dataset) else wrap(np.asarray(a)), element)


def _columns(rows: list) -> Any:
    """A data set for each part of the elements."""
    return dataset.map_leaves(lambda *column: Dataset(lambda: iter(column), len(column)), *rows)


def _reduced(reduce_func: Callable, key: int, rows: list) -> Iterator:
    return reduce_func(wrap(np.int64(key)), Dataset(lambda: iter(rows), len(rows)))._start()


def _chosen(sources: list, choices: Iterator, stop: bool) -> Iterator:
    end = object()
    for place in choices:
        if not 0 <= place < len(sources):
            raise ValueError(f"choose_from_datasets: there are {len(sources)} data sets, received number {place}.")
        if (element := next(sources[place], end)) is not end:
            yield element
        elif stop:
            return


def _announced(item: Any, types: Any, shapes: Any) -> Any:
    """An element as arrays of the types and shapes that were announced."""
    item = tuple(item) if isinstance(types, tuple) and isinstance(item, list) else item

    def convert(kind: Any, leaf: Any, shape: Any = None) -> Any:
        to = np.dtype(object) if kind == "string" else np.dtype(getattr(kind, "as_numpy_dtype", kind))
        found = np.asarray(unwrap(leaf), dtype=to)
        if shape is not None and (len(shape) != found.ndim or any(
            w not in (None, n) for w, n in zip(tuple(shape), found.shape, strict=True))):  # fmt: skip
            raise TypeError(f"from_generator: an element has shape {found.shape}, announced was {tuple(shape)}.")
        return found

    if shapes is None:
        return dataset.map_leaves(convert, types, item)
    return _zipped(convert, types, item, shapes)


def _zipped(fn: Callable, types: Any, item: Any, shapes: Any) -> Any:
    """``fn`` of corresponding leaves; a shape, which is a tuple itself, is one."""
    if isinstance(types, dict):
        return {key: _zipped(fn, types[key], item[key], shapes[key]) for key in types}
    if isinstance(types, tuple):
        return tuple(_zipped(fn, *parts) for parts in zip(types, item, shapes, strict=True))
    return fn(types, item, shapes)
