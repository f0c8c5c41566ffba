"""Arrays, lists and frames as data: what comes out, in which order, and what is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from jkeras.train.data import ArraySource, adapt, validation_split

X = np.arange(20, dtype="float32").reshape(10, 2)
Y = np.arange(10, dtype="int32")


def trees_equal(a, b):
    assert jax.tree.structure(a) == jax.tree.structure(b)
    for left, right in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True):
        np.testing.assert_array_equal(left, right)
        assert left.dtype == right.dtype


ACCEPTED = {
    "numpy float32": (X, X),
    "numpy float64": (X.astype("float64"), X),
    "numpy float16": (X.astype("float16"), X),
    "bfloat16": (jnp.asarray(X, "bfloat16"), jnp.asarray(X)),
    "int64": (Y.astype("int64"), Y),
    "uint8": (Y.astype("uint8"), Y.astype("uint8")),
    "uint64": (Y.astype("uint64"), Y.astype("uint32")),
    "bool": (Y > 3, Y > 3),
    "complex128": (X + 1j, (X + 1j).astype("complex64")),
    "text": (np.array(["a", "bc"]), np.array(["a", "bc"])),
    "objects that are text": (np.array(["a", "bc"], object), np.array(["a", "bc"], object)),
    "jax array": (jnp.asarray(X), jnp.asarray(X)),
    "list of numbers": ([1, 2, 3], np.array([1, 2, 3], "int32")),
    "nested lists": ([[1.0, 2.0], [3.0, 4.0]], np.array([[1, 2], [3, 4]], "float32")),
    "tuple of arrays": ((X, Y), (X, Y)),
    "list of arrays": ([X, Y], [X, Y]),
    "dict": ({"a": X, "b": [1] * 10}, {"a": X, "b": np.ones(10, "int32")}),
    "nested structure": ([{"a": X}, (X, Y)], [{"a": X}, (X, Y)]),
    "data frame": (pd.DataFrame(X), X),
    "series becomes a column": (pd.Series(Y), Y[:, None]),
    "sparse": (scipy.sparse.csr_matrix(X), X),
    "list of sparse": ([scipy.sparse.csr_array(X), X], [X, X]),
}


@pytest.mark.parametrize("given, expected", ACCEPTED.values(), ids=ACCEPTED)
def test_data_becomes_arrays(given, expected):
    trees_equal(adapt(given).arrays[0], expected)


def test_arrays_that_are_right_already_are_not_copied():
    assert adapt(X, Y).arrays[0] is X


def test_the_result_of_a_conversion_is_the_only_copy():
    source = adapt(X.astype("float64"))
    assert source.arrays[0].base is None and source.nbytes == X.nbytes


def test_anything_with_array_protocol_is_data():
    class Tensor:
        shape, dtype = X.shape, X.dtype

        def __array__(self, dtype=None, copy=None):
            return X

    trees_equal(adapt(Tensor()).arrays[0], X)


def test_tensors_with_gradients_are_detached():
    class Torch:
        shape, dtype = X.shape, X.dtype

        def __init__(self, free=False):
            self.free = free

        def detach(self):
            return Torch(True)

        def cpu(self):
            return self

        def numpy(self):
            return X

        def __array__(self, dtype=None, copy=None):
            assert self.free
            return X

    trees_equal(adapt(Torch()).arrays[0], X)


def test_a_list_of_as_many_lists_as_the_model_has_outputs_is_several_targets():
    source = adapt(np.zeros((3, 1)), [[1, 2, 3], [4, 5, 6]], outputs=2)
    trees_equal(source.arrays[1], [np.array([1, 2, 3], "int32"), np.array([4, 5, 6], "int32")])


def test_an_output_may_have_no_target():
    assert adapt(X, [Y, None]).arrays[1][1] is None


REFUSED = {
    "None": (None, ValueError, "x: received None"),
    "None in a list": ([X, None], ValueError, r"x\[1\]: expected an array, received None"),
    "None in a dict": ({"a": None}, ValueError, r"x\['a'\]: expected an array, received None"),
    "objects": (np.array([1, "a", None], object), TypeError, "dtype object.*astype"),
    "objects that are rows": (np.array([[1], [1, 2]], object), ValueError, "different lengths.*pad_sequences"),
    "ragged lists": ([[1, 2], [3]], ValueError, "different lengths.*pad_sequences"),
    "scalar": (np.float32(3), ValueError, "batch axis"),
    "empty list": ([], ValueError, "empty list"),
    "empty dict": ({}, ValueError, "empty dict"),
    "empty array": (X[:0], ValueError, r"0 samples"),
    "dates": (np.array(["2020-01-01"], "datetime64[D]"), TypeError, "datetime64"),
    "too large integers": (np.array([2**40]), ValueError, "do not fit into int32"),
    "a path": ("data.npz", TypeError, "Load the file first"),
    "an object": ([object()], TypeError, "cannot use an object of type object"),
    "a function": (lambda: X, TypeError, "Call it"),
    "unequal lengths": ([X, Y[:3]], ValueError, r"x\[0\]: 10, x\[1\]: 3"),
}


@pytest.mark.parametrize("given, error, message", REFUSED.values(), ids=REFUSED)
def test_bad_data_is_refused(given, error, message):
    with pytest.raises(error, match=message):
        adapt(given)


BAD_ARGUMENTS = {
    "batch_size 0": ({"batch_size": 0}, ValueError, "batch_size.*at least 1"),
    "batch_size negative": ({"batch_size": -2}, ValueError, "batch_size"),
    "batch_size text": ({"batch_size": "32"}, TypeError, "batch_size.*str"),
    "batch_size True": ({"batch_size": True}, TypeError, "batch_size"),
    "batch_size nan": ({"batch_size": float("nan")}, ValueError, "batch_size"),
    "batch_size in parts": ({"batch_size": 2.5}, ValueError, "batch_size.*received 2.5"),
    "batch_size endless": ({"batch_size": float("inf")}, ValueError, "batch_size"),
    "steps 0": ({"steps": 0}, ValueError, "steps"),
    "shuffle": ({"shuffle": "yes"}, ValueError, "shuffle"),
    "targets too short": ({"y": Y[:4]}, ValueError, "x: 10, y: 4"),
    "weights too short": ({"y": Y, "sample_weight": np.ones(3)}, ValueError, "sample_weight: 3"),
    "class_weight without targets": ({"class_weight": {0: 1}}, ValueError, "without targets"),
}


@pytest.mark.parametrize("arguments, error, message", BAD_ARGUMENTS.values(), ids=BAD_ARGUMENTS)
def test_bad_arguments_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        adapt(X, **arguments)


def test_values_inside_a_transformation_are_refused():
    with pytest.raises(TypeError, match="being transformed"):
        jax.jit(lambda x: adapt(x) and x)(X)


# ---------------------------------------------------------------- batches and order


@pytest.mark.parametrize(
    "arguments, batch_size, steps, ragged",
    [
        ({}, 32, 1, 10),
        ({"batch_size": 4}, 4, 3, 2),
        ({"batch_size": 5}, 5, 2, 0),
        ({"batch_size": 4.0}, 4, 3, 2),
        ({"batch_size": np.int64(4)}, 4, 3, 2),
        ({"steps": 3}, 4, 3, 2),
        ({"steps": 2, "batch_size": 2}, 2, 2, 0),
    ],
)
def test_batch_size_and_steps(arguments, batch_size, steps, ragged):
    source = adapt(X, **arguments)
    assert (source.batch_size, source.steps, source.ragged) == (batch_size, steps, ragged)


def test_order_without_shuffle_is_that_of_the_data():
    order = adapt(X, shuffle=False).order(0)
    assert order.dtype == np.int32 and order.tolist() == list(range(10))


def test_order_with_shuffle_is_a_permutation_that_the_seed_decides():
    source = adapt(X)
    first = source.order(np.random.default_rng(3))
    assert sorted(first) == list(range(10)) and first.tolist() != list(range(10))
    assert first.tolist() == adapt(X).order(3).tolist()
    assert first.tolist() != source.order(4).tolist()


def test_a_jax_key_decides_the_order():
    key = jax.random.key(5)
    assert adapt(X).order(key).tolist() == adapt(X).order(key).tolist()


def test_shuffle_batch_keeps_batches_together_and_the_ragged_one_last():
    order = adapt(X, batch_size=3, shuffle="batch").order(1)
    assert order[-1] == 9
    assert sorted(map(tuple, order[:9].reshape(3, 3).tolist())) == [(0, 1, 2), (3, 4, 5), (6, 7, 8)]


def test_fewer_steps_than_batches_go_on_in_the_next_epoch():
    source = adapt(X, batch_size=2, steps=2, shuffle=False)
    epochs = [source.order(0).tolist() for _ in range(2)]
    assert epochs == [[0, 1, 2, 3], [4, 5, 6, 7]]
    with pytest.warns(UserWarning, match="ran out after 1 of 2 steps"):
        assert source.order(0).tolist() == [8, 9]
    assert source.order(0).tolist() == [0, 1, 2, 3]


def test_the_rest_of_a_pass_survives_a_restart():
    source, other = (adapt(X, batch_size=2, steps=2) for _ in range(2))
    source.order(7)
    other.set_state(source.get_state())
    assert other.order(99).tolist() == source.order(1).tolist()


def test_more_steps_than_batches_warn():
    with pytest.warns(UserWarning, match="ran out after 5 of 7 steps"):
        assert len(adapt(X, batch_size=2, steps=7).order(0)) == 10


def test_slice_takes_rows_of_every_array():
    source = adapt({"a": X, "b": Y}, [Y, jnp.asarray(Y)])
    x, y, weight = source.slice(np.array([3, 1]))
    assert x["b"].tolist() == [3, 1] and y[1].tolist() == [3, 1] and weight is None
    assert np.shares_memory(source.slice(slice(2, 5))[0]["a"], X)


def test_text_stays_on_the_host():
    assert adapt(np.array(["a", "b"])).host_only and not adapt(X).host_only


# ---------------------------------------------------------------- weights


def test_one_array_of_weights_serves_all_outputs():
    weight = np.ones(10, "float32")
    assert adapt(X, {"a": Y, "b": Y}, weight).arrays[2]["b"] is weight


def test_weights_per_step_for_several_outputs_must_be_given_for_each():
    with pytest.raises(ValueError, match="one weight per sample"):
        adapt(X, [Y, Y], np.ones((10, 3)))


def test_weights_per_time_step_are_kept():
    assert adapt(X, X, np.ones((10, 2))).arrays[2].shape == (10, 2)


def test_validation_split_takes_the_last_part_before_shuffling():
    train, validation = validation_split(adapt(X, Y, batch_size=4), 0.3)
    assert (train.size, validation.size, train.steps, validation.steps) == (7, 3, 2, 1)
    assert validation.arrays[1].tolist() == [7, 8, 9] and validation.order(0).tolist() == [0, 1, 2]
    assert train.shuffle and sorted(train.order(0)) == list(range(7))
    assert np.shares_memory(train.arrays[0], X)


def test_validation_split_uses_no_class_weights_for_validation():
    labels, weights = Y % 2, np.full(10, 3, "float32")
    train, validation = validation_split(adapt(X, labels, weights, class_weight={0: 1, 1: 2}), 0.2)
    assert train.arrays[2].tolist() == [3, 6] * 4 and validation.arrays[2].tolist() == [3, 3]
    train, validation = validation_split(adapt(X, labels, class_weight={0: 1, 1: 2}), 0.2)
    assert train.arrays[2].tolist() == [1, 2] * 4 and validation.arrays[2] is None


def test_validation_split_with_steps_sizes_the_batches_of_what_is_left():
    train, validation = validation_split(adapt(X, Y, steps=2), 0.4)
    assert (train.batch_size, train.steps, validation.batch_size) == (3, 2, 32)


@pytest.mark.parametrize("fraction", [0, 1, -0.1, 1.5, True, "0.2", 0.99])
def test_a_bad_validation_split_is_refused(fraction):
    with pytest.raises(ValueError, match="validation_split"):
        validation_split(adapt(X, Y), fraction)


def test_validation_split_of_a_stream_is_refused():
    with pytest.raises(ValueError, match="arrays only"):
        validation_split(adapt(iter([(X, Y)])), 0.2)


def test_a_source_is_its_own_adaptation():
    source = adapt(X)
    assert isinstance(source, ArraySource) and adapt(source) is source
