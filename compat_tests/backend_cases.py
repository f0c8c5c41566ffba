"""Rows for keras.backend: (id, function of K and tensors, tensors). The id begins with the name of the function."""

import numpy as np


def real(*shape, low=-2.0, high=2.0, seed=0):
    """Uniform floats."""
    return np.random.RandomState(seed + 7 * len(shape)).uniform(low, high, shape).astype("float32")


def ints(*shape, high=3, seed=0):
    """Uniform integers below ``high``."""
    return np.random.RandomState(seed + 11).randint(0, high, shape).astype("int32")


def shares(*shape, seed=0):
    """Positive rows that add up to 1."""
    x = real(*shape, low=0.05, high=1.0, seed=seed)
    return x / x.sum(-1, keepdims=True)


X, Y = real(3, 4), real(3, 4, seed=1)
P, Q = shares(3, 4), shares(3, 4, seed=1)
HOT = np.eye(4, dtype="float32")[[0, 3, 1]]
CLASSES = np.array([0, 3, 1], "int32")
SIGNAL, IMAGE, VOLUME = real(2, 9, 3), real(2, 7, 8, 3), real(2, 5, 6, 4, 2)
BOOLS = np.array([[True, False, True], [True, True, True]])
MASK = np.array([[1, 1, 0, 0, 0], [1, 0, 1, 1, 0], [0, 1, 1, 1, 1]], bool)
BOTH, OLD, NEW = ("keras224", "tf_keras"), ("keras224",), ("tf_keras",)


class Row:
    """One call of a function of K on tensors."""

    def __init__(self, id, run, *tensors, impls=BOTH, symbolic=True, tolerance=2e-5):
        self.id, self.run, self.tensors, self.impls = id, run, tensors, impls
        self.symbolic, self.tolerance = symbolic, tolerance

    @property
    def name(self):
        """The function that it is about."""
        return self.id.split("/")[0]


def _elementwise():
    for name in "abs exp round sign sin cos square transpose flatten softsign softplus sigmoid tanh relu elu".split():
        yield Row(name, lambda K, x, n=name: getattr(K, n)(x), X)
    for name in (
        "identity",
        "softmax",
        "hard_sigmoid",
        "stop_gradient",
        "batch_flatten",
        "zeros_like",
        "ones_like",
        "shape",
    ):
        yield Row(name, lambda K, x, n=name: getattr(K, n)(x), X * 3)
    for name in ("log", "sqrt"):
        yield Row(name, lambda K, x, n=name: getattr(K, n)(x), X + 2.5)
    yield Row("round/halves", lambda K, x: K.round(x), np.array([0.5, 1.5, 2.5, -0.5, -1.5], "float32"))
    yield Row("sqrt/negative", lambda K, x: K.sqrt(x), X)
    yield Row("batch_flatten/rank4", lambda K, x: K.batch_flatten(x), IMAGE)
    for name in "equal not_equal greater greater_equal less less_equal maximum minimum".split():
        yield Row(name, lambda K, x, y, n=name: getattr(K, n)(x, y), ints(3, 4), ints(3, 4, seed=3))
    for name in "sum prod mean max min std var logsumexp".split():
        yield Row(f"{name}/all", lambda K, x, n=name: getattr(K, n)(x), X)
        yield Row(f"{name}/axis", lambda K, x, n=name: getattr(K, n)(x, axis=1), X)
        yield Row(f"{name}/keepdims", lambda K, x, n=name: getattr(K, n)(x, axis=[0, -1], keepdims=True), SIGNAL)
    yield Row("mean/bool", lambda K, x: K.mean(x, axis=0), BOOLS)
    for name in ("sum", "mean", "prod"):
        yield Row(f"{name}/whole numbers", lambda K, x, n=name: getattr(K, n)(x, axis=[1]), ints(3, 4) - 3)
        yield Row(f"{name}/bytes", lambda K, x, n=name: getattr(K, n)(x), ints(3, 4).astype("uint8"))
    yield Row("mean/positional", lambda K, x: K.mean(x, -1, True), X)
    for name in ("any", "all"):
        yield Row(name, lambda K, x, n=name: getattr(K, n)(x, axis=-1), BOOLS)
        yield Row(f"{name}/numbers", lambda K, x, n=name: getattr(K, n)(x, keepdims=True), X)
    for name in ("argmax", "argmin", "cumsum", "cumprod"):
        yield Row(name, lambda K, x, n=name: getattr(K, n)(x), X)
        yield Row(f"{name}/axis", lambda K, x, n=name: getattr(K, n)(x, axis=1), SIGNAL)
    yield Row("pow", lambda K, x: K.pow(x, 3), X)
    yield Row("clip", lambda K, x: K.clip(x, -0.5, 1.0), X)
    yield Row("clip/bounds crossed", lambda K, x: K.clip(x, 0.5, -1.0), X)
    yield Row("clip/no upper bound", lambda K, x: K.clip(x, 0.0, None), X, impls=BOTH)
    yield Row("relu/alpha", lambda K, x: K.relu(x, alpha=0.2), X)
    yield Row("relu/max", lambda K, x: K.relu(x, max_value=1.0), X)
    yield Row("relu/threshold", lambda K, x: K.relu(x, alpha=0.1, max_value=1.5, threshold=0.3), X)
    yield Row("elu/alpha", lambda K, x: K.elu(x, 0.3), X)
    yield Row("softmax/axis", lambda K, x: K.softmax(x, axis=1), SIGNAL)
    yield Row("l2_normalize", lambda K, x: K.l2_normalize(x, axis=1), X)
    yield Row("l2_normalize/all", lambda K, x: K.l2_normalize(x), X)
    yield Row("cast", lambda K, x: K.cast(x, "int32"), X)
    yield Row("cast/bool", lambda K, x: K.cast(x, "float32"), BOOLS)


