"""Every advisory against Keras's files, and every loss of its own, as a test that names it.

What an attack would do leaves a mark in `tmp_path`; no test may find one.
"""

import base64
import io
import json
import marshal
import os
import pickle
import resource
import tarfile
import threading
import time
import zipfile

import h5py
import numpy as np
import pytest

import jkeras as keras
from jkeras import Input, Sequential, layers
from jkeras.models import load_model, model_from_json
from jkeras.saving import deserialize_keras_object
from jkeras.saving.errors import FileError


def small(**options):
    return Sequential([Input((3,)), layers.Dense(2, name="a", **options)])


def entry(class_name, module="keras.layers", **config):
    return {"module": module, "class_name": class_name, "config": config, "registered_name": None}


def sequential(*entries):
    first = entry("InputLayer", batch_shape=[None, 3], dtype="float32", name="i")
    return entry("Sequential", "keras", name="s", layers=[first, *entries])


def keras_file(path, config, weights=b""):
    with zipfile.ZipFile(path, "w") as z:
        z.writestr("metadata.json", json.dumps({"keras_version": "3.15.0"}))
        z.writestr("config.json", json.dumps(config))
        z.writestr("model.weights.h5", weights)
    return path


def legacy_file(path, config):
    with h5py.File(path, "w") as h5:
        h5.attrs["model_config"] = json.dumps(config)
        h5.attrs["keras_version"] = "2.15.0"
        h5.create_group("model_weights").attrs["layer_names"] = np.array([], "S1")
    return path


def both(tmp_path, config):
    """The config in either kind of file."""
    return keras_file(tmp_path / "m.keras", config), legacy_file(tmp_path / "m.h5", config)


def refused(paths, **options):
    for path in paths:
        with pytest.raises(FileError, match=os.path.basename(path)):
            load_model(path, **options)


def code_of(mark):
    """A lambda's body as Keras 2 and 3 store it; running it writes a file."""
    body = compile(f"lambda x: open({str(mark)!r}, 'w') and x", "m", "eval").co_consts[0]
    return base64.b64encode(marshal.dumps(body)).decode()


@pytest.fixture
def mark(tmp_path):
    path = tmp_path / "mark"
    yield path
    assert not path.exists()


