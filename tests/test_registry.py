"""Custom objects: where they are known, and under which names."""

import gc
import threading

import pytest

from jkeras.core import registry
from jkeras.core.registry import (
    CustomObjectScope,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)


def test_a_scope_may_be_entered_again_also_inside_itself():
    scope = CustomObjectScope({"one": 1}, {"two": 2})
    for _ in range(2):
        with scope, CustomObjectScope({"one": 3}):
            with scope:
                assert [get_registered_object(name) for name in ("one", "two")] == [1, 2]
            assert get_registered_object("one") == 3
    assert get_registered_object("one") is None


def test_a_scope_holds_in_its_own_thread():
    found = []
    with CustomObjectScope({"one": 1}):
        other = threading.Thread(target=lambda: found.append(get_registered_object("one")))
        other.start()
        other.join()
    assert found == [None]


def test_a_name_stays_with_the_object_that_was_registered_under_it():
    try:
        first = register_keras_serializable("notebook", "cell")(lambda x: x)
        identity = id(first)
        register_keras_serializable("notebook", "cell")(lambda x: x)
        assert get_registered_name(first) == "notebook>cell"  # made by an earlier run of the cell
        del first
        gc.collect()
        assert all(id(made) != identity for made in [lambda x: x for _ in range(100)])
    finally:
        registry.get_custom_objects().pop("notebook>cell")


def test_a_class_without_a_config_cannot_be_registered():
    with pytest.raises(ValueError, match="class NoConfig has no get_config"):
        register_keras_serializable()(type("NoConfig", (), {}))