def _shapes():
    yield Row("reshape", lambda K, x: K.reshape(x, (-1, 6)), X)
    yield Row("reshape/sizes of another", lambda K, x, y: K.reshape(x, K.shape(y)), X, real(2, 6))
    yield Row("reshape/parts of a shape", lambda K, x: K.reshape(x, (K.shape(x)[0], -1)), SIGNAL)
    yield Row("permute_dimensions", lambda K, x: K.permute_dimensions(x, (2, 0, 1)), SIGNAL)
    yield Row("expand_dims", lambda K, x: K.expand_dims(x), X)
    yield Row("expand_dims/axis", lambda K, x: K.expand_dims(x, 1), X)
    yield Row("squeeze", lambda K, x: K.squeeze(x, 1), real(3, 1, 2))
    yield Row("concatenate", lambda K, x, y: K.concatenate([x, y]), X, Y)
    yield Row("concatenate/axis before the first", lambda K, x, y: K.concatenate([x, y], axis=-3), X, Y)
    yield Row("concatenate/axis", lambda K, x, y: K.concatenate([x, y], axis=0), X, Y)
    yield Row("stack", lambda K, x, y: K.stack([x, y], axis=1), X, Y)
    yield Row("repeat", lambda K, x: K.repeat(x, 3), X)
    yield Row("repeat_elements", lambda K, x: K.repeat_elements(x, 2, axis=1), SIGNAL)
    yield Row("tile", lambda K, x: K.tile(x, (2, 3)), X)
    yield Row("tile/list", lambda K, x: K.tile(x, [1, 2]), X)
    yield Row("reverse", lambda K, x: K.reverse(x, 1), SIGNAL)
    yield Row("reverse/axes", lambda K, x: K.reverse(x, (0, 2)), SIGNAL)
    yield Row("slice", lambda K, x: K.slice(x, [1, 0], [2, 3]), X)
    yield Row("slice/rest", lambda K, x: K.slice(x, [0, 1], [-1, 2]), X)
    yield Row("gather", lambda K, x, i: K.gather(x, i), X, ints(2, 5))
    yield Row("one_hot", lambda K, i: K.one_hot(i, 4), ints(2, 3))
    yield Row("arange", lambda K: K.arange(2, 9, 3))
    yield Row("arange/stop", lambda K: K.arange(5, dtype="float32"))
    yield Row("arange/parts", lambda K: K.arange(0.0, 2.0, 0.5))
    yield Row("arange/negative", lambda K: K.arange(-3), impls=BOTH)
    yield Row("eye", lambda K: K.eye(3))
    yield Row("ones", lambda K: K.ones((2, 3)))
    yield Row("zeros", lambda K: K.zeros((2, 3)))
    yield Row("zeros/a number", lambda K: K.zeros(3))
    yield Row("ones/a number", lambda K: K.ones(3))
    yield Row("constant", lambda K: K.constant([1, 2, 3]))
    yield Row("constant/shape", lambda K: K.constant(2.5, shape=(2, 3)))
    yield Row("constant/filled to a shape", lambda K: K.constant([1, 2, 3, 4], shape=(2, 2)))
    yield Row("variable", lambda K: K.variable([[1, 2], [3, 4]]))
    yield Row("count_params", lambda K: K.count_params(K.zeros((2, 3))))
    yield Row("cast_to_floatx", lambda K: K.cast_to_floatx(np.array([1, 2])))
    yield Row("ndim", lambda K: K.ndim(K.zeros((2, 3))))
    yield Row("int_shape", lambda K: np.array(K.int_shape(K.zeros((2, 3)))))
    yield Row(
        "transpose_shape",
        lambda K: np.array(_common(K).transpose_shape((1, 2, 3, 4), "channels_first", (1, 2))),
        impls=(),
    )
    yield Row("print_tensor", lambda K, x: K.print_tensor(x, "values "), X)
    yield Row("to_dense", lambda K, x: K.to_dense(x), X)


