"""What scripts that say ``import tensorflow`` keep in files: checkpoints, records, data sets, events."""

import gzip
import os
import pathlib

import numpy as np
import pytest

import jkeras as keras
from jkeras.compat import tensorflow as tf
from jkeras.compat.tensorflow import records, wire
from jkeras.saving.errors import FileError

X = np.linspace(-1, 1, 12).astype("float32").reshape(4, 3)
GOLDEN = pathlib.Path(__file__).parents[1] / "compat_tests" / "golden" / "records"


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense, self.norm = keras.layers.Dense(2), keras.layers.BatchNormalization()

    def call(self, x, training=False):
        return self.norm(self.dense(x), training=training)


def trained(steps=2):
    net, optimizer = Net(), keras.optimizers.Adam(0.1)
    for _ in range(steps):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(net(X, training=True) ** 2)
        optimizer.apply_gradients(
            zip(tape.gradient(loss, net.trainable_variables), net.trainable_variables, strict=True)
        )
    return net, optimizer


def test_what_is_not_built_yet_gets_its_values_when_it_is(tmp_path):
    net, optimizer = trained()
    path = tf.train.Checkpoint(net=net, optimizer=optimizer).save(str(tmp_path / "ckpt"))
    assert path == str(tmp_path / "ckpt-1") == tf.train.latest_checkpoint(tmp_path)
    fresh, other = Net(), keras.optimizers.Adam(0.1)
    status = tf.train.Checkpoint(net=fresh, optimizer=other).restore(path)
    with pytest.raises(AssertionError, match="no variable was found"):
        status.assert_consumed()
    np.testing.assert_array_equal(fresh(X), net(X))
    other.build(fresh.trainable_variables)
    for a, b in zip(optimizer.variables, other.variables, strict=True):
        np.testing.assert_array_equal(a, b)
    status.assert_consumed()


def test_modules_lists_dicts_and_iterators_are_kept(tmp_path):
    class Scale(tf.Module):
        def __init__(self):
            super().__init__()
            self.w, self.more = tf.Variable([1.0, 2.0]), {"b": [tf.Variable(3)]}

    scale, elements = Scale(), iter(tf.data.Dataset.range(9))
    next(elements), next(elements)
    path = tf.train.Checkpoint(scale=scale, data=elements, step=tf.Variable(7)).write(tmp_path / "one")
    again, later, step = Scale(), iter(tf.data.Dataset.range(9)), tf.Variable(0)
    again.w.assign([0.0, 0.0])
    again.more["b"][0].assign(0)
    tf.train.Checkpoint(scale=again, data=later, step=step).read(path).assert_consumed()
    assert (
        again.w.numpy().tolist() == [1, 2] and int(again.more["b"][0]) == 3 and int(next(later)) == 2 and int(step) == 7
    )
    assert tf.train.load_variable(path, "scale/w/.ATTRIBUTES/VARIABLE_VALUE").tolist() == [1, 2]


def test_a_module_that_makes_variables_later_gets_their_values_then(tmp_path):
    class Lazy(tf.Module):
        def __call__(self, x):
            if not hasattr(self, "w"):
                self.w = tf.Variable(5.0)
            return self.w * x

    lazy, fresh = Lazy(), Lazy()
    lazy(1.0)
    lazy.w.assign(2.0)
    tf.train.Checkpoint(fresh).restore(tf.train.Checkpoint(lazy).save(tmp_path / "c"))
    assert float(fresh(3.0)) == 6


def test_a_manager_keeps_the_last_files(tmp_path):
    step = tf.Variable(0)
    manager = tf.train.CheckpointManager(tf.train.Checkpoint(step=step), tmp_path / "m", max_to_keep=2)
    assert manager.latest_checkpoint is None and manager.restore_or_initialize() is None
    for _ in range(3):
        step.assign_add(1)
        manager.save()
    assert [pathlib.Path(p).name for p in manager.checkpoints] == ["ckpt-2", "ckpt-3"]
    assert sorted(os.listdir(tmp_path / "m")) == ["checkpoint", "ckpt-2.index", "ckpt-3.index"]
    step.assign(0)
    again = tf.train.CheckpointManager(tf.train.Checkpoint(step=step), tmp_path / "m", max_to_keep=2)
    assert again.restore_or_initialize() == again.latest_checkpoint and int(step) == 3
    assert again.save().endswith("ckpt-4")


