"""``tf``'s control of what runs: conditions, loops, mapped functions, own gradients, calls of Python."""

import contextlib
import itertools
import os
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ...core import frame as frames
from .creation import constant, convert_to_tensor
from .elementwise import cast
from .rows import array, dtype_of, known
from .tape import _active, _Inside
from .tensor import COMPOSITES, Tensor, shim, unwrap, wrap

_is_tensor = lambda x: isinstance(x, Tensor) or type(x) in COMPOSITES  # noqa: E731


def _mapped(fn: Callable, *trees: Any) -> Any:
    return jax.tree.map(fn, *trees, is_leaf=_is_tensor)


def _let_back(result: Any, back_prop: bool) -> Any:
    """The result, through which no gradient goes where ``back_prop`` is false."""
    return result if back_prop else _mapped(shim(jax.lax.stop_gradient), result)


def cond(
    pred: Any, true_fn: Any = None, false_fn: Any = None, name: Any = None, fn1: Any = None, fn2: Any = None
) -> Any:
    """One of two results, by a truth value; under tf.function both are computed, and results and variables chosen."""
    true_fn, false_fn = fn1 if true_fn is None else true_fn, fn2 if false_fn is None else false_fn
    if not callable(true_fn) or not callable(false_fn):
        raise TypeError("tf.cond: true_fn and false_fn must be functions without arguments.")
    if known(pred):
        return _tensors(true_fn() if unwrap(pred) else false_fn())
    choose = shim(lambda p, a, b: jnp.where(p, jnp.asarray(a), jnp.asarray(b)))
    frame = frames.current()
    before = dict(frame.values or {}) if frame is not None else {}
    one = true_fn()
    first = dict(frame.values or {}) if frame is not None else {}
    if frame is not None and frame.values is not None:
        frame.values.update(before)
    other = false_fn()
    if frame is not None and frame.values is not None:
        for v, value in list(frame.values.items()):
            if v in first and first[v] is not value:
                frame.values[v] = jnp.where(unwrap(pred), first[v], value)
    if one is None and other is None:
        return None
    return _mapped(lambda a, b: choose(pred, a, b), _tensors(one), _tensors(other))


def _tensors(x: Any) -> Any:
    return _mapped(lambda v: convert_to_tensor(v) if isinstance(v, (int, float, np.ndarray, jax.Array)) else v, x)


def case(
    pred_fn_pairs: Any, default: Any = None, exclusive: bool = False, strict: bool = False, name: Any = None
) -> Any:
    """The result of the first function whose truth value holds; ``strict`` keeps lists of one element."""
    pairs = list(pred_fn_pairs.items() if isinstance(pred_fn_pairs, dict) else pred_fn_pairs)
    pairs = [(p.deref() if hasattr(p, "deref") else p, fn) for p, fn in pairs]
    if exclusive and all(known(p) for p, _ in pairs) and sum(bool(unwrap(p)) for p, _ in pairs) > 1:
        raise ValueError("tf.case: exclusive=True, but several conditions hold.")
    if default is None:
        (_, default), *rest = reversed(pairs)
        if all(known(p) for p, _ in pairs) and not any(bool(unwrap(p)) for p, _ in pairs):
            raise ValueError("tf.case: no condition holds, and there is no default.")
        pairs = rest[::-1]
    result = default
    for p, fn in reversed(pairs):
        result = lambda p=p, fn=fn, otherwise=result: cond(p, fn, otherwise)  # noqa: E731
    found = result()
    return found[0] if isinstance(found, (list, tuple)) and len(found) == 1 and not strict else found


def switch_case(branch_index: Any, branch_fns: Any, default: Any = None, name: Any = None) -> Any:
    """The result of the function of a number; the default, or the last one, for other numbers."""
    items = branch_fns.items() if isinstance(branch_fns, dict) else enumerate(branch_fns)
    branches = [pair if isinstance(pair[1], Callable) else pair[1] for pair in items]
    default = branches[-1][1] if default is None else default
    index = convert_to_tensor(branch_index)
    return case([(index == i, fn) for i, fn in branches], default)


