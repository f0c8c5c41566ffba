"""The other processes of a job: who has ended, told within moments and by name.

JAX itself notices within its heartbeat that a process is gone, and then ends the others with words about services and tasks. Here
every process keeps a line to process 0, which tells the others. A line that closes without a farewell is a process that died.
"""

import atexit
import contextlib
import os
import secrets
import selectors
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator

GRACE = 5.0  # seconds that a computation may go on without a process that it needs: it fails by itself, or never ends
MESSAGE = struct.Struct("!cI")  # what, and of which process
HELLO = struct.Struct("!II")  # the job's secret number, and which process calls
ALIVE, DIED, LEFT, SILENT, HEARD = b".", b"D", b"L", b"S", b"H"
SENTENCES = {
    DIED: "process {one} of {count} has ended in the middle of the work",
    LEFT: "process {one} of {count} has left, while this one waits for it",
    SILENT: "process {one} of {count} has not been heard of for {silence:.0f} s; if that lasts, all stop within {rest:.0f} s",
    HEARD: "process {one} of {count} is heard of again",
}
ADVICE = "Start all processes again; with BackupAndRestore the run goes on where it was."


class Line:
    """The connection to one process."""

    def __init__(self, connection: socket.socket, peer: int | None):
        self.socket, self.peer, self.rest, self.heard = connection, peer, b"", time.monotonic()
        self.is_silent = False

    def send(self, what: bytes, one: int) -> None:
        """Says something, or nothing where the other side does not read."""
        with contextlib.suppress(OSError):
            self.socket.send(MESSAGE.pack(what, one))

    def read(self) -> bytes | None:
        """What came; None at the end of the line."""
        try:
            found = self.socket.recv(4096)
        except BlockingIOError:
            return b""
        except OSError:
            return None
        return found or None


