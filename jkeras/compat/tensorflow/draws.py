"""``tf.random``: JAX's generators under TensorFlow's names. The numbers are JAX's, not TensorFlow's."""

import inspect
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ...core.rng import SeedGenerator, fresh_seed, key_of, set_seed
from .rows import array, dtype_of, ints, offered, one_of, shape_of, table
from .tensor import Tensor, unwrap

ALGORITHMS = ("auto_select", "philox", "threefry", 1, 2, 3)


def _float(name: str, dtype: Any) -> Any:
    found = dtype_of(dtype)
    if not jnp.issubdtype(found, jnp.floating):
        raise TypeError(f"tf.random.{name}: expected a floating dtype, received {dtype!r}.")
    return found


def normal(key: Any, shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = "float32") -> Any:
    """Of the normal distribution."""
    to = _float("normal", dtype)
    mean, stddev = array(mean), array(stddev)
    shape = jnp.broadcast_shapes(shape_of(shape), mean.shape, stddev.shape)
    return (jax.random.normal(key, shape, to) * stddev + mean).astype(to)


def truncated_normal(key: Any, shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = "float32") -> Any:
    """Of the normal distribution, within two standard deviations."""
    to = _float("truncated_normal", dtype)
    return (jax.random.truncated_normal(key, -2.0, 2.0, shape_of(shape), to) * array(stddev) + array(mean)).astype(to)


def uniform(key: Any, shape: Any, minval: Any = 0, maxval: Any = None, dtype: Any = "float32") -> Any:
    """Evenly from [minval, maxval); whole numbers need a ``maxval``."""
    to = dtype_of(dtype)
    minval = array(0 if minval is None else minval)
    if jnp.issubdtype(to, jnp.integer):
        if maxval is None:
            raise ValueError(f"tf.random.uniform: maxval must be given for dtype {dtype!r}.")
        shape = jnp.broadcast_shapes(shape_of(shape), minval.shape, np.shape(maxval))
        return jax.random.randint(key, shape, minval, array(maxval), to)
    maxval = array(1.0 if maxval is None else maxval)
    shape = jnp.broadcast_shapes(shape_of(shape), minval.shape, maxval.shape)
    return jax.random.uniform(key, shape, to) * (maxval - minval).astype(to) + minval.astype(to)


def gamma(key: Any, shape: Any, alpha: Any, beta: Any = None, dtype: Any = "float32") -> Any:
    """Of the gamma distribution: ``shape`` numbers for each pair of parameters."""
    alpha, beta = jnp.broadcast_arrays(array(alpha), array(1.0 if beta is None else beta))
    to = _float("gamma", dtype)
    return jax.random.gamma(key, alpha.astype(to), (*shape_of(shape), *alpha.shape), to) / beta.astype(to)


def stateless_gamma(key: Any, shape: Any, alpha: Any, beta: Any = None, dtype: Any = "float32") -> Any:
    """Of the gamma distribution: the parameters broadcast to ``shape``."""
    to = _float("stateless_gamma", dtype)
    drawn = jax.random.gamma(key, array(alpha).astype(to), shape_of(shape), to)
    return drawn / array(1.0 if beta is None else beta).astype(to)


def poisson(key: Any, shape: Any, lam: Any, dtype: Any = "float32") -> Any:
    """Of the Poisson distribution: ``shape`` numbers for each rate."""
    lam = array(lam)
    return _poisson(key, (*shape_of(shape), *lam.shape), lam, dtype)


def _poisson(key: Any, shape: Any, lam: Any, dtype: Any = "int32") -> Any:
    """Of the Poisson distribution by Knuth's product, which any of JAX's generators can draw."""
    lam, shape = jnp.broadcast_to(array(lam), shape_of(shape)).astype("float32"), shape_of(shape)

    def step(state: tuple) -> tuple:
        counts, left, key = state
        key, own = jax.random.split(key)
        left = left + jnp.log(jax.random.uniform(own, shape, minval=1e-30))
        return counts + (left > -lam), left, key

    start = jnp.zeros(shape, "int32"), jnp.zeros(shape), key
    counts, _, _ = jax.lax.while_loop(lambda s: jnp.any(s[1] > -lam), step, start)
    return counts.astype(dtype_of(dtype))


def categorical(key: Any, logits: Any, num_samples: Any, dtype: Any = None) -> Any:
    """Class numbers, so many for each row of logits."""
    count, to = ints(num_samples), dtype_of("int64" if dtype is None else dtype)
    return jax.random.categorical(key, logits[:, None], -1, (logits.shape[0], count)).astype(to)


def binomial(key: Any, shape: Any, counts: Any, probs: Any, dtype: Any = "int32") -> Any:
    """How many of ``counts`` trials succeed."""
    return jax.random.binomial(key, array(counts), array(probs), shape_of(shape)).astype(dtype_of(dtype))


