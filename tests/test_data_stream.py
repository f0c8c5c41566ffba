"""Generators, Sequences, DataLoaders and storage as data."""

import threading
import time
import traceback
import warnings

import h5py
import numpy as np
import pytest
import scipy.sparse

from jkeras.train.data import StreamSource, adapt
from jkeras.train.data_sequence import GeneratorEnqueuer, OrderedEnqueuer, PyDataset


def batch(i, size=2):
    return np.full((size, 3), i, "float64"), np.full((size, 1), i)


def numbers(batches):
    """The number that `batch` put into each batch."""
    return [int(b[0].ravel()[0]) for b in batches]


def gen(count):
    for i in range(count):
        yield batch(i)


class Data(PyDataset):
    def __init__(self, count=4, fail_at=None, **options):
        super().__init__(**options)
        self.count, self.fail_at, self.calls = count, fail_at, []

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        if index == self.fail_at:
            raise KeyError("broken file")
        return batch(index)

    def on_epoch_begin(self):
        self.calls.append("begin")

    def on_epoch_end(self):
        self.calls.append("end")


class Loader:
    """Shaped like a torch DataLoader: sized, iterable anew, batches as lists."""

    batch_size = 2

    def __init__(self, count):
        self.count = count

    def __len__(self):
        return self.count

    def __iter__(self):
        return (list(batch(i)) for i in range(self.count))


class TfData:
    """Shaped like tf.data: cardinality, as_numpy_iterator."""

    def __init__(self, count, known=True):
        self.count, self.known = count, known

    def cardinality(self):
        return self.count if self.known else -2

    def as_numpy_iterator(self):
        return gen(self.count)


FORMS = {
    "inputs": (np.ones((2, 3)), (True, False, False)),
    "(x,)": ((np.ones((2, 3)),), (True, False, False)),
    "(x, y)": ((np.ones((2, 3)), np.ones(2)), (True, True, False)),
    "(x, y, w)": ((np.ones((2, 3)), np.ones(2), np.ones(2)), (True, True, True)),
    "[x, y]": ([np.ones((2, 3)), np.ones(2)], (True, True, False)),
    "(x, None)": ((np.ones((2, 3)), None), (True, False, False)),
    "dict": ({"a": np.ones((2, 3))}, (True, False, False)),
    "([a, b], y)": (([np.ones((2, 3)), np.ones(2)], np.ones(2)), (True, True, False)),
    "lists of numbers": (([[1, 2], [3, 4]], [0, 1]), (True, True, False)),
}


@pytest.mark.parametrize("given, present", FORMS.values(), ids=FORMS)
def test_every_form_of_a_batch_is_understood(given, present):
    (made,) = adapt(iter([given]))
    assert tuple(part is not None for part in made) == present


def test_batches_are_converted():
    ((x, y, _),) = adapt(iter([batch(1)]))
    assert (x.dtype, y.dtype) == (np.float32, np.int32)


def test_a_list_is_the_inputs_where_a_model_with_several_inputs_predicts():
    ((x, y, _),) = adapt(iter([[np.ones(2), np.zeros(2)]]), predict=True, inputs=2)
    assert len(x) == 2 and y is None


BAD_BATCHES = {
    "too many parts": ((1, 2, 3, 4), ValueError, "batch 1 of list_iterator: expected .inputs,.*tuple of 4 items"),
    "no parts": ((), ValueError, "tuple of 0 items"),
    "None": (None, ValueError, "inputs are None"),
    "lengths": ((np.ones(2), np.ones(3)), ValueError, "inputs|x: 2, y: 3"),
    "empty": ((np.ones((0, 3)), np.ones(0)), ValueError, "empty"),
    "another structure": (({"a": np.ones(2)}, np.ones(2)), ValueError, "structure differs"),
    "without targets": ((np.ones(2),), ValueError, "structure differs"),
    "an object": ((object(), np.ones(2)), TypeError, "cannot use"),
}


@pytest.mark.parametrize("given, error, message", BAD_BATCHES.values(), ids=BAD_BATCHES)
def test_a_bad_batch_is_refused_where_it_comes(given, error, message):
    stream = iter(adapt(iter([batch(0), given])))
    next(stream)
    with pytest.raises(error, match=message):
        next(stream)


