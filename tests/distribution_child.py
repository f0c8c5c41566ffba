"""Trains models on eight simulated devices, each model over several layouts and once on one device; prints JSON.

Run by test_distribution.py: ``python distribution_child.py all|some``. What takes time is compiling: with "some" each kind of
model is trained over one layout or two, small kinds together, and programs are compiled without optimizations.
"""

import importlib.util
import json
import os
import sys
import tempfile
import time
import warnings
import weakref

os.environ["XLA_FLAGS"] = os.environ.get("XLA_FLAGS", "") + " --xla_force_host_platform_device_count=8"
if sys.argv[1] == "some":
    os.environ.setdefault("JAX_DISABLE_MOST_OPTIMIZATIONS", "1")  # results are compared with each other alone

import jax
import numpy as np

import jkeras as keras
from jkeras import distribution as dist
from jkeras import layers
from jkeras.core import placement
from jkeras.core.variable import initialize

STEPS = 50
rng = np.random.default_rng(0)


def inputs_of(*shape):
    return rng.normal(size=shape).astype("float32")


def compiled(model, loss="mse", **options):
    options.setdefault("optimizer", keras.optimizers.SGD(0.05, momentum=0.9))
    model.compile(loss=loss, **options)
    return model


def dense():
    x = inputs_of(96, 12)
    stack = [layers.Dense(64, activation="tanh"), layers.Dense(32, activation="tanh"), layers.Dense(2)]
    return compiled(keras.Sequential([keras.Input((12,)), *stack])), x, inputs_of(96, 2), {}


def dropout():
    x = inputs_of(96, 12)
    stack = [layers.Dense(128, activation="tanh"), layers.Dropout(0.4), layers.Dense(2)]
    return compiled(keras.Sequential([keras.Input((12,)), *stack])), x, inputs_of(96, 2), {}


def conv_batchnorm():
    stack = [
        layers.Conv2D(8, 3, use_bias=False), layers.BatchNormalization(momentum=0.8), layers.ReLU(),
        layers.GlobalAveragePooling2D(), layers.Dense(2),
    ]  # fmt: skip
    return compiled(keras.Sequential([keras.Input((8, 8, 1)), *stack])), inputs_of(96, 8, 8, 1), inputs_of(96, 2), {}


def lstm():
    stack = [layers.LSTM(16), layers.Dense(2)]
    return compiled(keras.Sequential([keras.Input((6, 4)), *stack])), inputs_of(96, 6, 4), inputs_of(96, 2), {}


def transformer():
    tokens = keras.Input((6, 16))
    h = layers.MultiHeadAttention(4, 8)(tokens, tokens)
    h = layers.LayerNormalization()(layers.Add()([tokens, h]))
    wide = layers.Dense(64, activation="gelu")(h)
    h = layers.LayerNormalization()(layers.Add()([h, layers.Dense(16)(wide)]))
    model = keras.Model(tokens, layers.Dense(2)(layers.GlobalAveragePooling1D()(h)))
    return compiled(model), inputs_of(96, 6, 16), inputs_of(96, 2), {}


def two_outputs():
    x = keras.Input((12,))
    h = layers.Dense(32, activation="tanh")(x)
    model = keras.Model(x, {"a": layers.Dense(1, name="a")(h), "b": layers.Dense(3, name="b")(h)})
    compiled(
        model, {"a": "mse", "b": keras.losses.CategoricalCrossentropy(from_logits=True)}, metrics={"b": "accuracy"}
    )
    classes = np.eye(3, dtype="float32")[rng.integers(0, 3, 96)]
    return model, inputs_of(96, 12), {"a": inputs_of(96, 1), "b": classes}, {}


def sample_weights():
    model, x, y, _ = dense()
    return model, x, y, {"sample_weight": rng.uniform(size=96).astype("float32")}


def ragged():
    model, _, _, _ = dense()
    return model, inputs_of(77, 12), inputs_of(77, 2), {}


