"""What keeps a step's memory in the process, and what keeps the compiler from waiting."""

import gc
import os
import subprocess
import sys
import textwrap

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jkeras
from jkeras import layers
from jkeras.core.memory import DISPATCH, SETTINGS
from jkeras.core.variable import Variable
from jkeras.nn.platform import AT_ONCE, arrived, held
from jkeras.train.compiler import collection_paused, compiler_options

MALLOPT_ARENA_MAX = -8
linux = pytest.mark.skipif(sys.platform != "linux", reason="the settings are those of the GNU C library")


def printed(code, **environment):
    """What a fresh process prints that keeps pages, as users' processes do."""
    given = {k: v for k, v in os.environ.items() if k not in ("JKERAS_KEEP_PAGES", DISPATCH.upper())}
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], env=given | environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@linux
@pytest.mark.parametrize(
    ("environment", "inline"),
    [({}, "True"), ({"JKERAS_KEEP_PAGES": "0"}, "False"), ({"JAX_CPU_ENABLE_ASYNC_DISPATCH": "1"}, "False")],
)
def test_programs_are_computed_by_their_caller_unless_the_environment_says_otherwise(environment, inline):
    code = """
        import jax, jkeras
        jkeras.layers.Dense
        print(not jax.config.read("jax_cpu_enable_async_dispatch"))
    """
    assert printed(code, **environment) == [inline]


def test_threads_keep_arenas_of_their_own():
    assert MALLOPT_ARENA_MAX not in SETTINGS  # with one for all, the compiler's threads wait for its lock


@linux
def test_steps_of_fit_reuse_their_memory():
    code = """
        import resource
        import numpy as np
        import jkeras
        from jkeras import layers

        x, y = np.ones((8, 256, 256, 4), "float32"), np.ones((8, 1), "float32")
        model = jkeras.Sequential([layers.Conv2D(24, 3), layers.BatchNormalization(), layers.GlobalMaxPooling2D(), layers.Dense(1)])
        model.compile("sgd", "mse")
        model.fit(x, y, batch_size=4, epochs=3, verbose=0)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        model.fit(x, y, batch_size=4, epochs=3, verbose=0)
        print((resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) / 6)
    """
    freed, kept = (float(printed(code, **given)[0]) for given in ({"JKERAS_KEEP_PAGES": "0"}, {}))
    assert kept < freed / 2


@pytest.mark.parametrize("kind", [np.ndarray, jax.Array])
def test_large_arrays_have_arrived_and_small_ones_wait_for_the_call(kind):
    large, small = np.ones(AT_ONCE // 4, np.float32), np.ones(3, np.float32)
    assert isinstance(arrived([large])[0], jax.Array)
    assert isinstance(arrived([small if kind is np.ndarray else jnp.asarray(small)])[0], kind)


def test_a_residual_sum_is_held_in_compiled_programs_only():
    add = layers.Add()
    assert "optimization_barrier" in str(jax.make_jaxpr(lambda x: add([x, x]))(jnp.ones(3)))
    assert held(1.0) == 1.0


def test_programs_with_convolutions_keep_to_what_is_held():
    assert compiler_options()["xla_disable_hlo_passes"] == "cse_barrier_expander"


def starting_at(offset, size):
    """Zeros whose memory begins so many bytes after a multiple of 64."""
    raw = np.zeros(size + 32, np.float32)
    start = (-raw.ctypes.data % 64 + offset) // 4
    return raw[start : start + size]


@pytest.mark.parametrize("size", [3, AT_ONCE])
@pytest.mark.parametrize("offset", [0, 4])
def test_a_variable_does_not_change_with_the_array_it_was_made_of(offset, size):
    start, later = starting_at(offset, size), starting_at(offset, size)
    made, assigned = Variable(start), Variable(jnp.ones(size))
    assigned.assign(later)
    start[:] = later[:] = 1
    assert not made.numpy().any() and not assigned.numpy().any()


def test_a_variable_made_of_numpy_needs_no_second_copy():
    assert not Variable(np.zeros(3, np.float32))._lent


def test_a_variable_made_of_an_array_of_jax_is_copied_before_it_is_given_away():
    start = jnp.zeros(3)
    model = jkeras.Sequential([layers.Input((3,)), layers.Dense(1, use_bias=False)])
    model.layers[0].kernel.assign(jnp.ones((3, 1)))
    v = Variable(start)
    assert v._lent
    model.compile("sgd", "mse")
    given = model.layers[0].kernel.value
    model.fit(np.ones((4, 3)), np.zeros((4, 1)), verbose=0)
    assert given.tolist() == [[1.0]] * 3


@pytest.mark.parametrize("enabled", [True, False])
def test_the_search_for_garbage_goes_on_as_before_after_an_error(enabled):
    was = gc.isenabled()
    (gc.enable if enabled else gc.disable)()
    try:
        with pytest.raises(ZeroDivisionError), collection_paused():
            assert not gc.isenabled()
            1 / 0  # noqa: B018
        assert gc.isenabled() == enabled
    finally:
        (gc.enable if was else gc.disable)()