SOURCES = {
    "generator": (lambda: gen(4), None),
    "iterator": (lambda: iter([batch(i) for i in range(4)]), None),
    "zip": (lambda: zip(np.arange(8).reshape(4, 2, 1), np.zeros((4, 2)), strict=True), None),
    "data set": (lambda: Data(4), 4),
    "data set, threads": (lambda: Data(4, workers=3), 4),
    "data set, processes": (lambda: Data(4, workers=2, use_multiprocessing=True), 4),
    "loader": (lambda: Loader(4), 4),
    "tf.data": (lambda: TfData(4), 4),
    "tf.data of unknown length": (lambda: TfData(4, False), None),
}


@pytest.mark.parametrize("make, steps", SOURCES.values(), ids=SOURCES)
@pytest.mark.parametrize("workers", [None, 0])
def test_every_source_gives_its_batches_in_order(make, steps, workers):
    source = adapt(make(), shuffle=False, workers=workers)
    assert isinstance(source, StreamSource) and source.steps == steps
    first = numbers(source)
    assert first in ([0, 1, 2, 3], [0, 2, 4, 6]) and source.steps == 4
    if not source.exhausted:
        assert numbers(source) == first


def test_a_generator_goes_on_in_the_next_epoch():
    source = adapt(gen(7), steps=3)
    assert [numbers(source), numbers(source)] == [[0, 1, 2], [3, 4, 5]]
    with pytest.warns(UserWarning, match="ran out after 1 of 3 steps"):
        assert numbers(source) == [6]
    assert source.exhausted
    with pytest.warns(UserWarning, match="ran out after 0 of 3"):
        assert numbers(source) == []


def test_no_more_batches_are_taken_than_the_epoch_needs():
    made = []

    def endless():
        while True:
            made.append(len(made))
            yield batch(len(made))

    source = adapt(endless(), steps=3, max_queue_size=50)
    list(source)
    assert len(made) == 3


def test_a_generator_that_gives_nothing_is_an_error():
    with pytest.raises(ValueError, match="gave no batches"):
        list(adapt(gen(0)))


def test_a_data_set_of_no_batches_is_an_error():
    with pytest.raises(ValueError, match="at least one batch"):
        list(adapt(Data(0)))


def test_a_data_set_with_fewer_steps_goes_on_in_the_next_epoch():
    data = Data(4)
    source = adapt(data, steps=2, shuffle=False)
    assert [numbers(source) for _ in range(3)] == [[0, 1], [2, 3], [0, 1]]
    assert data.calls == ["begin", "end"] * 3


def test_a_data_set_with_too_many_steps_warns_and_starts_again():
    source = adapt(Data(2), steps=3, shuffle=False)
    for _ in range(2):
        with pytest.warns(UserWarning, match="ran out after 2 of 3"):
            assert numbers(source) == [0, 1]
    assert not source.exhausted


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_the_seed_decides_the_order_of_a_data_set(workers):
    runs = [numbers(adapt(Data(20), workers=workers).epoch(5)) for _ in range(2)]
    assert runs[0] == runs[1] != list(range(20)) and sorted(runs[0]) == list(range(20))
    assert numbers(adapt(Data(20)).epoch(6)) != runs[0]


def test_an_endless_data_set_needs_steps_only():
    class Endless(PyDataset):
        num_batches = None

        def __getitem__(self, index):
            return batch(index)

    source = adapt(Endless(), steps=2)
    assert [numbers(source), numbers(source)] == [[0, 1], [2, 3]]
    assert source.feed.steps is None


def test_a_keras_2_sequence_that_does_not_call_super_works():
    class Old(PyDataset):
        def __init__(self):
            self.n = 2

        def __len__(self):
            return self.n

        def __getitem__(self, index):
            return batch(index)

    assert numbers(adapt(Old(), shuffle=False)) == [0, 1]


def test_the_length_of_a_data_set_may_change_between_epochs():
    data = Data(2)
    source = adapt(data, shuffle=False)
    assert numbers(source) == [0, 1]
    data.count = 3
    assert numbers(source) == [0, 1, 2]


@pytest.mark.parametrize("missing", ["__getitem__", "__len__"])
def test_a_data_set_that_is_not_finished_says_what_is_missing(missing):
    members = {"__getitem__": lambda self, i: batch(i), "__len__": lambda self: 2}
    del members[missing]
    with pytest.raises(NotImplementedError, match=missing):
        list(adapt(type("Half", (PyDataset,), members)()))


