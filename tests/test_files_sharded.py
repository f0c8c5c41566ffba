"""Weights in several files with an index, and as safetensors."""

import json
import os
from pathlib import Path

import h5py
import numpy as np
import pytest

from jkeras import Input, Sequential, layers
from jkeras.saving.errors import FileError

GB = 1024**3


def model(units=40, name=None):
    return Sequential([Input((30,)), layers.Dense(units), layers.Dense(units), layers.Dense(2)], name=name)


def same(a, b):
    return all(np.array_equal(x, y) for x, y in zip(a.get_weights(), b.get_weights(), strict=True))


def write(folder, made=None, size=7000 / GB):
    made = made or model()
    made.save_weights(folder / "m.weights.json", max_shard_size=size)
    return made


def shards(folder):
    return json.loads((folder / "m.weights.json").read_text())["weight_map"]


def test_shards_come_back_and_are_as_small_as_asked(tmp_path):
    made, other = write(tmp_path), model()
    other.load_weights(tmp_path / "m.weights.json")
    assert same(made, other)
    sizes = []
    for name in {n for names in shards(tmp_path).values() for n in ([names] if isinstance(names, str) else names)}:
        with h5py.File(tmp_path / name) as h5:
            found = []
            h5.visititems(lambda _, d, found=found: found.append(d.nbytes if isinstance(d, h5py.Dataset) else 0))
            sizes.append(sum(found))
    assert len(sizes) > 1 and max(sizes) <= 7000


def test_the_state_of_the_optimizer_is_in_the_shards(tmp_path):
    made, other = model(), model()
    for one in (made, other):
        one.compile("adam", "mse")
    made.fit(np.ones((4, 30)), np.ones((4, 2)), verbose=0)
    write(tmp_path, made, 30000 / GB)
    other.load_weights(tmp_path / "m.weights.json")
    for a, b in zip(made.optimizer.variables, other.optimizer.variables, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_writing_again_leaves_the_shards_of_the_new_index_alone(tmp_path):
    write(tmp_path)
    (tmp_path / "mine.weights.h5").write_bytes(b"not yours")
    made, other = write(tmp_path, size=2), model()
    other.load_weights(tmp_path / "m.weights.json")
    assert same(made, other)
    named = set(shards(tmp_path).values())
    assert set(os.listdir(tmp_path)) == named | {"m.weights.json", "m_00000.weights.h5", "mine.weights.h5"}


@pytest.mark.parametrize("failing", range(1, 12))
def test_a_failing_rename_leaves_whole_weights(tmp_path, monkeypatch, failing):
    made, count, real = write(tmp_path), [0], os.replace
    names = set(os.listdir(tmp_path))

    def sometimes(*args):
        count[0] += 1
        if count[0] == failing:
            raise OSError(28, "No space left on device")
        real(*args)

    changed = model()
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", sometimes)
        failed = False
        try:
            write(tmp_path, changed)
        except OSError:
            failed = True
    other = model()
    other.load_weights(tmp_path / "m.weights.json")
    assert same(other, changed) or failed and same(other, made)
    assert not [n for n in os.listdir(tmp_path) if n.endswith(".tmp")]
    assert same(other, changed) or set(os.listdir(tmp_path)) == names


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda index: index.pop("weight_map"), "weight_map"),
        (lambda index: index["weight_map"].update({"/layers/dense/vars": "../m.weights.h5"}), "lies elsewhere"),
        (lambda index: index["weight_map"].update({"/layers/dense/vars": "/etc/m.weights.h5"}), "lies elsewhere"),
        (lambda index: index["weight_map"].update({"/layers/dense/vars": 3}), "lies elsewhere"),
        (lambda index: index["weight_map"].update({"/layers/dense/vars": "passwords.txt"}), "no name of a shard"),
        (lambda index: index["weight_map"].update({"/layers/dense/vars": "gone.weights.h5"}), "is missing"),
        (lambda index: index["weight_map"].pop("/layers/dense/vars"), "has 2 weights, the file has 0"),
    ],
)  # fmt: skip
def test_an_index_that_is_wrong_changes_nothing(tmp_path, change, message):
    write(tmp_path)
    path = tmp_path / "m.weights.json"
    index = json.loads(path.read_text())
    change(index)
    path.write_text(json.dumps(index))
    other = model()
    before = other.get_weights()
    with pytest.raises(FileError, match=message):
        other.load_weights(path)
    assert all(np.array_equal(a, b) for a, b in zip(before, other.get_weights(), strict=True))


def test_shards_of_keras_3_are_read():
    folder = Path(__file__).resolve().parent.parent / "compat_tests" / "golden" / "shards"
    found = json.loads((folder / "predicted.json").read_text())
    made = Sequential([Input((4,)), layers.Dense(8), layers.Dense(8), layers.Dense(2)])
    made.load_weights(folder / "m.weights.json")
    np.testing.assert_allclose(made.predict(np.array(found["x"], "float32"), verbose=0), found["y"], atol=1e-6)


