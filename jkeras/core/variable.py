"""Variables: names for arrays."""

import operator
import re
import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..nn.platform import to_array
from ..nn.random import Draw, draw, draw_many
from . import config, dtypes, memory, placement, program_cache
from . import frame as frames
from .declare import sizes

memory.keep_pages()  # both before anything is computed
program_cache.start()
_made = [0]
_making = threading.RLock()  # held while arrays are made: several threads may read them for the first time at once


def count_made() -> int:
    """How many Variables this process has made: as long as it stays, no layer can have got another one."""
    return _made[0]


class Variable:
    """A named array that training or a call may change.

    Reading ``value`` asks the current frame first and else the Variable's own cell. Every ``jax.numpy`` function takes a
    Variable. Nothing is computed before the first read: ``initializer`` is an array, or a function of shape, dtype and
    (where it takes one) key.  https://keras.io/api/ops/variable/

    >>> v = Variable([1.0, 2.0], name="v")
    >>> v.assign_add([1.0, 1.0]).tolist()
    [2.0, 3.0]
    >>> jnp.sum(v * 2).item()
    10.0
    """

    is_weight = True  # False: kept from call to call, but neither listed with a layer's weights nor saved

    def __init__(
        self,
        initializer: Any,
        shape: Sequence[int] | None = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        aggregation: str | None = "none",
        synchronization: str | None = "auto",
        name: str | None = None,
        layout: Any = None,
        **kwargs: Any,
    ):
        _made[0] += 1
        for unknown in kwargs:
            raise TypeError(f"Variable: unknown argument {unknown!r}.")
        if name is not None and (not isinstance(name, str) or "/" in name):
            raise ValueError(f"Variable(name={name!r}): expected a string without '/'.")
        self.name = name or "variable"
        self.path = frames.scope_path(self.name)
        self.autocast, self.aggregation, self.synchronization = bool(autocast), aggregation or "none", synchronization
        self.regularizer: Callable | None = None
        self.constraint: Callable | None = None
        self.overwrite_with_gradient = False
        self._trainable = self.made_trainable = bool(trainable)  # the second: its place among the weights, for good
        self._layout = layout
        self._distribution = placement.current()  # the one it was made under
        self._gather: Any = None  # (as kept, as computed with) where a weight is split for storage only
        self._cell: Any = None
        self._lent = False  # does anybody outside hold the stored array?
        self._initializer: Callable | None = None
        if callable(initializer) and not hasattr(initializer, "__array__"):
            if shape is None:
                raise ValueError(f"Variable {self.name!r}: an initializer function needs a shape; give shape=(...).")
            self.shape: tuple[int, ...] = _checked_shape(shape, self.name)
            self.dtype = dtypes.standardize_dtype(dtype)
            self._initializer = initializer
        else:
            value = _as_array(initializer, dtype)
            self.dtype = dtypes.standardize_dtype(dtype if dtype is not None else value.dtype)
            self.shape = tuple(value.shape) if shape is None else _checked_shape(shape, self.name)
            self._cell = jnp.broadcast_to(value, self.shape)
            copied = (np.ndarray, np.generic, int, float, list, tuple)
            self._lent = not isinstance(initializer, copied)
            if self._distribution is not None and not isinstance(value, jax.core.Tracer):
                self._place()

    # ---- reading

    @property
    def array_dtype(self) -> Any:
        """The NumPy dtype of the stored array."""
        return dtypes.array_dtype(self.dtype)

    @property
    def value(self) -> jax.Array:
        """The array: the one bound in the current call, or the stored one."""
        frame = frames._current.get()
        if frame is None:
            self._lent = True
            return self._cell if self._cell is not None else self.materialize()
        found = frame.lookup(self)
        if found is frames.UNBOUND:
            self._lent = True
            found = self._cell if self._cell is not None else self.materialize()
        compute = frame.compute_dtype
        if compute is not None and self.autocast and self.dtype != compute and dtypes.is_float(self.dtype):
            found = found.astype(compute)
        return found if self._gather is None else placement.gathered(found, *self._gather)

    def materialize(self) -> jax.Array:
        """Makes the stored array if nobody has read it yet, and gives it."""
        if self._cell is None:
            initialize([self])
        return self._cell

    @property
    def is_initialized(self) -> bool:
        """Is there an array already?"""
        return self._cell is not None

    def numpy(self) -> np.ndarray:
        """A copy of the array on the host."""
        return np.array(placement.to_host(self.value if frames._current.get() is not None else self.materialize()))

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def trainable(self) -> bool:
        """May an optimizer change it?"""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)

    # ---- writing

    def assign(self, value: Any) -> jax.Array:
        """Sets a new value of the same shape; raises ValueError for another shape."""
        value = to_array(value.value if isinstance(value, Variable) else value)
        if value.shape != self.shape:
            raise ValueError(
                f"Variable {self.path!r}: expected a value of shape {self.shape}, received shape {tuple(value.shape)}."
            )
        value = value.astype(self.array_dtype)
        frame = frames._current.get()
        if frame is not None and frame.assign(self, value):
            return value
        if isinstance(value, jax.core.Tracer):
            raise RuntimeError(
                f"Variable {self.path!r} was assigned inside a compiled function that does not own it. "
                "Make it an attribute of the layer or model that is compiled, or return the value instead."
            )
        self._cell, self._lent = value, True
        if self._layout is not None or self._distribution is not None:
            self._place()
        return self._cell

    def _place(self) -> None:
        """Puts the stored array where it is to lie."""
        sharding = self._find_place()
        if sharding is not None and self._cell is not None:
            self._cell = placement.put(self._cell, sharding)

    def _find_place(self) -> Any:
        """How the array is to lie, settled once; None: on the default device."""
        sharding = placement.sharding_of(self)
        if sharding is not None and self._layout is not sharding:
            made_under = self._distribution = self._distribution or placement.current()
            compute = made_under.get_compute_layout(self) if made_under is not None and self._layout is None else None
            self._gather = None if compute is None else (sharding, compute.backend_layout)
            self._layout = sharding
        return sharding

    def assign_add(self, value: Any) -> jax.Array:
        """Adds to the value."""
        return self.assign(self._stored() + jnp.asarray(value))

    def assign_sub(self, value: Any) -> jax.Array:
        """Subtracts from the value."""
        return self.assign(self._stored() - jnp.asarray(value))

    def _stored(self) -> jax.Array:
        frame = frames._current.get()
        found = frames.UNBOUND if frame is None else frame.lookup(self)
        return self.materialize() if found is frames.UNBOUND else found

    # ---- being an array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(placement.to_host(self.value), dtype, copy=copy)

    def __jax_array__(self) -> jax.Array:
        return self.value

    def __getitem__(self, idx: Any) -> jax.Array:
        return self.value[idx] if frames.recorder is None else frames.recorded(lambda value: value[idx], self)

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError(f"Variable {self.path!r} has no length: it is a single number.")
        return self.shape[0]

    def __iter__(self) -> Any:
        return iter(self.value)

    def __bool__(self) -> bool:
        return bool(self.value)

    def __float__(self) -> float:
        return float(self.value)

    def __int__(self) -> int:
        return int(self.value)

    def __index__(self) -> int:
        return operator.index(self.value)

    def __hash__(self) -> int:
        return id(self)

    def __format__(self, spec: str) -> str:
        return format(self.value, spec) if spec else repr(self)

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_distribution": None, "_layout": None, "_gather": None}  # devices stay behind

    def __deepcopy__(self, memo: dict) -> "Variable":
        self.materialize()  # drawn once for both
        self._lent = True  # two Variables have the array from now on
        copy = object.__new__(type(self))
        copy.__dict__.update(self.__dict__)
        memo[id(self)] = copy
        return copy

    def __repr__(self) -> str:
        shown = "not made yet" if self._cell is None else np.array2string(np.asarray(self._cell), threshold=20)
        return f"<Variable path={self.path}, shape={self.shape}, dtype={self.dtype}, value={shown}>"

    def __getattr__(self, name: str) -> Any:  # sum, mean, reshape, astype, at, ...
        if name.startswith("_") or name not in _ARRAY_ATTRIBUTES:
            raise AttributeError(f"'Variable' object has no attribute {name!r}")
        return getattr(self.value, name)


