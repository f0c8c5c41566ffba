"""Data larger than their share of device memory: streamed, with the numbers of data that lie on the device."""

import jax
import numpy as np
import pytest

import jkeras
from jkeras import layers
from jkeras.train import passes, streaming
from jkeras.train.data import ArraySource

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
