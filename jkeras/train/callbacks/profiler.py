"""Where the time of a fit goes: data, host, compilation, device; and a trace for the usual viewers."""

import functools
import sys
from pathlib import Path

import jax

from jkeras.core import placement
from jkeras.train.callbacks.base import Callback
from jkeras.train.timing import Clock


class Report:
    """Seconds of a fit by kind; `str` gives the table.

    Attributes: `total`, `data` (waiting for batches and copying them to the device), `host` (callbacks, progress, preparing
    calls), `compile`, `device` (from the call of a compiled program to its result), `steps`, `programs` (compiled),
    `from_cache` (of these, found on disk), `peak_memory` (bytes on the device, where it tells), `trace` (folder or None).
    """

    KINDS = ("data", "host", "compile", "device")

    def __init__(self, clock, epochs, steps, trace):
        self.total, self.epochs, self.steps, self.trace = clock.total, epochs, steps, trace
        self.data, self.host, self.compile, self.device = clock.data, clock.host, clock.compile, clock.device
        self.programs, self.from_cache = clock.programs, clock.from_cache
        self.peak_memory = (jax.local_devices()[0].memory_stats() or {}).get("peak_bytes_in_use")

    def __str__(self):
        lines = [
            f"{self.epochs} epochs, {self.steps} steps, {self.total:.3g} s",
            f"{'':8}{'seconds':>10}{'share':>8}{'a step':>12}",
        ]
        for kind in self.KINDS:
            seconds = getattr(self, kind)
            each = "once" if kind == "compile" else f"{seconds / max(1, self.steps) * 1e6:,.0f} µs"
            lines.append(f"{kind:8}{seconds:10.3f}{seconds / max(self.total, 1e-9):8.0%}{each:>12}")
        lines.append(f"{self.programs} programs compiled, {self.from_cache} of them found in the cache on disk")
        if self.peak_memory:
            lines.append(f"{self.peak_memory / 2**20:,.0f} MiB of device memory at most")
        if self.trace:
            lines.append(
                f"trace in {self.trace}: open it with TensorBoard or XProf, or the .json.gz in ui.perfetto.dev"
            )
        return "\n".join(lines)

    def __repr__(self):
        return f"<Report of {self.steps} steps: {self.total:.3g} s>"


class Profiler(Callback):
    """Splits the time of a fit into data, host, compilation and device; prints a short table at its end.

    `log_dir` is a folder for a trace of one epoch, number `trace_epoch` (the last one where there are fewer; the first
    one compiles), for TensorBoard, XProf or Perfetto; None writes no trace. `verbose=0` prints nothing. Afterwards `report`
    has the figures. Each call is waited for, so that a profiled fit is a little slower.
    Source: https://docs.jax.dev/en/latest/profiling.html

    Raises ValueError for a negative `trace_epoch`.

    >>> import jkeras, numpy as np
    >>> model = jkeras.Sequential([jkeras.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> profiler = Profiler(verbose=0)
    >>> _ = model.fit(np.ones((8, 3)), np.ones((8, 1)), epochs=2, batch_size=4, callbacks=[profiler], verbose=0)
    >>> profiler.report.steps
    4
    """

    def __init__(self, log_dir=None, trace_epoch=1, verbose=1):
        super().__init__()
        if trace_epoch < 0:
            raise ValueError(f"Profiler: trace_epoch must be 0 or more, received {trace_epoch!r}.")
        self.log_dir, self.trace_epoch, self.verbose = log_dir, trace_epoch, verbose
        self.report = None
        self._clock = None

    def on_train_begin(self, logs=None):
        """Starts the clocks."""
        self._clock, self._steps, self._epochs, self._tracing = Clock(), 0, 0, False
        self._traced = min(self.trace_epoch, max(0, self.params.get("epochs", 1) - 1))
        self._session = self.model._programs["session"]
        for name in ("run", "run_batch"):
            setattr(self._session, name, self._timed(getattr(self._session, name)))
        self._clock.start()

    def _timed(self, call):
        clock, session = self._clock, self._session

        @functools.wraps(call)
        def timed(mode, *args):
            annotation = jax.profiler.StepTraceAnnotation(mode, step_num=self._steps)
            with clock.span("device"), annotation:
                logs = call(mode, *args)
                jax.block_until_ready([v._cell for v in session.plan.metrics])
            if mode == "train":
                self._steps += args[-1] if isinstance(args[-1], int) else 1
            return logs

        return timed

    def on_epoch_begin(self, epoch, logs=None):
        """Begins the trace where it is this epoch's turn."""
        begins = self.log_dir is not None and epoch == self._traced and not self._tracing
        if begins and placement.is_main():  # of several processes one writes and prints
            Path(self.log_dir).mkdir(parents=True, exist_ok=True)
            jax.profiler.start_trace(str(self.log_dir))
            self._tracing = True

    def on_epoch_end(self, epoch, logs=None):
        """Ends the trace."""
        self._epochs += 1
        self._end_trace()

    def _end_trace(self):
        if self._tracing:
            self._tracing = False
            jax.profiler.stop_trace()

    def on_train_end(self, logs=None):
        """Makes the report."""
        self._stop()
        traced = self.log_dir if self.log_dir is not None and self._epochs > self._traced else None
        self.report = Report(self._clock, self._epochs, self._steps, traced)
        if self.verbose and placement.is_main():
            sys.stdout.write(f"{self.report}\n")

    def on_train_error(self):
        """Stops the clocks, without a report."""
        self._end_trace()
        self._stop()

    def _stop(self):
        self._clock.stop()
        for name in ("run", "run_batch"):
            vars(self._session).pop(name, None)


def profile(model, *args, log_dir=None, callbacks=None, **kwargs):
    """Runs `model.fit(*args, **kwargs)` and gives the report of where its time went; see `Profiler`.

    >>> import jkeras, numpy as np
    >>> model = jkeras.Sequential([jkeras.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> report = profile(model, np.ones((8, 3)), np.ones((8, 1)), batch_size=4, verbose=0)
    >>> report.total >= report.compile > 0, report.steps
    (True, 2)
    """
    from jkeras.train.callbacks.base import flatten

    profiler = Profiler(log_dir, verbose=0)
    model.fit(*args, callbacks=[*flatten(callbacks), profiler], **kwargs)
    return profiler.report