_ARRAY_ATTRIBUTES = frozenset(
    "T at all any argmax argmin astype clip conj copy cumsum devices dot flatten imag item itemsize max mean min "
    "nbytes prod ravel real reshape round sharding sort squeeze std sum take tolist transpose var".split()
)

_BINARY = "add sub mul truediv floordiv mod pow matmul and or xor lshift rshift".split()


def _binary(name: str) -> Callable:
    compute = getattr(operator, f"__{name}__")

    def apply(self: Any, other: Any) -> Any:
        if hasattr(other, "_keras_history"):
            return NotImplemented  # a symbolic tensor records the operation
        return frames.recorded(compute, self, other)

    return apply


def _reflected(name: str) -> Callable:
    compute = getattr(operator, f"__{name}__")
    return lambda self, other: frames.recorded(compute, other, self)


def _unary(name: str) -> Callable:
    compute = getattr(operator, f"__{name}__")
    return lambda self: frames.recorded(compute, self)


for _name in _BINARY:
    setattr(Variable, f"__{_name}__", _binary(_name))
    setattr(Variable, f"__r{_name}__", _reflected(_name))
for _name in ("eq", "ne", "lt", "le", "gt", "ge"):
    setattr(Variable, f"__{_name}__", _binary(_name))
for _name in ("neg", "pos", "abs", "invert"):
    setattr(Variable, f"__{_name}__", _unary(_name))

