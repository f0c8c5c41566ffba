"""Bits flipped, files cut, pieces lost: an error that names the file, or what was saved; and nothing else has changed.

JKERAS_CAMPAIGN=400 damages each kind of file so often; the default is a small sample.
"""

import os
import random
import shutil
import time
import zipfile

import h5py
import numpy as np
import pytest

from jkeras import Input, Model, Sequential, config, layers
from jkeras.core import naming, registry, rng
from jkeras.models import load_model, model_from_json
from jkeras.saving.errors import FileError
from jkeras.train.callbacks import state_file

COUNT = int(os.environ.get("JKERAS_CAMPAIGN", "25"))
WHOLE = ("m.keras", "m.h5")
WEIGHTS = ("w.weights.h5", "w.h5", "w.weights.json", "w.safetensors")


def make():
    """One weight is large enough to be written past HDF5."""
    x = Input((520,))
    h = layers.BatchNormalization()(layers.Dense(513, name="large")(x))
    return Model(x, layers.Dense(2, name="small")(h) * 2.0)


def compiled():
    made = make()
    made.compile("sgd", "mse", metrics=["mae"])
    return made


@pytest.fixture(scope="module")
def trained():
    made = compiled()
    made.fit(np.ones((4, 520)), np.ones((4, 2)), verbose=0)
    return made


def save(model, path):
    if path.name in WHOLE:
        model.save(path)
    else:
        model.save_weights(path, **({"max_shard_size": 1} if path.name.endswith(".json") else {}))


def damaged(data, draw):
    """The bytes with flips, a cut, a hole or a piece of something else; mostly where the structure is."""
    data, kind = bytearray(data), draw.random()

    def place():
        near = draw.choice([draw.randrange(8192), -1 - draw.randrange(2048), draw.randrange(len(data))])
        return near % len(data)

    if kind < 0.6:
        for _ in range(draw.choice([1, 1, 1, 2, 5])):
            data[place()] ^= 1 << draw.randrange(8)
    elif kind < 0.75:
        del data[place() :]
    elif kind < 0.85:
        at = place()
        size = len(data[at : at + draw.choice([1, 8, 64, 512])])
        data[at : at + size] = bytes([draw.choice([0, 255])]) * size
    elif kind < 0.93:
        at = place()
        del data[at : at + draw.randrange(1, 64)]
    else:
        at = place()
        data[at:at] = draw.randbytes(draw.randrange(1, 64))
    return bytes(data)


def surroundings():
    """What a load that fails must leave alone."""
    return dict(naming._counts), rng.get_state(), len(registry._scoped.get()), config.floatx(), config.epsilon()


def arrays(model):
    return [*model.get_weights(), *(v.numpy() for v in model.optimizer.variables)]


def equal(a, b):
    return len(a) == len(b) and all(
        x.shape == y.shape and x.tobytes() == y.tobytes() for x, y in zip(a, b, strict=True)
    )


def bare(path):
    """Takes the checksum of the whole away, as in the files of others."""
    with h5py.File(path, "a") as f:
        f.attrs["other"] = 1


def rounds(path, count):
    """Writes the file in ``count`` damaged ways."""
    whole, draw = path.read_bytes(), random.Random(path.name)
    for _ in range(count):
        path.write_bytes(damaged(whole, draw))
        start = time.monotonic()
        yield
        assert time.monotonic() - start < 20
    path.write_bytes(whole)


@pytest.mark.parametrize("name", WHOLE)
def test_a_damaged_model_is_refused_or_right(trained, tmp_path, name):
    path = tmp_path / name
    save(trained, path)
    truth, refused = arrays(trained), 0
    for _ in rounds(path, COUNT):
        before = surroundings()
        try:
            found = load_model(path)
        except FileError as error:
            refused += 1
            assert name in str(error) and surroundings() == before
        else:
            assert equal(arrays(found), truth)
    assert refused > COUNT / 2 and equal(arrays(load_model(path)), truth)


@pytest.mark.parametrize("name", WEIGHTS)
def test_damaged_weights_are_refused_and_change_nothing_or_are_right(trained, tmp_path, name):
    path, model = tmp_path / name, compiled()
    save(trained, path)
    truth, refused, before = arrays(trained), 0, model.get_weights()
    shard = next(tmp_path.glob("*-*.weights.h5"), None)
    for hit in (path, shard) if shard is not None else (path,):
        for _ in rounds(hit, COUNT):
            outside = surroundings()
            try:
                model.load_weights(path)
            except FileError as error:
                refused += 1
                assert hit.name in str(error) or name in str(error)
                assert equal(model.get_weights(), before) and surroundings() == outside
            else:
                assert equal(model.get_weights(), truth[: len(before)])
                model.set_weights(before)
    assert refused > COUNT / 2


