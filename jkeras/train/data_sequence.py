"""PyDataset (once called Sequence): batches by index, made by threads or processes, and the queues of Keras 2."""

import itertools
import multiprocessing
import sys
import threading
import warnings
from collections import deque
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np

from ..core.declare import takes_old_words


class PyDataset:
    """Base class of data sets that give a whole batch by index; `Sequence` in Keras 2.

    Write `__getitem__(index)`, which returns (inputs,), (inputs, targets) or (inputs, targets, sample_weights), and
    `__len__()` or `num_batches` (None: endless). `fit` makes the batches in `workers` threads, or processes with
    `use_multiprocessing`, at most `max_queue_size` ahead, always in order.
    Source: https://keras.io/api/utils/python_utils/

    >>> class Squares(PyDataset):
    ...     def __len__(self):
    ...         return 3
    ...     def __getitem__(self, index):
    ...         return np.full((2, 1), index), np.full((2, 1), index**2)
    >>> [int(y[0, 0]) for x, y in Squares(workers=2)]
    [0, 1, 4]
    """

    # Class attributes: subclasses written for Keras 2 do not call super().__init__().
    workers = 1
    use_multiprocessing = False
    max_queue_size = 10

    def __init__(self, workers=1, use_multiprocessing=False, max_queue_size=10):
        self.workers = workers
        self.use_multiprocessing = use_multiprocessing
        self.max_queue_size = max_queue_size

    def __getitem__(self, index):
        raise NotImplementedError(f"{type(self).__name__}: write __getitem__(self, index), which returns one batch.")

    def __iter__(self):
        count = self.num_batches
        return (self[i] for i in (itertools.count() if count is None else range(count)))

    @property
    def num_batches(self):
        """Number of batches in an epoch, or None where the data set is endless."""
        if hasattr(self, "__len__"):
            return len(self)
        raise NotImplementedError(f"{type(self).__name__}: write __len__(self), the number of batches in an epoch.")

    def on_epoch_begin(self):
        """Called before each epoch."""

    def on_epoch_end(self):
        """Called after each epoch, to shuffle for example."""


Sequence = PyDataset


def is_sequence(x):
    """Does `x` give batches by index, as PyDataset and the Sequences of other Kerases do?"""
    if isinstance(x, PyDataset):
        return True
    if not hasattr(x, "__getitem__") or not (hasattr(x, "__len__") or hasattr(x, "num_batches")):
        return False
    return hasattr(x, "on_epoch_end")


def num_batches(sequence):
    """Batches in an epoch of anything for which `is_sequence` holds; None where it is endless."""
    count = sequence.num_batches if hasattr(sequence, "num_batches") else len(sequence)
    if count is None:
        return None
    if int(count) < 1:
        raise ValueError(
            f"{type(sequence).__name__}: __len__ says {count} batches. A data set must have at least one batch."
        )
    return int(count)


# ---------------------------------------------------------------- parallel production, in order

_served = {}  # in a worker process: the data set it was forked or started with


def _serve(sequence, seed):
    _served["sequence"], _served["seed"] = sequence, seed


def _fetch(index):
    # The same numbers whichever process makes the batch: processes forked together would all draw alike.
    if _served["seed"] is not None:
        np.random.seed([_served["seed"], index])
    return _served["sequence"][index]


def parallel(sequence, indices, workers, use_multiprocessing, ahead, seed=None):
    """Yields sequence[i] for the indices, in order, made by `workers` at most `ahead` batches before they are asked."""
    if use_multiprocessing:
        pool, task = _process_pool(sequence, workers, seed), _fetch
    else:
        pool, task = ThreadPoolExecutor(workers, "jkeras-data"), sequence.__getitem__
    waiting = deque()
    try:
        for index in indices:
            waiting.append(pool.submit(task, index))
            if len(waiting) >= max(ahead, workers):
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()
        pool.shutdown(wait=not waiting, cancel_futures=True)


