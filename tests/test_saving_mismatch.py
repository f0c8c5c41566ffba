"""Weights into models that are not quite the same, and the ways in which users name their own classes."""

import json

import numpy as np
import pytest

import jkeras as keras
from jkeras import Input, Model, Sequential, layers
from jkeras.models import load_model, model_from_json
from jkeras.saving import custom_object_scope, register_keras_serializable
from jkeras.saving.errors import FileError

FORMATS = {
    "m.keras": {}, "w.weights.h5": {}, "w.h5": {}, "w.safetensors": {}, "w.weights.json": {"max_shard_size": 1},
}  # fmt: skip


def net(last=2, name="b"):
    return Sequential([Input((3,)), layers.Dense(4, name="a"), layers.Dense(last, name=name)], name="net")


def save(model, path):
    if path.suffix == ".keras":
        model.save(path)
    else:
        model.save_weights(path, **FORMATS[path.name])


def equal(a, b):
    return all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


@pytest.mark.parametrize("name", FORMATS)
def test_what_does_not_fit_is_skipped_only_where_asked(tmp_path, name):
    source, other = net(), net(last=5)
    save(source, tmp_path / name)
    before = other.get_weights()
    with pytest.raises(FileError, match=name.split(".")[0]):
        other.load_weights(tmp_path / name)
    assert equal(other.get_weights(), before)
    other.load_weights(tmp_path / name, skip_mismatch=True)
    assert equal(other.get_weights(), source.get_weights()[:2] + before[2:])


@pytest.mark.parametrize("name", FORMATS)
def test_by_name_is_for_the_files_of_keras_2(tmp_path, name):
    source, other = net(), net(last=5, name="c")
    save(source, tmp_path / name)
    before = other.get_weights()
    if name == "w.h5":
        other.load_weights(tmp_path / name, by_name=True)
        assert equal(other.get_weights(), source.get_weights()[:2] + before[2:])
        return
    with pytest.raises(ValueError, match="by_name"):
        other.load_weights(tmp_path / name, by_name=True)
    assert equal(other.get_weights(), before)


def test_by_name_with_another_shape_is_refused_or_skipped(tmp_path):
    source, other = net(), net(last=5)
    source.save(tmp_path / "m.h5")  # a whole model gives its weights, too
    before = other.get_weights()
    with pytest.raises(FileError, match="'b'"):
        other.load_weights(tmp_path / "m.h5", by_name=True)
    assert equal(other.get_weights(), before)
    other.load_weights(tmp_path / "m.h5", by_name=True, skip_mismatch=True)
    assert equal(other.get_weights(), source.get_weights()[:2] + before[2:])


# ---------------------------------------------------------------- own classes


class Twice(layers.Layer):
    def __init__(self, factor=2, **options):
        super().__init__(**options)
        self.factor = factor

    def call(self, x):
        return self.factor * x

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


def shifted(x):
    return x + 1.0


def own():
    x = Input((2,))
    return Model(x, layers.Dense(2, activation=shifted)(Twice(3)(x)))


OBJECTS = {"Twice": Twice, "shifted": shifted}
WAYS = {
    ".keras": (lambda m, p: m.save(f"{p}.keras"), lambda p, **o: load_model(f"{p}.keras", **o)),
    ".h5": (lambda m, p: m.save(f"{p}.h5"), lambda p, **o: load_model(f"{p}.h5", **o)),
    "json": (lambda m, p: p.write_text(m.to_json()), lambda p, **o: model_from_json(p.read_text(), **o)),
    "yaml": (lambda m, p: p.write_text(m.to_yaml()), lambda p, **o: keras.models.model_from_yaml(p.read_text(), **o)),
    "config": (lambda m, p: p.write_text(json.dumps(m.get_config())),
               lambda p, **o: Model.from_config(json.loads(p.read_text()), **o)),
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_own_classes_and_functions_are_found_where_they_are_named(tmp_path, way):
    if way == "yaml":
        pytest.importorskip("yaml")
    write, read = WAYS[way]
    model, path = own(), tmp_path / "m"
    write(model, path)
    with pytest.raises((ValueError, TypeError), match="Twice|shifted"):
        read(path)
    with custom_object_scope(OBJECTS):
        scoped = read(path)
    given = read(path, custom_objects=OBJECTS)
    with pytest.raises((ValueError, TypeError)):  # neither lasts
        read(path)
    x = np.ones((1, 2), "float32")
    for found in (scoped, given):
        found.set_weights(model.get_weights())
        np.testing.assert_allclose(found(x), model(x))


@pytest.mark.parametrize("way", [".keras", ".h5", "json"])
def test_registered_classes_are_found_under_the_name_of_their_package(tmp_path, way):
    name = f"Registered{way.strip('.')}"
    cls = register_keras_serializable("mine", name)(type(name, (Twice,), {}))
    write, read = WAYS[way]
    write(Sequential([Input((2,)), cls(5)]), tmp_path / "m")
    assert read(tmp_path / "m")(np.ones((1, 2), "float32"))[0, 0] == 5.0


def test_yaml_is_plain_data_and_runs_nothing(tmp_path):
    pytest.importorskip("yaml")
    again = keras.models.model_from_yaml(net().to_yaml())
    assert [one.name for one in again.layers] == ["a", "b"]
    mark = tmp_path / "mark"
    with pytest.raises(ValueError, match="plain data"):
        keras.models.model_from_yaml(f"!!python/object/apply:os.mkdir ['{mark}']")
    assert not mark.exists()
