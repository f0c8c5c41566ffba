"""One pass over the data: steps, the hooks between them, and where an exact resume takes up."""

import contextlib
import functools
import time
from collections.abc import Callable, Generator
from typing import Any

import jax
import numpy as np

from ..core import placement
from ..core.config import get_setting
from ..core.declare import current_era, era_default, resolve_default
from . import filling, streaming, timing
from .callbacks.base import CallbackList
from .data import ArraySource
from .data_shared import Turn
from .interrupts import Deferred
from .logs import Logs
from .session import Session
from .step import Batch, Plan


class Run:
    """What the loop hands from epoch to epoch: session, callbacks, data."""

    def __init__(self, session: Session, callbacks: CallbackList, interrupts: Deferred):
        self.session, self.callbacks, self.interrupts = session, callbacks, interrupts
        self.model = session.model
        self.last_logs: dict = {}
        self._on_device: dict[int, tuple[Any, Any]] = {}
        self._whole: dict[int, tuple[Any, bool]] = {}  # by source: is it copied to the device at once?
        self.position = Position()
        # Keras 2.2 told batch hooks the number and the size of the batch among the logs
        self._tells_size = resolve_default(type(self.model), "logs_tell_size", era_default(False))
        self._size = 0
        # and went on with data for validation where the last one had ended
        self._goes_on = resolve_default(type(self.model), "validation_goes_on", era_default(False))
        self.fills = False  # may evaluation fill its data up? Those of a validation are the same each time

    def data(self, source: ArraySource) -> Any:
        """The arrays of a source on the device, moved there once."""
        found = self._on_device.get(id(source))
        if found is None:
            found = self._on_device[id(source)] = (source, self.session.whole(source.arrays))
        return found[1]

    def _fits(self, source: ArraySource) -> bool:
        """Is there room on the device for this source beside the others? Decided once."""
        if id(source) not in self._whole:
            there = [one for one, whole in self._whole.values() if whole]
            split = self.session.split
            on_host = source.host_only or self.session.host_first
            fits = not on_host and streaming.fits([*there, source], 1 if split is None else split.copies())
            self._whole[id(source)] = (source, fits and (split is None or split.keeps_whole(source)))
        return self._whole[id(source)][1]

    def logs(self) -> Logs:
        """The metrics of the moment, computed when somebody reads them."""
        if self.last_logs:
            return Logs(self.last_logs)
        return Logs.later(self._names, self.session.results)

    @functools.cached_property
    def _names(self) -> list[str]:
        names = self.session.ordered_names()
        return sorted(names) if current_era() == "3" else names

    def final_logs(self) -> Logs:
        """The metrics of a finished pass, read from the device."""
        return in_order(Logs(self.last_logs or self.session.results()), self.session.ordered_names)

    def epoch(self, mode: str, source: Any, rng: Any) -> int:
        """One pass; gives the number of steps done."""
        self.last_logs = {}
        start = 0
        if mode == "train":
            start = self.position.begin_epoch(source, rng)
        elif not self._goes_on:
            source.restart()
        here = source.kind == "arrays" and self._fits(source)
        if here and mode == "test" and self.fills and self.session.fills():
            return self._filled_epoch(source)
        if not start:
            self.session.reset_metrics()
        if here:
            return self._array_epoch(mode, source, rng, start)
        return self._stream_epoch(mode, source, rng, start)

    @staticmethod
    def is_over(source: Any, look: bool = False) -> bool:
        """Has a stream ended that cannot be begun anew? ``look``: at its next batch, too."""
        return source.kind == "stream" and (source.is_over() if look else source.exhausted)

    def _array_epoch(self, mode: str, source: ArraySource, rng: Any, start: int) -> int:
        size, limit = source.batch_size, get_setting("max_steps_per_epoch")
        with timing.span("data"):
            data = self.data(source)
            order = source.order(rng)[: None if limit is None else limit * size]
            full, rest = divmod(len(order), size)
            order = self.session.whole(order)
        done, self._size = start, size
        while done < full and not self._stopped(mode):
            count = self._until_hook(mode, done, full - done)
            done = self._chunk(mode, data, order, size, done, count)
        if rest and done == full and not self._stopped(mode):
            self._size = rest
            self._begin(mode, done)
            self.last_logs = self.session.run(mode, data, order, rest, full * size, 1)
            done += 1
            self._end(mode, done)
        return done

    def _filled_epoch(self, source: ArraySource) -> int:
        """Evaluation in parts of sizes that are compiled already, if it may be."""
        size, done, begin, stop = source.batch_size, 0, 0, source.size
        if source.given_steps is not None:
            order = source.order()
            begin, stop = int(order[0]), int(order[-1]) + 1
        if (limit := get_setting("max_steps_per_epoch")) is not None:
            stop = min(stop, begin + limit * size)
        most = max(1, filling.PART_BYTES // filling.batch_bytes(source))
        rows = self.session.sizes(size, source.arrays).choose(stop - begin, size, most)
        for first in range(begin, stop, rows):
            last = min(first + rows, stop)
            with timing.span("data"):
                part = filling.part_of(source, first, last, rows)
            done = (self._filled_batch if rows <= size else self._filled_part)(part, done, size, last - first)
        return done

    def _filled_batch(self, part: tuple, done: int, size: int, rows: int) -> int:
        self._size = rows
        self._begin("test", done)
        self.last_logs = self.session.run_filled(part, fresh=not done)
        self._end("test", done + 1)
        return done + 1

    def _filled_part(self, part: tuple, done: int, size: int, rows: int) -> int:
        if not done:
            self.session.reset_metrics()
        with timing.span("data"):
            data, places = self.session.whole(part), self.session.whole(np.arange(len(part[1]), dtype=np.int32))
        steps, at = -(-rows // size), 0
        while at < steps:
            self._size = size if at < steps - 1 else rows - at * size
            wanted = self._until_hook("test", done + at, steps - at)
            at = self._chunk("filled", data, places, size, at, wanted, done)
        return done + steps

    def _until_hook(self, mode: str, done: int, left: int) -> int:
        wanted = self.callbacks.batches_until_hook(done, mode)
        return left if wanted is None else min(max(wanted, self.model._compiled.steps_per_execution), left)

    def _chunk(self, mode: str, data: Any, order: Any, size: int, done: int, count: int, before: int = 0) -> int:
        """Runs batches from number ``done`` on; ``before`` were in parts of the data that are gone."""
        program, mode = mode, "test" if mode == "filled" else mode
        pace = self.session.pace[mode]
        count = min(count, max(pace.count, self.model._compiled.steps_per_execution))
        self._begin(mode, before + done)
        start = time.perf_counter()
        self.last_logs = self.session.run(program, data, order, size, done * size, count)
        if count >= pace.count:  # a whole call's worth: wait for it, so that calls do not pile up
            jax.block_until_ready(self.session.plan.metrics[0]._cell)
            pace.measure(time.perf_counter() - start, count)
        self._end(mode, before + done + count)
        return done + count

    def _stream_epoch(self, mode: str, source: Any, rng: Any, start: int) -> int:
        done, last = start, get_setting("max_steps_per_epoch")
        fills = mode == "test" and self.fills and self.session.fills()
        groups = streaming.Groups(source, self.session)
        found = streaming.epoch(source, rng, start, self.session.placed, self.session.part)
        with contextlib.closing(found):  # its thread ends here, also where an error leaves the pass
            for batch in found:
                if self._stopped(mode):
                    break
                if isinstance(batch, Turn):
                    batch = self.session.split.taken(batch, source.template)
                self._size = next((len(a) for a in jax.tree.leaves(batch) if np.ndim(a)), 0) if self._tells_size else 0
                self._begin(mode, done)
                done += self._fill_one(batch) if fills else self._group(mode, groups, batch, done, last)
                self._end(mode, done)
                if done == last:
                    break
        if done == 0 and not self._stopped(mode) and not (mode == "train" and self.is_over(source)):
            raise ValueError("The data gave no batch at all; check the generator or the length of the Sequence.")
        return done

    def _fill_one(self, batch: Any) -> int:
        """Evaluates a batch of a stream, filled up to a size that is compiled already."""
        rows = len(jax.tree.leaves(batch)[0])
        found = filling.filled(batch, self.session.sizes(0, batch).at_least(rows))
        self.last_logs = self.session.run_batch("filled", found)
        return 1

    def _group(self, mode: str, groups: streaming.Groups, batch: Any, done: int, last: int | None) -> int:
        """Runs a batch, and those after it that can join it before a callback wants to look; gives their number."""
        wanted = self.callbacks.batches_until_hook(done, mode)
        limits = [n for n in (wanted, None if last is None else last - done) if n is not None]
        group = groups.of(batch, min(limits, default=streaming.TOGETHER))
        if group is None:
            self.last_logs = self.session.run_batch(mode, batch)
            return 1
        self.last_logs = self.session.run(mode, group.data, group.order, group.size, 0, group.count)
        return group.count

    def _stopped(self, mode: str) -> bool:
        return mode == "train" and self.model.stop_training

    def _begin(self, mode: str, number: int) -> None:
        hook = self.callbacks.on_train_batch_begin if mode == "train" else self.callbacks.on_test_batch_begin
        hook(number, *([{"batch": number, "size": self._size}] if self._tells_size else []))

    def _end(self, mode: str, done: int) -> None:
        hook = self.callbacks.on_train_batch_end if mode == "train" else self.callbacks.on_test_batch_end
        if mode == "train":
            self.position.batches = done
        logs = self.logs()
        hook(done - 1, logs.with_head({"batch": done - 1, "size": self._size}) if self._tells_size else logs)
        self.interrupts.check()


def in_order(logs: Logs, names: Callable[[], list[str]]) -> Logs:
    """The values of ``logs``, as the era orders them: by the alphabet, or as ``names()``, which come first."""
    found = dict(logs.items())
    if current_era() == "3":
        return Logs(sorted(found.items()))
    first = {logs.stored_name(n): None for n in names()}
    return Logs({k: found[k] for k in (*first, *(k for k in found if k not in first)) if k in found})


def single_batch(session: Session, source: Any) -> Logs | None:
    """The results of an evaluation without callbacks whose data are one batch; None if it is not of that kind."""
    if source.kind != "arrays" or source.given_steps or source.size > source.batch_size or not session.fills():
        return None
    sizes = session.sizes(source.batch_size, source.arrays)
    rows = sizes.choose(source.size, source.batch_size, 1)
    if rows > source.batch_size or source.host_only:
        return None
    return Logs(session.run_filled(filling.filled(source.arrays, rows), fresh=True))


class Position:
    """Where a run stands, for an exact resume: data, shuffling, and the Variables that are no weights."""

    def __init__(self) -> None:
        self.plan: Plan | None = None
        self.source: Any = None
        self.rng: Any = None
        self.batches = 0
        self._at_start: dict[str, Any] = {}
        self._resumed: dict[str, Any] | None = None

    def begin_epoch(self, source: Any, rng: Any) -> int:
        """Notes where an epoch starts; gives the number of its batches that a resumed run has done already."""
        done = 0
        if self._resumed is not None:
            state, self._resumed = self._resumed, None
            rng.bit_generator.state = state["rng"]
            done = state["batches"]
            if source.kind == "arrays":
                source.set_state(state["source"])
            else:
                source.restore(state["source"])
        is_array = source.kind == "arrays"
        self._at_start = {"rng": rng.bit_generator.state, "source": source.get_state() if is_array else None}
        self.source, self.rng, self.batches = source, rng, done
        return done

    def get_state(self) -> dict[str, Any]:
        """What ``set_state`` of a new run needs."""
        assert self.plan is not None
        kept = [placement.to_host(v.materialize()) for v in (*self.plan.state, *self.plan.metrics)]
        whole = self.source is None or self.finished
        state = dict(self._at_start)
        if whole and self.rng is not None:
            state["rng"] = self.rng.bit_generator.state
            state["source"] = self.source.get_state() if self.source.kind == "arrays" else None
        if self.source is not None and self.source.kind != "arrays":  # its position has what it drew for this pass
            state["rng"], state["source"] = self.rng.bit_generator.state, self.source.position
        return {**state, "batches": 0 if whole else self.batches, "variables": kept}

    finished = False  # is the epoch over, its validation included?

    def set_state(self, state: dict[str, Any]) -> None:
        """Goes on from what ``get_state`` gave."""
        assert self.plan is not None
        for v, value in zip((*self.plan.state, *self.plan.metrics), state["variables"], strict=True):
            v.assign(value)
        self._resumed = state


def batches(source: Any, rng: Any) -> Generator[Batch]:
    """The batches of one pass over a source, one by one."""
    if source.kind == "arrays":
        order = source.order(rng)
        for first in range(0, len(order), source.batch_size):
            yield source.slice(order[first : first + source.batch_size])
    else:
        yield from source.epoch(rng)


def first_batch(source: Any) -> Batch:
    """Arrays that look like the first batch, to build the model and to check shapes with."""
    if source.kind == "arrays":
        return source.slice(slice(0, min(source.batch_size, source.size)))
    return source.peek()


def pass_params(source: Any, verbose: int) -> dict[str, Any]:
    """What callbacks know of one pass over a source."""
    most, steps = get_setting("max_steps_per_epoch"), source.steps
    return {
        "epochs": 1,
        "steps": steps if most is None else min(most, steps or most),
        "verbose": verbose,
        "samples": getattr(source, "size", None),
        "batch_size": getattr(source, "batch_size", None),
    }
