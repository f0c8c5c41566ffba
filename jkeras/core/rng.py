"""Randomness by path, not by order.

One root key; what is drawn from it depends on names: ``fold_in(key, crc32(b"block/dropout"))``.
Adding a layer changes nobody else's numbers.
"""

import random as python_random
import secrets
import zlib
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..nn.platform import to_array
from . import frame as frames
from .variable import Variable

_root: dict[str, Any] = {"seed": None, "count": 0, "explicit": False}


def set_seed(seed: int) -> None:
    """Seeds Python, NumPy and JAX: what follows is the same in every run.

    >>> set_seed(1)
    """
    if not isinstance(seed, (int, np.integer)) or isinstance(seed, bool) or not 0 <= seed < 2**32:
        raise ValueError(f"set_random_seed: expected an integer between 0 and 2**32 - 1, received {seed!r}.")
    python_random.seed(int(seed))
    np.random.seed(int(seed))
    _root.update(seed=int(seed), count=0, explicit=True)


def get_seed() -> int | None:
    """The seed given to ``set_seed``, or None."""
    return _root["seed"] if _root["explicit"] else None


def get_state() -> dict[str, Any]:
    """What the keys to come depend on, as plain data.

    >>> set_seed(1)
    >>> state = get_state()
    >>> first = fresh_seed()
    >>> set_state(state)
    >>> fresh_seed() == first
    True
    """
    return dict(_root)


def set_state(state: dict[str, Any]) -> None:
    """Puts back what ``get_state`` gave."""
    _root.update(state)


def root_seed() -> int:
    """The process's seed; drawn once if nobody set it."""
    if _root["seed"] is None:
        _root["seed"] = secrets.randbits(32)
    return _root["seed"]


def fresh_seed() -> int:
    """A new seed at each call, determined by the root seed and the number of calls before."""
    _root["count"] += 1
    return zlib.crc32(f"{root_seed()}/{_root['count']}".encode())


def fresh_key() -> jax.Array:
    """A new key at each call."""
    seed = np.array([0, fresh_seed()], np.uint32)
    if jax.config.jax_default_prng_impl == "threefry2x32":  # type: ignore[attr-defined]
        return jax.random.wrap_key_data(
            to_array(seed), impl="threefry2x32"
        )  # what key() makes, with nothing to compile
    return jax.random.key(seed[1])


def _key(state: Any) -> jax.Array:
    """The key of the state ``[seed, count]``; the one that Keras 3 draws with."""
    return jax.random.wrap_key_data(jnp.asarray(state, "uint32"), impl="threefry2x32")


def drawn_state(shape: Any, dtype: Any, key: Any) -> jax.Array:
    """The first state of a generator without a seed."""
    return jnp.stack([jax.random.bits(key, (), "uint32"), jnp.uint32(0)])


def drawn_states(key: jax.Array, folds: list[int]) -> list[jax.Array]:
    """``drawn_state`` of each key that is folded from ``key``, in one expression: one by one, each takes 0.1 s to compile."""
    if not folds:
        return []
    states = jax.vmap(lambda fold: drawn_state((2,), "uint32", jax.random.fold_in(key, fold)))(
        np.array(folds, np.uint32)
    )
    return list(states)


def _state_of(seed: int) -> Any:
    return lambda shape, dtype, key: jnp.array([seed & 0xFFFFFFFF, 0], "uint32")


class SeedGenerator:
    """A source of keys whose state, ``[seed, count]``, is a Variable that does not train.

    In a call that was given a key, ``next`` derives from that key and the generator's path and the state stays
    as it is; otherwise it uses the state and counts on.  https://keras.io/api/random/seed_generator/

    >>> SeedGenerator(7).next().shape
    ()
    """

    def __init__(self, seed: int | None = None, name: str | None = None, **kwargs: Any):
        if kwargs:
            raise TypeError(f"SeedGenerator: unknown argument {next(iter(kwargs))!r}.")
        if seed is not None and (isinstance(seed, bool) or not isinstance(seed, (int, np.integer))):
            raise ValueError(f"SeedGenerator(seed={seed!r}): expected None or an integer.")
        self.seed = None if seed is None else int(seed)
        self.name = name or "seed_generator"
        self.state = Variable(
            drawn_state if self.seed is None else _state_of(self.seed),
            shape=(2,),
            dtype="uint32",
            trainable=False,
            autocast=False,
            name="seed_generator_state",
        )

    def next(self, ordered: bool = True) -> jax.Array:
        """A key that was not given before."""
        frame = frames.current()
        if frame is not None and frame.key is not None:
            key = frame.key_for(self.state.path or self.name)
            return key if self.seed is None else jax.random.fold_in(key, np.uint32(self.seed & 0xFFFFFFFF))
        state = self.state.value
        self.state.assign(state + np.array([0, 1], "uint32") if ordered else (state + 1) * 5387 % 933199)
        return _key(state)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal generator."""
        return {"seed": self.seed}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "SeedGenerator":
        """The generator that ``get_config`` described."""
        return cls(**config)


def key_of(seed: Any) -> jax.Array:
    """A key from what Keras takes as a seed: None, an integer, a SeedGenerator, or a key.

    None draws a new key at each call; an integer always gives the same one.
    """
    if seed is None:
        frame = frames.current()
        if frame is not None and frame.key is not None:
            return frame.key_for("random")
        step = frames.step_of(frame)
        return fresh_key() if step is None else jax.random.fold_in(fresh_key(), step)
    if hasattr(seed, "next"):
        return seed.next()
    if isinstance(seed, (int, np.integer)):
        return _key(np.array([int(seed) & 0xFFFFFFFF, 0], "uint32"))
    seed = jnp.asarray(seed)
    if jnp.issubdtype(seed.dtype, jax.dtypes.prng_key):
        return seed
    if seed.ndim == 0:
        return _key(jnp.stack([seed.astype("uint32"), jnp.uint32(0)]))
    return _key(seed)
