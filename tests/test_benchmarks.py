"""The benchmark compares like with like, and its tables say what was measured."""

import dataclasses
import json
import math

import jax
import pytest

import jkeras
from benchmarks import __main__ as command
from benchmarks import handwritten, tables, work
from benchmarks.nets import NETS

BY_HAND = [name for name, net in NETS.items() if net.hand and not name.startswith("conv_")] + ["conv_depthwise"]


@pytest.mark.parametrize("name", BY_HAND)
def test_a_net_by_hand_has_as_many_trained_numbers_as_the_one_of_layers(name):
    net = NETS[name]
    params, _ = jax.eval_shape(getattr(handwritten, net.hand)(**net.options).init, jax.random.key(0))
    model = net.build(jkeras)
    expected = sum(math.prod(v.shape) for v in model.trainable_weights)
    assert sum(leaf.size for leaf in jax.tree.leaves(params)) == expected


def row(ours, hand, keras3):
    return {"jkeras": {"seconds": ours, "loss": 0.5}, "hand": {"seconds": hand, "loss": 0.5}, "keras3": keras3}


def test_a_table_shows_ratios_and_names_the_goal_where_it_is_missed():
    shown = tables.table("dense", {"coffee": row(2e-5, 2e-5, {"seconds": 2e-4, "loss": 0.5})})
    assert "| 20 µs | 20 µs | 1.00 (goal ≤ 0.6) | 200 µs | 10.00 |" in shown


def test_a_peer_that_failed_is_a_dash():
    shown = tables.table("dense", {"coffee": row(1e-5, 2e-5, None)})
    assert "| 0.50 | - | - | 0.5000, 0.5000, - |" in shown


def test_an_unknown_section_is_refused(capsys):
    with pytest.raises(SystemExit):
        command.arguments(["speed"])
    assert "unknown section 'speed'" in capsys.readouterr().err


def test_every_section_has_a_title_and_every_goal_a_section():
    assert {*command.RUNNING, *command.ONCE, "memory"} == set(tables.TITLES)
    assert {section for section, _ in tables.GOALS} <= set(tables.TITLES)


def test_a_worker_prepares_first_and_then_gives_samples():
    sample = work.WHAT["evaluate"]("jkeras", dataclasses.replace(NETS["coffee"], rows=64))
    assert json.dumps(sample()) and sample()["seconds"] > 0