def _process_pool(sequence, workers, seed):
    """Processes that know the data set; forked on Linux, as scripts without a main guard need."""
    method = "fork" if sys.platform == "linux" else "spawn"
    context = multiprocessing.get_context(method)
    if method == "fork":
        _quiet_fork()
    return ProcessPoolExecutor(workers, mp_context=context, initializer=_serve, initargs=(sequence, seed))


def _quiet_fork():
    """Python and JAX warn of forking a process with threads; the children here run the user's data code only.

    The filter stays: to take it back would set back what other threads have changed meanwhile.
    """
    warnings.filterwarnings("ignore", message=r".*fork\(\).*")


# ---------------------------------------------------------------- the queues of Keras 2


class SequenceEnqueuer:
    """Base of the Keras 2 queues: `start(workers)`, then `get()` yields batches, then `stop()`."""

    def __init__(self, sequence, use_multiprocessing=False):
        self.sequence = sequence
        self.use_multiprocessing = use_multiprocessing
        self.workers, self.queue, self.run_thread = 0, None, None
        self.stop_signal = None
        self.uid = id(self)
        self.executor_fn = None
        self._size = 10

    def is_running(self):
        """Has it been started and not stopped?"""
        return self.stop_signal is not None and not self.stop_signal.is_set()

    def start(self, workers=1, max_queue_size=10):
        """Begins to make batches with this many workers, at most `max_queue_size` ahead."""
        if self.is_running():
            raise RuntimeError(f"{type(self).__name__}: already started. Call stop() first.")
        self.workers, self._size = max(1, workers), max(1, max_queue_size)
        self.stop_signal = threading.Event()
        self._batches = self._prefetched()

    def _prefetched(self):
        from .data_prefetch import Prefetch

        self.queue = Prefetch(self._produce(), self._size)
        self.run_thread = self.queue.thread
        return self.queue

    def _produce(self):
        raise NotImplementedError

    def get(self):
        """Yields batches until `stop()`, or until the data ends."""
        if self.stop_signal is None:
            raise RuntimeError(f"{type(self).__name__}: call start() before get().")
        for batch in self._batches:
            if not self.is_running():
                return
            if batch is not None:
                yield batch

    def stop(self, timeout=None):
        """Ends the workers; waits for them up to `timeout` seconds."""
        if self.stop_signal is not None:
            self.stop_signal.set()
            self._batches.close(timeout)


class OrderedEnqueuer(SequenceEnqueuer):
    """Makes the batches of a Sequence in order, epoch after epoch, with several workers."""

    def __init__(self, sequence, use_multiprocessing=False, shuffle=False):
        super().__init__(sequence, use_multiprocessing)
        self.shuffle = shuffle

    def _produce(self):
        while self.is_running():
            order = list(range(num_batches(self.sequence)))
            if self.shuffle:
                np.random.shuffle(order)
            yield from parallel(self.sequence, order, self.workers, self.use_multiprocessing, self._size)
            self.sequence.on_epoch_end()


class GeneratorEnqueuer(SequenceEnqueuer):
    """Runs a generator ahead of its consumer.

    The first argument is called `sequence` in Keras 2.2.4 and `generator` in tf.keras. A generator runs in one thread:
    `use_multiprocessing` raises ValueError, since processes would each yield the same batches.
    """

    @takes_old_words(stable=1)
    def __init__(self, sequence=None, use_multiprocessing=False, wait_time=None, random_seed=None, *, generator=None):
        if (sequence is None) == (generator is None):
            raise TypeError("GeneratorEnqueuer: expected one generator.")
        if use_multiprocessing:
            raise ValueError(
                "GeneratorEnqueuer: a generator cannot be shared by processes; each would yield the same batches. Use "
                "a Sequence, or use_multiprocessing=False."
            )
        super().__init__(sequence if sequence is not None else generator)
        if wait_time is not None:
            warnings.warn("GeneratorEnqueuer: wait_time has no effect; nothing polls.", stacklevel=2)
        self.random_seed = random_seed

    def _produce(self):
        if self.random_seed is not None:
            np.random.seed(self.random_seed)
        yield from self.sequence
