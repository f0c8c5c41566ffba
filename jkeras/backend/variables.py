"""K: variables, constants, settings and the session that no longer is."""

import functools
import inspect
import warnings

import jax.numpy as jnp
import numpy as np

from .. import random
from ..core import config, dtypes, naming, scopes
from ..core import frame as frames
from ..core.config import LAYOUTS, epsilon, floatx, image_data_format, set_image_data_format
from ..core.declare import era, takes_old_words
from ..core.symbolic import KerasTensor, is_symbolic
from ..core.variable import Variable

__all__ = [
    "backend", "batch_get_value", "batch_set_value", "clear_session", "constant", "epsilon", "eval", "floatx", "get_uid",
    "get_value", "has_arg", "image_data_format", "image_dim_ordering", "is_float_dtype", "is_int_dtype", "is_keras_tensor",
    "is_placeholder", "is_sparse", "is_tensor", "is_variable", "manual_variable_initialization", "moving_average_update",
    "name_scope", "ones", "print_tensor", "random_normal_variable", "random_uniform_variable", "reset_uids", "result_type",
    "set_epsilon", "set_floatx", "set_image_data_format", "set_image_dim_ordering", "set_session", "set_value",
    "standardize_dtype", "to_dense", "update", "update_add", "update_sub", "variable", "zeros",
]  # fmt: skip

set_epsilon = takes_old_words(config.set_epsilon, renamed=("value",))
set_floatx = takes_old_words(config.set_floatx, renamed=("value",))
name_scope = scopes.name_scope
standardize_dtype = dtypes.standardize_dtype
get_uid = naming.get_uid
reset_uids = naming.reset_names


def backend():
    """Always "jax"."""
    return "jax"


# ------------------------------------------------- variables


def variable(value, dtype=None, name=None, constraint=None):
    """A Variable with a value.

    >>> get_value(variable([1.0, 2.0])).tolist()
    [1.0, 2.0]
    """
    value = np.asarray(value) if isinstance(value, (list, tuple)) else value
    made = Variable(value, dtype=dtype or floatx(), name=_plain(name))
    made.constraint = constraint
    return made


def _plain(name):
    return None if name is None else str(name).replace("/", "_").split(":")[0]


def constant(value, dtype=None, shape=None, name=None):
    """An array of a value."""
    array = jnp.asarray(value, dtypes.array_dtype(dtype or floatx()))
    if shape is None:
        return array
    if array.size not in (1, int(np.prod(shape))):
        raise ValueError(f"K.constant: {array.size} values do not fill the shape {tuple(shape)}.")
    return jnp.broadcast_to(array.reshape(()) if array.size == 1 else array.reshape(tuple(shape)), tuple(shape))


def zeros(shape, dtype=None, name=None):
    """A Variable of zeros."""
    return variable(np.zeros(shape), dtype or floatx(), name)


def ones(shape, dtype=None, name=None):
    """A Variable of ones."""
    return variable(np.ones(shape), dtype or floatx(), name)


def random_normal_variable(shape, mean, scale, dtype=None, name=None, seed=None):
    """A Variable of normal numbers."""
    return variable(random.normal(tuple(shape), mean, scale, dtype=dtype, seed=seed), dtype, name)


def random_uniform_variable(shape, low, high, dtype=None, name=None, seed=None):
    """A Variable of uniform numbers."""
    return variable(random.uniform(tuple(shape), low, high, dtype=dtype, seed=seed), dtype, name)


def get_value(x):
    """The value as a NumPy array, or as a NumPy number."""
    if isinstance(x, KerasTensor):
        raise ValueError(f"K.get_value: {x} has no value; use K.function to compute it from inputs.")
    return (x.numpy() if hasattr(x, "materialize") else np.asarray(x))[()]


def eval(x):
    """The value of a tensor as a NumPy array or number."""
    if is_symbolic(x):
        from .graph import function

        return function([], [x])([])[0]
    return get_value(x)


def set_value(x, value):
    """Assigns a new value; where ``x`` is an optimizer's rate, it acts at the next step."""
    x.assign(jnp.asarray(value, x.array_dtype))


@functools.partial(takes_old_words, renamed=("tensors",))
def batch_get_value(tensors):
    """Values of several variables."""
    return [get_value(x) for x in tensors]


def batch_set_value(tuples):
    """Assigns several values: a list of (variable, value)."""
    for x, value in tuples:
        set_value(x, value)


class Later:
    """A new value that is computed when the function runs that it was given to."""

    def __init__(self, compute):
        self.compute = compute


class Done(tuple):
    """(variable, value) of an update that has been made."""