# ---------------------------------------------------------------- errors and threads


def failing():
    yield batch(0)
    yield batch(1)
    raise OSError("disk on fire")


@pytest.mark.parametrize(
    "make",
    [
        failing,
        lambda: Data(4, fail_at=2),
        lambda: Data(4, fail_at=2, workers=2),
        lambda: Data(4, fail_at=2, workers=2, use_multiprocessing=True),
    ],
)
def test_an_error_of_the_producer_comes_at_its_step(make):
    stream = iter(adapt(make(), shuffle=False))
    assert numbers([next(stream), next(stream)]) == [0, 1]
    with pytest.raises((OSError, KeyError), match="fire|broken"):
        next(stream)


def test_the_traceback_ends_in_the_users_code_without_frames_of_the_thread():
    with pytest.raises(OSError) as caught:
        list(adapt(failing()))
    names = [f.name for f in traceback.extract_tb(caught.value.__traceback__)]
    assert names[-1] == "failing" and "_run" not in names


def test_a_stop_iteration_inside_a_generator_is_no_silent_end():
    def sloppy():
        yield batch(0)
        next(iter(()))

    with pytest.raises(RuntimeError, match="StopIteration"):
        list(adapt(sloppy()))


def test_the_source_is_usable_after_an_error():
    data = Data(3, fail_at=1)
    source = adapt(data, shuffle=False)
    with pytest.raises(KeyError):
        list(source)
    data.fail_at = None
    assert numbers(source) == [0, 1, 2]


def test_leaving_an_epoch_early_ends_the_thread_and_loses_no_batch():
    before = set(threading.enumerate())
    source = adapt(gen(10), steps=5)
    stream = source.epoch()
    next(stream)
    time.sleep(0.05)
    stream.close()
    assert set(threading.enumerate()) <= before
    assert numbers(source) == [1, 2, 3, 4, 5]


def test_the_thread_runs_at_most_the_queue_ahead():
    made = []

    def counting():
        for i in range(100):
            made.append(i)
            yield batch(i)

    stream = adapt(counting(), max_queue_size=3).epoch()
    next(stream)
    time.sleep(0.1)
    assert len(made) <= 5
    stream.close()


def test_the_thread_works_while_the_consumer_does():
    made = threading.Event()

    def two():
        yield batch(0)
        made.set()
        yield batch(1)

    stream = adapt(two()).epoch()
    next(stream)
    assert made.wait(10)  # nobody has asked for the second batch yet
    assert numbers(stream) == [1]


def test_without_workers_the_generator_runs_in_the_callers_thread():
    seen = []

    def where():
        seen.append(threading.current_thread())
        yield batch(0)

    list(adapt(where(), workers=0))
    list(adapt(where()))
    assert seen[0] is threading.current_thread() is not seen[1]


def test_place_is_applied_by_the_thread():
    source = adapt(gen(2))
    source.place = lambda made: (made[0] + 10, *made[1:])
    assert numbers(source) == [10, 11]


def test_processes_do_not_all_draw_the_same_numbers():
    class Noise(Data):
        def __getitem__(self, index):
            return np.full((1, 1), np.random.randint(10**6)), np.zeros(1)

    def run():
        return numbers(adapt(Noise(6, workers=2, use_multiprocessing=True)).epoch(1))

    first = run()
    assert len(set(first)) == 6 and first == run()


def test_a_worker_that_dies_is_an_error_and_no_hang():
    import os
    from concurrent.futures.process import BrokenProcessPool

    class Deadly(Data):
        def __getitem__(self, index):
            os._exit(1)

    with pytest.raises(BrokenProcessPool):
        list(adapt(Deadly(3, workers=1, use_multiprocessing=True)))


# ---------------------------------------------------------------- arguments


BAD = {
    "targets": (lambda: gen(1), {"y": np.ones(2)}, ValueError, "y: not accepted beside x of type generator"),
    "weights": (lambda: Data(1), {"sample_weight": np.ones(2)}, ValueError, "sample_weight: not accepted"),
    "balanced": (lambda: gen(1), {"class_weight": "balanced"}, ValueError, "needs all labels"),
    "a number": (lambda: 3, {}, TypeError, "object of type int"),
}


@pytest.mark.parametrize("make, arguments, error, message", BAD.values(), ids=BAD)
def test_arguments_that_do_not_fit_a_stream_are_refused(make, arguments, error, message):
    with pytest.raises(error, match=message):
        adapt(make(), **arguments)


