"""Any optax transformation as a Keras optimizer."""

from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import optax

from ..core.variable import Variable
from . import transforms
from .optimizer import Optimizer


class OptaxOptimizer(Optimizer):
    """Any optax transformation as a Keras optimizer; it sees the weights as a list.  https://optax.readthedocs.io/

    With ``optax.inject_hyperparams`` the learning rate can be read and set as usual.

    >>> import optax
    >>> opt = OptaxOptimizer(optax.sgd(0.5))
    >>> opt.update([jnp.ones(2)], opt.init_state([jnp.ones(2)]), [jnp.ones(2)])[0][0].tolist()
    [0.5, 0.5]
    """

    _slots_from_weights: ClassVar = True

    def __init__(self, optimizer: Any):
        if not (hasattr(optimizer, "init") and hasattr(optimizer, "update")):
            raise TypeError(f"{type(self).__name__}: expected an optax.GradientTransformation, received {optimizer!r}.")
        super().__init__(name=None)
        self.optimizer = optimizer

    def _rate_at(self, step: Any) -> Any:
        return 0.0  # the transformation knows its own

    def transformation(self, learning_rate: Any, h: Any) -> optax.GradientTransformation:
        inner = self.optimizer

        def flat(state: Any) -> dict:
            return {f"optax_{i}": leaf for i, leaf in enumerate(jax.tree.leaves(state))}

        def init(params: Any) -> transforms.State:
            leaves = jax.tree.leaves(params)
            abstract = any(isinstance(p, jax.ShapeDtypeStruct) for p in leaves)
            return transforms.State(0, {}, flat(jax.eval_shape(inner.init, params) if abstract else inner.init(params)))

        def update(grads: Any, state: transforms.State, params: Any = None) -> tuple:
            if any(g is None for g in grads):
                grads = [jnp.zeros_like(p) if g is None else g for g, p in zip(grads, params)]
            structure = jax.tree.structure(jax.eval_shape(inner.init, params))
            updates, new = inner.update(grads, jax.tree.unflatten(structure, list(state.shared.values())), params)
            return updates, transforms.State(state.count + 1, {}, flat(new))

        return optax.GradientTransformation(init, update)

    def _rate_leaf(self) -> Variable | None:
        params = [jax.ShapeDtypeStruct(v.shape, v.array_dtype) for v in self._trainable_variables]
        paths = [
            jax.tree_util.keystr(p) for p, _ in jax.tree.leaves_with_path(jax.eval_shape(self.optimizer.init, params))
        ]
        found = [i for i, path in enumerate(paths) if path.endswith(".hyperparams['learning_rate']")]
        return self._tracked[found[0]] if found and self.built else None

    @property
    def learning_rate(self) -> Any:
        """The learning rate that ``optax.inject_hyperparams`` keeps in the state, else None."""
        return self._rate_leaf() if "optimizer" in self.__dict__ else None

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        if "optimizer" not in self.__dict__:
            return
        cell = self._rate_leaf()
        if cell is None:
            raise ValueError(
                "The learning rate of this optax transformation is fixed. Make it with "
                "optax.inject_hyperparams(...)(learning_rate=...) and build it to be able to set it."
            )
        cell.assign(value)

    def get_config(self) -> dict[str, Any]:
        raise NotImplementedError("An optax transformation has no config: pass it again when loading the model.")

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
        raise NotImplementedError("An optax transformation has no config: pass it again when loading the model.")


TFOptimizer = OptaxOptimizer  # Keras 2's wrapper of the optimizers of the library below
