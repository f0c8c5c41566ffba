"""The compiler options of compiled steps: the one place that knows them.

jaxlib 0.10 hands convolutions on the CPU to its YNNPACK fusions, which are several times slower than Eigen, most of
all for filter gradients. Measured (jax 0.10.2, 2 cores; ``benchmarks/conv_shapes.py step``): the train step of the
32-64 convnet at batch 128 takes 158 ms with them and 61 ms without; compile times fall as well. The option is
experimental, so that it is tried once before it is used.
"""

import functools

CANDIDATES = {"xla_cpu_experimental_ynn_fusion_type": ""}


def compiler_options() -> dict[str, str]:
    """Options for ``jax.jit(..., compiler_options=...)``: those that help here and are accepted.

    >>> isinstance(compiler_options(), dict)
    True
    """
    from ..nn.platform import on_cpu

    return dict(_accepted()) if on_cpu() else {}


@functools.cache
def _accepted() -> dict[str, str]:
    """The candidates that this jaxlib takes, found by compiling the smallest program with each."""
    import jax

    def takes(name: str, value: str) -> bool:
        try:
            program = jax.jit(lambda: 0, compiler_options={name: value})
            with jax.ensure_compile_time_eval():
                program.lower().compile()
        except Exception:  # whatever a jaxlib raises for an option it does not know
            return False
        return True

    return {name: value for name, value in CANDIDATES.items() if takes(name, value)}
