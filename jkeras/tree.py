"""Nested lists, tuples, named tuples, deques and dicts of any leaves.

Source: https://keras.io/api/utils/tree/. Everything else is a leaf: arrays, Variables, None, strings, layers. Dicts are
walked in the order of their sorted keys, `OrderedDict`s in their own.
"""

import warnings
from collections import OrderedDict, defaultdict, deque

__all__ = [
    "MAP_TO_NONE",
    "assert_same_paths",
    "assert_same_structure",
    "flatten",
    "flatten_with_path",
    "is_nested",
    "lists_to_tuples",
    "map_shape_structure",
    "map_structure",
    "map_structure_up_to",
    "pack_sequence_as",
    "traverse",
]


class MAP_TO_NONE:
    """What a function returns to `traverse` to put None in a place.

    >>> traverse(lambda x: MAP_TO_NONE if x == 1 else None, [1, 2])
    [None, 2]
    """


DICTS = (dict, OrderedDict, defaultdict)


def is_nested(structure):
    """Say whether it is a container, be it empty.

    >>> is_nested({"a": 1}), is_nested("a")
    (True, False)
    """
    return type(structure) in (list, tuple, deque, *DICTS) or _is_named(structure)


def _is_named(x):
    return isinstance(x, tuple) and hasattr(x, "_fields")


def _keys(x):
    if type(x) not in DICTS:
        return range(len(x))
    try:
        return list(x) if type(x) is OrderedDict else sorted(x)
    except TypeError:  # keys of several types
        return sorted(x, key=lambda k: (type(k).__qualname__, k))


def _rebuild(x, keys, values):
    """A container as `x` with these values; dicts keep the order of their keys."""
    if type(x) in DICTS:
        found = dict(zip(keys, values, strict=True))
        made = x.copy()
        made.update({key: found[key] for key in x})
        return made
    if _is_named(x):
        return type(x)(*values)
    return deque(values, x.maxlen) if type(x) is deque else type(x)(values)


def _differ(a, b):
    return ValueError(f"The structures differ: {a!r} and {b!r} are nested in different ways.")


def _check_like(a, b):
    """Raise ValueError unless `b` is a container of the type and keys of `a`."""
    same_type = type(a) in DICTS and type(b) in DICTS or type(a) is type(b)
    if not same_type or len(a) != len(b) or (type(a) in DICTS and set(a) != set(b)):
        raise _differ(a, b)


def traverse(func, structure, top_down=True):
    """Call `func` on every container and leaf, parents first or last, and put what it returns in their place.

    None leaves a part as it is (and, from the top down, goes on into it); `MAP_TO_NONE` stands for None.

    >>> traverse(lambda x: -x if isinstance(x, int) else None, [1, (2, 3)])
    [-1, (-2, -3)]
    """

    def inside():
        if not is_nested(structure):
            return structure
        keys = _keys(structure)
        return _rebuild(structure, keys, [traverse(func, structure[k], top_down) for k in keys])

    if top_down:
        result = func(structure)
        result = inside() if result is None else result
    else:
        structure = inside()
        result = func(structure)
        result = structure if result is None else result
    return None if result is MAP_TO_NONE else result


def flatten(structure):
    """Return the leaves as a list.

    >>> flatten({"b": [1, 2], "a": None})
    [None, 1, 2]
    """
    return [leaf for _, leaf in flatten_with_path(structure)]


def flatten_with_path(structure):
    """Return pairs of path, a tuple of keys and positions, and leaf.

    >>> flatten_with_path([{"foo": 42}])
    [((0, 'foo'), 42)]
    """
    if not is_nested(structure):
        return [((), structure)]
    return [((k, *path), leaf) for k in _keys(structure) for path, leaf in flatten_with_path(structure[k])]


