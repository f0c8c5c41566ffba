"""What a layer holds: found by walking its attributes when asked, so there is nothing to register or keep in step."""

from collections.abc import Iterator
from typing import Any

from .rng import SeedGenerator
from .variable import Variable

# A class that is to be found says what it is: "layer" or "metric".
KIND = "_tracked_as"
# Most attributes are of these types. Passed over, ResNet50's layers are walked in half the time, a dozen times before it trains.
PLAIN = frozenset((str, int, float, bool, type(None)))


def _items(value: Any, seen: set[int]) -> Iterator[Any]:
    if isinstance(value, (Variable, SeedGenerator)) or getattr(type(value), KIND, None):
        yield value
    elif isinstance(value, (list, tuple, set)):
        if id(value) not in seen:
            seen.add(id(value))
            for item in value:
                if type(item) not in PLAIN:
                    yield from _items(item, seen)
    elif isinstance(value, dict) and id(value) not in seen:
        seen.add(id(value))
        for item in value.values():
            yield from _items(item, seen)


def tracked(owner: Any) -> Iterator[Any]:
    """Variables, seed generators, layers and metrics among the attributes, in order, each once."""
    given: set[int] = set()
    containers: set[int] = set()
    untracked = owner._untracked
    for name, value in list(vars(owner).items()):
        if type(value) in PLAIN or name in untracked:
            continue
        for item in _items(value, containers):
            if id(item) not in given:
                given.add(id(item))
                yield item


def sublayers(layer: Any) -> list[Any]:
    """The layers directly below."""
    return [item for item in tracked(layer) if getattr(type(item), KIND, None) == "layer" and item is not layer]


def flatten_layers(layer: Any) -> list[Any]:
    """The layer and all below it, each once, parents first."""
    found: dict[int, Any] = {}

    def visit(one: Any) -> None:
        if id(one) not in found:
            found[id(one)] = one
            for below in one._sublayers():
                visit(below)

    visit(layer)
    return list(found.values())


def metrics(layer: Any) -> list[Any]:
    """The metrics among the attributes of the layer and of all below it, each once."""
    items = (item for one in flatten_layers(layer) for item in tracked(one))
    return list({id(m): m for m in items if getattr(type(m), KIND, None) == "metric"}.values())


def own_weights(layer: Any) -> list[Variable]:
    """The Variables of the layer itself: those made to train, then the others; freezing one moves nothing."""
    mine = [item for item in tracked(layer) if isinstance(item, Variable) and item.is_weight]
    return [v for v in mine if v.made_trainable] + [v for v in mine if not v.made_trainable]


def own_seeds(layer: Any) -> list[Variable]:
    """The states of the layer's own seed generators, and its Variables that are no weights."""
    items = list(tracked(layer))
    seeds = [item.state for item in items if isinstance(item, SeedGenerator)]
    return seeds + [item for item in items if isinstance(item, Variable) and not item.is_weight]


def unique(variables: list[Variable]) -> list[Variable]:
    """Without repetitions."""
    return list({id(v): v for v in variables}.values())


def tree(layer: Any) -> list[tuple[tuple[str, ...], Variable]]:
    """All Variables below a layer with their place in the nested dict of parameters; names are made unique per level."""
    entries: list[tuple[tuple[str, ...], Variable]] = []
    seen: set[int] = set()

    def visit(one: Any, prefix: tuple[str, ...]) -> None:
        used: set[str] = set()

        def place(name: str) -> tuple[str, ...]:
            count, candidate = 0, name
            while candidate in used:
                count += 1
                candidate = f"{name}_{count}"
            used.add(candidate)
            return (*prefix, candidate)

        seen.add(id(one))
        for v in [*own_weights(one), *own_seeds(one)]:
            if id(v) not in seen:
                seen.add(id(v))
                entries.append((place(v.name), v))
        for below in one._sublayers():
            if id(below) not in seen:
                visit(below, place(below.name))

    visit(layer, ())
    return entries


def nested(entries: list[tuple[tuple[str, ...], Any]]) -> dict[str, Any]:
    """Nested dicts from (place, value) pairs."""
    result: dict[str, Any] = {}
    for place, value in entries:
        at = result
        for name in place[:-1]:
            at = at.setdefault(name, {})
        at[place[-1]] = value
    return result


def lookup(values: dict[str, Any], place: tuple[str, ...], what: str) -> Any:
    """The value at a place of nested dicts; raises ValueError naming the place if it is not there."""
    at: Any = values
    for name in place:
        if not isinstance(at, dict) or name not in at:
            raise ValueError(f"{what} has no entry {'/'.join(place)!r}; make it with init().")
        at = at[name]
    return at
