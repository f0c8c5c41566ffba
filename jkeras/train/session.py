"""The compiled programs of one model, and the cells they read and write."""

from typing import Any

import jax
import jax.numpy as jnp

from ..core import frame as frames
from ..core import placement
from ..core.variable import count_made
from ..nn.platform import arrived
from . import compiling, filling, host, measuring, programs, sharding, step
from .compiler import jit_for
from .step import Batch, Carry, Plan

SECONDS_PER_CALL = 0.1  # a progress bar moves, and Ctrl-C acts, about this often


class Pace:
    """How many steps to run in one call: as many as take about a tenth of a second."""

    def __init__(self) -> None:
        self.count, self._warm = 1, 0

    def measure(self, seconds: float, steps: int) -> None:
        """Learns from a call; the first one compiled."""
        self._warm += 1
        if self._warm == 1:
            self.count = 8
        elif seconds < SECONDS_PER_CALL / 2:
            self.count = steps * (2 if seconds <= 0 else max(2, min(1000, int(SECONDS_PER_CALL / seconds))))
        elif seconds > 2 * SECONDS_PER_CALL:
            self.count = max(1, int(steps * SECONDS_PER_CALL / seconds))


class Session:
    """The compiled programs of one model, as long as its Variables and what it was compiled with stay the same."""

    def __init__(self, model: Any, plan: Plan, split: sharding.Split | None = None):
        self.model, self.plan, self.split = model, plan, split
        if split is not None:
            split.settle(plan)
        self.jit = model._compiled.jit and host.can_compile(model)
        self.host_first = host.stands_first(model)
        self.version = getattr(model.optimizer, "version", 0)  # grows when the optimizer's compiled-in settings change
        self._epoch: dict[tuple, programs.EpochProgram] = {}
        self._streams: dict[str, Any] = {}
        self._results: Any = None
        self._reset: Any = None
        self._filled: tuple | None = None
        self.pace: dict[str, Pace] = {"train": Pace(), "test": Pace()}
        self._sizes: dict[tuple, filling.Sizes] = {}
        self._fills: bool | None = None
        self._seen: tuple = ()
        self._ordered: tuple[tuple, list[str]] | None = None

    def note_current(self) -> None:
        """The plan was made now: it stays the same as long as what ``is_current`` looks at does."""
        self._seen = self._look()

    def is_current(self) -> bool:
        """Has nothing changed that the plan depends on? Told without walking through the layers, where a graph names them."""
        plain = self.split is None and placement.current() is None and type(self.model).__module__.startswith("jkeras.")
        return plain and self.model._graph is not None and self._seen == self._look()

    def _look(self) -> tuple:
        model = self.model
        version = getattr(model.optimizer, "version", 0)
        return id(model._graph), id(model._compiled), id(model.optimizer), version, count_made(), len(vars(model))

    def ordered_names(self) -> list[str]:
        """The names of the results in their order."""
        if self._ordered is None or self._ordered[0] != self._look():
            self._ordered = self._look(), measuring.metrics_names(self.model)
        return self._ordered[1]

    def _step(self, mode: str) -> Any:
        if mode == "train":
            one = step.train_step(self.model, self.plan)
            return self._spread(lambda fixed, carry, batch: one(carry, batch), list(self.plan[:4]))
        one = (filling if mode == "filled" else step).test_step(self.model, self.plan)

        def test(fixed: tuple, carry: tuple, batch: Batch) -> tuple[tuple, dict]:
            after, logs = one(Carry(fixed[0], carry[0], fixed[1], carry[1]), batch)
            return (after.state, after.metrics), logs

        return self._spread(test, [self.plan.state, self.plan.metrics])

    def _spread(self, run: Any, carried: list) -> Any:
        return run if self.split is None else self.split.around(run, carried)

    def whole(self, tree: Any) -> Any:
        """Arrays on the device, or on all devices."""
        return arrived(jax.device_put(tree)) if self.split is None else self.split.data(tree)

    def placed(self, batch: Any) -> Any:
        """A batch on the device, or split over all devices."""
        return arrived(jax.device_put(batch)) if self.split is None else self.split.batch(batch)

    @property
    def part(self) -> Any:
        """Which rows of a batch this process needs, as a function of its size; None: all of all."""
        return None if self.split is None or self.host_first else self.split.part

    def _gather(self, mode: str) -> tuple[Any, Any]:
        if mode == "train":
            return (), programs.gather_carry(self.plan)
        plan = self.plan
        fixed = ([v.materialize() for v in plan.params], [v.materialize() for v in plan.optimizer])
        return fixed, (programs.gather(plan.state), programs.gather(plan.metrics))

    def _put_back(self, mode: str, carry: Any) -> None:
        if mode == "train":
            programs.put_back_carry(self.plan, carry)
        else:
            programs.put_back(self.plan.state, carry[0])
            programs.put_back(self.plan.metrics, carry[1])

    def run(self, mode: str, data: Any, order: Any, size: int, first: int, count: int) -> dict:
        """Runs ``count`` batches of ``size`` rows; the cells hold the result."""
        key = (mode, size, *programs.kind_of(data))
        program = self._epoch.get(key)
        if program is None:
            program = self._epoch[key] = programs.EpochProgram(self._step(mode), size, self.jit)
        fixed, carry = self._gather(mode)
        if self.split is not None and (self.split.several or (self.split.waits and not program.loops)):
            for i in range(count):  # every process makes the same calls, whatever its callbacks ask for
                carry, logs = program(fixed, carry, data, order, first + i * size, 1)
                self.split.wait(carry)
        else:
            carry, logs = program(fixed, carry, data, order, first, count)
            if self.split is not None:
                self.split.wait(carry)
        self._put_back(mode, carry)
        return logs

    def fills(self) -> bool:
        """Is evaluation done on data filled up to sizes compiled before? Asked when the outputs are known."""
        if self._fills is None:
            plain = self.jit and self.split is None and not self.host_first
            self._fills = plain and filling.is_exact(self.model)
        return self._fills

    def sizes(self, size: int, data: Any) -> filling.Sizes:
        """The numbers of batches of ``size`` rows that filled data were compiled for."""
        return self._sizes.setdefault((size, *programs.kind_of(data)), filling.Sizes())

    def run_batch(self, mode: str, batch: Batch) -> dict:
        """Runs one batch that is at hand."""
        if self.host_first:
            batch = self.placed(host.prepared(self.model, batch, mode == "train"))
        program = self._streams.get(mode)
        fixed, carry = self._gather(mode)
        if self.split is not None:
            batch = self.split.batch(batch)
        elif self.jit:
            batch = arrived(batch)
        if program is None:
            one = self._step(mode)
            program = jit_for(one, (fixed, carry, batch), donate_argnums=1) if self.jit else one
            self._streams[mode] = program
        carry, logs = program(fixed, carry, batch)
        if self.split is not None:
            self.split.wait(carry)
        self._put_back(mode, carry)
        return logs

    def run_filled(self, given: tuple, fresh: bool) -> dict[str, Any]:
        """The results of an evaluation after this filled batch; the metrics start anew if it is ``fresh``."""
        plan = self.plan
        params, state = ([v._cell for v in group] for group in plan[:2])
        if self._filled is None:
            metrics = self._initial()
            one = filling.batch_program(self.model, plan)
            self._filled = jit_for(one, (params, state, metrics, given)), metrics
        run, metrics = self._filled
        if not fresh:
            metrics = [v._cell for v in plan.metrics]
        results, metrics, changed = run(params, state, metrics, given)
        programs.put_back(plan.metrics, metrics)
        if changed:
            programs.put_back([plan.state[i] for i in changed], list(changed.values()))
        return results.as_dict() if isinstance(results, filling.Packed) else results

    # ---- metrics

    def reset_metrics(self) -> None:
        """Sets the metrics back, in one compiled call."""
        if type(self.model).reset_metrics.__module__ != "jkeras.models.model" or not self.jit:
            self.model.reset_metrics()
        else:
            programs.put_back(self.plan.metrics, self._initial())

    def _initial(self) -> list[jax.Array]:
        """New arrays of the metrics before any data."""
        model, plan = self.model, self.plan
        if self._reset is None:

            def reset() -> list[jax.Array]:
                values = {v: jnp.zeros(v.shape, v.array_dtype) for v in plan.metrics}
                with frames.Frame(values=values):
                    for m in measuring.metrics_of(model):
                        m.reset_state()
                return [values[v] for v in plan.metrics]

            places = {} if self.split is None else {"out_shardings": self.split.whole}
            self._reset = jax.jit(reset, **places)
        return self._reset()

    def results(self) -> dict[str, Any]:
        """Results of the metrics as they are now, by name."""
        model, plan = self.model, self.plan
        if self._results is None:

            def results(arrays: list[jax.Array]) -> dict[str, Any]:
                with frames.Frame(values=dict(zip(plan.metrics, arrays, strict=True))):
                    return measuring.metrics_result(model)

            # results of metrics written by users may not be traceable
            ours = all(type(m).__module__.startswith("jkeras.") for m in measuring.metrics_of(model))
            self._results = jax.jit(results) if ours and self.jit else results
        return self._results([v.materialize() for v in plan.metrics])


def session_of(model: Any, batch: Batch) -> Session:
    """The programs of a model for data like ``batch``; made anew when what they were made for has changed."""
    compiling.resolve(model, batch[0], batch[1])
    session = model._programs.get("session")
    if session is not None and session.is_current():
        return session
    split = sharding.split_of(model)
    with placement.scope(placement.current() if split is None else split.distribution):
        plan = step.make_plan(model)
    same = session is not None and session.version == getattr(model.optimizer, "version", 0)
    if same and (session.split is None) != (split is None):
        same = False
    same = same and (split is None or session.split.distribution is split.distribution)
    if not same or [list(map(id, g)) for g in session.plan[:4]] != [list(map(id, g)) for g in plan[:4]]:
        model._programs["session"] = session = Session(model, plan, split)
        model._programs["plan"] = plan
    session.note_current()
    return session