def map_structure(func, *structures, none_is_leaf=True):
    """Call `func` on the leaves of structures of one form and return its results in that form.

    With `none_is_leaf=False` None stays None. Raises ValueError if the forms differ or there is no structure.

    >>> map_structure(lambda x, y: x + y, [1, (2,)], [3, (4,)])
    [4, (6,)]
    """
    if not structures:
        raise ValueError("map_structure: expected at least one structure.")
    first, rest = structures[0], structures[1:]
    if is_nested(first):
        for other in rest:
            _check_like(first, other)
        keys = _keys(first)
        inner = [map_structure(func, *(s[k] for s in structures), none_is_leaf=none_is_leaf) for k in keys]
        return _rebuild(first, keys, inner)
    for other in rest:
        if is_nested(other) or (not none_is_leaf and (first is None) != (other is None)):
            raise _differ(first, other)
    return None if first is None and not none_is_leaf else func(*structures)


def map_structure_up_to(shallow_structure, func, *structures):
    """Call `func` on the parts of the structures that stand where `shallow_structure` has leaves.

    Raises ValueError if a structure is not nested as deeply.

    >>> map_structure_up_to([None, None], len, [[1, 1], [2, 2, 2]])
    [2, 3]
    """
    if not structures:
        raise ValueError("map_structure_up_to: expected at least one structure.")
    if not is_nested(shallow_structure):
        return func(*structures)
    for other in structures:
        _check_like(shallow_structure, other)
    keys = _keys(shallow_structure)
    inner = [map_structure_up_to(shallow_structure[k], func, *(s[k] for s in structures)) for k in keys]
    return _rebuild(shallow_structure, keys, inner)


def assert_same_structure(a, b, check_types=None):
    """Raise ValueError unless both are nested in the same way in containers of the same types.

    >>> assert_same_structure([(0, 1)], [(2, 3)])
    """
    if check_types is not None:
        warnings.warn(
            "assert_same_structure: check_types has no effect any more; drop it, or use assert_same_paths to "
            "compare paths alone.",
            DeprecationWarning,
            stacklevel=2,
        )
    map_structure(lambda *_: 0, a, b)


def assert_same_paths(a, b):
    """Raise ValueError unless the leaves of both have the same paths, whatever the types of the containers.

    >>> assert_same_paths([0, 1], (2, 3))
    """
    one, two = ({path for path, _ in flatten_with_path(x)} for x in (a, b))
    if one != two:
        only = "; ".join(f"only in {n}: {sorted(p, key=str)}" for n, p in (("a", one - two), ("b", two - one)) if p)
        raise ValueError(f"The structures a and b have different paths; {only}.")


def pack_sequence_as(structure, flat_sequence):
    """Return the values in the form of `structure`. Raises ValueError if there are too few or too many.

    >>> pack_sequence_as({"a": 0, "b": (0, 0)}, [1, 2, 3])
    {'a': 1, 'b': (2, 3)}
    """
    values = list(flat_sequence)
    wanted = len(flatten(structure))
    if len(values) != wanted:
        raise ValueError(f"pack_sequence_as: the structure has {wanted} leaves, received {len(values)} values.")
    left = iter(values)
    return map_structure(lambda _: next(left), structure)


def lists_to_tuples(structure):
    """Return the structure with tuples for lists.

    >>> lists_to_tuples([1, [2]])
    (1, (2,))
    """
    return traverse(lambda x: tuple(x) if isinstance(x, list) else None, structure, top_down=False)


def map_shape_structure(func, structure):
    """Call `func` on the shapes, tuples or lists of integers and None, in a structure of shapes.

    >>> map_shape_structure(len, {"x": (None, 3), "y": (2, 2, 2)})
    {'x': 2, 'y': 3}
    """
    is_shape = isinstance(structure, (list, tuple)) and all(d is None or isinstance(d, int) for d in structure)
    if is_shape or not is_nested(structure):
        return func(structure)
    keys = _keys(structure)
    return _rebuild(structure, keys, [map_shape_structure(func, structure[k]) for k in keys])
