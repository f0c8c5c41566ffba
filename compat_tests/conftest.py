"""`--impl` chooses the Keras that the suite runs on; `keras` is its module."""

import pytest

from compat_tests import impl as implementations


def pytest_addoption(parser):
    parser.addoption("--impl", default="jkeras", help="jkeras (default), keras3, tf_keras or keras224")


def pytest_configure(config):
    if config.getoption("--impl", "jkeras") != "jkeras":
        config.addinivalue_line("filterwarnings", "ignore")


@pytest.fixture(scope="session")
def impl(request):
    return request.config.getoption("--impl")


@pytest.fixture(scope="session")
def keras(impl):
    return implementations.load(impl)


@pytest.fixture(autouse=True, scope="module")
def compile_quickly(request):
    """Programs that run once need no optimisation: that saves a fifth of the suite's time.

    Not so training runs, which loop, and the small families, whose half precision is that of fused programs.
    """
    impl = request.config.getoption("--impl")
    if impl in ("keras224", "tf_keras") or request.path.name in ("test_training.py", "test_small_families.py"):
        yield
        return
    import jax

    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem):
    """What Keras 3 does with the help of TensorFlow alone (its layers for text) is left out where that is not installed."""
    try:
        return (yield)
    except ImportError as error:
        if pyfuncitem.config.getoption("--impl") == "jkeras" or "tensorflow" not in str(error).lower():
            raise
        pytest.skip(f"this Keras needs TensorFlow: {error}")
