"""Several processes read one data set: each makes the batches whose turn is its own, and reads its own rows only."""

import itertools
from typing import Any, NamedTuple

import jax


class Turn:
    """A batch that one process has made for all of them; `batch` is None in the others."""

    def __init__(self, owner: int, batch: Any):
        self.owner, self.batch = owner, batch


class Part(NamedTuple):
    """The rows of a batch of `size` that this process has read, for its devices; nobody needs the others here."""

    batch: Any
    rows: slice
    size: int


class Turns(NamedTuple):
    """Which of `count` processes this one is, and so which batches of a pass it makes.

    The data set's last batch, which may be smaller, is made by all of them, wherever it comes in the pass.

    >>> [Turns(1, 2).is_mine(place, place, 5) for place in range(5)]
    [False, True, False, True, True]
    """

    process: int
    count: int

    def is_mine(self, place: int, index: int, steps: int | None) -> bool:
        """Does this process make batch `index` of the data set, which comes as number `place` of the pass?"""
        return place % self.count == self.process or index + 1 == steps

    def spread(self, mine: Any, places: Any, steps: int | None) -> Any:
        """Yields all batches of the (place, index) pairs, those of the others as empty turns."""
        for place, index in places:
            if index + 1 == steps:
                yield next(mine)
            else:
                yield Turn(place % self.count, next(mine) if self.is_mine(place, index, steps) else None)


def places_of(order: Any, start: int, steps: int | None) -> Any:
    """Pairs (number in the pass, index in the data set) from number `start` on; `order` None: as they lie."""
    places = itertools.count(start) if steps is None else range(start, steps)
    return ((i, i if order is None else order[i]) for i in places)


def shape_of(batch: Any) -> Any:
    """What all batches made in turn must have in common: structure, shapes and dtypes."""
    return jax.tree.map(lambda a: jax.ShapeDtypeStruct(a.shape, a.dtype), batch)


def check_alike(batch: Any, template: Any, where: str) -> None:
    """Raises ValueError for a batch that does not look like the first."""
    found = shape_of(batch)
    if found != template:
        raise ValueError(
            f"{where}: {_shown(found)} is not as the first batch, {_shown(template)}. Of several processes each makes its "
            "own batches of a data set, for which all but the last must be alike: pad them, or pass iter(data) to let "
            "every process make all of them."
        )


def _shown(template: Any) -> str:
    return ", ".join(f"{a.dtype}{list(a.shape)}" for a in jax.tree.leaves(template))