def shuffle(key: Any, value: Any) -> Any:
    """The rows in another order."""
    return jax.random.permutation(key, array(value), axis=0)


def _crop(key: Any, value: Any, size: Any) -> Any:
    """A box of a given size at a random place."""
    value, size = array(value), shape_of(size)
    if len(size) != value.ndim or any(s > n for s, n in zip(size, value.shape, strict=False)):
        raise ValueError(f"random_crop: a box of size {size} does not fit into shape {tuple(value.shape)}.")
    rooms = [n - s + 1 for n, s in zip(value.shape, size, strict=True)]
    starts = [
        jax.random.randint(k, (), 0, room) for k, room in zip(jax.random.split(key, len(rooms)), rooms, strict=True)
    ]
    return jax.lax.dynamic_slice(value, starts, size)


def _key_of_pair(seed: Any) -> Any:
    """The key of a seed of two whole numbers."""
    seed = array(seed)
    if seed.shape != (2,):
        raise ValueError(f"A seed of shape [2] is wanted, received shape {tuple(seed.shape)}.")
    return jax.random.wrap_key_data(seed.astype("uint32"), impl="threefry2x32")


def stateful(name: str, draw: Callable, space: str = "random") -> Callable:
    """A function that draws anew at each call; with ``seed`` it depends on that and on ``set_seed``."""
    parameters = [p for p in inspect.signature(draw).parameters if p != "key"]

    def call(*args: Any, seed: Any = None, **kwargs: Any) -> Any:
        if len(args) == len(parameters) + 1:
            *args, seed = args
        key = key_of(None)
        key = key if seed is None else jax.random.fold_in(key, np.uint32(ints(seed) & 0xFFFFFFFF))
        return draw(key, *args, **kwargs)

    return _checked(f"{space}.{name}", call, draw, "seed")


def stateless(name: str, draw: Callable, place: int = 1, space: str = "random") -> Callable:
    """A function of a seed of two numbers, which stands at a place among the arguments; ``alg`` names a generator."""

    def call(*args: Any, seed: Any = None, alg: Any = "auto_select", **kwargs: Any) -> Any:
        one_of(f"tf.{space}.{name}: alg", getattr(alg, "value", alg), ALGORITHMS)
        if len(args) > place:
            args, seed = (*args[:place], *args[place + 1 :]), args[place]
        if seed is None:
            raise TypeError(f"tf.{space}.{name}: a seed of two whole numbers is wanted.")
        return draw(_key_of_pair(seed), *args, **kwargs)

    return _checked(f"{space}.{name}", call, draw, "seed", "alg")


def _checked(name: str, call: Callable, draw: Callable, *extra: str) -> Callable:
    """Unknown arguments raise TypeError before anything is drawn."""
    allowed = {*inspect.signature(draw).parameters, *extra, "name"} - {"key"}
    arrays = {"logits"}

    def checked(*args: Any, **kwargs: Any) -> Any:
        for key in kwargs:
            if key not in allowed:
                raise TypeError(f"tf.{name} got an unexpected argument {key!r}; it takes {', '.join(sorted(allowed))}.")
        kwargs.pop("name", None)
        kwargs = {k: array(v) if k in arrays else v for k, v in kwargs.items()}
        args = (array(args[0]), *args[1:]) if args and "logits" in allowed else args
        return call(*args, **kwargs)

    return offered(f"tf.{name}", checked)