@pytest.fixture
def peak():
    """Fails where a test takes more than 300 MB."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300 * 1024


# ---------------------------------------------------------------- code in configs


@pytest.mark.parametrize("form", ["keras 3", "keras 2"])
def test_cve_2024_3660_a_lambda_in_a_file_is_not_run(tmp_path, mark, form):
    code = code_of(mark)
    if form == "keras 3":
        value = {"class_name": "__lambda__", "config": {"value": [code, None, None]}}
        config = sequential(entry("Lambda", function=value, name="l"))
    else:
        config = sequential(entry("Lambda", function=[code, None, None], function_type="lambda", name="l"))
    refused(both(tmp_path, config))
    with pytest.raises(ValueError):
        model_from_json(json.dumps(config))


@pytest.mark.parametrize(
    "module, name",
    [
        ("os", "system"),
        ("subprocess", "run"),
        ("builtins", "eval"),
        ("jkeras.utils.files", "get_file"),
        ("shutil", "rmtree"),
    ],
)
def test_cve_2025_1550_a_config_cannot_name_a_module_and_function(tmp_path, mark, module, name):
    call = {"module": module, "class_name": name, "config": {"cmd": f"touch {mark}"}, "registered_name": None}
    function = {"module": module, "class_name": "function", "config": name, "registered_name": name}
    for hostile in (
        sequential(call),
        sequential(entry("Dense", units=1, activation=function)),
        sequential(entry("Dense", units=1, kernel_initializer=call)),
        sequential(entry("Lambda", function=function, arguments={"cmd": f"touch {mark}"})),
    ):
        refused(both(tmp_path, hostile))
    with pytest.raises(ValueError):
        deserialize_keras_object(call)


@pytest.mark.parametrize(
    "module, name, config",
    [
        ("keras.utils", "get_file", {"fname": "mark", "origin": "file:///etc/hostname", "cache_dir": "."}),
        ("keras.models", "load_model", {"filepath": "m.h5", "safe_mode": False}),
        ("keras.saving", "load_model", {"filepath": "m.h5"}),
        ("keras.src.saving.saving_lib", "load_model", {}),
        ("keras.utils", "custom_object_scope", {}),
        ("keras", "load_model", {}),
    ],
)
def test_cve_2025_8747_functions_of_keras_itself_are_no_gadgets(tmp_path, monkeypatch, module, name, config):
    monkeypatch.chdir(tmp_path)
    call = {"module": module, "class_name": name, "config": config, "registered_name": None}
    function = {"module": module, "class_name": "function", "config": name, "registered_name": name}
    for hostile in (sequential(call), sequential(entry("Lambda", function=function)), call):
        refused(both(tmp_path, hostile))
    assert sorted(os.listdir(tmp_path)) == ["m.h5", "m.keras"]


def test_cve_2025_9906_a_file_cannot_switch_safety_off(tmp_path, mark):
    switch = entry("function", "keras.config", name="enable_unsafe_deserialization")
    switch["config"] = switch["registered_name"] = "enable_unsafe_deserialization"
    code = {"class_name": "__lambda__", "config": {"value": [code_of(mark), None, None]}}
    config = sequential(entry("Dense", units=1, activation=switch), entry("Lambda", function=code))
    refused(both(tmp_path, config | {"safe_mode": False, "config": config["config"] | {"safe_mode": False}}))
    refused(both(tmp_path, sequential(entry("Lambda", function=code))))


def test_cve_2025_9905_safe_mode_holds_for_h5_files(tmp_path, mark):
    lambda_ = {"class_name": "__lambda__", "config": {"value": [code_of(mark), None, None]}}
    path = legacy_file(tmp_path / "m.h5", sequential(entry("Lambda", function=lambda_)))
    refused([path])
    refused([path], safe_mode=True)


def test_lambda_from_config_outside_of_a_load_does_not_run_a_body(mark):
    value = {"class_name": "__lambda__", "config": {"value": [code_of(mark), None, None]}}
    for config in ({"function": value}, {"function": [code_of(mark), None, None], "function_type": "lambda"}):
        with pytest.raises((ValueError, TypeError)):
            layers.Lambda.from_config({"name": "l", **config})


class Bomb:
    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return open, (str(self.mark), "w")


def test_cve_2025_49655_nothing_is_unpickled(tmp_path, mark):
    data = base64.b64encode(pickle.dumps(Bomb(mark))).decode()
    refused(both(tmp_path, sequential(entry("TorchModuleWrapper", module={"module": data}, name="t"))))
    arrays = {"a": np.array([Bomb(mark)], object)}
    np.savez(tmp_path / "w.npz", **arrays)
    for name in ("w.npz", "w.keras"):
        os.replace(next(tmp_path.glob("w.*")), tmp_path / name)
        with pytest.raises(FileError):
            load_model(tmp_path / name)
        with pytest.raises(FileError):
            small().load_weights(tmp_path / name)


@pytest.mark.parametrize("name", ["StringLookup", "IntegerLookup", "TextVectorization", "IndexLookup"])
def test_cve_2025_12058_a_vocabulary_is_not_read_from_a_path_in_a_config(tmp_path, name):
    secret = tmp_path / "secret.txt"
    secret.write_text("1\n2\n")
    hostile = sequential(entry(name, vocabulary=str(secret), name="v"))
    hostile["config"]["layers"][0]["config"]["dtype"] = "string" if name != "IntegerLookup" else "int64"
    refused(both(tmp_path, hostile))
    url = sequential(entry(name, vocabulary="http://127.0.0.1:9/secret", name="v"))
    refused(both(tmp_path, url))


def test_cve_2026_1462_another_model_is_not_loaded_from_a_config(tmp_path):
    (tmp_path / "saved").mkdir()
    refused(both(tmp_path, sequential(entry("TFSMLayer", filepath=str(tmp_path / "saved"), name="t"))))


# ---------------------------------------------------------------- archives


def tar_with(path, *members):
    with tarfile.open(path, "w") as tar:
        for info, data in members:
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


def member(name, **fields):
    info = tarfile.TarInfo(name)
    for key, value in fields.items():
        setattr(info, key, value)
    return info


def extracted(tmp_path, archive):
    inside = tmp_path / "inside"
    inside.mkdir()
    with pytest.raises(ValueError):
        keras.utils.get_file("a", origin=archive.as_uri(), extract=True, cache_dir=str(inside))
    assert not (tmp_path / "gone").exists() and not list(tmp_path.rglob("gone"))


@pytest.mark.parametrize("name", ["../gone", "../../gone", "/tmp/../{}/gone", "x/../../gone"])
def test_cve_2024_55459_and_2025_12060_a_tar_stays_in_its_folder(tmp_path, name):
    extracted(tmp_path, tar_with(tmp_path / "a.tar", (member(name.format(tmp_path)), b"x")))


def test_cve_2025_12638_a_chain_of_links_does_not_lead_out(tmp_path):
    deep, chain, path = "d" * 247, [], ""
    for step in "abcdefghijklmnop":
        chain.append((member(os.path.join(path, deep), type=tarfile.DIRTYPE), b""))
        chain.append((member(os.path.join(path, step), type=tarfile.SYMTYPE, linkname=deep), b""))
        path = os.path.join(path, deep)
    links = "/".join("abcdefghijklmnop")
    chain.append((member(os.path.join(links, "l" * 254), type=tarfile.SYMTYPE, linkname="../" * 16), b""))
    chain.append((member("out", type=tarfile.SYMTYPE, linkname=f"{links}/{'l' * 254}/../../.."), b""))
    chain.append((member("out/gone"), b"x"))
    extracted(tmp_path, tar_with(tmp_path / "a.tar", *chain))


@pytest.mark.parametrize("kind", [tarfile.LNKTYPE, tarfile.SYMTYPE])
def test_a_link_in_a_tar_does_not_lead_out(tmp_path, kind):
    secret = tmp_path / "secret"
    secret.write_text("secret")
    first = (member("l", type=kind, linkname=str(secret)), b"")
    extracted(tmp_path, tar_with(tmp_path / "a.tar", first, (member("l"), b"changed")))
    assert secret.read_text() == "secret"


# ---------------------------------------------------------------- sizes


def weights_with(path, change):
    """A file of weights of a small model, changed by HDF5."""
    small().save_weights(path)
    with h5py.File(path, "a") as h5:
        found = []
        h5.visititems(lambda name, d: found.append(name) if getattr(d, "shape", None) == (3, 2) else None)
        change(h5, found[0])
    return path


def replace(h5, name, **options):
    del h5[name]
    h5.create_dataset(name, **options)


HUGE = (1 << 20, 1 << 20)
TOO_LARGE = {
    "chunks that are not stored": dict(shape=HUGE, dtype="f4", chunks=(1024, 1024)),
    "compressed chunks that are not stored": dict(shape=HUGE, dtype="f4", chunks=(1024, 1024), compression="gzip"),
    "one value for all": dict(shape=HUGE, dtype="f4", chunks=(1024, 1024), fillvalue=1.0),
    "a huge chunk": dict(shape=(3, 2), maxshape=(None, None), chunks=(20000, 20000), dtype="f4", compression="gzip"),
}


@pytest.mark.parametrize("kind", TOO_LARGE)
def test_cve_2026_0897_a_shape_takes_no_more_memory_than_the_file_holds(tmp_path, peak, kind):
    path = weights_with(tmp_path / "w.weights.h5", lambda h5, at: replace(h5, at, **TOO_LARGE[kind]))
    with pytest.raises(FileError, match="far more than the file holds"):
        small().load_weights(path)


def test_cve_2026_0897_a_layer_of_a_config_is_not_made_before_its_weights_are_seen(tmp_path, peak):
    config = sequential(entry("Dense", units=10**11, name="a"), entry("Embedding", input_dim=10**12, output_dim=9))
    refused(both(tmp_path, sequential(entry("Dense", units=10**11, name="a"))))
    refused(both(tmp_path, config))


def test_a_zip_bomb_takes_no_memory_or_time(tmp_path, peak):
    path = tmp_path / "m.keras"
    start = time.monotonic()
    for name in ("config.json", "model.weights.h5"):
        members = {"metadata.json": b"{}", "config.json": json.dumps(sequential()).encode(), "model.weights.h5": b""}
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
            for other, data in members.items():
                if other != name:
                    z.writestr(other, data)
            with z.open(name, "w", force_zip64=True) as f:
                for _ in range(25):
                    f.write(bytes(4 << 20))
        with pytest.raises(FileError, match="far more than the file holds"):
            load_model(path)
    assert time.monotonic() - start < 30


def zipped(path, change):
    """A .keras file, its bytes changed."""
    small().save(path)
    data = bytearray(path.read_bytes())
    change(data)
    path.write_bytes(data)
    return path


def test_a_size_that_is_a_lie_is_found(tmp_path, peak):
    def lie(data):
        at = data.rfind(b"PK\x01\x02")
        data[at + 46 + 16 + 4 : at + 46 + 16 + 12] = (1 << 40).to_bytes(8, "little")

    refused([zipped(tmp_path / "m.keras", lie)])


def test_members_that_overlap_are_refused(tmp_path):
    path = tmp_path / "m.keras"
    with zipfile.ZipFile(path, "w") as z:
        z.writestr("config.json", b"x" * 1000)
        z.writestr("model.weights.h5", b"y" * 1000)
        z.infolist()[1].header_offset = z.infolist()[0].header_offset
    with pytest.raises(FileError, match="overlaps|damaged|cannot be read"):
        load_model(path)


def test_npz_bombs_are_no_backups(tmp_path, peak):
    from jkeras.train.callbacks import state_file

    path = tmp_path / "s.npz"
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1099511627776,), }"
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    with zipfile.ZipFile(path, "w") as z:
        z.writestr("state.npy", b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
    with pytest.raises(OSError, match="damaged"):
        state_file.read(path)


# ---------------------------------------------------------------- what lies outside of the file


def outside(h5, name, secret):
    """Ways in which HDF5 reads other places than it seems to."""
    layout = h5py.VirtualLayout((3, 2), "f4")
    layout[:] = h5py.VirtualSource(str(secret), "x", (3, 2))
    return {
        "an external link": lambda: h5.__setitem__(name, h5py.ExternalLink(str(secret), "x")),
        "external storage": lambda: h5.create_dataset(name, (3, 2), "f4", external=[(str(secret), 0, 24)]),
        "a virtual dataset": lambda: h5.create_virtual_dataset(name, layout),
        "a soft link": lambda: h5.__setitem__(name, h5py.SoftLink("/")),
        "a soft link to itself": lambda: h5.__setitem__(name, h5py.SoftLink(f"/{name}")),
        "references": lambda: h5.create_dataset(name, data=np.array([h5.ref] * 6).reshape(3, 2), dtype=h5py.ref_dtype),
        "a group in a circle": lambda: h5.__setitem__(name, h5["/"]),
    }


KINDS = list(outside(None, "", ""))


@pytest.mark.parametrize("kind", KINDS)
def test_cve_2026_1669_weights_come_from_the_file_alone(tmp_path, kind):
    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as h5:
        h5["x"] = np.ones((3, 2), "f4")

    def change(h5, at):
        del h5[at]
        outside(h5, at, secret)[kind]()

    for name in ("w.weights.h5", "w.h5"):
        model = small()
        before = model.get_weights()
        with pytest.raises(FileError, match=name):
            model.load_weights(weights_with(tmp_path / name, change))
        assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


@pytest.mark.parametrize("name", ["../gone", "/gone", "a/../../gone", "C:\\gone", "..\\gone"])
def test_members_outside_of_the_archive_are_refused(tmp_path, name):
    path = tmp_path / "m.keras"
    small().save(path)
    with zipfile.ZipFile(path, "a") as z:
        z.writestr(f"assets/{name}" if name.startswith("..") else name, b"x")
    refused([path])
    assert os.listdir(tmp_path) == ["m.keras"]


def test_links_in_an_archive_are_refused(tmp_path):
    path = tmp_path / "m.keras"
    small().save(path)
    with zipfile.ZipFile(path, "a") as z:
        info = zipfile.ZipInfo("assets/link")
        info.external_attr = 0o120777 << 16
        z.writestr(info, "/etc/passwd")
    refused([path])


def test_cve_2026_12479_a_name_with_dots_writes_nowhere_else(tmp_path):
    inside = tmp_path / "inside"
    inside.mkdir()
    for name in ("../../gone", "/gone", "..", "a/../../../gone"):
        try:
            model = Sequential([Input((3,)), layers.Dense(2, name=name)], name="m")
        except ValueError:
            continue  # refused at once
        for file in ("m.keras", "m.h5", "w.weights.h5", "w.h5"):
            try:
                (model.save if file[0] == "m" else model.save_weights)(inside / file)
            except ValueError:
                continue
    assert not list(tmp_path.rglob("gone")) and os.listdir(tmp_path) == ["inside"]


# ---------------------------------------------------------------- what real Keras loses


def compiled(loss="mse", **options):
    model = Sequential([Input((3,)), layers.Dense(2), layers.Dense(1)])
    model.compile("adam", loss, metrics=["mae"], **options)
    return model


X, Y = np.ones((8, 3), "float32"), np.ones((8, 1), "float32")


@pytest.mark.parametrize("loss", ["mse", "mae", "mean_squared_error"])
def test_an_h5_of_a_model_compiled_with_short_names_loads(tmp_path, loss):
    model = compiled(loss)
    model.save(tmp_path / "m.h5")
    assert load_model(tmp_path / "m.h5").evaluate(X, Y, verbose=0) == pytest.approx(model.evaluate(X, Y, verbose=0))


def test_an_interrupted_save_keeps_the_old_file(tmp_path, monkeypatch):
    from jkeras.saving import store

    model = compiled()
    model.save(tmp_path / "m.keras")
    before = (tmp_path / "m.keras").read_bytes()
    for error in (KeyboardInterrupt, OSError(28, "No space left on device"), SystemExit(143)):

        def fail(*args, error=error):
            raise error

        with monkeypatch.context() as patch:
            patch.setattr(store, "contents", fail)
            with pytest.raises((KeyboardInterrupt, OSError, SystemExit)):
                model.save(tmp_path / "m.keras")
        assert (tmp_path / "m.keras").read_bytes() == before and os.listdir(tmp_path) == ["m.keras"]


def test_predict_from_eight_threads_is_right():
    model, x = compiled(), np.random.default_rng(0).standard_normal((64, 3)).astype("float32")
    truth, wrong = np.asarray(model.predict(x, batch_size=8, verbose=0)), []

    def work():
        for _ in range(3):
            for found in (model.predict(x, batch_size=8, verbose=0), model(x), model.predict_on_batch(x)):
                if not np.allclose(found, truth, atol=1e-6):
                    wrong.append(found)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_download_with_the_wrong_hash_does_not_stay(tmp_path):
    (tmp_path / "source").write_text("x")
    with pytest.raises(ValueError, match="hash"):
        keras.utils.get_file(
            "f", origin=(tmp_path / "source").as_uri(), file_hash="0" * 64, cache_dir=str(tmp_path), cache_subdir="c"
        )
    assert not list((tmp_path / "c").glob("*"))


@pytest.mark.parametrize(
    "data, message",
    [
        (lambda: ((X[:4], Y[:4]) for _ in range(1)), None),
        (lambda: iter(()), "no batch|empty|gave"),
        (lambda: (X[:0], Y[:0]), "empty|no rows|0 rows|no row"),
        (lambda: ({"a": X}, {"b": Y}), "a|inputs"),
    ],
)
def test_data_that_end_early_or_do_not_fit_are_told_plainly(data, message):
    model, given = compiled(), data()
    arguments = given if isinstance(given, tuple) else (given,)
    if message is None:
        with pytest.warns(UserWarning):
            model.fit(*arguments, steps_per_epoch=3, epochs=1, verbose=0)
    else:
        with pytest.raises((ValueError, TypeError), match=message):
            model.fit(*arguments, epochs=1, verbose=0)
    assert np.isfinite(model.predict(X, verbose=0)).all()


def test_labels_and_indices_out_of_range_are_told():
    model = Sequential([Input((2,), dtype="int32"), layers.Embedding(5, 3), layers.Flatten(), layers.Dense(4)])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    good, labels = np.array([[0, 4]] * 4), np.array([0, 1, 2, 3])
    model.fit(good, labels, verbose=0)
    with pytest.raises(ValueError, match="7"):
        model.fit(good, np.array([0, 1, 2, 7]), verbose=0)
    with pytest.raises(ValueError, match="9"):
        model.fit(np.array([[0, 9]] * 4), labels, verbose=0)
