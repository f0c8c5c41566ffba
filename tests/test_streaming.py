"""Data larger than their share of device memory: streamed, with the numbers of data that lie on the device."""

import itertools

import jax
import numpy as np
import pytest

import jkeras
from jkeras import layers
from jkeras.train import passes, streaming
from jkeras.train.data import ArraySource
from jkeras.train.data_prefetch import Prefetch
from jkeras.train.data_stream import IteratorFeed, StreamSource

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((50, 5)).astype("float32"), RNG.integers(0, 3, 50)


@pytest.fixture
def share():
    yield jkeras.config.set_data_memory_share
    jkeras.config.set_data_memory_share(None)


def run(**kwargs):
    jkeras.utils.set_random_seed(0)
    model = jkeras.Sequential([layers.Input((5,)), layers.Dense(8, "relu"), layers.Dropout(0.2), layers.Dense(3)])
    loss = jkeras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"])
    history = model.fit(X, Y, batch_size=8, epochs=2, verbose=0, validation_split=0.3, **kwargs).history
    return dict(history), model.get_weights(), model.evaluate(X, Y, verbose=0)


@pytest.mark.parametrize("shuffle", [True, "batch", False])
def test_streamed_data_give_the_numbers_of_data_on_the_device(share, shuffle):
    expected = run(shuffle=shuffle)
    share(0)
    found = run(shuffle=shuffle)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6), found, expected)


def test_streamed_data_are_never_copied_whole(share, monkeypatch):
    share(0)
    monkeypatch.setattr(passes.Run, "data", lambda *_: pytest.fail("copied whole"))
    run()


def test_an_epoch_taken_up_in_the_middle_goes_on_with_the_batch_that_is_next():
    source = ArraySource(X, Y, batch_size=8, shuffle=True)
    whole, rest = (list(streaming.array_batches(source, 5, start)) for start in (0, 4))
    jax.tree.map(np.testing.assert_array_equal, whole[4:], rest)


def test_sources_share_the_room(share, monkeypatch):
    monkeypatch.setattr(streaming, "device_memory", lambda: 10_000)
    source = ArraySource(X, Y, batch_size=8)
    share(source.nbytes / 10_000)
    assert streaming.fits([source])
    assert not streaming.fits([source, source])


def test_what_lies_on_the_device_already_is_not_streamed(share):
    share(0)
    assert streaming.fits([ArraySource(jax.numpy.asarray(X), batch_size=8)])


def test_the_environment_and_the_setting_say_the_share(share, monkeypatch):
    assert jkeras.config.data_memory_share() == 0.5
    monkeypatch.setenv("JKERAS_DATA_MEMORY_SHARE", "0.25")
    assert jkeras.config.data_memory_share() == 0.25
    share(0.1)
    assert jkeras.config.data_memory_share() == 0.1


@pytest.mark.parametrize("value", [1.5, -1, "much", True])
def test_a_wrong_share_raises(value):
    with pytest.raises(ValueError, match="expected a number from 0"):
        jkeras.config.set_data_memory_share(value)


def test_a_wrong_share_in_the_environment_raises(monkeypatch):
    monkeypatch.setenv("JKERAS_DATA_MEMORY_SHARE", "half")
    with pytest.raises(ValueError, match="JKERAS_DATA_MEMORY_SHARE: expected a number from 0"):
        jkeras.config.data_memory_share()


# ------------------------------------------------- batches of a stream that go together


def fit_stream(batches, **options):
    jkeras.utils.set_random_seed(0)
    model = jkeras.Sequential([layers.Input((5,)), layers.Dense(4, "relu"), layers.Dropout(0.2), layers.Dense(3)])
    loss = jkeras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"])
    history = model.fit(batches, epochs=2, verbose=0, shuffle=False, **options).history
    return dict(history), model.get_weights()


class Loader:
    def __init__(self, batches):
        self.batches = batches

    def __iter__(self):
        return iter(self.batches)


def batches_of(sizes):
    ends, weights = np.cumsum(sizes), np.linspace(0, 1, 50, dtype="float32")
    return Loader([(X[e - n : e], Y[e - n : e], weights[:n]) for e, n in zip(ends, sizes, strict=True)])


def test_results_do_not_depend_on_how_many_batches_wait(monkeypatch):
    batches, taken = batches_of([4] * 12), []
    take = Prefetch.take
    monkeypatch.setattr(Prefetch, "take", lambda self, *_: taken.append(0) or [])
    alone = fit_stream(batches)
    monkeypatch.setattr(Prefetch, "take", lambda self, most, accept: taken.append(most) or take(self, most, accept))
    together = fit_stream(batches)
    assert taken.count(0) >= 24 and max(taken) == streaming.TOGETHER - 1
    jax.tree.map(np.testing.assert_array_equal, alone, together)


def test_batches_of_other_shapes_among_them_run_by_themselves_in_their_order(monkeypatch):
    batches = batches_of([4, 4, 4, 3, 4, 4, 7, 7, 4, 4, 4])
    together = fit_stream(batches)
    monkeypatch.setattr(streaming, "FEWEST", 1000)
    alone = fit_stream(batches)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5), alone, together)


def test_a_callback_that_looks_at_batches_sees_each_of_a_stream():
    seen = []
    look = jkeras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(batch))
    fit_stream(batches_of([4] * 6), callbacks=[look])
    assert seen == [*range(6)] * 2


def test_steps_of_an_epoch_take_no_more_of_an_endless_stream_than_they_want():
    def endless():
        for number in itertools.count():
            yield np.full((2, 5), number, "float32"), Y[:2]

    stream = StreamSource(IteratorFeed(endless()), steps=7)
    for first in (0, 7):
        batches = stream.epoch()
        found = [next(batches)[0][0, 0]]
        while len(found) < 7:
            found += [x[0, 0] for x, *_ in stream.more(3, lambda batch: True)] or [next(batches)[0][0, 0]]
        assert found == [*range(first, first + 7)] and next(batches, None) is None


def test_large_batches_and_text_do_not_go_together():
    assert streaming._together((np.zeros((2, 2**18), "float32"), None, None)) < streaming.FEWEST
    assert streaming._together((np.array(["a", "b"]), np.zeros(2), None)) == 0
    assert streaming._together((X[:4], Y[:4], None)) == streaming.TOGETHER