def _common(K):
    return K


def _products():
    yield Row("dot", lambda K, x, y: K.dot(x, y), X, real(4, 5))
    yield Row("dot/rank3", lambda K, x, y: K.dot(x, y), real(2, 3, 4), real(4, 5))
    yield Row("dot/both rank3", lambda K, x, y: K.dot(x, y), real(2, 3, 4), real(5, 4, 6))
    shapes = [
        ("matrices", (3, 4), (3, 4), 1),
        ("default", (3, 4, 5), (3, 5, 6), None),
        ("default 3 and 2", (3, 4, 5), (3, 5), None),
        ("default 2 and 3", (3, 5), (3, 5, 6), None),
        ("tuple", (3, 4, 5), (3, 6, 4), (1, 2)),
        ("2 and 3", (3, 4), (3, 6, 4), (1, 2)),
        ("3 and 2", (3, 5, 4), (3, 4), (2, 1)),
        ("int", (3, 4, 5), (3, 6, 5), 2),
        ("4 and 3", (3, 2, 4, 5), (3, 5, 6), (3, 1)),
    ]
    for name, a, b, axes in shapes:
        yield Row(
            f"batch_dot/{name}", lambda K, x, y, axes=axes: K.batch_dot(x, y, axes=axes), real(*a), real(*b, seed=1)
        )
    # For two tensors of rank 4, 2.2.4 multiplies matrices over two batch axes; tf_keras over one.
    for name, axes in {"4 and 4": (3, 2), "4 and 4 default": None}.items():
        run = lambda K, x, y, axes=axes: K.batch_dot(x, y, axes=axes)  # noqa: E731
        yield Row(f"batch_dot/{name}", run, real(3, 2, 4, 5), real(3, 2, 5, 6, seed=1), impls=NEW)


