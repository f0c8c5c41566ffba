"""The data sets: what ships, what is read from the cache, and what a bad file does."""

import _codecs
import gzip
import json
import os
import pickle
import tarfile
from pathlib import Path

import numpy as np
import pytest

from jkeras import datasets
from jkeras.datasets import safe_arrays
from jkeras.datasets.cifar import load_batch


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache whose files need no known hash."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("JKERAS_SKIP_HASH", "1")
    folder = tmp_path / "datasets"
    folder.mkdir()
    return folder


def ragged(lists):
    array = np.empty(len(lists), dtype=object)
    array[:] = lists
    return array


def test_digits_ship_with_a_fixed_split():
    (x_train, y_train), (x_test, y_test) = datasets.digits.load_data()
    assert x_train.shape == (1437, 8, 8) and x_test.shape == (360, 8, 8)
    assert x_train.dtype == y_train.dtype == np.uint8
    assert np.bincount(y_train).min() > 140 and np.bincount(y_test).min() >= 33
    assert int(x_train.sum()) + int(x_test.sum()) == 561718


def make_mnist(path):
    rng = np.random.default_rng(0)
    parts = {"x_train": (6, 28, 28), "y_train": (6,), "x_test": (2, 28, 28), "y_test": (2,)}
    np.savez(path, **{name: rng.integers(0, 10, shape, dtype="uint8") for name, shape in parts.items()})


def test_mnist_is_read_from_the_cache(cache):
    make_mnist(cache / "mnist.npz")
    (x_train, y_train), (x_test, y_test) = datasets.mnist.load_data()
    assert (
        x_train.shape == (6, 28, 28) and y_train.shape == (6,) and x_test.shape == (2, 28, 28) and y_test.shape == (2,)
    )


def test_mnist_in_the_cache_with_another_hash_is_an_error_and_stays(cache, monkeypatch):
    monkeypatch.delenv("JKERAS_SKIP_HASH")
    make_mnist(cache / "mnist.npz")
    before = (cache / "mnist.npz").read_bytes()
    with pytest.raises(ValueError, match="JKERAS_SKIP_HASH=1"):
        datasets.mnist.load_data()
    assert (cache / "mnist.npz").read_bytes() == before and os.listdir(cache) == ["mnist.npz"]


def test_mnist_takes_an_absolute_path_as_it_is(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "unused"))
    make_mnist(tmp_path / "own.npz")
    (x_train, _), _ = datasets.mnist.load_data(str(tmp_path / "own.npz"))
    assert x_train.shape == (6, 28, 28) and not (tmp_path / "unused").exists()


def test_the_cache_can_be_elsewhere(tmp_path, monkeypatch):
    monkeypatch.setenv("JKERAS_SKIP_HASH", "1")
    (tmp_path / "datasets").mkdir()
    make_mnist(tmp_path / "datasets" / "mnist.npz")
    assert len(datasets.mnist.load_data(cache_dir=tmp_path)[0][0]) == 6


class Bomb:
    def __reduce__(self):
        return os.mkdir, ("exploded",)


