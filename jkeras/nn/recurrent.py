"""Recurrences over the time axis, as pure functions of arrays.

Sequences are time-major here, ``(time, batch, ...)``: that is what ``lax.scan`` walks along. What makes the gated recurrences
fast was measured on LSTM(64) and GRU(64) at batch 64, 40 steps, 2 CPU cores shared with other work (best of 40 rounds of
``python -m benchmarks.recurrent``; ms, forward / with gradient):

- an LSTM written by hand takes 1.1 / 3.4 where it projects the input in the loop, 2.2 / 5.0 before it; this one 1.1 / 3.7;
- the input's projection is one matrix product for all steps, on a flattened time axis (a 3-D product costs 0.7 more); on the
  CPU an LSTM multiplies input and state together instead, in one product a step whose result stays in the cache, and keeps
  the coefficients of its derivative (32 features, processor time: forward 0.84 -> 0.60, a step of `fit` 4.10 -> 3.76);
- the LSTM applies the gate activation to all gates at once (forward 2.0 -> 1.1), and the GRU mixes old and new state in one
  array (forward 2.4 -> 0.9): XLA's fusions of several slices of one product are slow;
- the derivative is a recurrence of its own whose coefficients are computed for all steps at once, so that the loop holds one
  product and a few multiplications, and the kernel's gradient is one product after the loop (with gradient: LSTM 4.5 -> 3.7,
  GRU 4.0 -> 2.8; one product for the kernels of input and state of an LSTM, processor time of a step of `fit`: 3.50 -> 3.05).
  It is a ``custom_jvp``: all modes of differentiation work.

``lax.scan(unroll=2)`` and more was slower in every form.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from .platform import on_cpu

Array = Any


def project(x: Array, kernel: Array, bias: Array | None = None) -> Array:
    """``x @ kernel + bias`` for all time steps in one product. (time, batch, d) -> (time, batch, n)."""
    out = jnp.matmul(x.reshape(-1, x.shape[-1]), kernel)
    out = out if bias is None else out + bias
    return out.reshape(*x.shape[:-1], kernel.shape[-1])


def recur(h: Array, kernel: Array, drop: Array | None = None) -> Array:
    """``h @ kernel``, with units of ``h`` dropped: ``drop`` is (batch, units), or (gates, batch, units) for one mask a gate."""
    if drop is None:
        return jnp.matmul(h, kernel)
    if drop.ndim == 2:
        return jnp.matmul(h * drop, kernel)
    parts = jnp.split(kernel, drop.shape[0], axis=-1)
    return jnp.concatenate([jnp.matmul(h * d, k) for d, k in zip(drop, parts, strict=True)], axis=-1)


def along(mask: Array, x: Array) -> Array:
    """A mask (batch,) or (batch, 1) in the rank of ``x``."""
    return mask.reshape(mask.shape[:1] + (1,) * (x.ndim - 1))


def recur_conv(window: tuple[int, ...], h: Array, kernel: Array, drop: Array | None = None) -> Array:
    """The "same" convolution of ``h`` (batch, *space, c) with ``kernel`` (*window, c, n), as one matrix product.

    A ``lax.conv`` inside a loop is 20 to 50 times slower on the CPU than outside; a product of shifted copies is not.
    ``drop`` has the shape of ``h``, or (gates, *shape) for one mask a gate.
    """
    if drop is not None and drop.ndim > h.ndim:
        parts = jnp.split(kernel, drop.shape[0], axis=-1)
        return jnp.concatenate([recur_conv(window, h * d, k) for d, k in zip(drop, parts, strict=True)], axis=-1)
    h = h if drop is None else h * drop
    space = h.shape[1:-1]
    padded = jnp.pad(h, [(0, 0), *(((w - 1) // 2, w // 2) for w in window), (0, 0)])
    shifts = np.ndindex(*window)
    seen = [padded[(slice(None), *(slice(o, o + n) for o, n in zip(at, space, strict=True)))] for at in shifts]
    return jnp.matmul(jnp.concatenate(seen, axis=-1), kernel.reshape(-1, kernel.shape[-1]))


def scan(
    step: Callable,
    xs: Any,
    states: Any,
    *,
    mask: Array | None = None,
    reverse: bool = False,
    unroll: bool = False,
    carried_output: Callable[[Any], Array] | None = None,
) -> tuple[Any, Any]:
    """Runs ``step(x, states) -> (output, states)`` along the first axis of ``xs``; gives all outputs and the last states.

    Where ``mask`` (time, batch) is False the states stay as they are and the output is the one before, which is
    ``carried_output(states)`` where given and else the last output (zeros at first). Outputs are in the order of the input;
    ``reverse`` starts at the end.
    """
    length = jax.tree.leaves(xs)[0].shape[0]
    if mask is None:
        return _swap(
            lax.scan(lambda s, x: step(x, s)[::-1], states, xs, reverse=reverse, unroll=length if unroll else 1)
        )
    first = jax.tree.map(lambda x: x[0], xs)
    shape = jax.eval_shape(step, first, states)[0]
    before = None if carried_output is not None else jax.tree.map(lambda o: jnp.zeros(o.shape, o.dtype), shape)

    def masked(carry: Any, x: Any) -> tuple[Any, Any]:
        (states, before), (x, m) = carry, x
        output, new = step(x, states)
        last = before if carried_output is None else carried_output(states)
        output = jax.tree.map(lambda a, b: jnp.where(along(m, a), a, b), output, last)
        new = jax.tree.map(lambda a, b: jnp.where(along(m, a), a, b), new, states)
        return (new, output if carried_output is None else None), output

    (states, _), outputs = lax.scan(
        masked, (states, before), (xs, mask), reverse=reverse, unroll=length if unroll else 1
    )
    return outputs, states


def _swap(pair: tuple[Any, Any]) -> tuple[Any, Any]:
    return pair[1], pair[0]


# ------------------------------------------------- elementwise cells: the product h @ kernel, then a function of each unit


class Cell(NamedTuple):
    """A recurrence whose step is elementwise after one product.

    ``step(acts, x, inner, states) -> (states, saved)``; ``coefficients(acts, saved) -> (outer, inner)`` for all steps at once;
    ``enter(outer, dx, dinner)`` is the part of the derivative that does not come through the states, for all steps at once;
    ``push(inner, entered, dinner, dstates) -> dstates`` is the rest, step by step. The first state is the output.
    """

    step: Callable
    coefficients: Callable
    enter: Callable
    push: Callable


class Plan(NamedTuple):
    """What is static in a recurrence; ``product(h, kernel, drop)`` is linear in ``h`` and in ``kernel``."""

    cell: Cell
    acts: tuple[Callable, ...]
    product: Callable
    reverse: bool
    unroll: int


# Derivatives of activations from their value; other activations are differentiated at their argument.
_FROM_VALUE = {jnp.tanh: lambda y: 1 - y * y, jax.nn.sigmoid: lambda y: y * (1 - y)}


def _argument(act: Callable, x: Array) -> Array | None:
    """What must be kept of an activation's argument for its derivative: nothing, where the value is enough."""
    return None if act in _FROM_VALUE else x


