"""Ctrl-C and SIGTERM wait for the end of a step, so that a model is never left between two."""

import signal
import threading
from types import FrameType
from typing import Any


class Deferred:
    """Inside ``with Deferred() as interrupts:`` a signal is noted; ``interrupts.check()``, or the end, raises what it means.

    A second Ctrl-C acts at once, for programs that hang.
    """

    def __init__(self) -> None:
        self.received: int | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> "Deferred":
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                handler = signal.getsignal(number)
                if callable(handler) or number == signal.SIGTERM and handler is signal.SIG_DFL:
                    self._before[number] = signal.signal(number, self._note)
        return self

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.received is not None:
            self._restore()
            self.received = None
            raise KeyboardInterrupt
        self.received = number

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()

    def __exit__(self, *_: object) -> None:
        try:
            self.check()  # it may have come after the last step
        finally:
            self._restore()

    def check(self) -> None:
        """Raises KeyboardInterrupt or SystemExit, or calls the user's own handler, if a signal came."""
        if self.received is None:
            return
        number, self.received = self.received, None
        handler = self._before.get(number)
        if number == signal.SIGINT and handler in (None, signal.default_int_handler):
            raise KeyboardInterrupt
        if callable(handler):
            handler(number, None)
        else:
            raise SystemExit(128 + number)