def _assign(x, compute):
    """Assigns now; before TensorFlow 2, outside of calls, when the function runs that gets it among its updates."""
    if frames.current() is None and era.defaults.get(("update", "waits"), False):
        return x, Later(compute)
    x.assign(compute())
    return Done((x, x.value))


def update(x, new_x):
    """Assigns now, or, if the new value is symbolic, says what a function is to assign."""
    return (x, new_x) if is_symbolic(new_x) else _assign(x, lambda: new_x)


def update_add(x, increment):
    """Adds to a variable."""
    return update(x, increment + x) if is_symbolic(increment) else _assign(x, lambda: x.value + increment)


def update_sub(x, decrement):
    """Subtracts from a variable."""
    return update(x, (decrement * -1) + x) if is_symbolic(decrement) else _assign(x, lambda: x.value - decrement)


def moving_average_update(x, value, momentum):
    """Moves a variable towards a value."""
    if is_symbolic(value):
        return update(x, value * (1.0 - momentum) + x * momentum)
    return _assign(x, lambda: value * (1.0 - momentum) + x.value * momentum)


# ------------------------------------------------- questions


def is_keras_tensor(x):
    """Is it a symbolic tensor?"""
    if not isinstance(x, KerasTensor) and not is_tensor(x):
        raise ValueError(f"K.is_keras_tensor: expected a tensor, received {type(x).__name__}.")
    return isinstance(x, KerasTensor)


def is_placeholder(x):
    """Does it stand for data that comes from outside?"""
    return isinstance(x, KerasTensor) and x._keras_history is not None and x.node.is_input


def is_tensor(x):
    """Is it an array, a Variable or a symbolic tensor?"""
    return isinstance(x, (KerasTensor, Variable)) or hasattr(x, "aval")


def is_variable(x):
    """Is it a Variable?"""
    return isinstance(x, Variable)


def is_sparse(tensor):
    """Always False: tensors are dense."""
    return False


def to_dense(tensor):
    """The tensor itself: it is dense."""
    return tensor


def is_float_dtype(dtype):
    """Is it a float type?"""
    return dtypes.is_float(dtype)


def is_int_dtype(dtype):
    """Is it an integer type?"""
    return "int" in standardize_dtype(dtype)


def result_type(*dtypes_):
    """The dtype that operands of these dtypes have together."""
    from ..ops import table

    named = [standardize_dtype(d) if not isinstance(d, type) else d for d in dtypes_]
    found = getattr(table, "result_type", None)
    return found(*named) if found is not None else standardize_dtype(jnp.result_type(*named))


def has_arg(fn, name, accept_all=False):
    """Does a function take an argument of a name?"""
    params = inspect.signature(fn).parameters
    if name in params:
        return params[name].kind in (1, 3)
    return accept_all and any(p.kind == p.VAR_KEYWORD for p in params.values())


def print_tensor(x, message="", summarize=3):
    """Prints the values whenever they are computed; gives the same values."""
    return _print(x, message, summarize)


def _print(x, message, summarize):
    import jax

    from ..core.symbolic import op

    def show(values):
        edges = {"threshold": values.size + 1} if summarize == -1 else {"threshold": 0, "edgeitems": summarize}
        print(message, np.array2string(np.asarray(values), **edges))

    @op
    def print_tensor(x):
        jax.debug.callback(show, jnp.asarray(x))
        return jnp.asarray(x)

    return print_tensor(x)


# ------------------------------------------------- the process


def clear_session(free_memory=True):
    """Automatic names start anew, and the learning phase is forgotten."""
    from . import graph

    naming.reset_names()
    graph.set_phase(None)
    if free_memory:
        import gc

        gc.collect()


def image_dim_ordering():
    """Keras 1's name of the layout: "tf" or "th"."""
    return {"channels_last": "tf", "channels_first": "th"}[image_data_format()]


def set_image_dim_ordering(dim_ordering):
    """Sets the layout by Keras 1's name, "tf" or "th"."""
    if dim_ordering not in ("tf", "th"):
        raise ValueError(f"set_image_dim_ordering: expected 'tf' or 'th', received {dim_ordering!r}.")
    set_image_data_format(LAYOUTS[dim_ordering])


def set_session(session):
    """Warns: there are no sessions."""
    warnings.warn("K.set_session has no effect: there are no sessions; computation is eager or compiled.", stacklevel=2)


def manual_variable_initialization(value):
    """Warns: Variables are made when they are first read."""
    warnings.warn(
        "K.manual_variable_initialization has no effect: Variables are made when they are first read.", stacklevel=2
    )