def _images():
    f = "channels_last"
    for padding in ("valid", "same"):
        k1, k2, k3 = real(3, 3, 4), real(3, 2, 3, 4), real(2, 3, 2, 2, 3)
        o = padding
        yield Row(f"conv1d/{o}", lambda K, x, k, o=o: K.conv1d(x, k, 2, o, f), SIGNAL, k1)
        yield Row(f"conv2d/{o}", lambda K, x, k, o=o: K.conv2d(x, k, (2, 1), o, f), IMAGE, k2)
        yield Row(f"conv3d/{o}", lambda K, x, k, o=o: K.conv3d(x, k, (1, 2, 1), o, f), VOLUME, k3)
        d = real(3, 2, 3, 2)
        yield Row(f"depthwise_conv2d/{o}", lambda K, x, k, o=o: K.depthwise_conv2d(x, k, (1, 1), o, f), IMAGE, d)
        p2, d1, p1 = real(1, 1, 6, 5), real(3, 3, 2), real(1, 6, 5)
        run = lambda K, x, a, b, o=o: K.separable_conv2d(x, a, b, (1, 1), o, f)  # noqa: E731
        yield Row(f"separable_conv2d/{o}", run, IMAGE, d, p2)
        run = lambda K, x, a, b, o=o: K.separable_conv1d(x, a, b, 1, o, f)  # noqa: E731
        yield Row(f"separable_conv1d/{o}", run, SIGNAL, d1, p1)
        for mode in ("max", "avg"):
            run = lambda K, x, o=o, m=mode: K.pool2d(x, (2, 3), (2, 1), o, f, m)  # noqa: E731
            yield Row(f"pool2d/{mode} {o}", run, IMAGE)
            run = lambda K, x, o=o, m=mode: K.pool3d(x, (2, 2, 3), (1, 2, 1), o, f, m)  # noqa: E731
            yield Row(f"pool3d/{mode} {o}", run, VOLUME)
    yield Row("conv1d/causal", lambda K, x, k: K.conv1d(x, k, 1, "causal", f, 2), SIGNAL, real(3, 3, 4))
    yield Row("conv1d/dilated", lambda K, x, k: K.conv1d(x, k, dilation_rate=2), SIGNAL, real(3, 3, 4))
    yield Row("conv2d/dilated", lambda K, x, k: K.conv2d(x, k, dilation_rate=(2, 2)), IMAGE, real(3, 2, 3, 4))
    turned = [
        ("valid 7", (2, 7, 8, 3), (2, 15, 17, 5), (3, 3), "valid"),
        ("valid 16", (2, 7, 8, 3), (2, 16, 18, 5), (3, 3), "valid"),
        ("same 14", (2, 7, 8, 3), (2, 14, 16, 5), (3, 3), "same"),
        ("same 13", (2, 7, 8, 3), (2, 13, 15, 5), (3, 3), "same"),
        ("same even kernel", (2, 7, 8, 3), (2, 14, 15, 5), (4, 2), "same"),
    ]
    for name, shape, out, size, o in turned:
        run = lambda K, x, k, out=out, o=o: K.conv2d_transpose(x, k, out, (2, 2), o, f)  # noqa: E731
        yield Row(f"conv2d_transpose/{name}", run, real(*shape), real(*size, 5, 3))
    run = lambda K, x, k: K.conv3d_transpose(x, k, (2, 11, 13, 9, 3), (2, 2, 2), "valid")  # noqa: E731
    yield Row("conv3d_transpose/valid", run, VOLUME, real(3, 3, 3, 3, 2))
    run = lambda K, x, k: K.conv3d_transpose(x, k, (2, 10, 11, 8, 3), (2, 2, 2), "same")  # noqa: E731
    yield Row("conv3d_transpose/same", run, VOLUME, real(3, 3, 3, 3, 2))
    yield Row("bias_add", lambda K, x, b: K.bias_add(x, b), IMAGE, real(3))
    yield Row("bias_add/first", lambda K, x, b: K.bias_add(x, b, "channels_first"), IMAGE, real(7))
    yield Row("bias_add/sample", lambda K, x, b: K.bias_add(x, b), IMAGE, real(7, 8, 3))
    yield Row("temporal_padding", lambda K, x: K.temporal_padding(x, (2, 1)), SIGNAL)
    yield Row("spatial_2d_padding", lambda K, x: K.spatial_2d_padding(x, ((1, 2), (0, 3)), "channels_first"), IMAGE)
    yield Row("spatial_3d_padding", lambda K, x: K.spatial_3d_padding(x, ((1, 2), (0, 3), (1, 1))), VOLUME)
    yield Row("resize_images", lambda K, x: K.resize_images(x, 2, 3, "channels_last"), IMAGE)
    yield Row("resize_images/first", lambda K, x: K.resize_images(x, 2, 3, "channels_first"), IMAGE)
    run = lambda K, x: K.resize_images(x, 2, 3, "channels_last", interpolation="bilinear")  # noqa: E731
    yield Row("resize_images/bilinear", run, IMAGE, impls=NEW)  # 2.2.4 samples at corners, which era_default decides
    yield Row("resize_volumes", lambda K, x: K.resize_volumes(x, 2, 1, 3, "channels_last"), VOLUME)
    yield Row("local_conv1d", lambda K, x, k: K.local_conv1d(x, k, (3,), (2,)), SIGNAL, real(4, 9, 5))
    yield Row("local_conv1d/fewer places", lambda K, x, k: K.local_conv1d(x, k, (3,), (2,)), SIGNAL, real(3, 9, 5))
    run = lambda K, x, k: K.local_conv2d(x, k, (3, 2), (2, 1), (3, 7), "channels_last")  # noqa: E731
    yield Row("local_conv2d", run, IMAGE, real(21, 18, 5))
    run = lambda K, x, k: K.local_conv2d(x, k, (3, 2), (2, 1), (3, 2), "channels_first")  # noqa: E731
    yield Row("local_conv2d/first", run, IMAGE, real(6, 42, 5))


