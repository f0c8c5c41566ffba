"""Products of rows with a kernel: the same numbers as NumPy's, whatever form the CPU is given."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import export

from jkeras.nn import attention, product

SHAPES = {  # rows, inputs, outputs; whether the kernel's gradient is turned over
    "few outputs": (8, 20, 3, True),
    "one output, few rows": (8, 20, 1, False),
    "one output, many rows": (64, 20, 1, True),
    "more outputs than inputs": (8, 3, 20, False),
    "many rows": (128, 64, 32, True),
    "too few rows": (16, 64, 32, False),
}
EQUATIONS = {
    "abx,xyz->abyz": ((2, 3, 4), (4, 5, 6)),
    "abyz,yzo->abo": ((2, 3, 4, 5), (4, 5, 6)),
    "ab,bc->ac": ((2, 3), (3, 4)),
    "ab,bc->ca": ((2, 3), (3, 4)),
    "ab,ac->abc": ((2, 3), (2, 4)),
    "ab,cb->ac": ((2, 3), (4, 3)),
    "abc,bc->a": ((2, 3, 4), (3, 4)),
    "abc,ac->ab": ((2, 3, 4), (2, 4)),
    "...b,bc->...c": ((2, 3, 4), (4, 5)),
}


def draw(*shape, seed=0):
    return jnp.asarray(np.random.default_rng((seed, *shape)).normal(size=shape), "float32")


@pytest.mark.parametrize("rows, inputs, outputs, turned", SHAPES.values(), ids=SHAPES)
def test_gradients_of_a_product_are_those_of_the_plain_one(rows, inputs, outputs, turned):
    assert product._is_narrow(rows, inputs, outputs) == turned
    x, kernel, weight = draw(rows, inputs), draw(inputs, outputs), draw(rows, outputs, seed=1)

    def slopes(matmul):
        return jax.jit(jax.grad(lambda x, k: jnp.sum(jnp.sin(matmul(x, k)) * weight), (0, 1)))(x, kernel)

    found, expected = slopes(product.rows_matmul), slopes(jnp.matmul)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, 1e-5, 1e-5)


def test_a_turned_product_is_differentiated_forwards_and_twice():
    x, kernel, change = draw(8, 20), draw(20, 3), draw(20, 3, seed=1)

    def slope_along(matmul):
        return jax.jvp(jax.grad(lambda k: jnp.sum(matmul(x, k) ** 3)), (kernel,), (change,))[1]

    np.testing.assert_allclose(slope_along(product.rows_matmul), slope_along(jnp.matmul), 1e-4, 1e-3)


def test_a_turned_product_is_mapped_over_kernels():
    x, kernels = draw(8, 20), draw(5, 20, 3)
    slopes = jax.vmap(jax.grad(lambda k: jnp.sum(product.rows_matmul(x, k) ** 2)))(kernels)
    np.testing.assert_allclose(slopes, [2 * x.T @ (x @ k) for k in kernels], 1e-4, 1e-4)


def test_integers_multiply_without_gradients():
    assert product.rows_matmul(jnp.ones((8, 20), int), jnp.ones((20, 3), int)).tolist() == [[20] * 3] * 8


def test_the_number_of_rows_may_be_a_symbol():
    (rows,) = export.symbolic_shape("n")
    program = export.export(jax.jit(lambda x: jax.grad(lambda x: product.rows_matmul(x, jnp.ones((64, 32))).sum())(x)))(
        jax.ShapeDtypeStruct((rows, 64), "float32")
    )
    np.testing.assert_array_equal(program.call(jnp.ones((3, 64))), np.full((3, 64), 32.0))


@pytest.mark.parametrize("equation, shapes", EQUATIONS.items(), ids=EQUATIONS)
def test_equations_give_what_einsum_gives(equation, shapes):
    x, kernel = (draw(*shape) for shape in shapes)
    np.testing.assert_allclose(product.einsum(equation, x, kernel), np.einsum(equation, x, kernel), 1e-5, 1e-5)


@pytest.mark.parametrize(
    "heads, masked, causal", [(4, False, False), (4, True, True), (2, True, False), (1, False, True)]
)
def test_attention_and_its_gradients_are_those_of_the_library(heads, masked, causal):
    query, key, value = draw(2, 5, 4, 3), draw(2, 5, heads, 3, seed=1), draw(2, 5, heads, 3, seed=2)
    mask = jnp.asarray(np.random.default_rng(3).random((2, 1, 5, 5)) < 0.5).at[0, 0, 2].set(False) if masked else None

    def library(*args):
        return jax.nn.dot_product_attention(*args, mask=mask, is_causal=causal)

    def ours(*args):
        return attention.dot_product(*args, mask, causal, None)

    def with_slopes(function):
        def run(*args):
            output, back = jax.vjp(function, *args)
            return output, *back(2 * output)

        return jax.jit(run)(query, key, value)

    for one, other in zip(with_slopes(ours), with_slopes(library), strict=True):
        np.testing.assert_allclose(one, other, 1e-4, 1e-5)