def test_an_interval_between_files_is_kept(tmp_path):
    step = tf.Variable(0)
    manager = tf.train.CheckpointManager(
        tf.train.Checkpoint(step=step), tmp_path, 5, step_counter=step, checkpoint_interval=3
    )
    assert [manager.save() is not None for _ in range(7) if step.assign_add(1) is not None] == [
        True, False, False, True, False, False, True]  # fmt: skip


@pytest.mark.parametrize(
    "spoil, error",
    [
        (lambda p: p.write_bytes(p.read_bytes()[:-3]), FileError),
        (lambda p: p.write_bytes(p.read_bytes()[:-1] + b"!"), FileError),
        (lambda p: p.unlink(), FileNotFoundError),
        (lambda p: p.with_name("c-1.data-00000-of-00001").write_bytes(b""), FileError),
    ],
)
def test_a_damaged_checkpoint_changes_nothing(tmp_path, spoil, error):
    v = tf.Variable([1.0, 2.0])
    path = tf.train.Checkpoint(v=v).save(tmp_path / "c")
    spoil(pathlib.Path(f"{path}.index"))
    v.assign([5.0, 6.0])
    with pytest.raises(error, match="c-1"):
        tf.train.Checkpoint(v=v).restore(path)
    assert v.numpy().tolist() == [5, 6]


def test_another_shape_and_missing_values_are_named(tmp_path):
    path = tf.train.Checkpoint(v=tf.Variable([1.0])).save(tmp_path / "c")
    with pytest.raises(ValueError, match="v has shape"):
        tf.train.Checkpoint(v=tf.Variable([1.0, 2.0])).restore(path)
    with pytest.raises(AssertionError, match="no value for w"):
        tf.train.Checkpoint(v=tf.Variable([0.0]), w=tf.Variable(1.0)).restore(path).assert_existing_objects_matched()
    assert tf.train.Checkpoint(w=tf.Variable(1.0)).restore(path).expect_partial()
    assert tf.train.Checkpoint(w=tf.Variable(1.0)).restore(None).expect_partial()


def examples():
    features = lambda n: tf.train.Features(  # noqa: E731
        feature={
            "n": tf.train.Feature(int64_list=tf.train.Int64List(value=[n, -n])),
            "x": tf.train.Feature(float_list=tf.train.FloatList(value=[n / 4] * n)),
            "t": tf.train.Feature(bytes_list=tf.train.BytesList(value=[b"text %d" % n])),
        }
    )
    return [tf.train.Example(features=features(n)).SerializeToString() for n in range(3)] + [b"z" * 5000]


def read_back(path, kind):
    spec = {
        "n": tf.io.FixedLenFeature([2], tf.int64),
        "x": tf.io.VarLenFeature(tf.float32),
        "t": tf.io.FixedLenFeature([], tf.string),
    }
    data = tf.data.TFRecordDataset(str(path), compression_type=kind)
    rows = [tf.io.parse_single_example(r, spec) for r in data.take(3)]
    assert [r["n"].numpy().tolist() for r in rows] == [[0, 0], [1, -1], [2, -2]]
    assert [r["t"].numpy() for r in rows] == [b"text 0", b"text 1", b"text 2"]
    assert [tf.sparse.to_dense(r["x"]).numpy().tolist() for r in rows] == [[], [0.25], [0.5, 0.5]]
    assert [len(r.numpy()) for r in data.skip(3)] == [5000]


@pytest.mark.parametrize("kind, name", [("", "plain"), ("GZIP", "gzip"), ("ZLIB", "zlib")])
def test_records_that_tensorflow_wrote_are_read(kind, name):
    read_back(GOLDEN / f"{name}.tfrecord", kind)