def accumulation():
    model, x, y, _ = dense()
    compiled(model, optimizer=keras.optimizers.Adam(0.01, gradient_accumulation_steps=3))
    return model, x, y, {}


def lstm_ragged():
    model, _, _, _ = lstm()
    return model, inputs_of(77, 6, 4), inputs_of(77, 2), {}


def two_outputs_weighted():
    model, x, y, _ = two_outputs()
    return model, x, y, {"sample_weight": rng.uniform(size=96).astype("float32")}


def dropout_accumulation():
    model, x, y, _ = dropout()
    compiled(model, optimizer=keras.optimizers.Adam(0.01, gradient_accumulation_steps=3))
    return model, x, y, {}


MODELS = [dense, dropout, conv_batchnorm, lstm, transformer, two_outputs, sample_weights, ragged, accumulation]


def model_parallel(shape, model_shapes, fsdp=False):
    layouts = dist.LayoutMap(dist.DeviceMesh(shape, ["batch", "model"]))
    parts = shape[1]
    for path, size in model_shapes.items():
        if len(size) > 1 and size[-1] % parts == 0:
            layouts[path] = (*[None] * (len(size) - 1), "model")
    return dist.ModelParallel(layout_map=layouts, fsdp=fsdp)


LAYOUTS = {
    "data": lambda shapes: dist.DataParallel(),
    "fsdp": lambda shapes: dist.DataParallel(fsdp=True),
    "model": lambda shapes: model_parallel((1, 8), shapes),
    "two axes": lambda shapes: model_parallel((2, 4), shapes),
    "two axes, fsdp": lambda shapes: model_parallel((2, 4), shapes, fsdp=True),
}
SOME = [
    (dense, ["model"]), (conv_batchnorm, ["data"]), (lstm_ragged, ["data"]), (transformer, ["two axes, fsdp"]),
    (two_outputs_weighted, ["two axes"]), (dropout_accumulation, ["fsdp"]),
]  # fmt: skip


ASKED = [
    conv_batchnorm,
    two_outputs_weighted,
    *(MODELS if sys.argv[1] == "all" else []),
]  # those that evaluate and predict, too