@pytest.mark.parametrize("name", ["m.h5", "w.weights.h5", "w.h5"])
def test_damaged_files_of_others_do_not_hang_or_change_what_is_around(trained, tmp_path, name):
    path, model = tmp_path / name, compiled()
    save(trained, path)
    bare(path)
    model.get_weights()
    for _ in rounds(path, COUNT):
        before, weights = surroundings(), model.get_weights()
        try:
            if name in WHOLE:
                load_model(path)
            else:
                model.load_weights(path)
        except FileError as error:
            assert name in str(error) and surroundings() == before
            assert equal(model.get_weights(), weights)


def test_a_damaged_backup_is_refused_or_right(tmp_path):
    path = tmp_path / "training_state.npz"
    state = {"weights": [np.arange(600.0), np.ones((3, 2), "float32")], "epoch": 3, "name": "a"}
    state_file.write(path, state)
    for _ in rounds(path, COUNT):
        try:
            found = state_file.read(path)
        except OSError as error:
            assert path.name in str(error) and "damaged" in str(error)
        else:
            assert equal(found["weights"], state["weights"]) and found["epoch"] == 3


def test_a_damaged_config_is_a_value_error_or_makes_a_model(tmp_path):
    path = tmp_path / "config.json"
    path.write_text(make().to_json())
    for _ in rounds(path, COUNT):
        try:
            found = model_from_json(path.read_bytes().decode("utf-8", "replace"))
        except (ValueError, TypeError):
            continue
        assert isinstance(found, Model)


def test_a_load_that_fails_late_leaves_the_optimizer_unbuilt(trained, tmp_path):
    path = tmp_path / "w.weights.h5"
    trained.save_weights(path)
    with h5py.File(path, "a") as f:
        f["optimizer/vars/x"] = 1
    model = compiled()
    before = arrays(model)
    with pytest.raises(FileError, match=path.name):
        model.load_weights(path)
    assert equal(arrays(model), before) and not model.optimizer.built


def test_weights_with_one_wrong_array_change_nothing():
    model = Sequential([Input((3,)), layers.Dense(2), layers.Dense(1)])
    before = model.get_weights()
    for wrong in (np.ones((1, 1)), np.array(["a"]), np.array([{}])):
        with pytest.raises((ValueError, TypeError)):
            model.set_weights([w + 1 for w in before[:-1]] + [wrong])
        assert equal(model.get_weights(), before)


def test_writing_over_a_damaged_file_mends_it(trained, tmp_path):
    path = tmp_path / "m.keras"
    path.write_bytes(b"PK\x03\x04 damaged")
    trained.save(path)
    assert equal(arrays(load_model(path)), arrays(trained))
    shutil.copy(path, tmp_path / "other.name")
    assert equal(arrays(load_model(tmp_path / "other.name")), arrays(trained))


@pytest.mark.parametrize("where", ["/model_weights", "/jkeras_optimizer_weights"])
def test_complex_numbers_for_real_weights_are_refused(trained, tmp_path, where):
    path, found = tmp_path / "m.h5", []
    trained.save(path)
    with h5py.File(path, "a") as f:
        f[where].visititems(lambda name, d: found.append(name) if isinstance(d, h5py.Dataset) else None)
        shape = f[where][found[0]].shape
        del f[where][found[0]]
        f[where][found[0]] = np.full(shape, 1j)
    with pytest.raises(FileError, match="complex"):
        load_model(path)


STRANGE = {
    "config.json": [b"[]", b"null", b'"x"', b"[" * 100_000 + b"]" * 100_000, b"\xff\xfe", b'{"class_name": 3}'],
    "metadata.json": [b"[]", b"3"],
}


@pytest.mark.parametrize("name, text", [(name, text) for name, texts in STRANGE.items() for text in texts], ids=str)
def test_texts_that_describe_nothing_are_one_kind_of_error(trained, tmp_path, name, text):
    whole, path = tmp_path / "m.keras", tmp_path / "strange.keras"
    trained.save(whole)
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(path, "w") as new:
        for member in old.namelist():
            new.writestr(member, text if member == name else old.read(member))
    with pytest.raises(FileError, match=r"strange\.keras"):
        load_model(path)
    if name == "config.json" and text != b"\xff\xfe":
        with pytest.raises((ValueError, TypeError)):
            model_from_json(text.decode())


def test_an_empty_archive_is_no_model(tmp_path):
    zipfile.ZipFile(tmp_path / "m.keras", "w").close()
    with pytest.raises(FileError, match="empty archive"):
        load_model(tmp_path / "m.keras")
