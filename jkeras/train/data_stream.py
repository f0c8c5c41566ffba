"""Streams of batches: generators, Sequences, DataLoaders, data sets and storage larger than memory."""

import itertools
import warnings
from collections.abc import Mapping

import jax
import numpy as np

from .data_arrays import (
    as_arrays,
    common_length,
    generator,
    is_dataframe,
    is_nested,
    is_sliceable,
    is_sparse,
    usual_size,
)
from .data_prefetch import Prefetch
from .data_sequence import num_batches, parallel
from .data_shared import Part, Turn, Turns, check_alike, places_of, shape_of
from .data_weights import class_weights, combine


def warn_short(got, wanted):
    """Warns that an epoch ended before the steps that were asked for."""
    warnings.warn(
        f"The data ran out after {got} of {wanted} steps; the epoch ends here. Make sure that the data can give "
        "steps_per_epoch * epochs batches, or leave steps_per_epoch out.",
        stacklevel=3,
    )


# ---------------------------------------------------------------- feeds: where raw batches come from

READERS = 8  # threads that read a grain data set by index


class IteratorFeed:
    """A generator or any other one-shot iterator: every epoch takes up where the last one ended."""

    restarts, steps = False, None

    def __init__(self, iterator):
        self.what = type(iterator).__name__
        self._iterator = iterator

    def open(self, rng, start=0):
        """The iterator; `start` batches are dropped first."""
        for _ in itertools.islice(self._iterator, start):
            pass
        return self._iterator

    def begin(self):
        """Nothing to prepare."""

    def end(self):
        """Nothing to tidy."""


class IterableFeed:
    """A DataLoader, data set or list-like of batches: every epoch iterates it anew."""

    restarts = True

    def __init__(self, iterable):
        self.what = type(iterable).__name__
        self._iterable = iterable
        self._by_index = None

    def divide(self, part, turns):
        """Lets this process make its own batches only, where the data set gives them by number, as grain's MapDataset."""
        data = self._iterable
        if turns is not None and hasattr(data, "__getitem__") and hasattr(data, "to_iter_dataset") and self.steps:
            self._by_index = SequenceFeed(data, False, workers=READERS)
            self._by_index.divide(part, turns)

    @property
    def steps(self):
        """Batches in a pass, where the object says so."""
        for measure in (len, lambda d: int(d.cardinality())):
            try:
                count = measure(self._iterable)
            except (TypeError, AttributeError, NotImplementedError):
                continue
            return count if count > 0 else None
        return None

    def open(self, rng, start=0):
        """A new iterator, `start` batches in."""
        if self._by_index is not None:
            return self._by_index.open(rng, start)
        data = self._iterable
        iterator = iter(data.as_numpy_iterator() if hasattr(data, "as_numpy_iterator") else data)
        for _ in itertools.islice(iterator, start):
            pass
        return iterator

    def begin(self):
        """Nothing to prepare."""

    def end(self):
        """Nothing to tidy."""


class SequenceFeed:
    """A PyDataset or Sequence: batches by index, in order or shuffled, made by workers."""

    restarts = True

    def __init__(self, sequence, shuffle, workers=None, use_multiprocessing=None, max_queue_size=None):
        self.what = type(sequence).__name__
        self._sequence = sequence
        self._shuffle = bool(shuffle)
        self._turns = None  # of several processes each makes the batches of its turn

        def choose(given, name, default):
            return getattr(sequence, name, default) if given is None else given

        self.workers = choose(workers, "workers", 1)
        self.processes = choose(use_multiprocessing, "use_multiprocessing", False)
        self.queue_size = choose(max_queue_size, "max_queue_size", 10)

    @property
    def steps(self):
        """Batches in a pass, as the data set says now; None where it is endless."""
        return num_batches(self._sequence)

    def first(self):
        """The first batch, made on the side."""
        return self._sequence[0]

    def open(self, rng, start=0):
        """The batches of one pass from number `start` on."""
        count = self.steps
        seed = None
        if rng is not None:
            rng = generator(rng)
            seed = int(rng.integers(2**31))
        turns = self._turns or Turns(0, 1)
        order = generator(rng).permutation(count).tolist() if self._shuffle and count is not None else None
        mine = (i for place, i in places_of(order, start, count) if turns.is_mine(place, i, count))
        if self.workers > 1 or (self.workers > 0 and self.processes):
            made = parallel(self._sequence, mine, self.workers, self.processes, self.queue_size, seed)
        else:
            made = (self._sequence[i] for i in mine)
        return made if self._turns is None else turns.spread(made, places_of(order, start, count), count)

    def divide(self, part, turns):
        """Lets this process make the batches of its turn only."""
        self._turns = turns

    def begin(self):
        """Calls the data set's `on_epoch_begin`."""
        getattr(self._sequence, "on_epoch_begin", lambda: None)()

    def end(self):
        """Calls the data set's `on_epoch_end`."""
        getattr(self._sequence, "on_epoch_end", lambda: None)()