def _sum(outer: Any, dx: Array, dinner: Array) -> Array:
    """Where input and product are added: their sum is multiplied in the loop, for then its transpose stacks one array
    that is the gradient of both."""
    return dx + dinner


def _slope(act: Callable, x: Array, y: Array) -> Array:
    known = _FROM_VALUE.get(act)
    return known(y) if known else jax.jvp(act, (x,), (jnp.ones_like(x),))[1]


def _forward(
    plan: Plan, xs: Array, kernel: Array, bias: Any, states: Any, mask: Any, drop: Any, entry: Any, save: bool
) -> Any:
    both = None if entry is None else jnp.concatenate([entry[0], kernel])

    def body(states: Any, x: Any) -> tuple[Any, Any]:
        x, m = x
        if both is None:
            inner = plan.product(states[0], kernel, drop)
        else:
            inner = jnp.matmul(jnp.concatenate([x, states[0]], axis=-1), both)
            x = 0 if entry[1] is None else entry[1]
        new, saved = plan.cell.step(plan.acts, x, inner if bias is None else inner + bias, states)
        if m is not None:
            new = tuple(jnp.where(along(m, a), a, b) for a, b in zip(new, states, strict=True))
        return new, (new[0], _kept(plan, both, saved) if save else None)

    return lax.scan(body, states, (xs, mask), reverse=plan.reverse, unroll=plan.unroll)


