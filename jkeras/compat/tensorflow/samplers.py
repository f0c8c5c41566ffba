"""Drawing some of many classes, and the losses that compare with these alone (word2vec and language models).

Mikolov et al. (2013), https://arxiv.org/abs/1310.4546; Jean et al. (2014), https://arxiv.org/abs/1412.2007.
"""

from collections import namedtuple
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .draws import stateful
from .neural import sigmoid_crossentropy, softmax_crossentropy
from .rows import array, ints, one_of, table
from .tensor import unwrap

Candidates = namedtuple("Candidates", "sampled_candidates true_expected_count sampled_expected_count")


def _log_uniform(range_max: int) -> np.ndarray:
    """Zipf's law: the chance of class ``k``."""
    k = np.arange(range_max)
    return np.log((k + 2) / (k + 1)) / np.log(range_max + 1)


def _drawn(key: Any, true_classes: Any, num_sampled: Any, unique: bool, chances: Any) -> Candidates:
    """So many classes by their chances, and how often each class is expected among them."""
    count, chances = ints(num_sampled), jnp.asarray(chances, "float32")
    if unique:
        if count > chances.shape[0]:
            raise ValueError(f"Expected to draw at most {chances.shape[0]} different classes, asked for were {count}.")
        # Gumbel's trick draws without putting back, as throwing again and again does
        noise = jnp.log(chances) + jax.random.gumbel(key, chances.shape)
        found = jnp.argsort(-noise)[:count]
        before = jnp.cumsum(chances[found]) - chances[found]
        tries = jnp.sum(1 / jnp.maximum(1 - before, 1e-6))  # how often one has to throw until so many differ
        expected = -jnp.expm1(tries * jnp.log1p(-jnp.minimum(chances, 1 - 1e-7)))
    else:
        found = jax.random.choice(key, chances.shape[0], (count,), p=chances / chances.sum())
        expected = chances * count
    true = array(true_classes)
    return Candidates(found.astype("int32"), expected[true], expected[found])


def log_uniform_candidate_sampler(
    key: Any, true_classes: Any, num_true: Any, num_sampled: Any, unique: bool, range_max: Any
) -> Any:
    """Classes by Zipf's law: those with small numbers are frequent."""
    _checked("log_uniform_candidate_sampler", true_classes, num_true)
    return _drawn(key, true_classes, num_sampled, unique, _log_uniform(ints(range_max)))


def uniform_candidate_sampler(
    key: Any, true_classes: Any, num_true: Any, num_sampled: Any, unique: bool, range_max: Any
) -> Any:
    """Classes of which all are as likely."""
    _checked("uniform_candidate_sampler", true_classes, num_true)
    n = ints(range_max)
    return _drawn(key, true_classes, num_sampled, unique, np.full(n, 1 / n))


def learned_unigram_candidate_sampler(key: Any, true_classes: Any, num_true: Any, num_sampled: Any, unique: bool,
                                      range_max: Any) -> Any:  # fmt: skip
    """Classes by how often they stand among the true ones of this call."""
    _checked("learned_unigram_candidate_sampler", true_classes, num_true)
    n = ints(range_max)
    counts = jnp.ones(n).at[array(true_classes).reshape(-1)].add(1)
    return _drawn(key, true_classes, num_sampled, unique, counts / counts.sum())


def fixed_unigram_candidate_sampler(
    key: Any, true_classes: Any, num_true: Any, num_sampled: Any, unique: bool, range_max: Any, vocab_file: str = "",
    distortion: Any = 1.0, num_reserved_ids: Any = 0, num_shards: Any = 1, shard: Any = 0, unigrams: Any = (),
) -> Any:  # fmt: skip
    """Classes by given frequencies, raised to a power."""
    where = "tf.random.fixed_unigram_candidate_sampler"
    _checked("fixed_unigram_candidate_sampler", true_classes, num_true)
    if (ints(num_shards), ints(shard)) != (1, 0):
        raise ValueError(f"{where}: num_shards and shard are not offered; draw from all classes.")
    if vocab_file:
        with open(vocab_file, encoding="utf-8") as file:
            unigrams = [float(line.rsplit(",", 1)[1]) for line in file if line.strip()]
    weights = np.concatenate([np.zeros(ints(num_reserved_ids)), np.asarray(unigrams, float) ** float(distortion)])
    if len(weights) != ints(range_max):
        raise ValueError(
            f"{where}: expected {ints(range_max) - ints(num_reserved_ids)} frequencies, received {len(unigrams)}."
        )
    return _drawn(key, true_classes, num_sampled, unique, weights / weights.sum())


def all_candidate_sampler(key: Any, true_classes: Any, num_true: Any, num_sampled: Any, unique: bool) -> Any:
    """All classes."""
    _checked("all_candidate_sampler", true_classes, num_true)
    if not unique:
        raise ValueError("tf.random.all_candidate_sampler: each class is drawn once; use unique=True.")
    n = ints(num_sampled)
    true = array(true_classes)
    return Candidates(jax.random.permutation(key, n).astype("int32"), jnp.ones(true.shape), jnp.ones(n))