# The leaf of a Variable in a pytree is its current value: so jitted functions take Variables.
jax.tree_util.register_pytree_node(Variable, lambda v: ((v.value,), None), lambda _, leaves: leaves[0])


def _checked_shape(shape: Sequence[int] | int, name: str) -> tuple[int, ...]:
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    if any(d is None for d in shape):
        raise ValueError(f"Variable {name!r}: every size must be known, received shape {shape}.")
    return sizes(shape, f"Variable {name!r}: shape")


def _as_array(value: Any, dtype: Any) -> jax.Array:
    if dtype is None and not hasattr(value, "dtype"):
        value = np.asarray(value)
        dtype = config.floatx() if value.dtype.kind == "f" else value.dtype
    with jax.ensure_compile_time_eval():
        array = to_array(value.value if isinstance(value, Variable) else value)
        return array if dtype is None else array.astype(dtypes.array_dtype(dtype))


def initial_values(variables: Sequence[Variable], key: jax.Array) -> list[jax.Array]:
    """Initial arrays of Variables as a pure function of a key; each depends on the key and its own path."""
    return _initial_values(variables, _path_numbers(variables), key)


def _path_numbers(variables: Sequence[Variable]) -> list[int]:
    """A number for each Variable that depends on its path alone, or on its place among Variables of one path.

    ``dense_3`` counts as ``dense``: a model built a second time has other automatic names and the same weights.
    """
    seen: dict[str, int] = {}
    numbers = []
    for v in variables:
        path = re.sub(r"_\d+(?=/|$)", "", v.path)
        count = seen[path] = seen.get(path, -1) + 1
        numbers.append(zlib.crc32((f"{path}:{count}" if count else path).encode()))
    return numbers


def _initial_values(
    variables: Sequence[Variable], numbers: Sequence[int], key: jax.Array, split: dict[int, Any] | None = None
) -> list[jax.Array]:
    from .rng import drawn_state, drawn_states

    values = [v._cell for v in variables]
    plans = {i: plan for i, v in enumerate(variables) if (plan := _plan(v)) is not None}
    apart = {i: (plans.pop(i), layout) for i, layout in (split or {}).items() if i in plans}
    for i, value in _drawn_in_parts(variables, numbers, key, apart):
        values[i] = value
    shapes = [variables[i].shape for i in plans]
    drawn = draw_many(key, [numbers[i] for i in plans], shapes, list(plans.values()))
    for i, value in zip(plans, drawn, strict=True):
        values[i] = value
    seeds = [i for i, v in enumerate(variables) if v._initializer is drawn_state]
    states = dict(zip(seeds, drawn_states(key, [numbers[i] for i in seeds]), strict=True))
    for i, state in states.items():
        values[i] = state
    for i, v in enumerate(variables):
        if v._initializer is None or i in plans or i in apart or i in states:
            continue
        own = jax.random.fold_in(key, np.uint32(numbers[i]))
        value = _call_initializer(v._initializer, v.shape, v.dtype, own)
        if tuple(jnp.shape(value)) != v.shape:
            raise ValueError(
                f"Weight {v.path!r}: its initializer made shape {tuple(jnp.shape(value))}, expected {v.shape}."
            )
        values[i] = jnp.asarray(value).astype(v.array_dtype)
    return values