def test_a_shard_that_is_a_link_is_refused(tmp_path):
    (tmp_path / "kept").mkdir()
    write(tmp_path)
    name = next(n for n in shards(tmp_path).values() if isinstance(n, str))
    os.rename(tmp_path / name, tmp_path / "kept" / "secret")
    os.symlink(tmp_path / "kept" / "secret", tmp_path / name)
    with pytest.raises(FileError, match="is a link"):
        model().load_weights(tmp_path / "m.weights.json")


@pytest.mark.parametrize("name, options", [("m.weights.json", {}), ("m.weights.h5", {"max_shard_size": 1})])
def test_shards_and_their_index_go_together(tmp_path, name, options):
    with pytest.raises(ValueError, match="max_shard_size"):
        model().save_weights(tmp_path / name, **options)
    assert os.listdir(tmp_path) == []


def test_a_weight_larger_than_a_shard_is_an_error_that_leaves_nothing(tmp_path):
    with pytest.raises(ValueError, match="Give a larger max_shard_size"):
        write(tmp_path, size=1000 / GB)
    assert os.listdir(tmp_path) == []


# ---------------------------------------------------------------- safetensors


def test_safetensors_come_back_under_other_automatic_names(tmp_path):
    made, other = model(), model()
    made.save_weights(tmp_path / "m.safetensors")
    other.load_weights(tmp_path / "m.safetensors")
    assert same(made, other) and os.listdir(tmp_path) == ["m.safetensors"]


def test_safetensors_of_others_are_found_by_name(tmp_path):
    numpy = pytest.importorskip("safetensors.numpy")
    made, other = model(name="net"), model(name="net")
    arrays = {v.path: w for v, w in zip(other.weights, made.get_weights(), strict=True)}
    numpy.save_file(arrays, tmp_path / "m.safetensors")
    other.load_weights(tmp_path / "m.safetensors")
    assert same(made, other)
    numpy.save_file(arrays | {"more": np.ones(1)}, tmp_path / "m.safetensors")
    with pytest.raises(FileError, match="more"):
        other.load_weights(tmp_path / "m.safetensors")


def test_others_read_our_safetensors(tmp_path):
    numpy = pytest.importorskip("safetensors.numpy")
    made = model(name="net")
    made.save_weights(tmp_path / "m.safetensors")
    found = numpy.load_file(tmp_path / "m.safetensors")
    assert [found[v.path].tobytes() for v in made.weights] == [w.tobytes() for w in made.get_weights()]


def test_bfloat16_goes_into_safetensors_and_back(tmp_path):
    both = [Sequential([Input((3,)), layers.Dense(4, dtype="bfloat16")]) for _ in range(2)]
    both[0].save_weights(tmp_path / "m.safetensors")
    both[1].load_weights(tmp_path / "m.safetensors")
    assert same(*both) and both[1].weights[0].dtype == "bfloat16"


def entry(start, end, shape=(2,), dtype="F32"):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [start, end]}


@pytest.mark.parametrize(
    "entries, message",
    [
        ({"a": entry(0, 8), "b": entry(4, 12)}, "has to be"),  # one in the other
        ({"a": entry(0, 8), "b": entry(12, 20)}, "has to be"),  # a hole
        ({"a": entry(0, 8, (1 << 40,))}, "has to be"),
        ({"a": entry(0, 8, (-1, -2))}, "shape"),
        ({"a": entry(0, 1 << 40, (1 << 38,))}, "lists"),
        ({"a": entry(0, 8, dtype="PICKLE")}, "PICKLE"),
        ({"a": entry(0, 8)}, "lists"),  # more in the file than it says
        ([], "cannot be read"),
    ],
)
def test_safetensors_that_lie_are_refused(tmp_path, entries, message):
    path, header = tmp_path / "m.safetensors", json.dumps(entries).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(20))
    with pytest.raises(FileError, match=message):
        model().load_weights(path)
    for length in (0, 1 << 62, 10**8 + 1):
        path.write_bytes(length.to_bytes(8, "little") + header)
        with pytest.raises(FileError, match="header"):
            model().load_weights(path)


def test_safetensors_need_no_package_and_refuse_what_they_cannot_hold(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "safetensors", None)
    model().save_weights(tmp_path / "m.safetensors")
    strange = model()
    strange.add_weight(shape=(2,), dtype="int4", name="small", initializer="zeros")
    with pytest.raises(ValueError, match="small"):
        strange.save_weights(tmp_path / "n.safetensors")
    assert os.listdir(tmp_path) == ["m.safetensors"]
