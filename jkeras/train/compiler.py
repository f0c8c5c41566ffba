"""The compiler options of compiled steps: the one place that knows them.

jaxlib 0.10 hands convolutions on the CPU to its YNNPACK fusions, which are several times slower than Eigen, most of
all for filter gradients. Measured (jax 0.10.2, 2 cores; ``benchmarks/conv_shapes.py step``): the train step of the
32-64 convnet at batch 128 takes 158 ms with them and 61 ms without; compile times fall as well. The option is
experimental, so that it is tried once before it is used. With it goes the option that keeps values held (nn/platform.py),
which was measured on programs with convolutions only.

XLA computes in vectors of 256 bits even where the CPU has 512. Processors made since these cost no clock rate are told to use
them (2 cores of a server, processor time of a step of ``fit``, both in turn; ``benchmarks dense nets`` has the nets): 784-128-10
of batch 3 87 -> 70 us, 784-512-10 1.29 -> 1.24 ms, LSTM 3.10 -> 3.01 ms, GRU 2.99 -> 2.89 ms.
"""

import contextlib
import functools
import gc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ..core import remat
from ..nn.platform import on_cpu

# What makes a program want them, and the options. Without a convolution they cost: 0.75 of 5 ms in an LSTM's step.
FOR_OPERATION = "conv_general_dilated"
CANDIDATES = {"xla_cpu_experimental_ynn_fusion_type": "", **remat.CPU_OPTIONS}
# For every program, where the CPU has all that came with the first generation whose clock does not fall.
WIDE = {"xla_cpu_prefer_vector_width": 512}
WIDE_CPU = frozenset(("avx512f", "avx512vl", "avx512_bf16"))


def primitives(jaxpr: Any) -> set[str]:
    """Names of the operations in a traced function, inner ones included."""
    found: set[str] = set()

    def visit(one: Any) -> None:
        for eqn in one.eqns:
            found.add(eqn.primitive.name)
            for value in eqn.params.values():
                for inner in value if isinstance(value, (list, tuple)) else [value]:
                    inner = getattr(inner, "jaxpr", inner)
                    if hasattr(inner, "eqns"):
                        visit(inner)

    visit(jaxpr)
    return found


@contextlib.contextmanager
def collection_paused() -> Iterator[None]:
    """No search for garbage meanwhile: tracing makes objects by the hundred thousand, and what it makes lives on.

    Measured (ResNet50's step): traced in 0.82 s instead of 1.03 s.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def jit_for(fn: Callable, args: tuple, donate_argnums: Any = ()) -> Callable:
    """``jax.jit(fn)`` with the options for what ``fn`` does with arguments like ``args``; traced once all the same.

    >>> import numpy as np
    >>> jit_for(lambda x: x + 1, (np.float32(1),))(np.float32(1)).item()
    2.0
    """
    import jax

    plain = jax.jit(fn, donate_argnums=donate_argnums)
    if not on_cpu():
        return plain
    with collection_paused():
        options = options_for(primitives(plain.trace(*args).jaxpr.jaxpr))
        chosen = jax.jit(fn, donate_argnums=donate_argnums, compiler_options=options) if options else plain
        chosen.lower(*args)  # kept for the first call
    return chosen


def options_for(found: set[str]) -> dict[str, Any]:
    """The compiler options that a program with these operations wants here.

    >>> isinstance(options_for(set()), dict)
    True
    """
    options = {**(_wide() if on_cpu() else {}), **(compiler_options() if FOR_OPERATION in found else {})}
    return {**options, **remat.CPU_OPTIONS} if remat.OPERATION in found and on_cpu() else options


def compiler_options() -> dict[str, Any]:
    """Options for ``jax.jit(..., compiler_options=...)`` of a program with convolutions: those accepted here.

    >>> isinstance(compiler_options(), dict)
    True
    """
    return dict(_accepted()) if on_cpu() else {}


@functools.cache
def _wide() -> dict[str, Any]:
    """``WIDE`` where this CPU wants it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:  # another system, which does not tell
        return {}
    flags = next((line for line in lines if line.startswith("flags")), "")
    return _taken(WIDE) if WIDE_CPU.issubset(flags.split()) else {}


@functools.cache
def _accepted() -> dict[str, Any]:
    return _taken(CANDIDATES)


def _taken(candidates: dict[str, Any]) -> dict[str, Any]:
    """The candidates that this jaxlib takes, found by compiling the smallest program with all of them, else with each."""
    import jax

    def takes(options: dict[str, Any]) -> bool:
        try:
            program = jax.jit(lambda: 0, compiler_options=options)
            with jax.ensure_compile_time_eval():
                program.lower().compile()
        except Exception:  # whatever a jaxlib raises for an option it does not know
            return False
        return True

    if takes(candidates):
        return candidates
    return {name: value for name, value in candidates.items() if takes({name: value})}