def trained(make, distribution):
    """Weights after the steps, the distribution's own shapes of each, and what evaluate and predict say."""
    global rng
    rng = np.random.default_rng(0)
    keras.backend.clear_session()
    keras.utils.set_random_seed(5)
    dist.set_distribution(distribution)
    try:
        model, x, y, options = make()
        batch = 16
        steps = -(-len(x) // batch)
        model.fit(x, y, batch_size=batch, epochs=-(-STEPS // steps), verbose=0, **options)
        shapes = {v.path: v.shape for v in model.variables}
        split = sum(v.value.sharding.shard_shape(v.shape) != v.shape for v in model.variables)
        same = all(len(v.value.sharding.device_set) == (8 if distribution else 1) for v in model.variables)
        if make not in ASKED:
            return model.get_weights(), shapes, {"split": split, "placed": same}, {}, None
        told = model.evaluate(x, y, batch_size=batch, verbose=0, return_dict=True)
        outputs = model.predict(x, batch_size=batch, verbose=0)
        outputs = outputs if not isinstance(outputs, dict) else outputs["b"]
        return model.get_weights(), shapes, {"split": split, "placed": same}, told, outputs
    finally:
        dist.set_distribution(None)


# ---------------------------------------------------------------- what else must hold


def simple(**options):
    keras.utils.set_random_seed(5)
    return compiled(
        keras.Sequential([keras.Input((12,)), layers.Dense(32, activation="tanh"), layers.Dense(2)]), **options
    )


X, Y = inputs_of(48, 12), inputs_of(48, 2)
MESH = ((2, 4), ["batch", "model"])


def message(action):
    try:
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            action()
        return "warned: " + "; ".join(str(w.message) for w in seen)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def with_layout(pattern, axes):
    layouts = dist.LayoutMap(dist.DeviceMesh(*MESH))
    layouts[pattern] = axes
    with dist.ModelParallel(layout_map=layouts).scope():
        simple().fit(X, Y, batch_size=16, verbose=0)


def late():
    model = simple()
    model.fit(X, Y, verbose=0)
    with dist.DataParallel().scope():
        model.fit(X, Y, verbose=0)


def uneven(**options):
    with dist.DataParallel().scope():
        simple().fit(X, Y, batch_size=30, verbose=0)


def uneven_stream():
    with dist.DataParallel().scope():
        simple().fit(((X[:12], Y[:12]) for _ in range(2)), steps_per_epoch=2, verbose=0)


ERRORS = {
    "mesh": lambda: dist.DeviceMesh((16,), ["batch"]),
    "batch": uneven,
    "stream": uneven_stream,
    "axis": lambda: with_layout(".*kernel", (None, "modle")),
    "pattern": lambda: with_layout(".*dens/kernel", (None, "model")),
    "size": lambda: with_layout("sequential.*dense.*/kernel", (None, ("batch", "model"))),
    "late": late,
    "device": lambda: dist.DeviceMesh((2,), ["batch"], ["cpu:0", "cpu:77"]).backend_mesh,
}


class Batches(keras.utils.PyDataset):
    def __len__(self):
        return 4

    def __getitem__(self, index):
        return X[index * 16 :][:16], Y[index * 16 :][:16]  # the third is smaller, the fourth empty

    @property
    def num_batches(self):
        return 3


class Pair:
    """A model on one device and the same split over eight; both begin anew with what they began with."""

    def __init__(self):
        self.alone = simple()
        with dist.DataParallel(fsdp=True).scope():
            self.split = simple()
        self.models = [self.alone, self.split]
        for model in self.models:
            model.build()
            model.optimizer.build(model.trainable_variables)
        self.first = self.alone.get_weights()

    def difference(self, train):
        """How far their weights are from each other after ``train(model)``."""
        for model, distribution in zip(self.models, (None, self.split.weights[0]._distribution), strict=True):
            dist.set_distribution(distribution)
            keras.utils.set_random_seed(6)
            model.set_weights(self.first)
            for v in model.optimizer.variables:
                v.assign(np.zeros(v.shape))
            model.optimizer.learning_rate = 0.05
            train(model)
        dist.set_distribution(None)
        return gap(*self.models)


def gap(one, other):
    return max(float(np.max(np.abs(a - b))) for a, b in zip(one.get_weights(), other.get_weights()))


def stream(model):
    model.fit(((X[i : i + 16], Y[i : i + 16]) for i in (0, 16, 32) * 2), steps_per_epoch=3, epochs=2, verbose=0)


def callbacks(model):
    stop = keras.callbacks.EarlyStopping("loss", patience=1)
    slower = keras.callbacks.LearningRateScheduler(lambda epoch: 0.1 / (epoch + 1))
    model.fit(X, Y, batch_size=16, epochs=3, validation_split=0.25, callbacks=[stop, slower], verbose=0)


def large(model):
    keras.config.set_data_memory_share(0.0)
    try:
        model.fit(X, Y, batch_size=16, epochs=2, verbose=0)
    finally:
        keras.config.set_data_memory_share(None)


def on_batch(model):
    for rows in (16, 16, 5):
        model.train_on_batch(X[:rows], Y[:rows])


def deferred():
    """A model compiled in the scope and built by ``fit`` outside it, as scripts with strategies do."""
    with dist.DataParallel().scope():
        model = compiled(keras.Sequential([layers.Dense(32), layers.Dense(2)]))
    model.fit(X, Y, batch_size=16, verbose=0)
    return len(model.weights[0].value.sharding.device_set)


def moved():
    """A model that was trained on one device goes on, with its momentum, on eight."""
    alone = simple()
    alone.fit(X, Y, batch_size=16, epochs=4, shuffle=False, verbose=0)
    model = simple()
    model.fit(X, Y, batch_size=16, epochs=2, shuffle=False, verbose=0)
    dist.place(model, dist.DataParallel(fsdp=True))
    model.fit(X, Y, batch_size=16, epochs=2, shuffle=False, verbose=0)
    return len(model.weights[0].value.sharding.device_set), gap(alone, model)


def files():
    """Split weights are saved whole and come back split."""
    with dist.DataParallel(fsdp=True).scope(), tempfile.TemporaryDirectory() as folder:
        model = compiled(keras.Sequential([keras.Input((64,)), layers.Dense(64), layers.Dense(2)]))
        x, y = inputs_of(32, 64), inputs_of(32, 2)
        saver = keras.callbacks.ModelCheckpoint(f"{folder}/m.keras")
        model.fit(x, y, batch_size=16, verbose=0, callbacks=[saver])
        model.save_weights(f"{folder}/m.weights.h5")
        again = keras.models.load_model(f"{folder}/m.keras")
        same = [bool(np.array_equal(a, b)) for a, b in zip(model.get_weights(), again.get_weights())]
        again.load_weights(f"{folder}/m.weights.h5")
        shards = [str(m.weights[0].value.sharding.spec) for m in (model, again)]
        slots = [str(v.value.sharding.spec) for v in again.optimizer.variables if v.shape == (64, 64)]
        again.fit(x, y, batch_size=16, verbose=0)
    return same, shards, slots


def kept():
    """What is assigned lies where the weight lay; the learning rate of a running optimizer can be set."""
    with dist.DataParallel(fsdp=True).scope():
        model = compiled(keras.Sequential([keras.Input((64,)), layers.Dense(64), layers.Dense(2)]), optimizer="sgd")
        model.fit(inputs_of(32, 64), inputs_of(32, 2), batch_size=16, verbose=0)
        before = model.weights[0].value.sharding
        model.set_weights([np.zeros(w.shape) for w in model.weights])
        model.optimizer.learning_rate = 0.0
        model.fit(inputs_of(32, 64), inputs_of(32, 2), batch_size=16, verbose=0)
        return before == model.weights[0].value.sharding, float(np.abs(model.get_weights()[0]).max())


def orbax():
    """A checkpoint that eight devices wrote in the background goes on as the run it came from on four and on one."""
    if importlib.util.find_spec("orbax") is None:
        return None
    x, y = inputs_of(64, 64), inputs_of(64, 2)

    def wide(distribution):
        dist.set_distribution(distribution)
        keras.utils.set_random_seed(5)
        return compiled(keras.Sequential([keras.Input((64,)), layers.Dense(64), layers.Dense(2)]), optimizer="adam")

    found = {}
    with tempfile.TemporaryDirectory() as folder:
        model = wide(dist.DataParallel(fsdp=True))
        saver = keras.callbacks.OrbaxCheckpoint(folder, monitor="loss")
        model.fit(x, y, batch_size=16, epochs=2, shuffle=False, verbose=0, callbacks=[saver])
        model.fit(x, y, batch_size=16, epochs=2, shuffle=False, verbose=0)
        for count in (4, 1):
            few = dist.DataParallel(devices=dist.list_devices()[:count], fsdp=True) if count > 1 else None
            again = wide(few)
            again.build()
            again.optimizer.build(again.trainable_variables)
            reader = keras.callbacks.OrbaxCheckpoint(folder, monitor="loss")
            reader.set_model(again)
            reader.load()
            shard = again.weights[0].value.sharding.shard_shape((64, 64))
            again.fit(x, y, batch_size=16, epochs=2, shuffle=False, verbose=0)
            found[str(count)] = [shard[0], gap(model, again)]
        dist.set_distribution(None)
    return found


WAYS = {
    "generator": stream,
    "sequence": lambda m: m.fit(Batches(), epochs=2, verbose=0, shuffle=False),
    "callbacks": callbacks,
    "larger than memory": large,
    "train_on_batch": on_batch,
}


def born():
    """The memory that each device takes while weights are made, against the size of all of them."""
    made, jit = [], jax.jit

    def noted(function, **options):
        def run(*args):
            program = jit(function, **options).lower(*args).compile()
            sizes = program.memory_analysis()
            made.append(sizes.output_size_in_bytes + sizes.temp_size_in_bytes)
            return program(*args)

        return run

    with dist.DataParallel(fsdp=True).scope():
        model = keras.Sequential([keras.Input((512,)), *(layers.Dense(512, use_bias=False) for _ in range(6))])
        jax.jit = noted
        try:
            initialize(model.variables)
        finally:
            jax.jit = jit
    return sum(made), sum(v.size * 4 for v in model.variables)


def one_by_one():
    """How many weights that only whole can be computed are whole at one time, and how far they are from those of one device."""
    made, most, put = [], [0], placement.put

    def noted(value, sharding):
        made.append(weakref.ref(value))
        most[0] = max(most[0], sum(ref() is not None for ref in made))
        return put(value, sharding)

    def weights():
        keras.utils.set_random_seed(5)
        stack = [layers.Dense(64, use_bias=False, kernel_initializer="orthogonal") for _ in range(4)]
        model = keras.Sequential([keras.Input((64,)), *stack])
        initialize(model.variables)
        return model

    alone = weights()
    placement.put = noted
    try:
        with dist.DataParallel(fsdp=True).scope():
            split = weights()
    finally:
        placement.put = put
    return most[0], gap(alone, split), str(split.weights[0].value.sharding.spec)


def gathered_once():
    """The most bytes of gathered weights that lived at one time while a model was saved, and the size of its largest."""
    alive, most, fetch = [], [0], placement.to_host

    def noted(value):
        array = np.array(fetch(value))
        alive.append(weakref.ref(array))
        most[0] = max(most[0], sum(a.nbytes for a in (ref() for ref in alive) if a is not None))
        return array

    with dist.DataParallel(fsdp=True).scope(), tempfile.TemporaryDirectory() as folder:
        model = keras.Sequential([keras.Input((64,)), *(layers.Dense(64) for _ in range(4))])
        model.build()
        placement.to_host = noted
        try:
            model.save_weights(f"{folder}/m.weights.h5")
            model.save(f"{folder}/m.keras")
        finally:
            placement.to_host = fetch
    kept = sum(
        getattr(v._cell, "_npy_value", None) is not None for v in model.variables
    )  # what JAX keeps of a fetched array
    return most[0], 64 * 64 * 4, len(alive), kept


FACTS = {
    "born": born,
    "gathered": gathered_once,
    "one by one": one_by_one,
    "orbax": orbax,
    "deferred": deferred,
    "moved": moved,
    "files": files,
    "kept": kept,
}


def main(which):
    found = {}
    for name, action in ERRORS.items():
        found[name] = message(action)
    pair = Pair()
    for name, train in WAYS.items():
        begin = time.process_time()
        found[name] = pair.difference(train)
        print(name, found[name], time.process_time() - begin, file=sys.stderr)
    for name, action in FACTS.items():
        begin = time.process_time()
        found[name] = action()
        print(name, found[name], time.process_time() - begin, file=sys.stderr)
    for make, layouts in SOME if which == "some" else [(make, LAYOUTS) for make in MODELS]:
        weights, shapes, _, told, outputs = trained(make, None)
        for name in layouts:
            begin = time.process_time()
            got, _, facts, again, same = trained(make, LAYOUTS[name](shapes))
            facts["weights"] = max(
                float(np.max(np.abs(a.astype("float64") - b) / (1e-3 + np.abs(a)))) for a, b in zip(weights, got)
            )
            if outputs is not None:
                facts["logs"] = max(abs(told[k] - again[k]) / (1e-3 + abs(told[k])) for k in told)
                facts["outputs"] = float(np.max(np.abs(outputs - same)))
            facts["seconds"] = time.process_time() - begin
            found[f"{make.__name__}: {name}"] = facts
            print(make.__name__, name, facts, file=sys.stderr)
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1])