def test_batch_size_beside_a_stream_is_warned_of():
    with pytest.warns(UserWarning, match="batch_size=16 has no effect"):
        adapt(gen(1), batch_size=16)


def test_class_weights_apply_to_each_batch():
    source = adapt(gen(3), class_weight={0: 1, 1: 2, 2: 4})
    assert [w.tolist() for _, _, w in source] == [[1, 1], [2, 2], [4, 4]]


def test_class_weights_multiply_the_weights_of_the_stream():
    ((_, _, weight),) = adapt(iter([(np.ones(2), np.array([0, 1]), np.array([5.0, 5.0]))]), class_weight={0: 1, 1: 2})
    assert weight.tolist() == [5, 10]


# ---------------------------------------------------------------- resume


RESUMABLE = {
    "generator": lambda: adapt(gen(12), steps=4),
    "data set": lambda: adapt(Data(4)),
    "data set, fewer steps": lambda: adapt(Data(7), steps=4),
    "data set, threads": lambda: adapt(Data(4, workers=2)),
    "loader": lambda: adapt(Loader(4)),
    "unthreaded": lambda: adapt(gen(12), steps=4, workers=0),
}


def run(source, epochs, start=0):
    """Numbers of the batches of `epochs` epochs, each seeded by its number."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [numbers(source.epoch(e)) for e in range(start, epochs)]


@pytest.mark.parametrize("make", RESUMABLE.values(), ids=RESUMABLE)
@pytest.mark.parametrize("epoch, done", [(0, 0), (0, 2), (1, 0), (1, 3), (2, 1)])
def test_a_restored_stream_goes_on_exactly(make, epoch, done):
    whole = run(make(), 3)
    source = make()
    run(source, epoch)
    stream = source.epoch(epoch)
    taken = [next(stream) for _ in range(done)] if done else []
    position = dict(source.position)
    stream.close()
    other = make()
    other.restore(position)
    rest = run(other, 3, epoch)
    assert numbers(taken) + rest[0] == whole[epoch] and rest[1:] == whole[epoch + 1 :]


def test_a_position_is_plain_data():
    source = adapt(Data(4))
    stream = source.epoch(1)
    next(stream)
    assert source.position["batches"] == 1
    assert all(isinstance(v, int) for v in source.position.values())


@pytest.mark.parametrize("make", RESUMABLE.values(), ids=RESUMABLE)
def test_a_stream_that_was_looked_at_is_restored_exactly(make):
    whole = run(make(), 2)
    source = make()
    run(source, 1)
    position = source.position
    other = make()
    other.peek()
    other.restore(position)
    assert run(other, 2, 1) == whole[1:]


@pytest.mark.parametrize("make, steps", SOURCES.values(), ids=SOURCES)
def test_looking_at_a_batch_takes_none_away(make, steps):
    source = adapt(make(), shuffle=False)
    seen = numbers([source.peek(), source.peek()])
    batches = numbers(source)
    assert len(batches) == 4 and seen == [batches[0]] * 2


def test_looking_into_an_empty_stream_is_an_error():
    with pytest.raises(ValueError, match="gave no batches"):
        adapt(gen(0)).peek()


# ---------------------------------------------------------------- storage larger than memory


@pytest.fixture
def storage(tmp_path):
    x, y = np.arange(30.0).reshape(10, 3), np.arange(10)
    with h5py.File(tmp_path / "data.h5", "w") as f:
        f["x"], f["y"] = x, y
    np.save(tmp_path / "x.npy", x)
    with h5py.File(tmp_path / "data.h5") as f:
        mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
        yield {"h5py": f["x"], "memory-mapped": mapped, "sparse": scipy.sparse.coo_matrix(x)}, f["y"]


@pytest.mark.parametrize("kind", ["h5py", "memory-mapped", "sparse"])
@pytest.mark.parametrize("shuffle", [True, False, "batch"])
def test_large_storage_is_read_batch_by_batch(storage, kind, shuffle):
    x, y = storage[0][kind], storage[1]
    source = adapt(x, y, batch_size=4, shuffle=shuffle, memory_limit=0)
    assert source.peek()[1].tolist() == [0, 1, 2, 3]
    assert isinstance(source, StreamSource) and source.steps == 3
    batches = list(source.epoch(2))
    assert [len(b[0]) for b in batches] == [4, 4, 2]
    labels = np.concatenate([b[1] for b in batches])
    rows = np.concatenate([b[0] for b in batches])
    np.testing.assert_array_equal(rows[:, 0], labels * 3)
    assert sorted(labels) == list(range(10)) and (labels.tolist() == list(range(10))) == (shuffle is False)


def test_small_storage_is_read_at_once(storage):
    source = adapt(storage[0]["h5py"], storage[1])
    assert source.kind == "arrays" and source.size == 10


def test_storage_of_different_lengths_is_refused(storage):
    with pytest.raises(ValueError, match="same number of samples"):
        adapt(storage[0]["h5py"], np.ones(3), memory_limit=0)


@pytest.mark.parametrize("shuffle", [1, np.True_])
def test_whatever_is_true_shuffles_storage(storage, shuffle):
    x = storage[0]["h5py"]
    found = np.concatenate([x for x, *_ in adapt(x, shuffle=shuffle, batch_size=4, memory_limit=0).epoch(0)])
    assert not np.array_equal(found, x[:]) and np.array_equal(np.sort(found, 0), np.sort(x[:], 0))


def test_steps_without_a_size_divide_storage_as_they_divide_arrays(storage):
    x = storage[0]["h5py"]
    sizes = [adapt(data, steps=3, shuffle=False, memory_limit=0) for data in (x, x[:])]
    assert [len(batch[0]) for batch in sizes[0].epoch(0)][0] == sizes[1].batch_size


# ---------------------------------------------------------------- the queues of Keras 2


@pytest.mark.parametrize("processes", [False, True])
def test_ordered_enqueuer_repeats_the_data_in_order(processes):
    queue = OrderedEnqueuer(Data(3), use_multiprocessing=processes)
    queue.start(workers=2, max_queue_size=4)
    assert queue.is_running()
    batches = queue.get()
    assert numbers([next(batches) for _ in range(7)]) == [0, 1, 2, 0, 1, 2, 0]
    queue.stop()
    assert not queue.is_running() and not queue.run_thread.is_alive()


def test_generator_enqueuer_yields_what_the_generator_does():
    queue = GeneratorEnqueuer(gen(3), random_seed=1)
    queue.start()
    assert numbers(queue.get()) == [0, 1, 2]
    queue.stop()


def test_enqueuers_say_how_they_are_used():
    with pytest.raises(RuntimeError, match=r"call start\(\)"):
        next(OrderedEnqueuer(Data(3)).get())
    queue = OrderedEnqueuer(Data(3))
    queue.start()
    with pytest.raises(RuntimeError, match="already started"):
        queue.start()
    queue.stop()
    with pytest.raises(ValueError, match="cannot be shared by processes"):
        GeneratorEnqueuer(gen(1), use_multiprocessing=True)
    with pytest.raises(TypeError, match="one generator"):
        GeneratorEnqueuer()
    with pytest.warns(UserWarning, match="wait_time"):
        GeneratorEnqueuer(generator=gen(1), wait_time=0.1)


# ---------------------------------------------------------------- the real things, where they are installed


def test_a_real_data_loader_works():
    torch = pytest.importorskip("torch")
    data = torch.utils.data.TensorDataset(torch.arange(12.0).reshape(6, 2), torch.arange(6))
    source = adapt(torch.utils.data.DataLoader(data, batch_size=4))
    assert source.steps == 2 and source.peek()[0].shape == (4, 2)
    for _ in range(2):
        assert [b[1].tolist() for b in source] == [[0, 1, 2, 3], [4, 5]]
    assert adapt(torch.ones(3, 2, requires_grad=True)).arrays[0].dtype == np.float32


def test_real_grain_data_sets_work():
    grain = pytest.importorskip("grain")
    data = grain.MapDataset.source(np.arange(6)).map(lambda i: (np.full(2, i), i)).batch(2)
    for made in (data, data.to_iter_dataset()):
        source = adapt(made)
        for _ in range(2):
            assert [b[1].tolist() for b in source] == [[0, 1], [2, 3], [4, 5]]


def test_a_data_set_of_single_samples_is_no_stream_of_batches():
    class Samples:
        def __len__(self):
            return 3

        def __getitem__(self, index):
            return np.zeros(2), 1

    with pytest.raises(TypeError, match="derive the class from keras.utils.PyDataset.*DataLoader"):
        adapt(Samples())