class Generator:
    """A source of random numbers with a state of its own, which compiled functions carry on, too.

    https://www.tensorflow.org/api_docs/python/tf/random/Generator

    >>> Generator.from_seed(1).normal((2,)).shape.as_list()
    [2]
    """

    def __init__(self, copy_from: Any = None, state: Any = None, alg: Any = None):
        if (copy_from is None) == (state is None):
            raise ValueError("tf.random.Generator: give copy_from or state, or use Generator.from_seed.")
        if alg is not None:
            one_of("tf.random.Generator: alg", getattr(alg, "value", alg), ALGORITHMS)
        self.algorithm = 1 if alg is None else alg
        self._source = SeedGenerator(0)
        value = copy_from._source.state.value if copy_from is not None else unwrap(state)
        self._source.state.assign(jnp.asarray(value).reshape(-1)[-2:].astype("uint32"))

    @classmethod
    def from_seed(cls, seed: Any, alg: Any = None) -> "Generator":
        """A generator that begins at a number."""
        return cls(state=np.array([int(unwrap(seed)) & 0xFFFFFFFF, 0], "uint32"), alg=alg)

    @classmethod
    def from_state(cls, state: Any, alg: Any) -> "Generator":
        """A generator in the state of another."""
        return cls(state=getattr(state, "value", state), alg=alg)

    @classmethod
    def from_non_deterministic_state(cls, alg: Any = None) -> "Generator":
        """A generator that begins anywhere."""
        import secrets

        return cls.from_seed(secrets.randbits(32), alg)

    @property
    def state(self) -> Any:
        """Its state, a variable of two numbers."""
        return self._source.state

    @property
    def key(self) -> Any:
        """The number that the draws begin with."""
        return Tensor(self._source.state.value[0])

    def reset_from_seed(self, seed: Any) -> None:
        """Begins anew at a number."""
        self._source.state.assign(np.array([int(unwrap(seed)) & 0xFFFFFFFF, 0], "uint32"))

    def reset(self, state: Any) -> None:
        """Goes on from a state."""
        self._source.state.assign(jnp.asarray(unwrap(state)).reshape(-1)[-2:].astype("uint32"))

    def skip(self, delta: Any) -> None:
        """Leaves out so many draws."""
        state = self._source.state
        state.assign(state.value + jnp.asarray([0, int(unwrap(delta))], "uint32"))

    def split(self, count: Any = 1) -> list["Generator"]:
        """So many generators, none of which draws what another draws."""
        keys = jax.random.split(self._source.next(), ints(count))
        return [Generator(state=jax.random.key_data(k)) for k in keys]

    def make_seeds(self, count: Any = 1) -> Any:
        """Seeds of two numbers for the stateless functions, as columns."""
        return Tensor(jax.random.bits(self._source.next(), (2, ints(count))).astype("int32"))

    def uniform_full_int(self, shape: Any, dtype: Any = "uint64", name: Any = None) -> Any:
        """Whole numbers, all of a dtype alike."""
        to = dtype_of(dtype)
        bits = jax.random.bits(self._source.next(), shape_of(shape), f"uint{np.dtype(to).itemsize * 8}")
        return Tensor(jax.lax.bitcast_convert_type(bits, to))


def _method(name: str, draw: Callable) -> Callable:
    shown = _checked(f"random.Generator.{name}", lambda *args, **kwargs: draw(*args, **kwargs), draw, "key")

    def method(self: Generator, *args: Any, **kwargs: Any) -> Any:
        return shown(self._source.next(), *args, **kwargs)

    method.__doc__ = draw.__doc__
    return method


for _name, _draw in {
    "normal": normal,
    "uniform": uniform,
    "truncated_normal": truncated_normal,
    "binomial": binomial,
}.items():
    setattr(Generator, _name, _method(_name, _draw))

_global: list[Generator | None] = [None]


def get_global_generator() -> Generator:
    """The generator of the process."""
    if _global[0] is None:
        _global[0] = Generator.from_seed(fresh_seed())
    return _global[0]


def set_global_generator(generator: Generator) -> None:
    """Another generator of the process."""
    _global[0] = generator


def seed_all(seed: Any) -> None:
    """Seeds what is drawn from here on."""
    set_seed(int(unwrap(seed)))
    _global[0] = None


def split(seed: Any, num: Any = 2, alg: Any = "auto_select") -> Any:
    """Seeds of two numbers from one, as rows."""
    one_of("tf.random.split: alg", getattr(alg, "value", alg), ALGORITHMS)
    keys = jax.random.split(_key_of_pair(seed), ints(num))
    return jax.lax.bitcast_convert_type(jax.random.key_data(keys), jnp.int32)


def fold_in(seed: Any, data: Any, alg: Any = "auto_select") -> Any:
    """A seed of two numbers from one and a number."""
    one_of("tf.random.fold_in: alg", getattr(alg, "value", alg), ALGORITHMS)
    key = jax.random.fold_in(_key_of_pair(seed), array(data).astype("uint32"))
    return jax.lax.bitcast_convert_type(jax.random.key_data(key), jnp.int32)


def functions() -> dict[str, Any]:
    """Name -> function of ``tf.random``."""
    drawn = {
        "normal": normal, "uniform": uniform, "truncated_normal": truncated_normal, "gamma": gamma, "poisson": poisson,
        "categorical": categorical, "shuffle": shuffle,
    }  # fmt: skip
    made: dict[str, Any] = {name: stateful(name, draw) for name, draw in drawn.items()}
    alike = {**drawn, "gamma": stateless_gamma, "poisson": _poisson, "binomial": binomial}
    places = {"categorical": 2, "shuffle": 1}
    made.update(
        {f"stateless_{n}": stateless(f"stateless_{n}", d, places.get(n, 1)) for n, d in alike.items() if n != "shuffle"}
    )
    made.update(
        **table("random", {"split": split, "fold_in": fold_in}), Generator=Generator, set_seed=seed_all,
        get_global_generator=get_global_generator, set_global_generator=set_global_generator,
    )  # fmt: skip
    return made


random_crop, stateless_random_crop = stateful("random_crop", _crop), stateless("stateless_random_crop", _crop, 2)
