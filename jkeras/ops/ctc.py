"""Connectionist temporal classification: its loss and its decoders (Graves et al., 2006)."""

import jax
import jax.numpy as jnp

from ..core.symbolic import op
from .table import array


@op
def ctc_loss(target, output, target_length, output_length, mask_index=0):
    """Return the negative log likelihood of label rows. (n, labels), (n, steps, classes), (n,), (n,) -> (n,)

    `output` are logits and `mask_index` is the class that stands for no label.

    >>> ctc_loss([[1, 2]], [[[0.0, 9.0, 0.0], [0.0, 0.0, 9.0]]], [2], [2]).round(2).tolist()
    [0.0]
    """
    import optax

    target, output = array(target).astype("int32"), array(output)
    output = output.astype(jnp.promote_types(output.dtype, "float32"))
    if target.ndim != 2 or output.ndim != 3:
        raise ValueError(
            f"ctc_loss: expected shapes (n, labels) and (n, steps, classes), received {target.shape} and {output.shape}."
        )
    beyond = [
        (jnp.arange(size) >= array(length)[:, None]).astype(output.dtype)
        for size, length in ((output.shape[1], output_length), (target.shape[1], target_length))
    ]
    return optax.ctc_loss(output, beyond[0], target, beyond[1], blank_id=mask_index)


@op
def ctc_decode(
    inputs, sequence_lengths, strategy="greedy", beam_width=100, top_paths=1, merge_repeated=True, mask_index=0
):
    """Return the most likely label rows, -1 behind their ends, and their scores. (n, steps, classes), (n,) ->
    (paths, n, steps), (n, paths)

    "greedy" takes the best class of each step, and minus the sum of its logits as score; "beam_search" keeps
    `beam_width` beginnings, and gives the logarithms of the probabilities of the `top_paths` best. Class `mask_index`
    stands for no label, None for the last one. Raises ValueError for another strategy.

    >>> ctc_decode([[[0.0, 9.0], [0.0, 9.0], [9.0, 0.0]]], [3])[0].tolist()
    [[[1, -1, -1]]]
    """
    inputs, lengths = array(inputs), array(sequence_lengths)
    inputs = inputs.astype(jnp.promote_types(inputs.dtype, "float32"))
    mask_index = inputs.shape[-1] - 1 if mask_index is None else mask_index
    if strategy == "greedy":
        return _greedy(inputs, lengths, merge_repeated, mask_index)
    if strategy != "beam_search":
        raise ValueError(f"ctc_decode(strategy={strategy!r}): expected 'greedy' or 'beam_search'.")
    decode = jax.vmap(lambda x, n: _beam_search(x, n, beam_width, top_paths, mask_index))
    paths, scores = decode(jax.nn.log_softmax(inputs), lengths)
    return jnp.moveaxis(paths, 1, 0), scores


def _greedy(inputs, lengths, merge_repeated, blank):
    steps = inputs.shape[1]
    inside = jnp.arange(steps) < lengths[:, None]
    best = jnp.where(inside, jnp.argmax(inputs, -1), blank)
    score = -jnp.sum(jnp.where(inside, jnp.max(inputs, -1), 0.0), 1, keepdims=True)
    kept = best != blank
    if merge_repeated:
        kept &= jnp.pad(best[:, 1:] != best[:, :-1], ((0, 0), (1, 0)), constant_values=True)
    order = jnp.argsort(jnp.where(kept, jnp.arange(steps), steps), -1)  # what is kept moves to the front
    return jnp.take_along_axis(jnp.where(kept, best, -1), order, -1)[None], score


def _beam_search(logp, length, width, top_paths, blank):
    """Prefix search for one row of log probabilities (steps, classes).

    A beam is a beginning of the labels with two scores: that of the ways to it that end in no label, and of the others.
    """
    steps, classes = logp.shape
    paths = jnp.full((width, steps), -1)
    sizes = jnp.zeros(width, int)
    scores = jnp.where(jnp.arange(width)[:, None] + jnp.arange(2) == 0, 0.0, -jnp.inf)  # one beam: nothing yet
    columns = jnp.arange(classes)

    def step(state, now):
        paths, sizes, scores = state
        x, t = now
        total = jnp.logaddexp(*scores.T)
        tails = jnp.where(sizes > 0, jnp.take_along_axis(paths, sizes[:, None] - 1, 1)[:, 0], -1)
        # a path grows by its own last label only after a pause
        grown = jnp.where(columns == tails[:, None], scores[:, :1], total[:, None]) + x
        grown = jnp.where(columns == blank, -jnp.inf, grown)
        stay = jnp.where(tails >= 0, scores[:, 1] + x[tails], -jnp.inf)
        # growing into a path that is a beam already adds to that beam
        before = jnp.where(jnp.arange(steps) == sizes[:, None] - 1, -1, paths)
        parent = (paths[:, None] == before[None]).all(-1) & (sizes[:, None] + 1 == sizes)
        into = jnp.where(parent, grown[:, tails], -jnp.inf)
        stay = jnp.logaddexp(stay, jax.nn.logsumexp(into, axis=0))
        taken = (parent[:, :, None] & (columns == tails[:, None])).any(1)
        grown = jnp.where(taken, -jnp.inf, grown)

        kept = jnp.stack([total + x[blank], stay], 1)
        new = jnp.stack([jnp.full(width * classes, -jnp.inf), grown.reshape(-1)], 1)
        candidates = jnp.concatenate([kept, new])
        best = jax.lax.top_k(jnp.logaddexp(*candidates.T), width)[1]
        source = jnp.where(best < width, best, (best - width) // classes)
        label = jnp.where(best < width, -1, (best - width) % classes)
        longer = sizes[source] + (best >= width)
        grown_paths = jnp.where(
            (jnp.arange(steps) == longer[:, None] - 1) & (label >= 0)[:, None], label[:, None], paths[source]
        )
        after = grown_paths, longer, candidates[best]
        ended = (t > 0) & (t >= length)  # as in Keras, the first step always counts
        return jax.tree.map(lambda old, new: jnp.where(ended, old, new), state, after), None

    (paths, _, scores), _ = jax.lax.scan(step, (paths, sizes, scores), (logp, jnp.arange(steps)))
    best, order = jax.lax.top_k(jnp.logaddexp(*scores.T), top_paths)
    return paths[order].astype("int32"), best