def _kept(plan: Plan, both: Any, saved: Any) -> Any:
    """What the derivative needs of a step: with a joint product its coefficients, else what they are computed from later."""
    return saved if both is None else plan.cell.coefficients(plan.acts, saved)


@functools.partial(jax.custom_jvp, nondiff_argnums=(0,))
def _elementwise(plan: Plan, xs: Array, kernel: Array, bias: Any, states: Any, mask: Any, drop: Any, entry: Any) -> Any:
    states, (outputs, _) = _forward(plan, xs, kernel, bias, states, mask, drop, entry, save=False)
    return outputs, states


@_elementwise.defjvp
def _elementwise_jvp(plan: Plan, primals: tuple, tangents: tuple) -> Any:
    xs, kernel, bias, states, mask, drop, entry = primals
    dxs, dkernel, dbias, dstates, _, ddrop, dentry = tangents
    last, (outputs, saved) = _forward(plan, xs, kernel, bias, states, mask, drop, entry, save=True)
    outer, inner = plan.cell.coefficients(plan.acts, saved) if entry is None else saved
    ends = [states[0][None], outputs[:-1]] if not plan.reverse else [outputs[1:], states[0][None]]
    before = jnp.concatenate(ends)
    if entry is None:
        dinner = _product_all(plan.product, before, dkernel, drop)
        if drop is not None:  # nobody trains a dropout mask, but its derivative is as cheap as it is honest
            dinner = dinner + jax.jvp(lambda d: _product_all(plan.product, before, kernel, d), (drop,), (ddrop,))[1]
        dinner = dinner if bias is None else dinner + dbias
        entered = plan.cell.enter(outer, dxs, dinner)
    else:  # one product here as well, whose transpose is the gradient of both kernels
        both = project(jnp.concatenate([xs, before], axis=-1), jnp.concatenate([dentry[0], dkernel]), dentry[1])
        entered = project(dxs, entry[0]) + (both if bias is None else both + dbias)

    def body(ds: Any, x: Any) -> tuple[Any, Any]:
        entered, inner, m = x
        new = plan.cell.push(inner, entered, plan.product(ds[0], kernel, drop), ds)
        if m is not None:
            new = tuple(jnp.where(along(m, a), a, b) for a, b in zip(new, ds, strict=True))
        return new, new[0]

    dlast, doutputs = lax.scan(body, dstates, (entered, inner, mask), reverse=plan.reverse, unroll=plan.unroll)
    return (outputs, last), (doutputs, dlast)


def _product_all(product: Callable, h: Array, kernel: Array, drop: Array | None) -> Array:
    """The products of all time steps as one."""
    if drop is not None:
        return jax.vmap(lambda one: product(one, kernel, drop))(h)
    out = product(h.reshape(-1, *h.shape[2:]), kernel, None)
    return out.reshape(*h.shape[:2], *out.shape[1:])


