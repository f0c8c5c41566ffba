"""keras.distribution: what it makes, what it refuses, and training on eight simulated devices in a process of its own."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest

import jkeras as keras
from jkeras import distribution as dist

HERE = Path(__file__).resolve().parent

# Every model over every layout takes minutes: JKERAS_LONG_TESTS=1 asks for it.
WHICH = "all" if os.environ.get("JKERAS_LONG_TESTS") == "1" else "some"


@pytest.fixture(scope="module")
def found():
    """What the process with eight devices has found."""
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent), "JAX_PLATFORMS": "cpu"}
    command = [sys.executable, "-W", "error", str(HERE / "distribution_child.py"), WHICH]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=1500, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


ROWS = [
    "dense: model", "conv_batchnorm: data", "lstm_ragged: data", "transformer: two axes, fsdp",
    "two_outputs_weighted: two axes", "dropout_accumulation: fsdp",
]  # fmt: skip


@pytest.mark.skipif(WHICH == "all", reason="every model over every layout is trained instead")
@pytest.mark.parametrize("row", ROWS)
def test_weights_after_fifty_steps_are_those_of_one_device(found, row):
    assert found[row]["weights"] < 3e-4 and found[row]["placed"]
    assert (found[row]["split"] > 0) == (not row.endswith("data"))


@pytest.mark.skipif(WHICH == "all", reason="every model over every layout is trained instead")
@pytest.mark.parametrize("row", ["conv_batchnorm: data", "two_outputs_weighted: two axes"])
def test_evaluate_and_predict_give_the_numbers_of_one_device(found, row):
    assert found[row]["logs"] < 1e-5 and found[row]["outputs"] < 1e-5


@pytest.mark.skipif(WHICH == "some", reason="JKERAS_LONG_TESTS=1 trains every model over every layout")
def test_every_model_over_every_layout_has_the_weights_of_one_device(found):
    rows = {k: v for k, v in found.items() if ": " in k}
    assert len(rows) == 45
    assert {k: v for k, v in rows.items() if v["weights"] > 3e-4 or v["logs"] > 1e-5 or not v["placed"]} == {}


@pytest.mark.parametrize(
    "name, said",
    [
        ("mesh", "ValueError: DeviceMesh: shape (16,) takes 16 devices, more than the 8 that there are"),
        ("batch", "batch_size=30 cannot be split over the 8 devices of mesh axis 'batch'. The nearest that can is 32."),
        ("stream", "the size of batches=12 cannot be split over the 8 devices"),
        ("axis", "Unknown mesh axis 'modle'. Did you mean 'model'?"),
        ("pattern", "warned: Model 'sequential_2': the layout of '.*dens/kernel' matches no weight; there are "),
        ("size", "axis 1 of size 2 cannot be split over the 8 devices of mesh axis ('batch', 'model'). 8 would do"),
        ("late", "its weights were made before the distribution was set"),
        ("device", "Unknown device 'cpu:77'. Did you mean 'cpu:7'?"),
    ],
)
def test_what_cannot_work_is_refused_with_what_to_do(found, name, said):
    assert said in found[name]


@pytest.mark.parametrize("name", ["generator", "sequence", "callbacks", "larger than memory", "train_on_batch"])
def test_every_way_of_feeding_gives_the_weights_of_one_device(found, name):
    assert found[name] < 1e-6


def test_a_model_compiled_in_the_scope_trains_on_all_devices_outside_it(found):
    assert found["deferred"] == 8


def test_a_trained_model_moved_to_eight_devices_goes_on_as_on_one(found):
    devices, difference = found["moved"]
    assert devices == 8 and difference < 1e-6


def test_split_weights_are_saved_whole_and_come_back_split(found):
    same, shards, slots = found["files"]
    assert all(same) and shards == ["P('batch', None)"] * 2 and slots == ["P('batch', None)"]


def test_a_checkpoint_of_eight_devices_goes_on_with_any_number_of_them(found):
    if found["orbax"] is None:
        pytest.skip("needs orbax-checkpoint")
    assert [rows for rows, _ in found["orbax"].values()] == [16, 64]
    assert max(gap for _, gap in found["orbax"].values()) < 1e-6


def test_weights_are_made_in_parts_by_the_devices_that_keep_them(found):
    took, whole = found["born"]
    assert took < 0.75 * whole  # an eighth, and four times as much that drawing takes; more devices, less of it


def test_weights_that_only_whole_can_be_computed_are_made_one_after_the_other(found):
    most, difference, spec = found["one by one"]
    assert most == 1 and difference < 1e-6 and spec == "P('batch', None)"


def test_saving_split_weights_gathers_one_after_the_other(found):
    most, largest, count, kept = found["gathered"]
    assert most <= 2 * largest and count == 2 * 8 and kept == 0


def test_assigned_weights_lie_where_the_weight_lay(found):
    assert found["kept"] == [True, 0.0]


# ---------------------------------------------------------------- objects, on the one device of this process

MESH = dist.DeviceMesh((1, 1), ["batch", "model"], ["cpu:0"])


def test_devices_are_listed_by_kind_and_number():
    assert dist.list_devices("CPU")[0] == "cpu:0" and dist.get_device_count("cpu") == len(dist.list_devices("cpu"))


@pytest.mark.parametrize(
    "make, said",
    [
        (lambda: dist.DeviceMesh((), []), "must not be empty"),
        (lambda: dist.DeviceMesh((1, 1), ["batch"]), "one name for each axis"),
        (lambda: dist.DeviceMesh((1, 1), ["a", "a"], ["cpu:0"]), "must differ"),
        (lambda: dist.DeviceMesh((1.0,), ["batch"]), "positive whole numbers, received (1.0,)"),
        (lambda: dist.DeviceMesh(1, ["batch"]), "positive whole numbers, received 1"),
        (lambda: dist.DeviceMesh((-1, -1), ["a", "b"]), "positive whole numbers"),
        (lambda: dist.DeviceMesh((2,), ["batch"], ["cpu:0"] * 2), "each device can be in the mesh once"),
        (lambda: dist.DeviceMesh((1,), ["batch"], ["tpu:0"]).backend_mesh, "Unknown device 'tpu:0'"),
        (lambda: dist.DeviceMesh((1,), ["batch"], ["cpu:x"]).backend_mesh, "Unknown device 'cpu:x'"),
        (lambda: dist.LayoutMap(MESH).__setitem__("*kernel", ("model",)), "no regular expression"),
        (lambda: dist.TensorLayout(("modl",), MESH), "Did you mean 'model'"),
        (lambda: dist.TensorLayout(("model", "model"), MESH), "one axis only"),
        (lambda: dist.TensorLayout(("model",)).backend_layout, "no mesh yet"),
        (lambda: dist.ModelParallel(), "must be a LayoutMap"),
        (lambda: dist.ModelParallel(layout_map=dist.LayoutMap(None)), "give it to LayoutMap"),
        (lambda: dist.ModelParallel(layout_map=dist.LayoutMap(MESH), batch_dim_name="x"), "is no axis"),
        (lambda: dist.DataParallel("cpu:0"), "must be a DeviceMesh"),
        (lambda: dist.distribute_tensor(np.ones(3), ("model",)), "expected a TensorLayout"),
        (lambda: dist.initialize("a:1,b:2", 3, 0), "2 job_addresses, but num_processes=3"),
        (lambda: dist.initialize("a:1", 2, 2), "between 0 and 1, received 2"),
        (lambda: dist.initialize("a", 2, 0), "must be 'host:port', received 'a'"),
        (lambda: dist.initialize("a:1", 0, 0), "num_processes must be at least 1"),
        (lambda: dist.initialize("a:1", 2, 0, timeout=0), "timeout must be at least 1"),
    ],
)
def test_a_wrong_argument_is_named(make, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        make()


def test_initialize_comes_first():
    jax.devices()
    with pytest.raises(RuntimeError, match="call it at the beginning of the script"):
        dist.initialize("localhost:1", 2, 0)


def test_set_distribution_takes_distributions_only():
    with pytest.raises(TypeError, match="expected a Distribution"):
        dist.set_distribution("data")


def test_a_number_in_the_environment_is_checked(monkeypatch):
    monkeypatch.setenv("KERAS_DISTRIBUTION_NUM_PROCESSES", "two")
    with pytest.raises(ValueError, match="KERAS_DISTRIBUTION_NUM_PROCESSES must be a whole number"):
        dist.initialize()


def test_a_layout_map_matches_whole_paths_exact_ones_first():
    layouts = dist.LayoutMap(MESH)
    layouts[".*dense.*kernel"] = (None, "model")
    layouts["special/dense/kernel"] = dist.TensorLayout(("model", None))
    assert layouts["a/dense_1/kernel"].axes == (None, "model")
    assert layouts["special/dense/kernel"].axes == ("model", None)
    assert layouts["a/dense_1/kernel/x"] is None and layouts.get("other") is None
    assert layouts["a/dense_1/kernel"].device_mesh is MESH and len(layouts) == 2
    layouts[".*kernel"] = ("model",)
    with pytest.raises(ValueError, match="several patterns"):
        layouts["a/dense_1/kernel"]
    with pytest.raises(ValueError, match="there already"):
        layouts[".*kernel"] = ("model",)
    del layouts[".*kernel"]
    with pytest.raises(ValueError, match="expected a TensorLayout"):
        layouts["x"] = ["model"]


def test_a_mesh_of_a_layout_is_set_once():
    layout = dist.TensorLayout(("model",))
    layout.device_mesh = MESH
    with pytest.raises(ValueError, match="has a mesh already"):
        layout.device_mesh = MESH


def test_a_scope_holds_inside_only():
    data = dist.DataParallel(devices=["cpu:0"])
    with data.scope():
        assert dist.distribution() is data
    assert dist.distribution() is None


def test_a_mesh_with_two_axes_is_split_along_the_first_with_a_warning():
    with pytest.warns(UserWarning, match="along the first, 'batch'"):
        assert dist.DataParallel(MESH).batch_dim_name == "batch"


def test_the_state_of_the_optimizer_and_the_weights_know_their_layout():
    data = dist.DataParallel(devices=["cpu:0"])
    weight = keras.Variable(np.ones((4, 2)))
    assert data.get_variable_layout(weight).axes == (None, None)
    assert data.get_data_layout((None, 3)).axes == ("batch", None) and data.get_tensor_layout("x") is None
    assert data.num_processes == 1 and data.data_shard_id == 0
    assert repr(data) == f"<DataParallel device_mesh={data.device_mesh}>"


def test_a_tensor_is_laid_out_inside_and_outside_of_compiled_functions():
    layout = dist.TensorLayout(("batch", None), MESH)
    outside = dist.distribute_tensor(np.ones((2, 2), "float32"), layout)
    inside = jax.jit(lambda a: dist.distribute_tensor(a, layout))(outside)
    assert outside.sharding.spec == inside.sharding.spec == jax.sharding.PartitionSpec("batch", None)
    symbolic = keras.Input((2,))
    assert dist.distribute_tensor(symbolic, layout) is symbolic


def test_a_model_of_a_distribution_can_be_pickled():
    import pickle

    with dist.DataParallel(devices=["cpu:0"]).scope():
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
        model.build()
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.get_weights()[0], model.get_weights()[0])
