"""Keras's progress bar: the text of Keras 3, of tf.keras and of Keras 2, on terminals, in notebooks and in files."""

import math
import os
import sys
import time
from typing import NamedTuple

import numpy as np

from jkeras.core import placement
from jkeras.core.config import get_setting, set_setting
from jkeras.core.declare import era_default, resolve_default


def enable_interactive_logging():
    """Progress and messages are printed to standard output (the default)."""
    set_setting("interactive_logging", True)


def disable_interactive_logging():
    """Progress and messages go to the logger "jkeras", level INFO, instead of standard output."""
    set_setting("interactive_logging", False)


def is_interactive_logging_enabled():
    """Are progress and messages printed?

    >>> is_interactive_logging_enabled()
    True
    """
    return get_setting("interactive_logging")


def print_msg(message, line_break=True):
    """Prints a message, or logs it where interactive logging is off; of several processes the main one does."""
    if not placement.is_main():
        return
    if not is_interactive_logging_enabled():
        import logging

        text = message.replace("\b", "").strip("\r\n")
        if text:
            logging.getLogger("jkeras").info(text)
        return
    text = message + "\n" if line_break else message
    try:
        sys.stdout.write(text)
    except UnicodeEncodeError:  # an ASCII terminal
        sys.stdout.write(text.replace("━", "=").encode("ascii", "replace").decode())
    sys.stdout.flush()


def display_mode():
    """Where standard output goes: "terminal", "notebook" or "file"."""
    out = sys.stdout
    if type(out).__module__.startswith("ipykernel") or type(out).__module__.startswith("google.colab"):
        return "notebook"
    if getattr(out, "isatty", bool)() or "PYCHARM_HOSTED" in os.environ:
        return "terminal"
    return "file"


# ---------------------------------------------------------------- the three generations of the text


def _colour_bar(width, share):
    full = int(width * share)
    done = f"\x1b[32m{'━' * full}\x1b[0m" if full else ""
    return f" {done}\x1b[37m{'━' * (width - full)}\x1b[0m"


def _arrow_bar(width, share):
    full = int(width * share)
    arrow = "" if not full else "=" * full if share >= 1 else "=" * (full - 1) + ">"
    return f" [{arrow}{'.' * (width - full)}]"


class Style(NamedTuple):
    """What differs between the generations."""

    width: int
    bar: object  # (width, share) -> text
    count: str  # of the counter
    time_left: str  # while it runs, and
    time_taken: str  # when it is done or the end is unknown
    rate_always: bool  # time per step even while it runs
    skips_first: bool  # the first step, which compiles, does not count in the time per step
    last_only: bool  # at the end, what is passed last replaces the averages
    line: str  # verbose 2
    epoch_of_one: bool  # "Epoch 1/1" is printed
    shows_last_batch: bool  # the last batch is shown before the epoch's end


STYLES = {
    "3": Style(
        20, _colour_bar, "\x1b[1m{}\x1b[0m", " \x1b[1m{}\x1b[0m", " \x1b[1m{}\x1b[0m", True, True, True,
        "{count} - {seconds}s - {rate}{values}\n", False, True,
    ),
    "tf2": Style(
        30, _arrow_bar, "{}", " - ETA: {}", " - {}", False, True, False,
        "{count} - {seconds}s{values} - {total} - {rate}\n", False, True,
    ),
    "2.2": Style(
        30, _arrow_bar, "{}", " - ETA: {}", " - {}", False, False, False, " - {seconds}s{values}\n", True, False,
    ),
}  # fmt: skip
_CODES = ("\x1b[1m", "\x1b[0m", "\x1b[32m", "\x1b[37m")
WIDTH, STYLE = era_default(20), era_default("3")


def plain(text):
    """The text without colours."""
    for code in _CODES:
        text = text.replace(code, "")
    return text