def while_loop(cond: Callable, body: Callable, loop_vars: Any, shape_invariants: Any = None, parallel_iterations: Any = 10,
               back_prop: bool = True, swap_memory: bool = False, maximum_iterations: Any = None,
               name: Any = None) -> Any:  # fmt: skip
    """Repeats a body as long as a condition holds; the hints for TensorFlow's scheduler change nothing."""
    if shape_invariants is not None and any(None in tuple(s) for s in jax.tree.leaves(
        shape_invariants, is_leaf=lambda s: isinstance(s, tuple)) if isinstance(s, tuple)) and not all(
            known(x) for x in jax.tree.leaves(unwrap(loop_vars))):  # fmt: skip
        raise ValueError("tf.while_loop: shapes that change are not offered inside of compiled functions.")
    values = tuple(loop_vars) if isinstance(loop_vars, (list, tuple)) else (loop_vars,)
    tracing = any(not known(x) for x in jax.tree.leaves(values, is_leaf=_is_tensor))
    most = None if maximum_iterations is None else int(unwrap(maximum_iterations))
    if tracing and not _active.get():
        return _let_back(_compiled_loop(cond, body, values, most), back_prop)
    values = _tensors(values)
    for i in itertools.count():
        if most is not None and i >= most or not bool(cond(*values)):
            break
        made = body(*values)
        values = _tensors(tuple(made) if isinstance(made, (list, tuple)) else (made,))
    result = _let_back(values, back_prop)
    return list(result) if isinstance(loop_vars, list) else result if isinstance(loop_vars, tuple) else result[0]


def _compiled_loop(cond: Callable, body: Callable, values: tuple, most: int | None) -> Any:
    def more(state: tuple) -> Any:
        goes_on = jnp.asarray(unwrap(cond(*wrap(state[1])))).reshape(())
        return goes_on if most is None else goes_on & (state[0] < most)

    def inner(state: tuple) -> tuple:
        with _Inside():
            made = body(*wrap(state[1]))
            made = tuple(made) if isinstance(made, (list, tuple)) else (made,)
            return state[0] + 1, jax.tree.map(
                lambda new, old: jnp.asarray(new).astype(old.dtype), unwrap(made), state[1]
            )

    start = jax.tree.map(lambda x: x if hasattr(x, "dtype") else constant(x).value, unwrap(values))
    return wrap(jax.lax.while_loop(more, inner, (jnp.int32(0), jax.tree.map(jnp.asarray, start)))[1])


def _rows(elems: Any) -> tuple[Callable, int]:
    elems = _mapped(convert_to_tensor, elems)
    sizes = {x.shape[0] for x in jax.tree.leaves(elems, is_leaf=_is_tensor)}
    if len(sizes) != 1:
        raise ValueError(f"Expected tensors of one length, received {sorted(sizes)}.")
    return lambda i: _mapped(lambda x: x[i], elems), sizes.pop()


def stacked(results: list) -> Any:
    """Results of the same structure, stacked along a new first axis."""
    if any(type(x) in COMPOSITES for x in results):
        from .ragged_functions import stack as rows

        return rows(results)
    stack = shim(lambda *parts: (np if parts[0].dtype.kind == "O" else jnp).stack([array(p) for p in parts]))
    return _mapped(stack, *map(_tensors, results))


def _in_dtype(where: str, result: Any, dtype: Any) -> Any:
    if dtype is None:
        return result

    def check(x: Any, want: Any) -> Any:
        want = dtype_of(getattr(want, "dtype", want))
        if want != x.value.dtype:
            raise TypeError(f"{where}: the function gave {x.value.dtype}, but {want} was announced.")
        return x

    if isinstance(dtype, (list, tuple)) and not isinstance(result, Tensor):
        for x, want in zip(jax.tree.leaves(result, is_leaf=_is_tensor), dtype, strict=True):
            check(x, want)
        return result
    return _mapped(lambda x: check(x, dtype), result) if not isinstance(dtype, dict) else result


def map_fn(fn: Callable, elems: Any, dtype: Any = None, parallel_iterations: Any = None, back_prop: bool = True,
           swap_memory: bool = False, infer_shape: bool = True, name: Any = None,
           fn_output_signature: Any = None) -> Any:  # fmt: skip
    """The function on each slice along the first axis; what it gives must have one shape, and the dtype announced."""
    row, count = _rows(elems)
    announced = dtype if fn_output_signature is None else fn_output_signature
    found = [_tensors(fn(row(i))) for i in range(count)]
    if hasattr(announced, "ragged_rank"):
        from .ragged_functions import stack

        return _let_back(stack(found), back_prop)
    result = stacked(found)
    return _let_back(_in_dtype("tf.map_fn", result, announced), back_prop)


def vectorized_map(fn: Callable, elems: Any, fallback_to_while_loop: bool = True, warn: bool = True) -> Any:
    """The function on all slices along the first axis; one after the other, with the same numbers."""
    return map_fn(fn, elems)


