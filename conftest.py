"""What all tests share: programs compiled once are kept between runs, where JAX is there."""

import contextlib
import ctypes
import functools
import gc
import itertools
import os
import signal
import sys

import pytest

os.environ.setdefault("JAX_PLATFORMS", "cpu")
if os.environ.get("JKERAS_LONG_TESTS") != "1":  # thousands of programs that run once: the compiler's quickest way
    os.environ.setdefault("JAX_DISABLE_MOST_OPTIMIZATIONS", "1")
    os.environ.setdefault("XLA_FLAGS", "--xla_cpu_use_fusion_emitters=false --xla_cpu_parallel_codegen_split_count=1")
os.environ.setdefault("JKERAS_KEEP_PAGES", "0")  # a process that compiles thousands of programs needs its memory back
os.environ.setdefault("JAX_CPU_ENABLE_ASYNC_DISPATCH", "0")  # as where pages are kept


def pytest_configure(config):
    if config.getoption("--impl", "jkeras") != "jkeras" or "tensorflow" in sys.modules:
        return  # a real Keras, in its own environment
    try:
        import jax
    except ImportError:
        return
    worker = os.environ.get("PYTEST_XDIST_WORKER", "one")  # each its own: they must not read what another is writing
    programs = config.rootpath / ".pytest_cache" / "programs"
    os.environ.setdefault("JKERAS_COMPILATION_CACHE", str(programs / "shared"))  # for the processes that tests start
    folder = os.environ.get("JAX_COMPILATION_CACHE_DIR") or str(programs / worker)
    jax.config.update("jax_compilation_cache_dir", folder)
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.05)
    if os.environ.get("JKERAS_LONG_TESTS") != "1":
        share_contexts()


def share_contexts(programs=100):
    """JAX makes a compiler's context for each program, a quarter of what a small one takes; here one serves a hundred programs."""
    from jax._src.interpreters import mlir

    make, ir, numbers = getattr(mlir, "make_ir_context", None), getattr(mlir, "ir", None), itertools.count()
    if make is None or ir is None:  # they are internal to JAX: another release may not have them
        return
    shared = functools.lru_cache(1)(lambda number: make())

    def context():
        in_another_program = ir.Context.current is not None
        return make() if in_another_program else shared(next(numbers) // programs)

    mlir.make_ir_context = context


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """A process takes a file at a time, so that what is compiled for one test serves the next; large files in parts."""
    from xdist.scheduler.loadscope import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            file, _, test = nodeid.partition("::")
            if file.endswith("compat_tests/test_layers.py") and "[" in test:
                return f"{file}:{test.partition('[')[2].partition('-')[0]}"
            return nodeid if file.endswith("compat_tests/test_scripts.py") else file

    config.option.loadscopereorder = False
    return Scheduling(config, log)


@pytest.fixture(autouse=True)
def no_tensors_of_other_tests():
    """A script that used tensors of TensorFlow leaves the next test without them."""
    yield
    frame = sys.modules.get("jkeras.core.frame")
    if frame is not None:
        frame.recorder = None


@pytest.fixture(autouse=True)
def usual_signals():
    """Ctrl-C and SIGTERM do what they do in a terminal: a process started in the background may ignore them."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler), signal.signal(signal.SIGTERM, signal.SIG_DFL)
    yield
    for number, handler in zip((signal.SIGINT, signal.SIGTERM), before, strict=True):
        signal.signal(number, handler)


# Bytes of memory above which compiled programs go; a later test of another module may use what an earlier one compiled.
_limit = MOST = 3 * 2**30
_count = itertools.count(1)


def resident():
    """Bytes of memory that this process holds; 0 where the system does not tell."""
    try:
        with open("/proc/self/statm") as numbers:
            return int(numbers.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item, nextitem):
    """What lives on is passed over by the collections that clear_session makes; programs go when they take much memory."""
    global _limit
    if next(_count) % 20:
        return
    if resident() > _limit and "jax" in sys.modules:
        gc.unfreeze()
        sys.modules["jax"].clear_caches()
        gc.collect()
        with contextlib.suppress(OSError, AttributeError):  # glibc keeps what was freed
            ctypes.CDLL(None).malloc_trim(0)
        _limit = max(MOST, resident() + MOST // 4)
    else:
        gc.collect()
    gc.freeze()
