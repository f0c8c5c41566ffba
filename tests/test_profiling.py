"""Profiles of a fit, counted compilations and the line that says why there are so many."""

import logging
import time

import numpy as np
import pytest

import jkeras
from jkeras import layers
from jkeras.callbacks import Callback, Profiler
from jkeras.train import timing

X, Y = np.ones((24, 5), "float32"), np.ones((24, 1), "float32")


def net(shape=(5,)):
    model = jkeras.Sequential([layers.Input(shape, name="sentence"), layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


class Slow(Callback):
    def on_epoch_end(self, epoch, logs=None):
        time.sleep(0.2)


def slow_batches():
    for _ in range(10):
        time.sleep(0.05)
        yield X, Y


def test_a_profile_splits_the_time_of_a_fit():
    report = jkeras.utils.profile(net(), X, Y, epochs=2, batch_size=8, verbose=0, callbacks=Slow())
    assert report.steps == 6 and report.programs > 0
    assert report.host > 0.35 and report.compile > 0
    assert sum((report.data, report.host, report.compile, report.device)) == pytest.approx(report.total, rel=0.05)


def test_waiting_for_a_stream_is_data_time():
    report = jkeras.utils.profile(net(), slow_batches(), verbose=0)
    assert report.steps == 10
    assert report.data > 0.1


def test_the_table_is_printed_and_names_every_part(capsys):
    net().fit(X, Y, epochs=1, verbose=0, callbacks=[Profiler()])
    table = capsys.readouterr().out
    assert table.startswith("1 epochs, 1 steps")
    assert all(f"\n{kind} " in table for kind in ("data", "host", "compile", "device"))


def test_a_trace_is_written(tmp_path):
    report = jkeras.utils.profile(net(), X, Y, epochs=2, verbose=0, log_dir=tmp_path / "trace")
    assert list(report.trace.rglob("*.xplane.pb"))
    assert str(tmp_path) in str(report)


def test_after_a_fit_that_fails_nothing_is_measured_any_more():
    class Fails(Callback):
        def on_epoch_end(self, epoch, logs=None):
            raise RuntimeError("stop")

    model = net()
    with pytest.raises(RuntimeError, match="stop"):
        model.fit(X, Y, verbose=0, callbacks=[Profiler(), Fails()])
    assert not timing._running
    assert "run" not in vars(model._programs["session"])
    model.fit(X, Y, verbose=0)


def test_profiled_training_gives_the_same_weights():
    weights = []
    for callbacks in ([], [Profiler(verbose=0)]):
        jkeras.utils.set_random_seed(0)
        model = net()
        model.fit(X, Y, batch_size=8, epochs=2, verbose=0, callbacks=callbacks)
        weights.append(model.get_weights())
    np.testing.assert_array_equal(weights[0][0], weights[1][0])


def lines(caplog):
    return [r.getMessage() for r in caplog.records if r.name == "jkeras" and "was compiled" in r.getMessage()]


def test_one_line_says_why_when_a_shape_changes_the_fourth_time(caplog):
    model = net((None, 2))
    with caplog.at_level(logging.INFO, "jkeras"):
        for length in (3, 4, 5, 6):
            model.train_on_batch(np.ones((2, length, 2)), np.ones((2, length, 1)))
        assert not lines(caplog)
        for length in (7, 8):
            model.train_on_batch(np.ones((2, length, 2)), np.ones((2, length, 1)))
    (line,) = lines(caplog)
    assert "input 'sentence' had the shapes (2, 3, 2), (2, 4, 2), (2, 5, 2), (2, 6, 2), (2, 7, 2)" in line
    assert "Pad to one shape" in line
    assert jkeras.utils.compilations(model) == {"fit": 6}


def test_batches_of_changing_size_get_the_advice_for_them(caplog):
    model = net()
    with caplog.at_level(logging.INFO, "jkeras"):
        for size in range(2, 8):
            model.test_on_batch(X[:size], Y[:size])
    (line,) = lines(caplog)
    assert "drop_remainder" in line and "sample weight of 0" in line


def test_compilations_are_counted_once_for_a_shape_and_anew_after_compile():
    model = net()
    for _ in range(2):
        model.fit(X[:20], Y[:20], batch_size=8, verbose=0)  # 2 batches of 8, one of 4
    assert jkeras.utils.compilations(model) == {"fit": 2}
    model.compile("sgd", "mse")
    assert jkeras.utils.compilations(model) == {}