def _losses():
    yield Row(
        "binary_crossentropy", lambda K, t, o: K.binary_crossentropy(t, o), ints(3, 4, high=2).astype("float32"), P
    )
    run = lambda K, t, o: K.binary_crossentropy(t, o, from_logits=True)  # noqa: E731
    yield Row("binary_crossentropy/logits", run, ints(3, 4, high=2).astype("float32"), X)
    edge = np.array([[0, 1, 0, 1]], "float32")
    yield Row("binary_crossentropy/certain", lambda K, t, o: K.binary_crossentropy(t, o), edge, 1 - edge, impls=NEW)
    yield Row("categorical_crossentropy", lambda K, t, o: K.categorical_crossentropy(t, o), HOT, P * 2)
    run = lambda K, t, o: K.categorical_crossentropy(t, o, True)  # noqa: E731
    yield Row("categorical_crossentropy/logits", run, HOT, X)
    run = lambda K, t, o: K.categorical_crossentropy(t, o, axis=1)  # noqa: E731
    yield Row("categorical_crossentropy/axis", run, shares(2, 4, 3), shares(2, 4, 3, seed=1))
    yield Row("sparse_categorical_crossentropy", lambda K, t, o: K.sparse_categorical_crossentropy(t, o), CLASSES, P)
    run = lambda K, t, o: K.sparse_categorical_crossentropy(t, o, from_logits=True)  # noqa: E731
    yield Row("sparse_categorical_crossentropy/logits", run, CLASSES, X)
    yield Row("sparse_categorical_crossentropy/rank3", run, ints(2, 4), real(2, 4, 3))
    run = lambda K, t, o: K.sparse_categorical_crossentropy(t, o * 3)  # noqa: E731
    yield Row("sparse_categorical_crossentropy/above one", run, CLASSES, P)
    run = lambda K, t, o: K.binary_focal_crossentropy(t, o, True, 0.3, 1.5)  # noqa: E731
    yield Row("binary_focal_crossentropy", run, ints(3, 4, high=2).astype("float32"), P, impls=NEW)
    run = lambda K, t, o: K.categorical_focal_crossentropy(t, o, 0.3, 1.5)  # noqa: E731
    yield Row("categorical_focal_crossentropy", run, HOT, P, impls=NEW)
    yield Row("in_top_k", lambda K, p, t: K.in_top_k(p, t, 2), P, CLASSES)
    stats = (real(3), real(3, low=0.5, seed=1), real(3, seed=2), real(3, seed=3))
    run = lambda K, x, m, v, b, g: K.batch_normalization(x, m, v, b, g, epsilon=1e-2)  # noqa: E731
    yield Row("batch_normalization", run, IMAGE, *stats)
    run = lambda K, x, m, v: K.batch_normalization(x, m, v, None, None)  # noqa: E731
    yield Row("batch_normalization/plain", run, IMAGE, *stats[:2])
    run = lambda K, x, g, b: K.normalize_batch_in_training(x, g, b, [0, 1, 2])  # noqa: E731
    yield Row("normalize_batch_in_training", run, IMAGE, *stats[2:])
    run = lambda K, x, g, b: K.normalize_batch_in_training(x, g, b, [0, 2, 3])  # noqa: E731
    yield Row("normalize_batch_in_training/first", run, IMAGE, real(7), real(7, seed=2))


def _decoded(K, p, n, options):
    sequences, score = K.ctc_decode(p, n, *options)
    found = [np.asarray(K.eval(s)) for s in sequences]
    return [*(s[:, (s >= 0).any(axis=0)] for s in found), np.asarray(K.eval(score))]


