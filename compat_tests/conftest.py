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


def pytest_collection_modifyitems(items):
    """What shares a computation runs in one process: the tests of a row of a table."""
    for item in items:
        values = getattr(item, "callspec", None) and item.callspec.params or {}
        row = values["case"].id if hasattr(values.get("case"), "id") else (values.get("name"), values.get("real"))
        if row != (None, None):
            item.add_marker(pytest.mark.xdist_group(f"{item.path.name}-{row}"))