class Progbar:
    """A progress bar: `target` steps (None: unknown), shown at most every `interval` seconds.

    `verbose` 0 shows nothing, 1 a bar, 2 one line at the end. Values are averaged over the steps, except the
    `stateful_metrics`, shown as they are (or: only the `stateless_metrics` are averaged). The text is that of the
    Keras generation in force; into a file goes the last state only, one line. Raises ValueError where both kinds of
    metrics are given. Source: https://keras.io/api/utils/

    >>> bar = Progbar(3, verbose=2)
    >>> bar.update(3, [("loss", 0.5)])  # doctest: +ELLIPSIS
    3/3 - 0s - ...s/step - loss: 0.5000
    """

    def __init__(
        self, target, width=WIDTH, verbose=1, interval=0.05, stateful_metrics=None, *args, stateless_metrics=None,
        unit_name="step",
    ):  # fmt: skip
        # The sixth argument by position is unit_name in tf.keras, stateless_metrics in Keras 3.
        if args and isinstance(args[0], str):
            (unit_name,) = args
        elif args:
            stateless_metrics, unit_name = (*args, unit_name)[:2] if len(args) < 3 else args
        if stateful_metrics is not None and stateless_metrics is not None:
            raise ValueError("Progbar: give stateful_metrics or stateless_metrics, not both.")
        self.style = STYLES[resolve_default(type(self), "style", STYLE)]
        self.target = target
        self.width = self.style.width if width is WIDTH else width
        self.verbose = verbose
        self.interval = interval
        self.unit_name = unit_name
        self.stateful_metrics = None if stateless_metrics is not None else set(stateful_metrics or ())
        self.stateless_metrics = None if stateless_metrics is None else set(stateless_metrics)
        self._mode = display_mode()
        self._seen = 0
        self._values = {}  # name -> [sum, count]
        self._start = time.time()
        self._first = None  # (steps, time) when the first step was done
        self._shown_at = 0
        self._shown_width = 0

    def due(self):
        """Would an update now show something?"""
        return self.verbose == 1 and self._mode != "file" and time.time() - self._shown_at >= self.interval

    def first(self, current):
        """Says that the first step has just been done: the time so far does not count in the time per step."""
        self._first = (current, time.time())

    def update(self, current, values=None, finalize=None):
        """Shows `current` steps and the values, pairs (name, value of the steps since the last update)."""
        if finalize is None:
            finalize = self.target is not None and current >= self.target
        for name, value in values or ():
            self._add_value(name, value, current, finalize)
        self._seen = current
        now = time.time()
        per_unit = self._per_unit(current, now)
        if self.verbose == 1:
            unknown = self.target is None and not self.style.rate_always and not self.style.skips_first
            if now - self._shown_at < self.interval and not finalize and not unknown:
                return
            self._show(current, now, per_unit, finalize)
        elif self.verbose == 2 and finalize and self.target is not None and self.target > 0:
            elapsed = now - self._start
            line = self.style.line.format(
                count=self._count(current), seconds=f"{elapsed:.0f}", rate=_duration(per_unit, self.unit_name),
                total=_duration(elapsed, "epoch"), values=self._shown_values(signed=False),
            )  # fmt: skip
            print_msg(line, line_break=False)
        self._shown_at = now

    def add(self, n, values=None):
        """Goes `n` steps further."""
        self.update(self._seen + n, values)

    def _add_value(self, name, value, current, finalize):
        averaged = (
            name not in self.stateful_metrics if self.stateless_metrics is None else name in self.stateless_metrics
        )
        if not averaged or (finalize and self.style.last_only):
            self._values[name] = [value, 1]
            return
        # At an epoch's end of unknown length nothing new has been seen.
        weight = max(current - self._seen, 1 if self.style.skips_first else 0)
        total, count = self._values.get(name, (0, 0))
        self._values[name] = [total + value * weight, count + weight]

    def _count(self, current):
        digits = int(math.log10(self.target)) + 1
        return f"{current:{digits}d}/{self.target}"

    def _per_unit(self, current, now):
        """Seconds a step."""
        if not current:
            return 0
        if not self.style.skips_first:
            return (now - self._start) / current
        if self._first is not None and current > self._first[0]:
            seconds = (now - self._first[1]) / (current - self._first[0])
        else:
            seconds = (now - self._start) / current
        if current == 1:
            self._first = (1, now)
        return seconds

    def _show(self, current, now, per_unit, finalize):
        style, known = self.style, self.target is not None and self.target > 0
        if known:
            text = style.count.format(self._count(current)) + style.bar(self.width, current / self.target)
        else:
            text = f"{current:7d}/Unknown"
        running = known and not finalize
        if running:
            text += style.time_left.format(_clock(per_unit * (self.target - current)))
        else:
            text += style.time_taken.format(f"{now - self._start:.0f}s")
        if style.rate_always or not running:
            text += " " + _duration(per_unit, self.unit_name)
        text += self._shown_values()
        self._write(text, finalize)

    def _write(self, text, finalize):
        width = len(plain(text))
        if self._mode == "file":
            if finalize:
                print_msg(plain(text))
            return
        back = "\b" * self._shown_width if self._mode == "terminal" else ""
        rest = " " * (self._shown_width - width)
        print_msg(f"{back}\r{text}{rest}" + "\n" * finalize, line_break=False)
        self._shown_width = width

    def _shown_values(self, signed=True):
        shown = ""
        for name, (total, count) in self._values.items():
            if isinstance(total, str):
                shown += f" - {name}: {total}"
                continue
            value = float(np.mean(total)) / max(1, count)
            large = abs(value) > 1e-3 if signed else value > 1e-3
            shown += f" - {name}: {value:.4f}" if large else f" - {name}: {value:.4e}"
        return shown


def _clock(seconds):
    seconds = int(seconds)
    if seconds > 3600:
        return f"{seconds // 3600}:{seconds % 3600 // 60:02d}:{seconds % 60:02d}"
    if seconds > 60:
        return f"{seconds // 60}:{seconds % 60:02d}"
    return f"{seconds}s"


def _duration(seconds, unit):
    if seconds >= 1 or seconds == 0:
        return f"{seconds:.0f}s/{unit}"
    if seconds >= 1e-3:
        return f"{seconds * 1e3:.0f}ms/{unit}"
    return f"{seconds * 1e6:.0f}us/{unit}"
