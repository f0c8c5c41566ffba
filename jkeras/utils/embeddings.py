"""Embeddings of one vocabulary for another."""

import os

import numpy as np


def _terms(vocabulary):
    """A vocabulary, or the path of a file with a term on each line, as a list of str."""
    if isinstance(vocabulary, str | os.PathLike):
        with open(vocabulary, encoding="utf-8") as file:
            return [line.rstrip("\r\n") for line in file]
    terms = np.asarray(vocabulary).tolist()
    return [term.decode("utf-8") if isinstance(term, bytes) else term for term in terms]


def warmstart_embedding_matrix(base_vocabulary, new_vocabulary, base_embeddings, new_embeddings_initializer="uniform"):
    """The embeddings of a new vocabulary: known terms keep their row, the others are drawn.  (n, d) -> (m, d)

    A vocabulary is a list or array of terms, or the path of a text file with one on each line.

    Source: https://www.tensorflow.org/api_docs/python/tf/keras/utils/warmstart_embedding_matrix.

    Raises ValueError where `base_embeddings` has fewer rows than its vocabulary terms.

    >>> warmstart_embedding_matrix(["a", "b"], ["b", "c"], np.array([[1.0], [2.0]], "float32"), "zeros").tolist()
    [[2.0], [0.0]]
    """
    from ..initializers import get

    base, new = _terms(base_vocabulary), _terms(new_vocabulary)
    rows = np.asarray(base_embeddings)
    if rows.ndim != 2 or len(rows) < len(base):
        raise ValueError(
            f"warmstart_embedding_matrix: expected base_embeddings of shape ({len(base)}, d) for {len(base)} terms, "
            f"received {rows.shape}."
        )
    place = {term: i for i, term in enumerate(base)}
    made = np.array(get(new_embeddings_initializer)((len(new), rows.shape[1]), dtype=rows.dtype.name))
    for i, term in enumerate(new):
        if term in place:
            made[i] = rows[place[term]]
    return made
