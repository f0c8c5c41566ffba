"""Compiled programs: one executable runs one step or many over data on the device."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.extend.core import jaxpr_as_fun

from ..core import placement
from ..core.variable import Variable
from .compiler import collection_paused, options_for, primitives
from .step import Carry, Plan

# A convolution inside any loop runs 20-50 times slower on CPUs (jaxlib 0.10): such steps run one at a time there.
SLOW_IN_LOOPS = {"cpu": frozenset(("conv_general_dilated",))}


def take(data: Any, order: Any, first: Any, size: int) -> Any:
    """``size`` rows of each array, at the places that ``order`` lists from ``first`` on."""
    rows = lax.dynamic_slice_in_dim(order, first, size)
    return jax.tree.map(lambda a: a.at[rows].get(mode="promise_in_bounds"), data)


def kind_of(data: Any) -> tuple:
    """What distinguishes data that need another program: structure, shapes of rows, dtypes."""
    leaves, structure = jax.tree.flatten(data)
    return structure, *((a.shape[1:], a.dtype) for a in leaves)


def filled(a: Any, rows: int) -> np.ndarray:
    """The array with its last row repeated, up to so many rows."""
    a = np.asarray(a)
    return np.concatenate([a, np.broadcast_to(a[-1:], (rows - len(a), *a.shape[1:]))])


class EpochProgram:
    """``carry, logs = run(fixed, carry, data, order, first, count)``: ``count`` batches of ``size`` rows from ``first`` on.

    ``count`` is a value of the running program, not a constant of it: one step, some, or a whole epoch are the same
    executable, so that results do not depend on how steps are grouped. The carry is donated, ``fixed`` is not.
    """

    def __init__(self, step: Callable[[Any, Any, Any], tuple[Any, dict]], size: int, jit: bool = True):
        self.step, self.size, self.jit = step, size, jit
        self.loops = True
        self._compiled: Callable | None = None

    def __call__(self, fixed: Any, carry: Any, data: Any, order: Any, first: int, count: int) -> tuple[Any, dict]:
        if self._compiled is None:
            self._compiled = self._make(fixed, carry, data)
        if self.loops:
            return self._compiled(fixed, carry, data, order, first, count)
        logs: dict = {}
        for i in range(count):
            carry, logs = self._compiled(fixed, carry, data, order, first + i * self.size)
        return carry, logs

    @collection_paused()
    def _make(self, fixed: Any, carry: Any, data: Any) -> Callable:
        if not self.jit:
            self.loops = False
            return lambda fixed, carry, data, order, first: self.step(fixed, carry, take(data, order, first, self.size))
        batch = jax.tree.map(lambda a: jax.ShapeDtypeStruct((self.size, *a.shape[1:]), a.dtype), data)
        # traced once, whatever form runs it
        closed, shapes = jax.make_jaxpr(self.step, return_shape=True)(fixed, carry, batch)
        evaluate, structure = jaxpr_as_fun(closed), jax.tree.structure(shapes)

        def step(fixed: Any, carry: Any, batch: Any) -> tuple[Any, dict]:
            return jax.tree.unflatten(structure, evaluate(*jax.tree.leaves((fixed, carry, batch))))

        slow = SLOW_IN_LOOPS.get(jax.default_backend(), frozenset())
        found = primitives(closed.jaxpr)
        options = options_for(found)
        self.loops = slow.isdisjoint(found)
        if not self.loops:

            def single(fixed: Any, carry: Any, data: Any, order: Any, first: Any) -> tuple[Any, dict]:
                return step(fixed, carry, take(data, order, first, self.size))

            return jax.jit(single, donate_argnums=1, compiler_options=options)
        empty = shapes[1]

        def run(fixed: Any, carry: Any, data: Any, order: Any, first: Any, count: Any) -> tuple[Any, dict]:
            def body(i: Any, both: tuple) -> tuple:
                return step(fixed, both[0], take(data, order, first + i * self.size, self.size))

            logs = jax.tree.map(lambda s: jnp.zeros(s.shape, s.dtype), empty)
            return lax.fori_loop(0, count, body, (carry, logs))

        return jax.jit(run, donate_argnums=1, compiler_options=options)


# ------------------------------------------------- cells


def gather(variables: list[Variable]) -> list[jax.Array]:
    """The cells' arrays, safe to donate: what somebody outside holds is copied first."""
    arrays = []
    for v in variables:
        if v._lent:
            v._cell, v._lent = placement.copy(v._cell), False
        arrays.append(v._cell)
    return arrays


def put_back(variables: list[Variable], arrays: list[jax.Array]) -> None:
    """Stores new arrays in the cells."""
    for v, a in zip(variables, arrays, strict=True):
        v._cell = a


def gather_carry(plan: Plan) -> Carry:
    """The carry of the moment."""
    return Carry(*(gather(group) for group in plan[:4]))


def put_back_carry(plan: Plan, carry: Carry) -> None:
    """Stores a carry in the cells."""
    for group, arrays in zip(plan[:4], carry, strict=True):
        put_back(group, arrays)