def scan(fn: Callable, elems: Any, initializer: Any = None, parallel_iterations: Any = 10, back_prop: bool = True,
         swap_memory: bool = False, infer_shape: bool = True, reverse: bool = False, name: Any = None) -> Any:  # fmt: skip
    """The results of a function that carries its last one along the first axis."""
    row, count = _rows(elems)
    order = list(range(count))[:: -1 if reverse else 1]
    last, found = (row(order.pop(0)), []) if initializer is None else (_tensors(initializer), [])
    if initializer is None:
        found.append(last)
    for i in order:
        last = _tensors(fn(last, row(i)))
        found.append(last)
    return _let_back(stacked(found[:: -1 if reverse else 1]), back_prop)


def _fold(reverse: bool) -> Callable:
    def fold(fn: Callable, elems: Any, initializer: Any = None, parallel_iterations: Any = 10, back_prop: bool = True,
             swap_memory: bool = False, name: Any = None) -> Any:  # fmt: skip
        row, count = _rows(elems)
        order = list(range(count))[:: -1 if reverse else 1]
        last = row(order.pop(0)) if initializer is None else _tensors(initializer)
        for i in order:
            last = _tensors(fn(last, row(i)))
        return _let_back(last, back_prop)

    return fold


# ------------------------------------------------- own gradients


def custom_gradient(f: Any = None) -> Any:
    """A function that gives its result and how cotangents go back."""

    def call(*args: Any, **kwargs: Any) -> Any:
        @jax.custom_vjp
        def inner(*values: Any) -> Any:
            return unwrap(f(*wrap(values), **kwargs)[0])

        def forward(*values: Any) -> tuple:
            return unwrap(f(*wrap(values), **kwargs)[0]), values

        def backward(values: tuple, upstream: Any) -> tuple:
            several = isinstance(upstream, (list, tuple))
            found = unwrap(f(*wrap(values), **kwargs)[1](*(wrap(upstream) if several else (wrap(upstream),))))
            found = tuple(found) if isinstance(found, (list, tuple)) else (found,)
            if len(found) != len(values):
                raise ValueError(
                    f"tf.custom_gradient: the gradient function gave {len(found)} gradients for {len(values)} inputs. "
                    "Variables in the function are inputs, too: pass them as arguments."
                )
            return tuple(jnp.zeros_like(v) if g is None else jnp.asarray(g) for g, v in zip(found, values, strict=True))

        inner.defvjp(forward, backward)
        return shim(inner)(*map(convert_to_tensor, args))

    return call


def recompute_grad(f: Callable) -> Callable:
    """The function, computed a second time for its gradients instead of keeping what it needs for them."""
    return lambda *args, **kwargs: shim(jax.checkpoint(lambda *xs: unwrap(f(*wrap(xs), **kwargs))))(*args)


def grad_pass_through(f: Callable) -> Callable:
    """The function, whose gradient is that of the identity."""

    def call(x: Any, *args: Any) -> Any:
        return shim(lambda v: v + jax.lax.stop_gradient(jnp.asarray(unwrap(f(wrap(v), *args))) - v))(x)

    return call


# ------------------------------------------------- calls of Python


def numpy_function(func: Any = None, inp: Any = None, Tout: Any = None, stateful: bool = True, name: Any = None) -> Any:
    """A function of NumPy arrays on the host; outside of compiled functions."""
    if any(not known(x) for x in inp):
        raise NotImplementedError("tf.numpy_function inside tf.function is not offered on JAX; call it outside of it.")
    return _announced("tf.numpy_function", func(*(_host(x) for x in inp)), Tout)


def _host(x: Any) -> Any:
    return convert_to_tensor(x).numpy()


def _announced(where: str, made: Any, Tout: Any) -> Any:
    if not isinstance(Tout, (list, tuple)):
        return None if Tout is None else _as_announced(where, made, Tout)
    made = made if isinstance(made, (list, tuple)) else [made] if len(Tout) == 1 else list(made)
    if len(made) != len(Tout):
        raise ValueError(f"{where}: the function gave {len(made)} results, but Tout announces {len(Tout)}.")
    return [_as_announced(where, x, t) for x, t in zip(made, Tout, strict=True)]


def _as_announced(where: str, x: Any, dtype: Any) -> Any:
    found = convert_to_tensor(x)
    if found.dtype == "string" or dtype_of(dtype) == found.value.dtype:
        return found
    if isinstance(x, (int, float, list)):
        return shim(lambda v: cast(v, dtype))(found)
    raise ValueError(f"{where}: the function gave {found.value.dtype}, but Tout announces {dtype!r}.")