def _checked(name: str, true_classes: Any, num_true: Any) -> None:
    shape = np.shape(unwrap(true_classes))
    if len(shape) != 2 or shape[1] != ints(num_true):
        raise ValueError(
            f"tf.random.{name}: expected true_classes of shape (batch, {ints(num_true)}), received {shape}."
        )


def compute_accidental_hits(true_classes: Any, sampled_candidates: Any, num_true: Any, seed: Any = None) -> tuple:
    """The rows, the places among the drawn and the weights where a drawn class is a true one."""
    if seed is not None:
        ints(seed)
    _checked("compute_accidental_hits", true_classes, num_true)
    same = np.asarray(true_classes)[:, :, None] == np.asarray(sampled_candidates)
    rows, _, places = np.nonzero(same)
    return (jnp.asarray(rows, "int32"), jnp.asarray(places, "int32"),
            jnp.full(len(rows), -np.finfo("float32").max))  # fmt: skip


def _logits(weights: Any, biases: Any, labels: Any, inputs: Any, candidates: Candidates, num_true: int, less: bool,
            remove: bool) -> tuple:  # fmt: skip
    """The outputs of the true and of the drawn classes, and what they should be."""
    weights = jnp.concatenate([array(w) for w in weights], 0) if isinstance(weights, (list, tuple)) else array(weights)
    biases, x, labels = array(biases), array(inputs), array(labels).reshape(-1, num_true)
    drawn = candidates.sampled_candidates
    true = jnp.einsum("bd,btd->bt", x, weights[labels], precision="highest") + biases[labels]
    sampled = jnp.matmul(x, weights[drawn].T, precision="highest") + biases[drawn]
    if remove:
        hit = (labels[:, :, None] == drawn[None, None]).any(1)
        sampled = jnp.where(hit, sampled - np.finfo("float32").max, sampled)
    if less:
        true = true - jnp.log(candidates.true_expected_count)
        sampled = sampled - jnp.log(candidates.sampled_expected_count)
    wanted = jnp.concatenate([jnp.full_like(true, 1 / num_true), jnp.zeros_like(sampled)], 1)
    return jnp.concatenate([true, sampled], 1), jax.lax.stop_gradient(wanted)


def _given(key: Any, labels: Any, num_sampled: Any, num_classes: Any, num_true: int, sampled_values: Any) -> Candidates:
    if sampled_values is None:
        labels = array(labels).reshape(-1, num_true)
        found = log_uniform_candidate_sampler(key, labels, num_true, num_sampled, True, num_classes)
    else:
        found = Candidates(*map(array, sampled_values))
    return Candidates(*map(jax.lax.stop_gradient, found))


def nce_loss(key: Any, weights: Any, biases: Any, labels: Any, inputs: Any, num_sampled: Any, num_classes: Any,
             num_true: Any = 1, sampled_values: Any = None, remove_accidental_hits: bool = False) -> Any:  # fmt: skip
    """Noise-contrastive estimation: is a class the true one, or was it drawn?  (batch,)"""
    n = ints(num_true)
    found = _given(key, labels, num_sampled, num_classes, n, sampled_values)
    logits, wanted = _logits(weights, biases, labels, inputs, found, n, True, bool(remove_accidental_hits))
    return jnp.sum(sigmoid_crossentropy(wanted, logits), 1)


def sampled_softmax_loss(key: Any, weights: Any, biases: Any, labels: Any, inputs: Any, num_sampled: Any, num_classes: Any,
                         num_true: Any = 1, sampled_values: Any = None, remove_accidental_hits: bool = True) -> Any:  # fmt: skip
    """Crossentropy among the true and some drawn classes.  (batch,)"""
    n = ints(num_true)
    found = _given(key, labels, num_sampled, num_classes, n, sampled_values)
    logits, wanted = _logits(weights, biases, labels, inputs, found, n, True, bool(remove_accidental_hits))
    return softmax_crossentropy(wanted, logits)


SAMPLERS: dict[str, Callable] = {
    f.__name__: f for f in (
        log_uniform_candidate_sampler, uniform_candidate_sampler, learned_unigram_candidate_sampler,
        fixed_unigram_candidate_sampler, all_candidate_sampler)
}  # fmt: skip


def functions(space: str) -> dict[str, Any]:
    """Name -> function of ``tf.random`` or ``tf.nn``."""
    if space == "random":
        return {name: stateful(name, draw) for name, draw in SAMPLERS.items()}
    one_of("space", space, ("nn",))
    losses = {"nce_loss": nce_loss, "sampled_softmax_loss": sampled_softmax_loss}
    return {
        **{name: stateful(name, draw, "nn") for name, draw in losses.items()},
        **{name: stateful(name, draw) for name, draw in SAMPLERS.items()},
        **table("nn", {"compute_accidental_hits": compute_accidental_hits}),
    }
