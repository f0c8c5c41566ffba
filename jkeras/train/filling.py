"""Evaluation of any number of rows by two programs: data are filled up to a size that was compiled before; what was added counts
nowhere.

It is done where the result is known to stay the same but for rounding: rows that the model treats one by one, losses and metrics of
this package that treat them so too, and no code of the user's in between. Everything else is evaluated as it is, which compiles
anew for each number of rows (``python -m benchmarks lengths``).
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .. import losses, metrics
from ..core import calling
from ..core import frame as frames
from ..core.purity import rows_are_independent
from ..metrics.confusion import ThresholdMetric
from ..metrics.f_score import _FScore
from ..metrics.reduction import FunctionMean
from . import measuring, programs, recompiling
from .step import Carry, Plan, form_of, frame_for

PART_BYTES = 2**25  # of the data that one call of the compiled program sees
# where the functions live that give each row its own value
BY_ROW = frozenset(
    f"jkeras.{name}"
    for name in "losses.regression losses.probabilistic losses.hinge losses.similarity metrics.accuracy".split()
)
STEPS = ("test_step", "compute_loss", "compute_metrics", "get_metrics_result")


# ------------------------------------------------- where it gives the same


def is_exact(model: Any) -> bool:
    """Do rows without weight leave loss and metrics of this model as they are?"""
    compiled = model._compiled
    if compiled.added or compiled.era in ("1", "2.2") or not type(model).__module__.startswith("jkeras."):
        return False
    if any(form_of(model, name) != "default" for name in STEPS) or not rows_are_independent(model):
        return False
    if any(getattr(one, "activity_regularizer", None) is not None for one in model._flatten_layers()):
        return False
    if getattr(model, "_extras", None):
        return False
    for output in compiled.outputs or []:
        if output.loss is not None and not _is_exact_loss(output.loss):
            return False
        if not all(map(_is_exact_metric, [*output.metrics, *output.weighted])):
            return False
    return True


def _is_exact_loss(loss: Any) -> bool:
    if type(loss).__call__ is not losses.Loss.__call__ or not type(loss).__module__.startswith("jkeras.losses."):
        return False
    if loss.reduction in ("none", None, "mean_with_sample_weight") or not hasattr(loss, "fn"):
        return False
    return _is_by_row(loss.fn, loss._arguments())


def _is_exact_metric(metric: Any) -> bool:
    if not type(metric).__module__.startswith("jkeras.metrics."):
        return False
    if isinstance(metric, FunctionMean):
        return _is_by_row(metric._fn, metric._arguments())
    return isinstance(metric, (ThresholdMetric, _FScore)) or type(metric) is metrics.RootMeanSquaredError


def _is_by_row(fn: Any, arguments: dict) -> bool:
    plain = arguments.get("axis", -1) == -1 and arguments.get("ignore_class") is None
    return plain and getattr(fn, "__module__", None) in BY_ROW


# ------------------------------------------------- the step


def test_step(model: Any, plan: Plan) -> Any:
    """``carry, logs = step(carry, (batch, valid))``: evaluation of the rows of a batch where ``valid`` (batch,) is True."""

    def step(carry: Carry, given: tuple) -> tuple[Carry, dict]:
        (x, y, weight), valid = given
        recompiling.note(model, "test", given[0])
        with frame_for(plan, plan.bound(carry), False) as frame:
            y_pred = calling.call(model, (x,), {"training": False})
            outputs = jax.tree.leaves(y_pred)
            masks = [frames.get_mask(p) for p in outputs]
            for p, m in zip(outputs, masks, strict=True):
                frames.set_mask(p, valid if m is None else jnp.asarray(m).astype(bool) & _beside(valid, m))
            count = jnp.sum(valid)
            loss = measuring.compute_loss(model, x, y, y_pred, weight, rows=count)
        with frame_for(plan, frame.values, False) as frame:
            for p, m in zip(outputs, masks, strict=True):
                if m is not None:
                    frames.set_mask(p, m)
            model._compiled.loss_tracker.update_state(loss, sample_weight=count)
            weights = [_both(valid, w) for w in model._compiled.parts(weight)]
            for output, t, p, w in zip(
                model._compiled.outputs, model._compiled.parts(y), outputs, weights, strict=True
            ):
                if t is not None:
                    measuring.update_output(output, t, p, w, model._compiled.era, counts=valid.astype("float32"))
        return plan.carry_from(frame.values), {}

    return step


def batch_program(model: Any, plan: Plan) -> Any:
    """``results, metrics, changed = run(params, state, metrics, ((x, y, weight), valid))``: the step, and the results after it.

    One call and one array to fetch, where setting the metrics back, the step and their results took three and as many to fetch:
    0.45 -> 0.12 ms for one row (``python -m benchmarks row``). What the call did not change of ``state`` does not come back.
    """
    plan = plan._replace(optimizer=[])
    step = test_step(model, plan)

    def run(params: list, state: list, metrics: list, given: tuple) -> tuple[Any, list, dict[int, Any]]:
        after, _ = step(Carry(params, state, [], metrics), given)
        with frame_for(plan, plan.bound(after), False):
            results = measuring.metrics_result(model)
        changed = {i: new for i, (old, new) in enumerate(zip(state, after.state, strict=True)) if new is not old}
        return packed(results), after.metrics, changed

    return run


@jax.tree_util.register_pytree_node_class
class Packed:
    """Numbers by name, in one array."""

    def __init__(self, names: tuple, numbers: Any):
        self.names, self.numbers = names, numbers

    def tree_flatten(self) -> tuple:
        """For JAX."""
        return (self.numbers,), self.names

    @classmethod
    def tree_unflatten(cls, names: tuple, children: tuple) -> "Packed":
        """For JAX."""
        return cls(names, *children)

    def as_dict(self) -> dict[str, float]:
        """The numbers on the host."""
        return dict(zip(self.names, np.asarray(self.numbers).tolist(), strict=True))


def packed(results: dict[str, Any]) -> Any:
    """Numbers in one array; anything else as it is."""
    if any(jnp.shape(v) or jnp.result_type(v) != jnp.float32 for v in results.values()):
        return results
    return Packed(tuple(results), jnp.stack(list(results.values())))


def _beside(valid: Any, like: Any) -> Any:
    return valid.reshape(valid.shape + (1,) * (jnp.ndim(like) - 1))


def _both(valid: Any, weight: Any) -> Any:
    if weight is None:
        return valid.astype("float32")
    return weight * _beside(valid, weight).astype(weight.dtype)


# ------------------------------------------------- the data


class Sizes:
    """How many rows the compiled programs take; there are at most two of them for arrays."""

    def __init__(self) -> None:
        self.known: list[int] = []

    def choose(self, rows: int, size: int, most: int) -> int:
        """The rows of a part of ``rows`` in batches of ``size``, of which ``most`` fit into a part: 1, a batch, or several."""
        single = rows <= size
        enough = [n for n in self.known if n >= rows]
        good = [n for n in enough if n <= size] if single else enough
        if good or len(self.known) == 2:
            return min(good or enough, default=max(self.known))
        batches = -(-rows // size)
        if single:
            wanted = 1 if rows == 1 else size
        else:
            wanted = size * (most if self.known else min(batches, most))
        if wanted not in self.known:
            self.known.append(wanted)
        return wanted

    def at_least(self, rows: int) -> int:
        """The smallest known number that is not below ``rows``; it is known from now on."""
        found = min((n for n in self.known if n >= rows), default=rows)
        if found not in self.known:
            self.known.append(found)
        return found


def part_of(source: Any, first: int, stop: int, rows: int) -> tuple:
    """((x, y, weight), valid) of rows ``first`` to ``stop``, filled up to so many with the last one."""
    return filled(source.slice(slice(first, stop)), rows)


def filled(batch: Any, rows: int) -> tuple:
    """(batch, valid): a batch of so many rows, of which the last are copies that do not count."""
    have = len(jax.tree.leaves(batch)[0])
    if have < rows:
        batch = jax.tree.map(lambda a: programs.filled(a, rows), batch)
    return batch, np.arange(rows) < have


def batch_bytes(source: Any) -> int:
    """Bytes of one batch."""
    return max(1, source.nbytes * source.batch_size // max(source.size, 1))