def py_function(func: Any = None, inp: Any = None, Tout: Any = None, name: Any = None) -> Any:
    """A function of tensors, as it is."""
    return _announced("tf.py_function", func(*map(convert_to_tensor, inp)), Tout)


def _shown(x: Any, summarize: int) -> Any:
    if type(x) in COMPOSITES:
        return str(x).removeprefix("<tf.RaggedTensor ").removesuffix(">")
    if isinstance(x, (Tensor, frames.Frame)) or hasattr(x, "shape"):
        found = np.asarray(unwrap(x))
        if found.dtype.kind in "OUS":
            found = np.frompyfunc(lambda s: s.decode() if isinstance(s, bytes) else s, 1, 1)(found)
        edges = found.size if summarize == -1 else summarize
        style = {"float": lambda v: np.format_float_positional(v, trim="-") if 1e-4 <= abs(v) < 1e7 or v == 0 else f"{v:g}",
                 "object": lambda s: f'"{s}"'}  # fmt: skip
        if found.ndim == 0:
            return str(found[()]) if found.dtype.kind != "f" else style["float"](found[()])
        return np.array2string(found, threshold=2 * edges if edges else 0, edgeitems=max(edges, 1), formatter=style)
    if isinstance(x, (list, tuple)):
        inner = ", ".join(str(_shown(v, summarize)) for v in x)
        return f"[{inner}]" if isinstance(x, list) else f"({inner})"
    return x


def show(
    *inputs: Any, output_stream: Any = None, summarize: int = 3, sep: str = " ", end: str = os.linesep, name: Any = None
) -> None:
    """Writes tensors and text, each time a compiled function runs, to stderr or another stream or ``file://path``."""
    stream = sys.stderr if output_stream is None else output_stream

    def write(*values: Any) -> None:
        left = iter(values)
        shown = [next(left) if hasattr(unwrap(x), "dtype") else x for x in inputs]
        text = sep.join(str(_shown(x, summarize)) for x in shown) + end
        if isinstance(stream, str):
            with open(stream.removeprefix("file://"), "a", encoding="utf-8") as file:
                file.write(text)
        else:
            stream.write(text)

    arrays = [unwrap(x) for x in inputs if hasattr(unwrap(x), "dtype")]
    arrays = [a.value if hasattr(a, "_trainable") else a for a in arrays]
    if all(map(known, arrays)):
        write(*arrays)
    else:
        jax.debug.callback(write, *arrays)


def check(condition: Any, data: Any, summarize: Any = None, name: Any = None) -> None:
    """Raises ValueError, with the data, where the condition does not hold."""
    if known(condition) and not np.all(np.asarray(unwrap(condition))):
        shown = [_shown(x, 3 if summarize is None else int(summarize)) for x in data]
        raise ValueError(f"assertion failed: {' '.join(map(str, shown))}")


@contextlib.contextmanager
def name_scope(name: Any, default_name: Any = None, values: Any = None) -> Iterator[str]:
    """Names what is made inside; TensorFlow 1 gives a default name and values, too."""
    label = str(name if name is not None else default_name)
    with frames.scope(label.strip("/")):
        yield label.rstrip("/") + "/"


def gradients(ys: Any, xs: Any, *args: Any, **kwargs: Any) -> Any:
    """Raises NotImplementedError: there is no graph to walk back through."""
    raise NotImplementedError("tf.gradients is not offered on JAX: record the computation with tf.GradientTape.")


def _nothing(*inputs: Any, name: Any = None) -> None:
    """What was computed is computed already."""


FUNCTIONS = {
    "cond": cond, "case": case, "switch_case": switch_case, "while_loop": while_loop, "map_fn": map_fn,
    "vectorized_map": vectorized_map, "scan": scan, "foldl": _fold(False), "foldr": _fold(True),
    "custom_gradient": custom_gradient, "recompute_grad": recompute_grad, "grad_pass_through": grad_pass_through,
    "numpy_function": numpy_function, "py_function": py_function, "py_func": numpy_function, "print": show, "Assert": check,
    "name_scope": name_scope, "variable_scope": name_scope, "gradients": gradients, "hessians": gradients, "no_op": _nothing,
    "group": _nothing, "control_dependencies": lambda control_inputs: contextlib.nullcontext(),
    "init_scope": contextlib.nullcontext, "timestamp": lambda name=None: constant(np.float32(time.time())),
    "tuple": lambda tensors, control_inputs=None, name=None: list(map(convert_to_tensor, tensors)),
}  # fmt: skip