def run(
    cell: Cell,
    acts: tuple[Callable, ...],
    xs: Array,
    kernel: Array,
    bias: Array | None,
    states: tuple[Array, ...],
    *,
    mask: Array | None = None,
    drop: Array | None = None,
    reverse: bool = False,
    unroll: bool = False,
    elementwise: bool = True,
    product: Callable = recur,
    entry: tuple[Array, Array | None] | None = None,
) -> tuple[Array, tuple[Array, ...]]:
    """Runs one of the cells below along projected inputs; gives all outputs (time, batch, units) and the last states.

    ``acts`` are the cell's activations; ``elementwise=False`` says that one of them is not (softmax, say), so that JAX must
    differentiate the step itself. ``mask`` is (time, batch); outputs of masked steps repeat the state. With ``entry``, the input's
    kernel and bias, the inputs are not projected yet.
    """
    if entry is not None and not (elementwise and product is recur and _is_joint(cell, xs, kernel, drop)):
        xs, entry = project(xs, *entry), None
    plan = Plan(cell, acts, product, reverse, xs.shape[0] if unroll and xs.shape[0] else 1)
    if elementwise:
        return _elementwise(plan, xs, kernel, bias, tuple(states), mask, drop, entry)
    states, (outputs, _) = _forward(plan, xs, kernel, bias, tuple(states), mask, drop, None, save=False)
    return outputs, states


def _is_joint(cell: Cell, xs: Array, kernel: Array, drop: Array | None) -> bool:
    """Is one product of input and state together, step by step, the faster way?"""
    return cell.enter is _sum and drop is None and xs.dtype == kernel.dtype and on_cpu()


# ------------------------------------------------- LSTM; gates i, f, c, o


def _lstm_step(acts: tuple, x: Array, inner: Array, states: tuple) -> tuple:
    act, gate = acts
    z, c = x + inner, states[1]
    units = c.shape[-1]
    s = gate(z)  # of all four: one pass over one array, although the third is not needed
    candidate = z[..., 2 * units : 3 * units]
    g = act(candidate)
    i, f, o = s[..., :units], s[..., units : 2 * units], s[..., 3 * units :]
    new = f * c + i * g
    bounded = act(new)
    return (o * bounded, new), (_argument(gate, z), s, g, _argument(act, candidate), c, _argument(act, new), bounded)


def _lstm_coefficients(acts: tuple, saved: tuple) -> tuple:
    act, gate = acts
    z, s, g, candidate, c, new, bounded = saved
    i, f, _, o = jnp.split(s, 4, axis=-1)
    zi, zf, _, zo = (None,) * 4 if z is None else jnp.split(z, 4, axis=-1)
    parts = [
        g * _slope(gate, zi, i),
        c * _slope(gate, zf, f),
        i * _slope(act, candidate, g),
        bounded * _slope(gate, zo, o),
    ]
    gates = jnp.concatenate(parts, axis=-1)
    return None, (gates, f, o * _slope(act, new, bounded))


def _lstm_push(inner: tuple, entered: Array, dinner: Array, dstates: tuple) -> tuple:
    gates, f, through = inner
    i, k, g, o = jnp.split(gates * (entered + dinner), 4, axis=-1)
    dc = f * dstates[1] + i + k + g
    return through * dc + o, dc


LSTM = Cell(_lstm_step, _lstm_coefficients, _sum, _lstm_push)


# ------------------------------------------------- GRU with the reset gate after the product; gates z, r, h


def _gru_step(acts: tuple, x: Array, inner: Array, states: tuple) -> tuple:
    act, gate = acts
    (h,) = states
    units = h.shape[-1]
    zr = x[..., : 2 * units] + inner[..., : 2 * units]
    s = gate(zr)
    z, r = s[..., :units], s[..., units:]
    n = inner[..., 2 * units :]
    candidate = x[..., 2 * units :] + r * n
    g = act(candidate)
    # z * h + (1 - z) * g in one array: fused with the gates it would take 2.4 instead of 0.9 ms
    mixed = jnp.concatenate([h, g], axis=-1) * jnp.concatenate([z, 1 - z], axis=-1)
    h_new = mixed[..., :units] + mixed[..., units:]
    return (h_new,), (_argument(gate, zr), s, n, _argument(act, candidate), g, h)


