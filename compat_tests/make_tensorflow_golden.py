"""Makes the golden values of the thin ``tensorflow``.

    python -m compat_tests.make_tensorflow_golden

Run it from the root of the checkout in an environment of the real TensorFlow.
"""

import json
import os
import pathlib
import sys

os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
ROOT = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT.parent))

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

from compat_tests import tensorflow_cases as cases  # noqa: E402
from compat_tests.tensorflow_programs import PROGRAMS  # noqa: E402


def store(found, numbers):
    """The shape of a result, with its numbers put behind those that are there."""
    kept = []
    for leaf in cases.leaves(found):
        dtype, shape, values = cases.described(leaf)
        text = dtype in ("string", "dtype")
        kept.append([dtype, shape, values if text else len(values)])
        numbers.extend([] if text else values)
    return kept


def main():
    numbers, rows, errors = [], {}, {}
    for text in cases.GROUPS.values():
        for expression in cases.lines(text):
            try:
                rows[expression] = store(cases.evaluate(tf, expression), numbers)
            except Exception as error:
                print("FAILS", expression, type(error).__name__, str(error)[:150])
    for name, program in PROGRAMS.items():
        try:
            rows[name] = store(program(tf), numbers)
        except Exception as error:
            print("FAILS", name, type(error).__name__, str(error)[:150])
    for expression in cases.lines(cases.ERRORS):
        try:
            cases.evaluate(tf, expression)
            print("DOES NOT RAISE", expression)
        except Exception as error:
            errors[expression] = type(error).__name__
    facts = {"versions": {"tensorflow": tf.__version__, "numpy": np.__version__}, "rows": rows, "errors": errors}
    (ROOT / "golden" / "tensorflow.json").write_text(json.dumps(facts, separators=(",", ":")) + "\n")
    np.savez_compressed(ROOT / "golden" / "tensorflow.npz", numbers=np.array(numbers, "float64"))
    print(len(rows), "rows,", len(errors), "errors,", len(numbers), "numbers")


def records():
    """Files of records that TensorFlow wrote; one that jkeras wrote is read."""
    folder = ROOT / "golden" / "records"
    folder.mkdir(exist_ok=True)
    feature, names = tf.train.Feature, {"plain": "", "gzip": "GZIP", "zlib": "ZLIB"}
    made = []
    for n in range(3):
        values = {
            "n": feature(int64_list=tf.train.Int64List(value=[n, -n])),
            "x": feature(float_list=tf.train.FloatList(value=[n / 4] * n)),
            "t": feature(bytes_list=tf.train.BytesList(value=[b"text %d" % n])),
        }
        made.append(tf.train.Example(features=tf.train.Features(feature=values)))
    for name, kind in names.items():
        with tf.io.TFRecordWriter(str(folder / f"{name}.tfrecord"), kind) as writer:
            for one in made:
                writer.write(one.SerializeToString(deterministic=True))
            writer.write(b"z" * 5000)
    ours = folder / "ours.tfrecord"
    if ours.exists():
        found = [r.numpy() for r in tf.data.TFRecordDataset(str(ours))]
        assert [tf.train.Example.FromString(f) for f in found[:3]] == made and found[3:] == [b"z" * 5000]
        print("ours.tfrecord is read as it was written")


if __name__ == "__main__":
    records()
    main()
