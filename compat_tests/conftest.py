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
