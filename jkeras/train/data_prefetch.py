"""A thread that runs an iterator ahead of its consumer."""

import contextvars
import threading
from collections import deque


class Prefetch:
    """Iterates `iterable` in a thread, at most `depth` items ahead, and yields them in order.

    What the iterable raises is raised by `next` where the item would have come, with the traceback of the place that
    raised it. `close` ends the thread; `left` then holds the items that nobody took.
    """

    def __init__(self, iterable, depth=10):
        self.depth = max(1, depth)
        self.left = deque()
        self._change = threading.Condition()
        self._stopped = self._done = False
        self._error = None
        # Scopes of the caller (custom objects, policies) hold in the thread, too.
        context = contextvars.copy_context()
        self.thread = threading.Thread(
            target=context.run, args=(self._run, iterable), name="jkeras-prefetch", daemon=True
        )
        self.thread.start()

    def _run(self, iterable):
        try:
            for item in iterable:
                with self._change:
                    while len(self.left) >= self.depth and not self._stopped:
                        self._change.wait()
                    self.left.append(item)
                    self._change.notify_all()
                    if self._stopped:
                        break
        except BaseException as error:  # SystemExit of a user's generator, too, belongs to the consumer
            self._error = error
        finally:
            with self._change:
                self._done = True
                self._change.notify_all()
            del iterable

    def __iter__(self):
        return self

    def __next__(self):
        with self._change:
            while not self.left and not self._done:
                self._change.wait()
            if self.left:
                item = self.left.popleft()
                self._change.notify_all()
                return item
        if self._error is not None:
            error, self._error = self._error, None
            raise error.with_traceback(users_part(error.__traceback__))
        raise StopIteration

    def take(self, most, accept):
        """Up to so many items that are there already, in order, up to the first one that is not accepted; waits for none."""
        taken = []
        with self._change:
            while self.left and len(taken) < most and accept(self.left[0]):
                taken.append(self.left.popleft())
            if taken:
                self._change.notify_all()
        return taken

    def close(self, timeout=1.0):
        """Ends the thread, waiting for the item in the making up to `timeout` seconds."""
        with self._change:
            self._stopped = True
            self._change.notify_all()
        if self.thread is not threading.current_thread():
            self.thread.join(timeout)


def users_part(traceback):
    """The part of a traceback from the first frame outside this package's data code on."""
    first = traceback
    while traceback is not None:
        module = traceback.tb_frame.f_globals.get("__name__", "")
        if not module.startswith(("jkeras.train.data", "concurrent.futures", "threading", "contextvars")):
            return traceback
        traceback = traceback.tb_next
    return first
