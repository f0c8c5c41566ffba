"""The progress bar: real Keras's text on a terminal, one line in a file, few updates."""

import io
import json
import logging
import pathlib

import pytest

import jkeras as keras
from compat_tests.make_progress_golden import everything, printed
from jkeras.core import declare
from jkeras.train import progress
from jkeras.train.callbacks.progbar import ProgbarLogger
from jkeras.train.progress import Progbar

GOLDEN = pathlib.Path(__file__).parents[1] / "compat_tests" / "golden"
STYLES = {"keras3": "3", "tf_keras": "tf2", "keras224": "2.2"}
LOGGERS = {
    "logger": ProgbarLogger,
    "steps": lambda: ProgbarLogger("steps"),
    "samples": lambda: ProgbarLogger("samples"),
}


@pytest.fixture
def style(monkeypatch, request):
    monkeypatch.setitem(declare.era.defaults, ("Progbar", "style"), STYLES[request.param])
    return request.param


@pytest.mark.parametrize("style", STYLES, indirect=True)
def test_the_text_is_that_of_the_real_keras(style):
    golden = json.loads((GOLDEN / f"progress_{style}.json").read_text())["texts"]
    mine = everything(Progbar, LOGGERS)
    assert {k: mine[k] for k in golden} == golden


class File(io.StringIO):
    def isatty(self):
        return False


def in_file(monkeypatch, action):
    out = File()
    monkeypatch.setattr("sys.stdout", out)
    action()
    monkeypatch.undo()
    return out.getvalue()


def test_a_file_gets_one_plain_line(monkeypatch):
    def action():
        bar = Progbar(100)
        for i in range(1, 101):
            bar.update(i, [("loss", 1.0)])

    text = in_file(monkeypatch, action)
    assert text.startswith("100/100 ━━━━━━━━━━━━━━━━━━━━ 0s ") and text.endswith("/step - loss: 1.0000\n")
    assert text.count("\n") == 1 and "\x1b" not in text and "\b" not in text


def test_a_notebook_gets_no_backspaces(monkeypatch):
    monkeypatch.setattr(progress, "display_mode", lambda: "notebook")

    def action(clock):
        bar = Progbar(2)
        for i in (1, 2):
            clock(1)
            bar.update(i)

    text = printed(action)
    assert "\b" not in text and text.count("\r") == 2


def test_the_kind_of_output_is_recognised(monkeypatch):
    monkeypatch.delenv("PYCHARM_HOSTED", raising=False)
    monkeypatch.setattr("sys.stdout", File())
    assert progress.display_mode() == "file"
    monkeypatch.setenv("PYCHARM_HOSTED", "1")
    assert progress.display_mode() == "terminal"
    kernel = type("OutStream", (File,), {"__module__": "ipykernel.iostream"})
    monkeypatch.setattr("sys.stdout", kernel())
    assert progress.display_mode() == "notebook"


def test_at_most_ten_updates_a_second():
    def action(clock):
        logger = ProgbarLogger()
        logger.set_params({"verbose": 1, "epochs": 1, "steps": 1000})
        logger.on_train_begin()
        logger.on_epoch_begin(0)
        for i in range(1000):
            clock(0.002)
            logger.on_train_batch_end(i, {"loss": 1.0})
        logger.on_epoch_end(0, {"loss": 1.0})

    assert printed(action).count("\r") <= 22


def test_logs_are_not_read_before_they_are_shown():
    class Unread(dict):
        def items(self):
            raise AssertionError("read")

    def action(clock):
        logger = ProgbarLogger()
        logger.set_params({"verbose": 1, "epochs": 1, "steps": 3})
        logger.on_epoch_begin(0)
        clock(1)
        logger.on_train_batch_end(0, {"loss": 1.0})
        logger.on_train_batch_end(1, Unread())

    printed(action)


def test_the_interval_is_kept():
    def action(clock):
        bar = Progbar(10, interval=1)
        for i in range(1, 10):
            clock(0.25)
            bar.update(i)

    assert printed(action).count("\r") == 3


def test_the_sixth_argument_by_position_is_understood_both_ways():
    assert Progbar(3, 20, 1, 0.1, None, "sample").unit_name == "sample"
    bar = Progbar(3, 20, 1, 0.1, None, ["loss"], "sample")
    assert bar.stateless_metrics == {"loss"} and bar.unit_name == "sample"
    assert Progbar(3, 20, 1, 0.1, None, ["loss"]).unit_name == "step"


def test_both_kinds_of_metrics_are_refused():
    with pytest.raises(ValueError, match="not both"):
        Progbar(3, stateful_metrics=["a"], stateless_metrics=["b"])


def test_only_stateless_metrics_are_averaged():
    def action(clock):
        bar = Progbar(3, stateless_metrics=["a"])
        for i in (1, 2):
            clock(1)
            bar.update(i, [("a", i), ("b", i)])

    assert "- a: 1.5000 - b: 2.0000" in printed(action)


def test_text_may_be_a_value():
    assert "- state: good" in printed(
        lambda clock: Progbar(1, stateful_metrics=["state"]).update(1, [("state", "good")])
    )


def test_terminals_without_unicode_get_another_bar(monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(raw, encoding="ascii", write_through=True))
    Progbar(1).update(1)
    assert raw.getvalue().startswith(b"1/1 ====")


def test_without_interactive_logging_messages_go_to_the_logger(caplog, capsys):
    keras.config.disable_interactive_logging()
    try:
        assert not keras.utils.is_interactive_logging_enabled()
        with caplog.at_level(logging.INFO, "jkeras"):
            progress.print_msg("hello")
    finally:
        progress.enable_interactive_logging()
    assert caplog.messages == ["hello"] and capsys.readouterr().out == ""


def test_progbar_logger_refuses_an_unknown_count_mode():
    with pytest.raises(ValueError, match="'steps' or 'samples'"):
        ProgbarLogger("batches")


def test_progbar_logger_shows_the_length_of_a_stream_once_it_is_known():
    def action(clock):
        logger = ProgbarLogger()
        logger.set_params({"verbose": "auto", "epochs": 1, "steps": None})
        logger.on_epoch_begin(0)
        for i in range(3):
            clock(1)
            logger.on_train_batch_end(i, {"loss": 1.0})
        logger.on_epoch_end(0, {"loss": 1.0})

    text = printed(action)
    assert "      2/Unknown" in text and "3/3" in text
