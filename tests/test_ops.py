"""keras.ops beyond values: unknown sizes, models made of ops, the float type, transformations and errors."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jkeras
from jkeras import ops, random
from jkeras.core import config
from jkeras.core.symbolic import KerasTensor
from jkeras.core.variable import Variable

SHAPES = [
    (lambda x: ops.matmul(x, jnp.ones((4, 2))), (None, 3, 4), (None, 3, 2)),
    (lambda x: ops.reshape(x, (-1, 12)), (None, 3, 4), (None, 12)),
    (lambda x: ops.mean(x, axis=(1, 2)), (None, 3, 4), (None,)),
    (lambda x: ops.transpose(x), (None, 3, 4), (4, 3, None)),
    (lambda x: ops.concatenate([x, x], axis=1), (None, 3), (None, 6)),
    (lambda x: ops.concatenate([x, x], axis=0), (None, 3), (None, 3)),
    (lambda x: ops.split(x, 2, axis=1)[1], (None, 4), (None, 2)),
    (lambda x: ops.one_hot(ops.argmax(x, axis=-1), 4), (None, 4), (None, 4)),
    (lambda x: ops.einsum("bi,bj->bij", x, x), (None, 3), (None, 3, 3)),
    (lambda x: ops.conv(x, jnp.ones((3, 3, 2, 5)), 2, "same"), (None, 9, 8, 2), (None, 5, 4, 5)),
    (lambda x: ops.max_pool(x, 2), (None, None, 6, 2), (None, None, 3, 2)),
    (lambda x: ops.top_k(x, 2)[0], (None, 5), (None, 2)),
    (lambda x: ops.scan(lambda c, v: (c + v, c), x[0], x)[1], (7, None), (7, None)),
    (lambda x: ops.image.resize(x, (4, 5)), (None, 8, 8, 3), (None, 4, 5, 3)),
    (lambda x: ops.where(x > 0, x, 0.0), (None, 3), (None, 3)),
    (lambda x: ops.vectorized_map(lambda v: v[:2], x), (None, 3), (None, 2)),
    (lambda x: ops.rearrange(x, "b h w -> b (h w)"), (None, 3, 4), (None, 12)),
    (lambda x: ops.layer_normalization(x), (None, 3), (None, 3)),
]


@pytest.mark.parametrize(("fn", "given", "wanted"), SHAPES)
def test_unknown_sizes_pass_through(fn, given, wanted):
    assert fn(KerasTensor(given)).shape == wanted


def test_a_model_of_ops_computes_what_the_ops_compute():
    x = jkeras.Input((4,))
    y = ops.cond(ops.sum(x) > 0, lambda: ops.exp(x), lambda: -x)
    model = jkeras.Model(x, [ops.add(y, 1), ops.logsumexp(y, axis=-1)])
    data = np.arange(8, dtype="float32").reshape(2, 4)
    first, second = model(data)
    np.testing.assert_allclose(first, np.exp(data) + 1, rtol=1e-6)
    np.testing.assert_allclose(second, jax.nn.logsumexp(jnp.exp(data), -1), rtol=1e-6)


def test_shapes_of_symbolic_tensors_are_known_at_once():
    x = KerasTensor((None, 3))
    assert ops.shape(x) == (None, 3) and ops.ndim(x) == 2 and ops.size(x) is None and ops.dtype(x) == "float32"
    assert ops.size(KerasTensor((2, 3))) == 6


def test_ops_work_under_jit_grad_and_vmap():
    x = jnp.linspace(-1, 1, 12).reshape(3, 4)

    def fn(v):
        return ops.sum(ops.softmax(ops.matmul(v, ops.transpose(v))))

    np.testing.assert_allclose(jax.jit(fn)(x), fn(x), rtol=1e-6)
    assert jax.grad(fn)(x).shape == x.shape
    assert jax.vmap(lambda v: ops.norm(v))(x).shape == (3,)


def test_integers_become_the_float_type_of_the_configuration():
    before = config.floatx()
    try:
        config.set_floatx("float16")
        assert ops.exp([1, 2]).dtype == "float16" and ops.zeros((2,)).dtype == "float16"
        assert ops.var([1, 2]).dtype == "float16" and ops.arange(0.0, 1.0, 0.5).dtype == "float16"
    finally:
        config.set_floatx(before)


def test_pooling_without_strides_moves_by_its_window():
    assert ops.max_pool(jnp.ones((1, 6, 6, 2)), 3).shape == (1, 2, 2, 2)
    assert ops.average_pool(jnp.ones((1, 6, 2)), (2,), padding="same").shape == (1, 3, 2)


def test_segments_count_themselves_outside_of_compiled_functions():
    assert ops.segment_sum([1.0, 2.0], [0, 2]).tolist() == [1, 0, 2]
    with pytest.raises(ValueError, match="num_segments"):
        jax.jit(ops.segment_sum)(jnp.ones(2), jnp.array([0, 2]))


def test_a_custom_gradient_sees_the_values_of_variables():
    seen = ops.custom_gradient(lambda v: (v * 2, lambda g: g * 5))
    assert seen(Variable([1.0])).tolist() == [2.0]
    assert jax.grad(lambda v: ops.sum(seen(v)))(jnp.ones(2)).tolist() == [5, 5]


def test_a_beam_search_finds_the_greedy_path_of_sharp_probabilities():
    logits = jnp.log(jnp.array([[[0.01, 0.98, 0.01], [0.98, 0.01, 0.01], [0.01, 0.98, 0.01], [0.01, 0.01, 0.98]]]))
    greedy = ops.ctc_decode(logits, [4])[0]
    beams = ops.ctc_decode(logits, [4], strategy="beam_search", beam_width=5, top_paths=2)
    assert greedy[0, 0].tolist() == beams[0][0, 0].tolist() == [1, 1, 2, -1]
    assert beams[1][0, 0] > beams[1][0, 1]


ones = jnp.ones
WRONG = [
    (lambda: ops.where([True], 1.0), ValueError, "both"),
    (lambda: ops.eye(2.0), TypeError, "integer"),
    (lambda: ops.vander(ones((2, 2))), ValueError, "vector"),
    (lambda: ops.vander(ones(2), -1), ValueError, "at least 0"),
    (lambda: ops.histogram(ones(2), bins=2.0), TypeError, "integer"),
    (lambda: ops.histogram(ones(2), bins=-1), ValueError, "at least 0"),
    (lambda: ops.histogram(ones(2), range=(1, 0)), ValueError, "low <= high"),
    (lambda: ops.histogram(ones((2, 2))), ValueError, "vector"),
    (lambda: ops.array_split(ones(3), 0), ValueError, "at least one"),
    (lambda: ops.array_split(ones(3), [1]), TypeError, "integer"),
    (lambda: ops.select([], []), ValueError, "not empty"),
    (lambda: ops.searchsorted(ones((2, 2)), ones(2)), ValueError, "vector"),
    (lambda: ops.rot90(ones(2)), ValueError, "two axes"),
    (lambda: ops.rot90(ones((2, 2)), axes=(0, 0)), ValueError, "different"),
    (lambda: ops.pad(ones(2), 1, mode="reflect", constant_values=1), ValueError, "constant"),
    (lambda: ops.ldexp(ones(2), ones(2)), TypeError, "integer"),
    (lambda: ops.bincount([1], sparse=True), ValueError, "sparse"),
    (lambda: ops.one_hot([1], 2, sparse=True), ValueError, "sparse"),
    (lambda: ops.multi_hot([1]), ValueError, "num_classes"),
    (lambda: ops.multi_hot([1], 2, other=1), TypeError, "other"),
    (lambda: ops.convert_to_tensor([1], ragged=True), ValueError, "ragged"),
    (lambda: ops.scatter_update(ones(2), [[0]], ones(1), "sub"), ValueError, "reduction"),
    (lambda: ops.unstack(ones((2, 3)), 3), ValueError, "2 parts"),
    (lambda: ops.scan(lambda c, x: (c, x), 0, ones(2), unroll=0), ValueError, "unroll"),
    (lambda: ops.associative_scan(3, ones(2)), TypeError, "function"),
    (lambda: ops.rearrange(ones((2, 3)), "a b c -> a"), ValueError, "pattern"),
    (lambda: ops.rearrange(ones((2, 3)), "a (b c) -> a b c", b=2), ValueError, "split"),
    (lambda: ops.segment_sum(ones(3), [[0]]), ValueError, "vector"),
    (lambda: ops.segment_sum(ones(3), [0, 1]), ValueError, "segment numbers"),
    (lambda: ops.cdist(ones((2, 3)), ones((2, 4))), ValueError, "one length"),
    (lambda: ops.view_as_complex(ones(3)), ValueError, "last axis"),
    (lambda: ops.fft(ones(3)), ValueError, "pair"),
    (lambda: ops.fft((ones(3), ones(4))), ValueError, "one shape"),
    (lambda: ops.stft(ones(9), 4, 0, 4), ValueError, "positive"),
    (lambda: ops.stft(ones(9), 8, 2, 4), ValueError, "shorter"),
    (lambda: ops.stft(ones(9, "bfloat16"), 4, 2, 4), TypeError, "float32"),
    (lambda: ops.stft(ones(9), 4, 2, 4, window="box"), ValueError, "window"),
    (lambda: ops.stft(ones(9), 4, 2, 4, window=[1.0]), ValueError, "shape"),
    (lambda: ops.det(ones((2, 3))), ValueError, "square"),
    (lambda: ops.inv(ones(3)), ValueError, "matrix"),
    (lambda: ops.cholesky(-jnp.eye(2)), ValueError, "positive definite"),
    (lambda: ops.qr(ones((2, 2)), "full"), ValueError, "mode"),
    (lambda: ops.solve(jnp.eye(2), ones(3)), ValueError, "right side"),
    (lambda: ops.conv(ones((1, 5, 3)), ones((2, 2, 4))), ValueError, "multiple"),
    (lambda: ops.conv(ones((1, 2, 3)), ones((5, 3, 4))), ValueError, "does not fit"),
    (lambda: ops.conv(ones((5, 3)), ones((2, 3, 4))), ValueError, "spatial"),
    (lambda: ops.conv(ones((1, 5, 3)), ones((2, 3, 4)), padding="full"), ValueError, "padding"),
    (lambda: ops.conv(ones((1, 5, 3)), ones((2, 3, 4)), data_format="last"), ValueError, "data_format"),
    (lambda: ops.depthwise_conv(ones((1, 5, 3)), ones((2, 4, 1))), ValueError, "channels"),
    (lambda: ops.conv_transpose(ones((1, 5, 3)), ones((2, 4, 4))), ValueError, "channels"),
    (lambda: ops.unfold(ones((2, 3)), 2), ValueError, "n, c, h, w"),
    (lambda: ops.fold(ones((2, 3)), 4, 2), ValueError, "windows"),
    (lambda: ops.depth_to_space(ones((1, 2, 2, 4)), 1), ValueError, "block_size"),
    (lambda: ops.normalize(ones(2), order=0), ValueError, "order"),
    (lambda: ops.binary_crossentropy(ones(2), ones(3)), ValueError, "fit"),
    (lambda: ops.categorical_crossentropy(1.0, 1.0), ValueError, "axis"),
    (lambda: ops.layer_normalization(ones(2), other=1), TypeError, "other"),
    (lambda: ops.ctc_decode(ones((1, 2, 3)), [2], strategy="best"), ValueError, "strategy"),
    (lambda: ops.dot_product_attention(ones(2), ones(2), ones(2)), ValueError, "four axes"),
    (lambda: ops.dot_product_attention(*[ones((1, 2, 1, 4))] * 3, attn_logits_soft_cap=1.0), ValueError, "TPU"),
    (lambda: ops.dot_product_attention(*[ones((1, 2, 1, 4))] * 3, flash_attention=True), ValueError, "flash"),
    (lambda: ops.image.resize(ones((2, 2)), (4, 4)), ValueError, "3 axes"),
    (lambda: ops.image.resize(ones((2, 2, 1)), (0, 4)), ValueError, "positive"),
    (lambda: ops.image.resize(ones((2, 2, 1)), (4, 4), "area"), ValueError, "interpolation"),
    (lambda: ops.image.resize(ones((2, 2, 1)), (4, 4), fill_mode="wrap"), ValueError, "fill_mode"),
    (lambda: ops.image.resize(ones((2, 2, 1)), (4, 4), "nearest", False, True, True), ValueError, "exclude"),
    (lambda: ops.image.rgb_to_grayscale(ones((2, 2, 2))), ValueError, "channels"),
    (lambda: ops.image.rgb_to_hsv(ones((2, 2, 3), int)), ValueError, "floats"),
    (lambda: ops.image.pad_images(ones((2, 2, 3)), 1, 1), ValueError, "exactly two"),
    (lambda: ops.image.crop_images(ones((2, 2, 3)), 3, 0, 0, 0), ValueError, "length"),
    (lambda: ops.image.extract_patches(ones((2, 2, 3)), "a"), TypeError, "size"),
    (lambda: ops.image.extract_patches(ones((2, 2, 3)), (1,)), ValueError, "sizes"),
    (lambda: ops.image.map_coordinates(ones((2, 2)), ones((3, 1)), 1), ValueError, "coordinates"),
    (lambda: ops.image.map_coordinates(ones((2, 2)), ones((2, 1)), 3), ValueError, "order"),
    (lambda: ops.image.affine_transform(ones((2, 2, 3)), ones(6)), ValueError, "8 numbers"),
    (lambda: ops.image.perspective_transform(ones((2, 2, 3)), ones((3, 2)), ones((3, 2))), ValueError, "points"),
    (lambda: ops.image.scale_and_translate(ones((2, 2)), (2, 2), [1.0], [1.0], (0,), "x"), ValueError, "method"),
    (lambda: random.uniform((2,), dtype="int32"), ValueError, "floating"),
    (lambda: random.randint((2,), 0, 3, dtype="float32"), ValueError, "integer"),
    (lambda: random.categorical(ones(3), 2), ValueError, "logits"),
]


@pytest.mark.parametrize(("call", "error", "what"), WRONG)
def test_a_wrong_argument_is_refused_with_a_reason(call, error, what):
    with pytest.raises(error, match=what):
        call()


def test_a_softmax_over_one_value_is_warned_of():
    with pytest.warns(UserWarning, match="sigmoid"):
        ops.softmax(ones((2, 1)))


def test_draws_repeat_with_a_seed_and_differ_without():
    assert jnp.array_equal(random.normal((3,), seed=1), random.normal((3,), seed=1))
    assert not jnp.array_equal(random.normal((3,)), random.normal((3,)))
    generator = random.SeedGenerator(1)
    first, second = random.uniform((3,), seed=generator), random.uniform((3,), seed=generator)
    assert not jnp.array_equal(first, second)
    assert jnp.array_equal(first, random.uniform((3,), seed=random.SeedGenerator(1)))


def test_dropout_keeps_all_or_nothing_at_the_ends():
    assert random.dropout(ones(3), 0).tolist() == [1, 1, 1] and random.dropout(ones(3), 1.0).tolist() == [0, 0, 0]


def test_the_functions_made_from_rows_have_keras_parameters():
    import inspect

    assert str(inspect.signature(ops.sum)) == "(x, axis=None, keepdims=False)"
    assert ops.add(x1=1.0, x2=2.0).item() == 3.0
    assert "keras.io" in ops.add.__doc__


def test_a_single_number_is_sorted_as_an_array_of_one():
    assert ops.argsort(jnp.float32(3)).tolist() == [0]