def _gru_coefficients(acts: tuple, saved: tuple) -> tuple:
    act, gate = acts
    zr, s, n, candidate, g, h = saved
    (sz, sr), (z, r) = jnp.split(_slope(gate, zr, s), 2, axis=-1), jnp.split(s, 2, axis=-1)
    into = (1 - z) * _slope(act, candidate, g)
    update, reset = (h - g) * sz, into * n * sr
    inner = jnp.concatenate([update, reset, into * r], axis=-1)
    return (update, reset, into, inner), (inner, z)


def _gru_enter(outer: tuple, dx: Array, dinner: Array) -> Array:
    update, reset, into, inner = outer
    return sum(jnp.split(jnp.concatenate([update, reset, into], axis=-1) * dx + inner * dinner, 3, axis=-1))


def _gru_push(inner: tuple, entered: Array, dinner: Array, dstates: tuple) -> tuple:
    coefficients, z = inner
    a, b, c = jnp.split(coefficients * dinner, 3, axis=-1)
    return (z * dstates[0] + entered + a + b + c,)


GRU = Cell(_gru_step, _gru_coefficients, _gru_enter, _gru_push)


# ------------------------------------------------- simple recurrence


def _simple_step(acts: tuple, x: Array, inner: Array, states: tuple) -> tuple:
    z = x + inner
    h = acts[0](z)
    return (h,), (_argument(acts[0], z), h)


def _simple_coefficients(acts: tuple, saved: tuple) -> tuple:
    return None, _slope(acts[0], *saved)


SIMPLE = Cell(
    _simple_step,
    _simple_coefficients,
    _sum,
    lambda slope, entered, dinner, dstates: (slope * (entered + dinner),),
)


# ------------------------------------------------- recurrences whose step is more than one product


def gru_before_step(acts: tuple, x: Array, states: tuple, kernel: Array, drop: Array | None = None) -> tuple:
    """One step of the GRU of 2014: the reset gate is applied to the state before the product. Gates z, r, h."""
    act, gate = acts
    (h,) = states
    units = h.shape[-1]
    drops = drop if drop is None or drop.ndim == 2 else drop[:2]
    s = gate(x[..., : 2 * units] + recur(h, kernel[..., : 2 * units], drops))
    z, r = s[..., :units], s[..., units:]
    kept = h if drop is None else h * (drop if drop.ndim == 2 else drop[2])
    g = act(x[..., 2 * units :] + jnp.matmul(r * kept, kernel[..., 2 * units :]))
    new = z * h + (1 - z) * g
    return new, (new,)


def peephole_lstm_step(
    acts: tuple, x: Array, states: tuple, kernel: Array, drop: Array | None, peep: Sequence[Array]
) -> tuple:
    """One step of the LSTM whose gates see the cell state through ``peep``, one weight a unit for i, f and o."""
    act, gate = acts
    h, c = states
    i, f, g, o = jnp.split(x + recur(h, kernel, drop), 4, axis=-1)
    new = gate(f + c * peep[1]) * c + gate(i + c * peep[0]) * act(g)
    h = gate(o + new * peep[2]) * act(new)
    return h, (h, new)


# ------------------------------------------------- the fused LSTM of cuDNN


def cudnn_available() -> bool:
    """Does the default device have cuDNN?"""
    return jax.default_backend() == "gpu" and any("nvidia" in d.device_kind.lower() for d in jax.devices())


def pack_cudnn(kernel: Array, recurrent_kernel: Array, bias: Array) -> Array:
    """The flat weights that cuDNN wants: input kernel, recurrent kernel (both gate-major), input bias, recurrent bias.

    Keras's gate order i, f, c, o is cuDNN's; Keras's one bias goes into the first place, zeros into the second.
    """
    return jnp.concatenate([kernel.T.ravel(), recurrent_kernel.T.ravel(), bias.ravel(), jnp.zeros_like(bias).ravel()])