def test_mnist_never_unpickles(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    array = ragged([Bomb()])
    np.savez("bad.npz", x_train=array, y_train=array, x_test=array, y_test=array)
    with pytest.raises(ValueError, match="not the npz file expected"):
        datasets.mnist.load_data(str(tmp_path / "bad.npz"))
    assert not (tmp_path / "exploded").exists()


def test_fashion_mnist_reads_idx_files(cache):
    folder = cache / "fashion-mnist"
    folder.mkdir()
    for part, count in (("train", 5), ("t10k", 3)):
        labels = b"\0\0\x08\x01" + np.array([count], ">u4").tobytes() + bytes(range(count))
        images = b"\0\0\x08\x03" + np.array([count, 28, 28], ">u4").tobytes() + bytes(count * 784)
        (folder / f"{part}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(labels))
        (folder / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(images))
    (x_train, y_train), (x_test, y_test) = datasets.fashion_mnist.load_data()
    assert x_train.shape == (5, 28, 28) and x_test.shape == (3, 28, 28)
    assert y_train.tolist() == [0, 1, 2, 3, 4] and y_test.tolist() == [0, 1, 2]


@pytest.mark.parametrize("content", [b"", b"no gzip", gzip.compress(b""), gzip.compress(b"\0\0\x09\x01\0\0\0\0")],
                         ids=["empty", "no gzip", "nothing inside", "another kind"])  # fmt: skip
def test_fashion_mnist_names_a_damaged_file(cache, content):
    folder = cache / "fashion-mnist"
    folder.mkdir()
    for name in datasets.fashion_mnist.FILES:
        (folder / name).write_bytes(content)
    with pytest.raises(ValueError, match=r"train-labels-idx1-ubyte\.gz is damaged"):
        datasets.fashion_mnist.load_data()


def make_cifar(folder, inner, archive, files, keys, protocol):
    (folder / inner).mkdir()
    for name, count in files.items():
        content = {b"data": np.arange(count * 3072, dtype="uint8").reshape(count, 3072), b"batch_label": b"test"}
        content.update({key: list(range(count)) for key in keys})
        (folder / inner / name).write_bytes(pickle.dumps(content, protocol=protocol))
    with tarfile.open(folder / archive, "w:gz") as tar:
        tar.add(folder / inner, inner)


@pytest.mark.parametrize("protocol, archive", [(2, ".tar.gz"), (4, "-target_archive"), (5, "-target_archive")])
def test_cifar10_reads_pickles_of_each_protocol_under_its_name_of_today_and_before_keras_3(cache, protocol, archive):
    files = {**{f"data_batch_{i}": 2 for i in range(1, 6)}, "test_batch": 3}
    make_cifar(cache, "cifar-10-batches-py", f"cifar-10-batches-py{archive}", files, [b"labels"], protocol)
    (x_train, y_train), (x_test, y_test) = datasets.cifar10.load_data()
    assert x_train.shape == (10, 32, 32, 3) and x_test.shape == (3, 32, 32, 3)
    assert y_train.shape == (10, 1) and y_test.tolist() == [[0], [1], [2]] and y_train.dtype == np.uint8
    assert x_train[0, 0, :3, 0].tolist() == [0, 1, 2]


@pytest.mark.parametrize("mode", ["fine", "coarse"])
def test_cifar100_has_fine_and_coarse_labels(cache, mode):
    keys = [b"fine_labels", b"coarse_labels"]
    make_cifar(cache, "cifar-100-python", "cifar-100-python_archive", {"train": 4, "test": 2}, keys, 2)
    (x_train, y_train), (x_test, y_test) = datasets.cifar100.load_data(label_mode=mode)
    assert x_train.shape == (4, 32, 32, 3) and y_train.shape == (4, 1) and y_test.tolist() == [[0], [1]]


def test_cifar100_refuses_another_label_mode():
    with pytest.raises(ValueError, match="label_mode must be 'fine' or 'coarse', received 'both'"):
        datasets.cifar100.load_data("both")


def test_a_cifar_batch_never_runs_code(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "batch").write_bytes(pickle.dumps({b"data": Bomb()}))
    with pytest.raises(ValueError, match="mkdir"):
        load_batch(tmp_path / "batch")
    assert not (tmp_path / "exploded").exists()


def test_a_cifar_batch_without_labels_is_named(tmp_path):
    (tmp_path / "batch").write_bytes(pickle.dumps({"data": np.zeros((1, 3072), "uint8")}))
    with pytest.raises(ValueError, match="has no 'data' or no 'labels'"):
        load_batch(tmp_path / "batch")


def test_boston_housing_is_split_by_the_seed(cache):
    np.savez(cache / "boston_housing.npz", x=np.arange(20.0).reshape(10, 2), y=np.arange(10.0))
    (x_train, y_train), (x_test, y_test) = datasets.boston_housing.load_data()
    assert y_train.tolist() == [9, 3, 6, 1, 0, 7, 4, 8] and y_test.tolist() == [2, 5]
    assert (x_train[:, 0] == 2 * y_train).all() and x_test.shape == (2, 2)


def test_california_housing_has_a_small_version(cache):
    np.savez(cache / "california_housing.npz", x=np.zeros((700, 8), "float32"), y=np.arange(700, dtype="float32"))
    (_, y_train), (_, y_test) = datasets.california_housing.load_data()
    assert len(y_train) == 560 and len(y_test) == 140
    (_, y_train), (_, y_test) = datasets.california_housing.load_data("small")
    assert len(y_train) == 480 and len(y_test) == 120 and max(y_train.max(), y_test.max()) == 599
    with pytest.raises(ValueError, match="version must be 'small' or 'large', received 'tiny'"):
        datasets.california_housing.load_data("tiny")


def make_texts(seed, count):
    rng = np.random.default_rng(seed)
    return ragged([rng.integers(1, 30, rng.integers(1, 8)).tolist() for _ in range(count)]), rng.integers(0, 2, count)


OPTIONS = [
    {},
    {"num_words": 10},
    {"skip_top": 5, "oov_char": None},
    {"maxlen": 6, "start_char": None, "index_from": 0},
    {"start_char": None, "seed": 7},
]


@pytest.mark.parametrize("i", range(len(OPTIONS)))
@pytest.mark.parametrize("name", ["imdb", "reuters"])
def test_texts_agree_with_keras(cache, name, i):
    golden = json.loads(GOLDEN.read_text())[name][i]
    write_texts(cache, name)
    for (x, y), (x_real, y_real) in zip(getattr(datasets, name).load_data(**OPTIONS[i]), golden):
        assert x.dtype == object and x.tolist() == x_real and y.tolist() == y_real


GOLDEN = Path(__file__).parent.parent / "compat_tests" / "golden" / "datasets_keras3.json"


def write_texts(folder, name):
    if name == "imdb":
        (x, y), (x_test, y_test) = make_texts(1, 12), make_texts(2, 9)
        np.savez(folder / "imdb.npz", x_train=x, y_train=y, x_test=x_test, y_test=y_test)
    else:
        x, y = make_texts(3, 15)
        np.savez(folder / "reuters.npz", x=x, y=y)


def test_no_text_short_enough_is_an_error(cache):
    write_texts(cache, "imdb")
    with pytest.raises(ValueError, match="No text has fewer than maxlen=1 words"):
        datasets.imdb.load_data(maxlen=1)


def test_texts_of_one_length_stay_lists(cache):
    np.savez(cache / "reuters.npz", x=ragged([[1, 2], [3, 4], [5, 6], [7, 8], [9, 1]]), y=np.arange(5))
    (x, _), (x_test, _) = datasets.reuters.load_data()
    assert x.shape == (4,) and x_test.shape == (1,) and isinstance(x[0], list)


@pytest.mark.parametrize("name", ["imdb", "reuters"])
def test_the_word_index_is_a_dict(cache, name):
    (cache / f"{name}_word_index.json").write_text('{"the": 1, "of": 2}')
    assert getattr(datasets, name).get_word_index() == {"the": 1, "of": 2}


def test_reuters_names_its_topics():
    assert len(set(datasets.reuters.get_label_names())) == 46


# --- reading pickles without unpickling


@pytest.mark.parametrize("protocol", range(6))
def test_arrays_come_back_from_a_pickle(tmp_path, protocol):
    content = {
        "ints": np.arange(6).reshape(2, 3),
        "fortran": np.asfortranarray(np.arange(6, dtype="float32").reshape(2, 3)),
        "big": np.arange(3, dtype=">i2"),
        "flags": np.array([True, False]),
        "objects": ragged([[1, 2], [3]]),
        "nested": ragged([np.arange(2), np.arange(3)]),
        "list": [1, 2.5, None],
        "scalar": np.float32(1.5),
    }
    (tmp_path / "x").write_bytes(pickle.dumps(content, protocol=protocol))
    read = safe_arrays.load_pickle(tmp_path / "x")
    for name in ("ints", "fortran", "big", "flags"):
        assert read[name].dtype == content[name].dtype
        np.testing.assert_array_equal(read[name], content[name])
    assert read["objects"].tolist() == [[1, 2], [3]]
    assert [one.tolist() for one in read["nested"]] == [[0, 1], [0, 1, 2]]
    assert read["list"] == [1, 2.5, None] and read["scalar"] == 1.5


class Twist:
    """Pickles to a call of one of the allowed names with arguments of our choice."""

    def __init__(self, function, args, state=None):
        self.parts = (function, args) if state is None else (function, args, state)

    def __reduce__(self):
        return self.parts


RECONSTRUCT = np.array([1]).__reduce__()[0]
EMPTY = (np.ndarray, (0,), b"b")
BAD = {
    "os": Bomb(),
    "eval": Twist(eval, ("1",)),
    "getattr": Twist(getattr, ("text", "upper")),
    "no content": Twist(RECONSTRUCT, EMPTY),
    "too few bytes": Twist(RECONSTRUCT, EMPTY, (1, (9,), np.dtype("i8"), False, b"12")),
    "negative shape": Twist(RECONSTRUCT, EMPTY, (1, (-1,), np.dtype("i8"), False, b"")),
    "shape of floats": Twist(RECONSTRUCT, EMPTY, (1, (1.0,), np.dtype("i8"), False, b"12345678")),
    "pointers as bytes": Twist(RECONSTRUCT, EMPTY, (1, (1,), np.dtype("O"), False, b"12345678")),
    "objects too few": Twist(RECONSTRUCT, EMPTY, (1, (3,), np.dtype("O"), False, [1])),
    "no type": Twist(RECONSTRUCT, EMPTY, (1, (1,), "i8", False, b"12345678")),
    "state of another form": Twist(RECONSTRUCT, EMPTY, {"a": 1}),
    "text array": np.array(["a"]),
    "dates": np.array(["2020-01-01"], "datetime64[D]"),
    "records": np.zeros(2, [("a", "i4")]),
    "a set": {1, 2},
    "a set in an array": ragged([{1}]),
    "wide text": Twist(_codecs.encode, ("x", "utf-16")),
}


@pytest.mark.parametrize("case", BAD)
def test_a_twisted_pickle_is_refused(tmp_path, monkeypatch, case):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x").write_bytes(pickle.dumps({"x": BAD[case]}, protocol=4))
    with pytest.raises(ValueError):
        safe_arrays.load_pickle(tmp_path / "x")
    assert os.listdir(tmp_path) == ["x"]


@pytest.mark.parametrize("content", [b"", b"\x80\x04", b"garbage", pickle.dumps([1])])
def test_a_damaged_pickle_is_refused(tmp_path, content):
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(ValueError):
        safe_arrays.load_pickle(tmp_path / "x")


@pytest.mark.parametrize("case", ["os", "eval", "pointers as bytes", "a set"])
def test_a_twisted_npz_is_refused(tmp_path, monkeypatch, case):
    monkeypatch.chdir(tmp_path)
    np.savez("x.npz", x=ragged([BAD[case]]))
    with pytest.raises(ValueError):
        safe_arrays.load_npz(tmp_path / "x.npz")
    assert os.listdir(tmp_path) == ["x.npz"]


def test_no_npz_is_named(tmp_path):
    (tmp_path / "x.npz").write_text("<html>not found</html>")
    with pytest.raises(ValueError, match="is no npz file"):
        datasets.imdb.load_data(str(tmp_path / "x.npz"))


def test_an_npz_without_the_arrays_is_named(tmp_path):
    np.savez(tmp_path / "x.npz", z=np.zeros(1))
    with pytest.raises(ValueError, match=r"it has no \['x', 'y'\]"):
        datasets.reuters.load_data(str(tmp_path / "x.npz"))