def test_records_are_written_byte_for_byte_as_those_that_tensorflow_read(tmp_path):
    """The real TensorFlow has read ``ours.tfrecord`` when the golden values were made."""
    with tf.io.TFRecordWriter(str(tmp_path / "a")) as writer:
        for record in examples():
            writer.write(record)
    assert (tmp_path / "a").read_bytes() == (GOLDEN / "ours.tfrecord").read_bytes()


@pytest.mark.parametrize("kind", ["", "GZIP", "ZLIB"])
def test_records_come_back(tmp_path, kind):
    with tf.io.TFRecordWriter(str(tmp_path / "a"), tf.io.TFRecordOptions(compression_type=kind)) as writer:
        for record in examples():
            writer.write(record)
    read_back(tmp_path / "a", kind)


@pytest.mark.parametrize("size", [0, 1, 9, 4095, 4096, 4097, 70001])
def test_the_checksum_of_long_bytes_is_that_of_bytes_one_by_one(size):
    data = bytes((7 * i * i + i // 256) % 256 for i in range(size))
    register, table = 0xFFFFFFFF, records._table().tolist()
    for byte in data:
        register = table[(register ^ byte) & 255] ^ register >> 8
    assert records.crc32c(data) == register ^ 0xFFFFFFFF


@pytest.mark.parametrize(
    "spoil", [lambda b: b[:-1], lambda b: b[:-1] + b"?", lambda b: b[:20] + b"?" + b[21:], lambda b: b"no records" * 3]
)
def test_a_damaged_file_of_records_raises(tmp_path, spoil):
    (tmp_path / "a").write_bytes(spoil((GOLDEN / "ours.tfrecord").read_bytes()))
    with pytest.raises(records.DataLossError, match="damaged|no record"):
        list(tf.data.TFRecordDataset(str(tmp_path / "a")))
    (tmp_path / "b").write_bytes(gzip.compress(b"1234"))
    with pytest.raises(records.DataLossError):
        list(tf.data.TFRecordDataset(str(tmp_path / "b"), "GZIP"))


@pytest.mark.parametrize("data", [b"\x0a", b"\x0a\x05ab", b"\xff" * 12, b"\x0b"])
def test_bytes_that_are_no_message_raise(data):
    with pytest.raises(ValueError, match="protocol buffer"):
        tf.train.Example.FromString(data)


@pytest.mark.parametrize("how", ["save", "snapshot", "cache"])
def test_a_data_set_is_kept_in_files(tmp_path, how):
    made = []
    source = tf.data.Dataset.range(3).map(
        lambda i: made.append(1) or {"i": i, "r": tf.range(i), "t": tf.strings.as_string(i)}
    )
    data = source.ragged_batch(2)
    if how == "save":
        data.save(str(tmp_path / "d"))
        again = tf.data.Dataset.load(str(tmp_path / "d"))
        assert len(again) == 2
    else:
        again = getattr(data, how)(str(tmp_path / "d"))
        list(again)
    count = len(made)
    found = list(again)
    assert len(made) == count == 3
    assert [f["r"].to_list() for f in found] == [[[], [0]], [[0, 1]]]
    assert [f["t"].numpy().tolist() for f in found] == [[b"0", b"1"], [b"2"]]
    assert sorted(os.listdir(tmp_path)) == ["d"]


def test_a_data_set_that_fails_leaves_no_files(tmp_path):
    def fail(i):
        if i > 1:
            raise RuntimeError("no more")
        return i

    with pytest.raises(RuntimeError):
        tf.data.Dataset.range(4).map(fail).save(str(tmp_path / "d"))
    assert os.listdir(tmp_path) == []
    with pytest.raises(FileNotFoundError, match="no data set"):
        tf.data.Dataset.load(str(tmp_path))


def test_tables_are_made_of_the_lines_of_a_file(tmp_path):
    (tmp_path / "v").write_text("a\t10\nb\t20\nc\t30\n")
    index = tf.lookup.TextFileIndex
    pairs = tf.lookup.TextFileInitializer(str(tmp_path / "v"), tf.string, 0, tf.int64, 1, delimiter="\t")
    assert tf.lookup.StaticHashTable(pairs, -1).lookup(tf.constant(["b", "x"])).numpy().tolist() == [20, -1]
    lines = tf.lookup.TextFileInitializer(
        str(tmp_path / "v"), tf.string, index.WHOLE_LINE, tf.int64, index.LINE_NUMBER, vocab_size=2
    )
    assert tf.lookup.StaticVocabularyTable(lines, 1).lookup(tf.constant(["b\t20", "c\t30"])).numpy().tolist() == [1, 2]


def test_rows_of_comma_separated_files_are_batches_of_columns(tmp_path):
    (tmp_path / "a.csv").write_text('age,name,y\n1,"x, y",0\n2,b,1\n,c,0\n')
    data = tf.data.experimental.make_csv_dataset(
        str(tmp_path / "*.csv"), 2, label_name="y", shuffle=False, num_epochs=1
    )
    columns, labels = next(iter(data))
    assert columns["age"].numpy().tolist() == [1, 2] and columns["name"].numpy().tolist() == [b"x, y", b"b"]
    assert labels.numpy().tolist() == [0, 1] and [len(y) for _, y in data] == [2, 1]
    rows = tf.data.experimental.CsvDataset(str(tmp_path / "a.csv"), [7, "?"], header=True, select_cols=[0, 1])
    assert [(int(a), b.numpy()) for a, b in rows] == [(1, b"x, y"), (2, b"b"), (7, b"c")]


def test_events_are_records_that_tensorboard_reads(tmp_path):
    writer = tf.summary.create_file_writer(str(tmp_path))
    with writer.as_default():
        for step in range(2):
            tf.summary.scalar("loss", tf.constant(0.5 + step), step=step)
        tf.summary.image("picture", np.ones((2, 3, 4, 3), "float32"), step=2)
        tf.summary.text("note", "hello", step=2)
        with tf.summary.record_if(False):
            assert not tf.summary.scalar("never", 1.0, step=3)
        tf.summary.histogram("values", X, step=3)
    assert not tf.summary.scalar("outside", 1.0, step=3)
    writer.close()
    (file,) = tmp_path.iterdir()
    events = [{n: c for n, _, c in wire.fields(r)} for r in records.records_of(str(file))]
    assert events[0][3] == b"brain.Event:2" and [e.get(2, 0) for e in events[1:]] == [0, 1, 2, 2, 3]
    value = {n: c for n, _, c in wire.fields({n: c for n, _, c in wire.fields(events[2][5])}[1])}
    assert value[1] == b"loss" and float(tf.io.parse_tensor(value[8], tf.float32)) == 1.5
    with pytest.raises(ValueError, match="no step"), writer.as_default():
        tf.summary.scalar("loss", 1.0)


def test_a_scalar_weight_comes_back_from_safetensors(tmp_path):
    class Scaled(keras.layers.Layer):
        def build(self, shape):
            self.scale = self.add_weight("scale", (), initializer="ones")

        def call(self, x):
            return x * self.scale

    model = keras.Sequential([keras.Input((2,)), Scaled()])
    model.layers[-1].scale.assign(3.0)
    model.save_weights(tmp_path / "a.safetensors")
    model.layers[-1].scale.assign(1.0)
    model.load_weights(tmp_path / "a.safetensors")
    assert float(model.layers[-1].scale) == 3


def test_rejected_elements_leave_classes_in_their_shares():
    data = tf.data.Dataset.range(4000).map(lambda i: tf.cast(i % 10 > 0, tf.int32))
    kept = [int(c) for c, _ in data.rejection_resample(lambda x: x, [0.5, 0.5], [0.1, 0.9], seed=3)]
    assert 600 < len(kept) < 1000 and abs(np.mean(kept) - 0.5) < 0.06