def lstm_cudnn(
    x: Array,
    states: tuple[Array, Array],
    kernel: Array,
    recurrent_kernel: Array,
    bias: Array,
    *,
    mask: Array | None = None,
    reverse: bool = False,
    fused: Callable | None = None,
) -> tuple[Array, tuple[Array, Array]]:
    """A tanh/sigmoid LSTM in one cuDNN call; ``x`` is (time, batch, d), outputs are in the order of the input.

    A mask must be right-padded; it becomes sequence lengths. cuDNN computes in float32. ``fused`` replaces cuDNN in tests.
    """
    steps, batch = x.shape[:2]
    units = recurrent_kernel.shape[0]
    dtype = x.dtype
    lengths = jnp.full((batch,), steps, "int32") if mask is None else jnp.sum(mask, axis=0, dtype="int32")
    x = jnp.swapaxes(_reversed(x, lengths) if reverse else x, 0, 1).astype("float32")
    h, c = (s.astype("float32")[None] for s in states)
    flat = pack_cudnn(kernel, recurrent_kernel, bias).astype("float32")
    # cuDNN takes no empty sequence: such a row runs one step and is put back below
    y, last_h, last_c = (fused or _fused)(x, h, c, flat, jnp.maximum(lengths, 1), x.shape[-1], units)
    y, last_h, last_c = jnp.swapaxes(y, 0, 1).astype(dtype), last_h[0].astype(dtype), last_c[0].astype(dtype)
    if mask is not None:
        empty = (lengths == 0)[:, None]
        last_h, last_c = jnp.where(empty, states[0], last_h), jnp.where(empty, states[1], last_c)
        if reverse:
            # the masked steps come first when walking backwards: they show the initial state
            y = jnp.where(mask[..., None], _reversed(y, lengths), states[0])
        else:
            y = jnp.where(mask[..., None], y, last_h)
    elif reverse:
        y = y[::-1]
    return y, (last_h, last_c)


def _reversed(x: Array, lengths: Array) -> Array:
    """Each sequence backwards, its padding still at the end. (time, batch, d)."""
    time = jnp.arange(x.shape[0])[:, None]
    index = jnp.where(time < lengths, lengths - 1 - time, time)
    return jnp.take_along_axis(x, index[..., None], axis=0)


@functools.partial(jax.custom_vjp, nondiff_argnums=(5, 6))
def _fused(x: Array, h: Array, c: Array, flat: Array, lengths: Array, features: int, units: int) -> Any:
    return _fused_forward(x, h, c, flat, lengths, features, units)[0]


def _precision() -> Any:
    """cuDNN multiplies in TF32 unless JAX was told to be exact, as its other products do."""
    exact = jax.config.jax_default_matmul_precision in ("highest", "float32")  # type: ignore[attr-defined]
    return (lax.Precision.HIGHEST, lax.Precision.HIGHEST) if exact else None


# jax.experimental.rnn knows no vmap: there one call follows the other.
def _fused_forward(
    x: Array, h: Array, c: Array, flat: Array, lengths: Array, features: int, units: int
) -> tuple[Any, Any]:
    from jax.experimental import rnn

    @jax.custom_batching.sequential_vmap
    def forward(*arrays: Array) -> Any:
        return rnn.lstm_fwd(*arrays, features, units, 1, 0.0, False, _precision())  # type: ignore[call-arg]

    return forward(x, h, c, flat, lengths)


def _fused_backward(features: int, units: int, residuals: Any, cotangents: Any) -> Any:
    from jax.experimental import rnn

    @jax.custom_batching.sequential_vmap
    def backward(residuals: Any, cotangents: Any) -> Any:
        return rnn.lstm_bwd(features, units, 1, 0.0, False, _precision(), residuals, cotangents)[:4]

    lengths = residuals[4]
    return (*backward(residuals, cotangents), np.zeros(lengths.shape, jax.dtypes.float0))


_fused.defvjp(_fused_forward, _fused_backward)