def _drawn_in_parts(variables: Any, numbers: Any, key: jax.Array, apart: dict[int, Any]) -> Iterator[tuple[int, Any]]:
    """Values of which each device makes its part alone; those of one shape, layout and kind are drawn together."""
    groups: dict[tuple, list[int]] = {}
    for i, (plan, layout) in apart.items():
        groups.setdefault((plan, variables[i].shape, layout), []).append(i)
    for (plan, shape, layout), members in groups.items():

        def one(fold: Any, shape: Any = shape, plan: Any = plan) -> Any:
            return draw(jax.random.fold_in(key, fold), shape, "float32", plan)

        drawn = jax.vmap(one)(np.array([numbers[i] for i in members], np.uint32))
        drawn = jax.lax.with_sharding_constraint(drawn, placement.stacked(layout))
        yield from zip(members, drawn, strict=True)


def _makes_whole(variable: Variable) -> bool:
    """Does its initializer compute a weight that cannot be made in parts: users' own, those with a seed, a matrix's factor?"""
    initializer = variable._initializer
    if initializer is None or not getattr(type(initializer).__call__, "draws_plan", False):
        return initializer is not None
    return getattr(initializer, "seed", None) is not None


def _plan(variable: Variable) -> Draw | None:
    """What to draw for a Variable whose initializer is a plain draw of floats without a seed of its own."""
    initializer = variable._initializer
    if variable.dtype != "float32" or not getattr(type(initializer).__call__, "draws_plan", False):
        return None
    return initializer.plan(variable.shape) if initializer.seed is None else None  # type: ignore[union-attr]


def _call_initializer(initializer: Callable, shape: tuple, dtype: str, key: jax.Array) -> Any:
    """Users' initializers take (shape), with a dtype, other keywords or, in Keras 1, a name; ours take a key too."""
    import inspect

    try:
        params = inspect.signature(initializer).parameters
    except (TypeError, ValueError):
        return initializer(shape, dtype)
    names = set(params)
    if "key" in names:
        return initializer(shape, dtype=dtype, key=key)
    wide = any(p.kind == p.VAR_KEYWORD for p in params.values())
    known = {"dtype": dtype} if "dtype" in names or wide else {}
    return initializer(shape, **known, **({"name": None} if "name" in names else {}))


def initialize(variables: Sequence[Variable]) -> None:
    """Makes the arrays of all Variables that have none yet, together, in one compiled call."""
    if any(v._cell is None for v in variables):
        with _making:
            _make([v for v in variables if v._cell is None])


def _make(pending: list[Variable]) -> None:
    from .rng import fresh_key

    if not pending:
        return
    with jax.ensure_compile_time_eval():
        key = fresh_key()
        token = frames._current.set(None)  # an initializer must not see the call that reads the weight
        try:
            places = {v: v._find_place() for v in pending}
            mesh = next((getattr(x, "mesh", None) for x in places.values() if x is not None), None)
            if mesh is not None:
                places = {v: placement.whole(mesh) if x is None else x for v, x in places.items()}
            numbers = dict(zip(pending, _path_numbers(pending), strict=True))
            # On the host plain draws share one generator with all models, and there is little left to compile.
            spread = any(places.values())
            eager = not spread and jax.default_backend() == "cpu"
            plain = [v for v in pending if eager and _plan(v) is not None]
            rest = [v for v in pending if not (eager and _plan(v) is not None)]
            values = _initial_values(plain, [numbers[v] for v in plain], key)
            # What is computed whole and kept in parts comes one by one, so that no two are whole at one time.
            alone = [v for v in rest if placement.is_split(places[v]) and _makes_whole(v)]
            for v in alone:
                v._cell = placement.put(_initial_values([v], [numbers[v]], key)[0], places[v])
            rest = [v for v in rest if v._cell is None]
            if rest:
                split = {i: places[v] for i, v in enumerate(rest) if placement.is_split(places[v])}
                shardings: dict[str, Any] = {"out_shardings": [places[v] for v in rest]} if spread else {}
                made = jax.jit(lambda k: _initial_values(rest, [numbers[v] for v in rest], k, split), **shardings)
                values += made(key)
        finally:
            frames._current.reset(token)
    for v, value in zip([*plain, *rest], values, strict=True):
        v._cell = value