class Watch:
    """Watches the other processes from a thread of its own until this one ends."""

    def __init__(self, number: int, count: int, timeout: float, end: Callable[[], None] | None = None):
        self.number, self.count, self.timeout = number, count, timeout
        self.gone: dict[int, bytes] = {}  # processes that died or left
        self.end, self.grace = end or _end, GRACE
        self.needs = 0  # computations that need all processes, at this moment
        self._since: float | None = None  # when such a computation was first seen without one of them
        self._told = False  # of the first that died or left: where others follow, that is why
        self._selector = selectors.DefaultSelector()
        self._lines: list[Line] = []
        self._secret, self._closing = 0, False
        self.pid = os.getpid()

    # ---- the lines

    def listen(self) -> tuple[int, int]:
        """Waits for the others, as process 0; gives port and secret number, which they need."""
        both = socket.has_dualstack_ipv6()
        family = socket.AF_INET6 if both else socket.AF_INET
        server = socket.create_server(("", 0), family=family, dualstack_ipv6=both, backlog=self.count)
        server.setblocking(False)
        self._selector.register(server, selectors.EVENT_READ, None)
        self._secret = secrets.randbits(32)
        return server.getsockname()[1], self._secret

    def call(self, host: str, port: int, secret: int) -> None:
        """Opens the line to process 0; raises OSError where there is no way to it."""
        connection = socket.create_connection((host, port), timeout=min(10.0, self.timeout))
        connection.sendall(HELLO.pack(secret, self.number))
        self._add(connection, 0)

    def _add(self, connection: socket.socket, peer: int | None) -> None:
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line = Line(connection, peer)
        self._lines.append(line)
        self._selector.register(connection, selectors.EVENT_READ, line)

    def start(self) -> None:
        """Begins to watch."""
        threading.Thread(target=self._run, name="jkeras-peers", daemon=True).start()
        os.register_at_fork(after_in_child=self._forget)
        atexit.register(self.leave)

    def leave(self) -> None:
        """Says farewell, so that nobody takes the end of this process for its death."""
        if os.getpid() == self.pid and not self._closing:
            self._closing = True
            self._tell(LEFT, self.number)

    def _forget(self) -> None:
        """In a forked process, which must not keep the lines open when its parent dies."""
        self._closing = True
        for line in self._lines:
            with contextlib.suppress(OSError):
                os.close(line.socket.detach())

    # ---- the thread

    def _run(self) -> None:
        beat = self.timeout / 10
        due = time.monotonic()
        while not self._closing:
            for key, _ in self._selector.select(min(beat, 1.0)):
                if key.data is None:
                    with contextlib.suppress(OSError):
                        self._add(key.fileobj.accept()[0], None)  # type: ignore[union-attr]
                else:
                    self._hear(key.data)
            now = time.monotonic()
            if now >= due:
                due = now + beat
                self._tell(ALIVE, self.number)
            for line in self._lines:
                waited = 0 if line.peer is None or line.peer in self.gone else now - line.heard
                if waited > self.timeout / 2 and not line.is_silent:
                    line.is_silent = True
                    self._note(SILENT, line.peer or 0)
            self._check(now)

    def _hear(self, line: Line) -> None:
        found = line.read()
        if found is None:
            self._close(line)
            return
        line.heard, line.rest = time.monotonic(), line.rest + found
        if line.peer is None:
            if len(line.rest) < HELLO.size:
                return
            (secret, peer), line.rest = HELLO.unpack(line.rest[: HELLO.size]), line.rest[HELLO.size :]
            if secret != self._secret or not 0 < peer < self.count:
                self._close(line)  # none of ours
                return
            line.peer = peer
        if line.is_silent:
            line.is_silent = False
            self._note(HEARD, line.peer or 0)
        while len(line.rest) >= MESSAGE.size:
            (what, one), line.rest = MESSAGE.unpack(line.rest[: MESSAGE.size]), line.rest[MESSAGE.size :]
            if what in SENTENCES and one < self.count:
                self._note(what, one)

    def _close(self, line: Line) -> None:
        self._selector.unregister(line.socket)
        line.socket.close()
        self._lines.remove(line)
        if line.peer is not None and line.peer not in self.gone:
            self._note(DIED, line.peer)

    def _tell(self, what: bytes, one: int) -> None:
        for line in tuple(self._lines):  # a farewell comes from another thread than the one that drops lines
            if line.peer is not None and line.peer != one:
                line.send(what, one)

    def _note(self, what: bytes, one: int) -> None:
        """Keeps, says and passes on what became known of a process."""
        if one == self.number or (one in self.gone and what in (DIED, LEFT)):
            return
        if what != LEFT:
            self._say(what, one)
        if what in (DIED, LEFT):
            self.gone[one] = what
        if self.number == 0:
            self._tell(what, one)

    def _say(self, what: bytes, one: int) -> None:
        if what in (DIED, LEFT):
            if self._told:
                return
            self._told = True
        numbers = {"one": one, "count": self.count, "silence": self.timeout / 2, "rest": self.timeout}
        text = SENTENCES[what].format(**numbers)
        advice = "" if what == HEARD else f" {ADVICE}"
        with contextlib.suppress(OSError):  # in one piece, and before JAX ends this process
            os.write(2, f"jkeras, process {self.number}: {text}.{advice}\n".encode())

    def _check(self, now: float) -> None:
        """Ends this process where it waits for one that is gone, as messages between devices may do for ever."""
        if not self.gone or not self.needs:
            self._since = None
            return
        self._since = now if self._since is None else self._since
        first, what = next(iter(self.gone.items()))
        # after a farewell something slow may be left to do that needs nobody
        if now - self._since > (self.grace if DIED in self.gone.values() else self.timeout):
            self._say(what, first)
            self.end()

    # ---- for those who compute

    def who(self, seconds: float = 1.0) -> str:
        """Says which processes are gone; a computation may fail before they are known to be."""
        until = time.monotonic() + seconds
        while not self.gone and time.monotonic() < until:
            time.sleep(0.01)
        return ", ".join(f"process {one} has {'ended' if what == DIED else 'left'}" for one, what in self.gone.items())


def _end() -> None:
    os._exit(1)


_watch: Watch | None = None


def watch(
    host: str, number: int, count: int, timeout: float, share: Callable[[tuple[int, int]], tuple[int, int]]
) -> None:
    """Begins to watch the other processes; ``share`` gives all of them what process 0 has.

    Raises OSError where process 0 cannot be reached.
    """
    global _watch
    made = Watch(number, count, timeout)
    port, secret = share(made.listen() if number == 0 else (0, 0))
    if number:
        made.call(host, port, secret)
    made.start()
    _watch = made


def who_is_gone() -> str:
    """Which processes have ended, in words; empty where nothing is known."""
    return _watch.who() if _watch is not None else ""


@contextlib.contextmanager
def needed() -> Iterator[None]:
    """What is computed inside needs all processes: this one ends soon after another has."""
    if _watch is None:
        yield
        return
    _watch.needs += 1
    try:
        yield
    finally:
        _watch.needs -= 1
