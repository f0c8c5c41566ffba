"""jkeras.distribution.plan: what a step over many devices takes, found without making weights."""

import jax
import numpy as np
import pytest

import jkeras as keras
from jkeras import distribution as dist
from jkeras import layers
from jkeras.distribution.messages import collectives


def model_of(width=64):
    model = keras.Sequential([keras.Input((width,)), layers.Dense(4 * width, name="up"), layers.Dense(10, name="down")])
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


@pytest.fixture(scope="module")
def eight():
    """The plan of a model on eight simulated devices, its weights split over all of them."""
    return dist.plan(model_of(), 8, batch=64, fsdp=True, memory=1e9, verbose=False)


def test_a_plan_adds_up_what_each_device_keeps(eight):
    up, down, biases = 64 * 256, 256 * 10, 256 + 10
    assert eight.weights == up + down + biases
    assert eight.parameters == 4 * ((up + down) // 8 + biases)
    assert eight.optimizer == pytest.approx(2 * eight.parameters, abs=64)
    assert eight.total >= eight.parameters + eight.optimizer + eight.gradients and eight.memory == 1e9


def test_a_plan_lists_the_messages_of_a_step(eight):
    split, whole = (
        4 * (64 * 256 + 256 * 10),
        4 * (256 + 10),
    )  # two kernels are gathered; all gradients and the loss are summed
    assert eight.collectives == {
        "all-gather": {"count": 2, "bytes": split},
        "all-reduce": {"count": 5, "bytes": split + whole + 4},
    }
    assert eight.data == 64 // 8 * (64 + 1) * 4


@keras.saving.register_keras_serializable()
class Four(layers.Layer):
    """Four layers behind each other."""

    def __init__(self, **options):
        super().__init__(**options)
        self.parts = [layers.Dense(64, activation="tanh") for _ in range(4)]

    def call(self, x):
        for part in self.parts:
            x = part(x)
        return x


@pytest.mark.parametrize("mode, kept", [(None, 6 * 4), ("full", 6 + 4)])
def test_the_activations_of_a_plan_are_those_counted_by_hand(mode, kept):
    x = inputs = keras.Input((64,))
    for _ in range(6):
        with keras.RematScope(mode):
            x = Four()(x)
    model = keras.Model(inputs, x)
    model.compile("sgd", "mse")
    found = dist.plan(model, 1, batch=4096, verbose=False)
    one = 4096 * 64 * 4  # the bytes of a layer's output
    assert found.parameters == found.gradients == 6 * 4 * (64 * 64 + 64) * 4 and found.data == 2 * one
    # without the scope all outputs live until the gradient is known; with it those of blocks, and of one block the rest
    assert kept - 2 <= found.activations / one <= kept + 1


def test_numbers_of_16_bits_are_counted_so_though_the_cpu_sends_32():
    text = """
%widen (p: bf16[4]) -> f32[4] {
  %p = bf16[4]{0} parameter(0)
  ROOT %c = f32[4]{0} convert(%p)
}
ENTRY %main (p: f32[4]) -> f32[4] {
  %f = f32[4]{0} fusion(%y), kind=kLoop, calls=%widen
  %g = f32[16]{0} all-gather(%f), dimensions={0}
  %r = f32[16]{0} all-reduce(%g), replica_groups={}
  %n = bf16[16]{0} convert(%r)
  ROOT %s = f32[16]{0} all-reduce(%z), replica_groups={}
}
"""
    assert collectives(text) == {"all-gather": {"count": 1, "bytes": 32}, "all-reduce": {"count": 2, "bytes": 32 + 64}}


def test_a_plan_is_shown_as_a_table(eight):
    text = str(eight)
    for part in ("8 devices {'batch': 8}", "weights and optimizer state split", "all-gather", "fits", "compiled in"):
        assert part in text


def test_planning_makes_no_weights_and_leaves_the_model_as_it_was():
    model = model_of()
    dist.plan(model, 1, batch=8, verbose=False)
    assert not any(v.is_initialized for v in model.variables) and not model.optimizer.built
    assert model.variables[0]._layout is None and dist.distribution() is None
    x, y = np.ones((8, 64), "float32"), np.zeros(8, "int32")
    model.fit(x, y, verbose=0)
    before = model.get_weights()
    found = dist.plan(model, 1, batch=(x, y), verbose=False)
    assert found.collectives == {} and found.batch == 8
    np.testing.assert_array_equal(before[0], model.get_weights()[0])


def test_planning_needs_a_compiled_model():
    with pytest.raises(ValueError, match="is not compiled"):
        dist.plan(keras.Sequential([keras.Input((2,)), layers.Dense(1)]), 1)


@pytest.mark.parametrize("mesh", ["eight", 0, {}, {"batch": 0}])
def test_a_mesh_that_is_none_is_refused(mesh):
    with pytest.raises(ValueError, match="mesh must be a DeviceMesh"):
        dist.plan(model_of(), mesh)


def test_shapes_that_are_not_known_are_asked_for():
    model = keras.Sequential([keras.Input((None, 4)), layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match=r"give batch=\(x, y\)"):
        dist.plan(model, 1)
    specs = [jax.ShapeDtypeStruct((8, 5, size), "float32") for size in (4, 1)]
    assert dist.plan(model, 1, batch=tuple(specs), verbose=False).weights == 5


def test_messages_in_loops_count_as_often_as_the_loop_runs():
    text = """
%body (p: (f32[4])) -> (f32[4]) {
  %r = f32[4]{0} all-reduce(%x), replica_groups={}
}
ENTRY %main (p: f32[4]) -> f32[4] {
  %g = (f32[2]{0}, bf16[16]{0}) all-gather-start(%y), dimensions={0}
  ROOT %w = (f32[4]) while(%t), condition=%c, body=%body, backend_config={"known_trip_count":{"n":"6"}}
}
"""
    assert collectives(text) == {"all-gather": {"count": 1, "bytes": 32}, "all-reduce": {"count": 6, "bytes": 96}}
