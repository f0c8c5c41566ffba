"""Clocks that split a run into time for data, compilation, the device and the host; off unless somebody profiles."""

import contextlib
import time
from collections.abc import Iterable, Iterator
from typing import Any

COMPILED = "/jax/core/compile/backend_compile_duration"
COMPILE_EVENTS = ("/jax/core/compile/jaxpr_trace_duration", "/jax/core/compile/jaxpr_to_mlir_module_duration", COMPILED)
CACHE_HIT = "/jax/compilation_cache/cache_hits"

_running: list["Clock"] = []


class Clock:
    """Seconds by kind between ``start`` and ``stop``; ``host`` is what no other kind explains."""

    def __init__(self) -> None:
        self.data = self.device = self.total = 0.0
        self.programs = self.from_cache = 0
        self._compiling: list[tuple[float, float]] = []  # spans, disjoint and in order

    @property
    def compile(self) -> float:
        """Seconds of tracing and compiling."""
        return sum(end - begin for begin, end in self._compiling)

    @property
    def host(self) -> float:
        """Seconds of everything else: callbacks, progress, preparing calls."""
        return max(0.0, self.total - self.data - self.device - self.compile)

    def start(self) -> None:
        """Begins to listen."""
        from jax import monitoring

        monitoring.register_event_time_span_listener(self._span)
        monitoring.register_event_listener(self._event)
        _running.append(self)
        self._begin = time.perf_counter()

    def stop(self) -> None:
        """Ends it."""
        from jax import monitoring

        self.total += time.perf_counter() - self._begin
        _running.remove(self)
        monitoring.unregister_event_time_span_listener(self._span)
        monitoring.unregister_event_listener(self._event)

    def _span(self, event: str, begin: float, end: float, **_: Any) -> None:
        if event not in COMPILE_EVENTS:
            return
        self.programs += event == COMPILED
        while self._compiling and self._compiling[-1][0] >= begin:  # parts of what has ended now
            self._compiling.pop()
        if self._compiling:
            begin = max(begin, self._compiling[-1][1])
        self._compiling.append((begin, max(begin, end)))

    def _event(self, event: str, **_: Any) -> None:
        self.from_cache += event == CACHE_HIT

    @contextlib.contextmanager
    def span(self, kind: str) -> Iterator[None]:
        """Counts the time inside for a kind, without what is compiled there."""
        before, begin = self.compile, time.perf_counter()
        try:
            yield
        finally:
            spent = time.perf_counter() - begin - (self.compile - before)
            setattr(self, kind, getattr(self, kind) + max(0.0, spent))


def span(kind: str) -> Any:
    """The time inside counts for a kind on the innermost running clock, if there is one."""
    return _running[-1].span(kind) if _running else contextlib.nullcontext()


def waited(batches: Iterable[Any]) -> Iterator[Any]:
    """The batches; the time they are waited for counts as data."""
    if not _running:
        yield from batches
        return
    iterator = iter(batches)
    while True:
        with span("data"):
            try:
                batch = next(iterator)
            except StopIteration:
                return
        yield batch