def _ctc():
    probabilities, labels = shares(3, 8, 5), ints(3, 4, high=4)
    lengths, sizes = np.array([[8], [6], [7]], "int32"), np.array([[4], [2], [3]], "int32")
    run = lambda K, t, p, n, m: K.ctc_batch_cost(t, p, n, m)  # noqa: E731
    yield Row("ctc_batch_cost", run, labels, probabilities, lengths, sizes, tolerance=1e-4)
    run = lambda K, p, n: [*K.ctc_decode(p, n)[0], K.ctc_decode(p, n)[1]]  # noqa: E731
    yield Row("ctc_decode/greedy", run, probabilities, lengths[:, 0], impls=NEW, tolerance=1e-4)
    run = lambda K, p, n: [*K.ctc_decode(p, n, False, 10, 2)[0], K.ctc_decode(p, n, False, 10, 2)[1]]  # noqa: E731
    yield Row("ctc_decode/beam", run, probabilities, lengths[:, 0], impls=NEW, tolerance=1e-4)
    for name, options in {"greedy": (True,), "beam": (False, 10, 2)}.items():
        run = lambda K, p, n, o=options: _decoded(K, p, n, o)  # noqa: E731
        yield Row(f"ctc_decode/{name} without padding", run, probabilities, lengths[:, 0], impls=OLD, symbolic=False)


def _step(K):
    def step(x, states):
        new = K.tanh(x + 0.5 * states[0])
        return new * 2.0, [new]

    return step


def _loops():
    sequence, start = real(3, 5, 2), real(3, 2, seed=2)

    def rnn(name, unroll=False, **options):
        def run(K, x, s, *mask):
            last, outputs, states = K.rnn(_step(K), x, [s], mask=mask[0] if mask else None, unroll=unroll, **options)
            return [last, outputs, *states]

        return Row(f"rnn/{name}", run, sequence, start, *([MASK] if "mask" in name else []),
                   impls=NEW if "zero" in name or name in ("mask", "mask backwards") else BOTH)  # fmt: skip

    yield rnn("plain")
    yield rnn("backwards", go_backwards=True)
    yield rnn("unrolled", unroll=True)
    yield rnn("mask")
    yield rnn("mask unrolled", unroll=True)
    yield rnn("mask backwards", go_backwards=True)
    yield rnn("mask zero output", zero_output_for_mask=True)

    def state_is_output(K, x, s, mask):
        last, outputs, states = K.rnn(lambda x, s: (x + s[0], [x + s[0]]), x, [s], mask=mask)
        return [last, outputs, *states]

    # In its loop (not unrolled) 2.2.4 repeats the first state for masked steps instead of the output before,
    # and the first state where a mask begins with False.
    yield Row("rnn/mask where the output is the state", state_is_output, sequence, start, MASK | (np.arange(5) == 0))

    def constants(K, x, s, c):
        last, outputs, states = K.rnn(lambda x, s: (x * s[1] + s[0], [s[0] + s[1]]), x, [s], constants=[c])
        return [last, outputs, *states]

    yield Row("rnn/constants", constants, sequence, start, real(3, 2, seed=5))

    def time_major(K, x, s):
        last, outputs, states = K.rnn(_step(K), x, [s], time_major=True)
        return [last, outputs, *states]

    yield Row("rnn/time major", time_major, real(5, 3, 2), start, impls=NEW)
    yield Row("map_fn", lambda K, x: K.map_fn(lambda r: K.sum(r) * 2.0, x), X)
    yield Row("foldl", lambda K, x: K.foldl(lambda a, r: a * 0.5 + r, x), X)
    yield Row("foldr", lambda K, x: K.foldr(lambda a, r: a * 0.5 + r, x), X)
    yield Row("foldl/start", lambda K, x, s: K.foldl(lambda a, r: a * 0.5 + r, x, initializer=s), X, real(4))
    yield Row("switch/scalar", lambda K, x, y: K.switch(K.sum(x) > 1e3, x, y), X, Y)
    yield Row("switch/rows", lambda K, c, x, y: K.switch(c, x, y), np.array([True, False, True]), X, Y)
    yield Row("switch/elements", lambda K, x, y: K.switch(K.greater(x, 0.0), x, y), X, Y)
    yield Row("switch/functions", lambda K, x, y: K.switch(K.sum(x) < 1e3, lambda: x, lambda: y), X, Y)
    yield Row("in_train_phase", lambda K, x, y: K.in_train_phase(x, y, training=1), X, Y)
    yield Row("in_test_phase", lambda K, x, y: K.in_test_phase(lambda: x, lambda: y, training=1), X, Y)


ROWS = [
    row
    for family in (_elementwise, _shapes, _products, _images, _losses, _ctc, _loops)
    for row in family()
]  # fmt: skip
ROWS = [row for row in ROWS if row.impls]
BY_ID = {row.id: row for row in ROWS}
