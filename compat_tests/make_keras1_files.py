"""Makes golden/files/keras1.zip: whole-model files laid out as Keras 1 did, and cuDNN's; Keras 2.2.4 says what they predict.

python keras224.py compat_tests/make_keras1_files.py
"""

import io
import json
import os
import sys
import tempfile
import zipfile

import h5py
import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ROOT)

RANDOM = np.random.RandomState(5)


def w(*shape):
    """Weights of any values."""
    return RANDOM.uniform(-0.5, 0.5, shape).astype("float32")


def layer(name, class_name, config, weights=()):
    """A layer of a Sequential: its config, and its weights by name."""
    return {"class_name": class_name, "config": {"name": name, "trainable": True, **config}}, list(weights)


def dense(name, inputs, units, **more):
    """A Dense as Keras 1 wrote it."""
    config = {
        "output_dim": units,
        "init": "glorot_uniform",
        "activation": "linear",
        "bias": True,
        "input_dim": inputs,
        **more,
    }
    return layer(name, "Dense", config, [("W", w(inputs, units)), ("b", w(units))])


def gates(names, inputs, units):
    """One W, U and b for each gate."""
    return [
        (f"{kind}_{g}", w(*s))
        for g in names
        for kind, s in (("W", (inputs, units)), ("U", (units, units)), ("b", (units,)))
    ]


def recurrent(name, cls, names, inputs=3, units=2, **more):
    """A recurrent layer as Keras 1 wrote it."""
    config = {"output_dim": units, "init": "glorot_uniform", "inner_init": "orthogonal", "activation": "tanh"}
    config |= {"inner_activation": "hard_sigmoid", "return_sequences": False, "go_backwards": False, "stateful": False}
    config |= {"unroll": False, "consume_less": "cpu", "input_dim": inputs, "input_length": None, **more}
    return layer(name, cls, config, gates(names, inputs, units))


def conv(name, ordering, shape, filters=3, size=2):
    """A Convolution2D as Keras 1 wrote it, with the kernel layout of either ordering."""
    channels = shape[0] if ordering == "th" else shape[-1]
    kernel = w(filters, channels, size, size) if ordering == "th" else w(size, size, channels, filters)
    config = {"nb_filter": filters, "nb_row": size, "nb_col": size, "init": "glorot_uniform", "activation": "relu"}
    config |= {"border_mode": "valid", "subsample": [1, 1], "dim_ordering": ordering, "bias": True}
    return layer(
        name, "Convolution2D", {**config, "batch_input_shape": [None, *shape]}, [("W", kernel), ("b", w(filters))]
    )


def cases():
    """name -> (layers, shape of the input, backend, version)."""
    conv1d = {
        "nb_filter": 3,
        "filter_length": 2,
        "init": "glorot_uniform",
        "activation": "linear",
        "border_mode": "valid",
    }
    conv1d |= {"subsample_length": 1, "bias": True, "batch_input_shape": [None, 5, 2]}
    steps = {"batch_input_shape": [None, 4, 3]}
    flat = layer("flat", "Flatten", {})
    inner = {"class_name": "Dense", "config": dense("inner", 3, 2)[0]["config"]}
    norm = {"epsilon": 0.001, "mode": 0, "axis": -1, "momentum": 0.99}
    gru = {"units": 2, "reset_after": True, "recurrent_activation": "sigmoid", **steps}
    lstm = {"units": 2, "recurrent_activation": "sigmoid", **steps}
    return {
        "dense": (
            [
                dense("one", 3, 4, batch_input_shape=[None, 3]),
                layer("drop", "Dropout", {"p": 0.5}),
                layer(
                    "norm", "BatchNormalization", norm, [(n, abs(w(4)) + 0.1) for n in ("gamma", "beta", "mean", "std")]
                ),
                dense("two", 4, 2),
            ],
            (3,),
        ),
        "conv_tf": ([conv("conv", "tf", (4, 4, 2)), flat, dense("out", 27, 2)], (4, 4, 2)),
        "conv_theano": ([conv("conv", "tf", (4, 4, 2)), flat, dense("out", 27, 2)], (4, 4, 2), "theano"),
        "conv1d": ([layer("conv", "Convolution1D", conv1d, [("W", w(2, 1, 2, 3)), ("b", w(3))]), flat], (5, 2)),
        "lstm": ([recurrent("lstm", "LSTM", "icfo", **steps, forget_bias_init="one"), dense("out", 2, 2)], (4, 3)),
        "gru": ([recurrent("gru", "GRU", "zrh", **steps), dense("out", 2, 2)], (4, 3)),
        "each": ([layer("each", "TimeDistributed", {"layer": inner, **steps}, [("W", w(3, 2)), ("b", w(2))])], (4, 3)),
        "cudnn_lstm": (
            [layer("lstm", "LSTM", lstm, [("kernel", w(3, 8)), ("recurrent_kernel", w(2, 8)), ("bias", w(16))])],
            (4, 3),
            "tensorflow",
            "2.2.4",
        ),
        "cudnn_gru": (
            [layer("gru", "GRU", gru, [("kernel", w(3, 6)), ("recurrent_kernel", w(2, 6)), ("bias", w(12))])],
            (4, 3),
            "tensorflow",
            "2.2.4",
        ),
    }


def write(path, layers, backend=None, version=None):
    """A whole-model file."""
    with h5py.File(path, "w") as h5:
        config = [c for c, _ in layers]
        config = config if version is None else {"name": "model", "layers": config}
        h5.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": config}).encode()
        at = h5.create_group("model_weights")
        for group in (h5, at):
            if version is not None:
                group.attrs["keras_version"] = version.encode()
            if backend is not None:
                group.attrs["backend"] = backend.encode()
        at.attrs["layer_names"] = [c["config"]["name"].encode() for c, _ in layers]
        for c, weights in layers:
            group = at.create_group(c["config"]["name"])
            names = [f"{c['config']['name']}_{name}".encode() for name, _ in weights]
            group.attrs["weight_names"] = names if names else np.array([], "S1")
            for name, (_, value) in zip(names, weights):
                group.create_dataset(name.decode(), data=value)


def main():
    from compat_tests import file_runs

    keras = file_runs.load("keras224")
    from keras.utils import conv_utils

    # its own list of slices is no index for today's NumPy
    conv_utils.convert_kernel = lambda k: np.copy(np.flip(k, axis=tuple(range(k.ndim - 2))))
    out = os.path.join(ROOT, "compat_tests", "golden", "files", "keras1.zip")
    with (
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive,
        tempfile.TemporaryDirectory() as at,
    ):
        for name, (layers, shape, *how) in cases().items():
            path = os.path.join(at, name + ".h5")
            write(path, layers, *how)
            keras.backend.clear_session()
            x = w(3, *shape)
            y = keras.models.load_model(path).predict(x)
            answers = io.BytesIO()
            np.savez_compressed(answers, x=x, y=y)
            for file, data in ((name + ".h5", open(path, "rb").read()), (name + ".npz", answers.getvalue())):
                archive.writestr(zipfile.ZipInfo(file, (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED, 9)
            print(name, y.ravel()[:3])


if __name__ == "__main__":
    main()