class SliceFeed:
    """Array-like storage that is too large for memory (HDF5, memory-mapped, sparse), read batch by batch."""

    restarts, what = True, "storage"

    def __init__(self, x, y=None, sample_weight=None, *, batch_size=None, steps=None, shuffle=True):
        def storage(leaf):
            if isinstance(leaf, np.ndarray | jax.Array) or is_sliceable(leaf) and not is_dataframe(leaf):
                return leaf.tocsr() if is_sparse(leaf) else leaf
            return as_arrays(leaf, "data")

        def whole(data):
            if isinstance(data, Mapping):
                return {k: whole(v) for k, v in data.items()}
            if is_nested(data) and any(hasattr(v, "shape") or is_nested(v) for v in data):
                return [whole(v) for v in data]
            return None if data is None else storage(data)

        self._data = tuple(whole(d) for d in (x, y, sample_weight))
        self.size = common_length(*self._data)
        self.batch_size = batch_size or usual_size(self.size, steps)
        self._shuffle = shuffle
        self._part = None  # the rows of a full batch that this process needs

    def divide(self, part, turns):
        """Lets this process read its own rows of every full batch only."""
        self._part = part(self.batch_size)

    @property
    def steps(self):
        """Batches in a pass."""
        return -(-self.size // self.batch_size)

    def first(self):
        """The first rows."""
        return self._read(slice(0, min(self.batch_size, self.size)))

    def open(self, rng, start=0):
        """The batches of one pass; shuffled by sample, or by batch with shuffle="batch" (far faster on disks)."""
        size = self.batch_size
        if self._shuffle is True:
            order = generator(rng).permutation(self.size)
            rows = (order[i * size : (i + 1) * size] for i in range(start, self.steps))
        else:
            order = range(self.steps)
            if self._shuffle == "batch":
                full = self.size // size
                order = [*generator(rng).permutation(full).tolist(), *range(full, self.steps)]
            rows = (slice(i * size, min((i + 1) * size, self.size)) for i in order[start:])
        return (self._read(r, self._part) for r in rows)

    def _read(self, rows, part=None):
        count = rows.stop - rows.start if isinstance(rows, slice) else len(rows)
        part = part if count == self.batch_size else None

        def read(storage):
            if isinstance(rows, slice):
                first = rows.start
                found = _dense(storage[rows if part is None else slice(first + part.start, first + part.stop)])
            else:
                # HDF5 reads increasing indices only
                sorted_rows, back = np.unique(rows if part is None else rows[part], return_inverse=True)
                found = _dense(storage[sorted_rows])[back]
            return found

        made = tuple(jax.tree.map(read, d, is_leaf=lambda v: v is not None and not is_nested(v)) for d in self._data)
        return made if part is None else Part(made, part, count)

    def begin(self):
        """Nothing to prepare."""

    def end(self):
        """Nothing to tidy."""


def _dense(rows):
    return rows.toarray() if is_sparse(rows) else np.asarray(rows)


# ---------------------------------------------------------------- batches


def as_batch(batch, *, inputs=None, choose=None, predict=False, where="batch"):
    """(x, y, sample_weight) of arrays from what a stream yielded: x, (x,), (x, y), (x, y, weights), as tuple or list.

    A dict is x. For prediction a list of as many arrays as the model has inputs is x, too.
    """
    if isinstance(batch, list) and predict and inputs is not None and inputs > 1 and len(batch) == inputs:
        batch = (batch,)
    if isinstance(batch, list | tuple):
        if not 1 <= len(batch) <= 3:
            raise ValueError(
                f"{where}: expected (inputs,), (inputs, targets) or (inputs, targets, sample_weights), received a "
                f"{type(batch).__name__} of {len(batch)} items."
            )
        x, y, weight = (*batch, None, None)[:3]
    else:
        x, y, weight = batch, None, None
    if x is None:
        raise ValueError(f"{where}: the inputs are None. Yield (inputs, targets).")
    made = (
        as_arrays(x if choose is None else choose(x), f"{where}, inputs", count=inputs),
        as_arrays(y, f"{where}, targets", optional=True),
        as_arrays(weight, f"{where}, sample_weights", optional=True),
    )
    common_length(*made, what=where)
    return made


class StreamSource:
    """A stream of batches with a thread that makes them ahead of the device.

    Attributes: `steps` (batches an epoch, None while unknown), `exhausted` (a one-shot stream has ended: stop
    training), `position` (for an exact resume), `place` (a function of a batch that the thread applies, for example
    `jax.device_put`).
    """

    kind = "stream"

    def __init__(
        self, feed, *, steps=None, class_weight=None, workers=None, queue_size=None,
        inputs=None, choose=None, predict=False,
    ):  # fmt: skip
        if isinstance(class_weight, str):
            raise ValueError(
                f"class_weight: {class_weight!r} needs all labels at once, which a stream does not give. Pass a dict "
                "{label: weight}."
            )
        self.feed = feed
        self.given_steps = steps
        self.exhausted = False
        self.place = None
        self._class_weight = class_weight
        self._threaded = workers != 0
        self._depth = queue_size if queue_size is not None else getattr(feed, "queue_size", 10)
        self._inputs, self._choose, self._predict = inputs, choose, predict
        self._known_steps = None
        self._pass = None  # prepared batches of a pass that is not finished
        self._pass_seed = self._prefetch = None
        self._structure = self._peeked = self.template = None
        self._start = 0  # batches of the coming epoch that are done already, after a resume
        self._epochs = self._batches = self._in_pass = 0

    def __repr__(self):
        return f"StreamSource({self.feed.what}, steps={self.steps})"

    @property
    def steps(self):
        """Batches in one epoch; None where the stream has not told and has not ended yet."""
        return self.given_steps or self.feed.steps or self._known_steps

    def __iter__(self):
        return self.epoch()

    def epoch(self, rng=None):
        """Yields the batches (x, y, sample_weight) of one epoch; `rng` shuffles where the source shuffles.

        Ends early, with a warning, where the data ends early. With fewer `steps` than the stream has, the next epoch
        goes on where this one ended. Closing the iterator ends its thread.
        """
        if self.exhausted:
            warn_short(0, self.steps or 1)
            return
        self.feed.begin()
        if self._pass is None:
            self._new_pass(rng)
        self._batches, self._start = self._start, 0
        wanted = None if self.given_steps is None else self.given_steps - self._batches
        batches = itertools.islice(self._pass, wanted)
        prefetch = self._prefetch = Prefetch(batches, self._depth) if self._threaded and self._depth else None
        try:
            for batch in prefetch or batches:
                self._batches += 1
                self._in_pass += 1
                yield batch
        except Exception:
            self._forget_pass()
            raise
        finally:
            self._prefetch = None
            if prefetch is not None:
                prefetch.close()
                # Made, but not wanted any more: the next epoch's first batches.
                if prefetch.left and self._pass is not None:
                    self._pass = itertools.chain(list(prefetch.left), self._pass)
        self._end_epoch()

    def is_over(self):
        """Has a stream that cannot be begun anew no batch left? Looks at the next one."""
        if not self.exhausted and self._pass is not None and not self.feed.restarts:
            batch = next(self._pass, None)
            self._pass = None if batch is None else itertools.chain([batch], self._pass)
            self.exhausted = batch is None
        return self.exhausted

    def restart(self):
        """The next epoch begins with the first batch, where the stream can be begun anew."""
        if self.feed.restarts and self._in_pass:
            self._forget_pass()

    def more(self, most, accept):
        """Up to so many further batches of the epoch that are made already, up to the first one that is not accepted."""
        found = [] if self._prefetch is None else self._prefetch.take(most, accept)
        self._batches += len(found)
        self._in_pass += len(found)
        return found

    def peek(self):
        """A batch (x, y, sample_weight) to look at; it still comes in the epoch."""
        if self._peeked is None:
            self._peeked = self._look()
        return self._peeked

    def _look(self):
        if hasattr(self.feed, "first"):
            return self._prepare(self.feed.first(), f"batch 0 of {self.feed.what}")
        if self._pass is None:
            self._new_pass(None)
        batch = next(self._pass, None)
        if batch is None:
            self._pass = None
            raise ValueError(f"The {self.feed.what} gave no batches. Make sure that it is not empty or used up.")
        self._pass = itertools.chain([batch], self._pass)
        return batch

    def _forget_pass(self):
        self._pass = self._pass_seed = None
        self._in_pass = 0

    def _new_pass(self, rng):
        if self._pass_seed is None:
            self._pass_seed = int(generator(rng).integers(2**63))
        raw = self.feed.open(np.random.default_rng(self._pass_seed), self._in_pass)
        self._pass = self._prepared(raw, self._in_pass)

    def _prepared(self, raw, number):
        """Batches ready for the device."""
        for batch in raw:
            yield self._prepare(batch, f"batch {number} of {self.feed.what}")
            number += 1

    def divide(self, part, turns):
        """Of several processes, this one reads its own part only, where the source can be divided.

        `part(size)` is the slice of a batch's rows that it needs (None: all); `turns` says which batches it makes.
        """
        if hasattr(self.feed, "divide"):
            self.template = shape_of(self.peek())
            self._pass = None  # what was opened to look at it
            plain = all(np.dtype(a.dtype).kind in "biufV" for a in jax.tree.leaves(self.template))
            self.feed.divide(part, turns if plain else None)

    def _prepare(self, batch, where):
        if isinstance(batch, Turn):
            if batch.batch is not None:
                batch.batch = self._prepare(batch.batch, where)
                check_alike(batch.batch, self.template, where)
            return batch
        if isinstance(batch, Part):
            return batch._replace(batch=self._prepare(batch.batch, where))
        x, y, weight = as_batch(batch, inputs=self._inputs, choose=self._choose, predict=self._predict, where=where)
        if self._class_weight:
            weight = combine(weight, class_weights(y, self._class_weight))
        made = (x, y, weight)
        structure = jax.tree.structure(made)
        if self._structure is None:
            self._structure = structure
        elif structure != self._structure:
            raise ValueError(
                f"{where}: its structure differs from that of the batches before it: (inputs, targets, weights) was "
                f"{_shown(self._structure)}, now {_shown(structure)}. Yield batches of one structure."
            )
        return made if self.place is None else self.place(made)

    def _end_epoch(self):
        """After the last batch of an epoch: is the pass over, and did it give what was asked for?"""
        self._epochs += 1
        length = self.feed.steps
        short = self.given_steps is not None and self._batches < self.given_steps
        if self.given_steps is None or short or (length is not None and self._in_pass >= length):
            if self.given_steps is None:
                self._known_steps = self._batches
            self.exhausted = not self.feed.restarts
            self._forget_pass()
        if short:
            warn_short(self._batches, self.given_steps)
        elif self._batches == 0 and length is None:
            raise ValueError(f"The {self.feed.what} gave no batches. Make sure that it is not empty or used up.")
        self._batches = 0
        self.feed.end()

    @property
    def position(self):
        """Where the consumer stands, as plain numbers: what `restore` of a new source needs to go on exactly there."""
        return {
            "epochs": self._epochs, "batches": self._batches, "in_pass": self._in_pass, "pass_seed": self._pass_seed,
        }  # fmt: skip

    def restore(self, position):
        """Takes up a stream made anew where `position` was read; one-shot streams are run up to there."""
        for _ in range(position["epochs"] - self._epochs):
            self.feed.begin()
            self.feed.end()
        self._epochs, self._start = position["epochs"], position["batches"]
        if self._pass is not None and not self.feed.restarts:  # a batch has been looked at
            for _ in itertools.islice(self._pass, position["in_pass"]):
                pass
        else:
            self._pass = None
        self._in_pass, self._pass_seed = position["in_pass"], position["pass_seed"]


def _shown(structure):
    return str(structure).removeprefix("PyTreeDef(").removesuffix(")")
