"""``tf.train``: checkpoints, records, moving averages, and the optimizers of TensorFlow 1 in terms of keras's."""

from typing import Any

from . import checkpoints, examples
from .creation import TFVariable
from .rows import only
from .system import Space, impossible
from .tensor import Tensor, shim, unwrap


class ExponentialMovingAverage:
    """Keeps averages of variables, in which what was long ago counts less.

    https://www.tensorflow.org/api_docs/python/tf/train/ExponentialMovingAverage

    >>> v, ema = TFVariable(0.0), ExponentialMovingAverage(decay=0.9)
    >>> ema.apply([v]); _ = v.assign(1.0); ema.apply([v])
    >>> round(float(ema.average(v)), 4)
    0.1
    """

    def __init__(
        self, decay: Any, num_updates: Any = None, zero_debias: bool = False, name: str = "ExponentialMovingAverage"
    ):
        only("tf.train.ExponentialMovingAverage: zero_debias", zero_debias, False, "variables begin at their value.")
        self._decay, self._count, self.name = decay, num_updates, name
        self._averages: dict[int, tuple[Any, TFVariable]] = {}

    def apply(self, var_list: Any = None) -> None:
        """Moves the averages of variables towards their values; the first call begins at the values."""
        if not var_list:
            raise ValueError("ExponentialMovingAverage.apply: expected a list of variables.")
        decay = unwrap(self._decay)
        if self._count is not None:
            done = float(unwrap(self._count))
            decay = min(float(decay), (1 + done) / (10 + done))
        for v in var_list:
            if isinstance(v, Tensor):
                raise TypeError(
                    "ExponentialMovingAverage.apply: expected variables, received a tensor. Keep it in a tf.Variable."
                )
            if id(v) not in self._averages:
                self._averages[id(v)] = (v, TFVariable(unwrap(v.value), trainable=False, name=f"{v.name}_{self.name}"))
            average = self._averages[id(v)][1]
            average.assign_sub(shim(lambda a, x: (a - x) * (1 - decay))(average, v))

    def average(self, var: Any) -> Any:
        """The average of a variable; None where there is none."""
        return self._averages.get(id(var), (None, None))[1]

    def average_name(self, var: Any) -> str:
        """The name of its average."""
        return f"{var.name.split(':')[0]}/{self.name}"

    def variables_to_restore(self, moving_avg_variables: Any = None) -> dict[str, Any]:
        """Variables by the names of their averages."""
        given = [v for v, _ in self._averages.values()] if moving_avg_variables is None else list(moving_avg_variables)
        return {self.average_name(v): v for v in given}


def _adam(learning_rate: Any = 0.001, beta1: Any = 0.9, beta2: Any = 0.999, epsilon: Any = 1e-8, use_locking: bool = False,
          name: str = "Adam") -> Any:  # fmt: skip
    """TensorFlow 1's Adam."""
    from ...optimizers import Adam

    return Adam(unwrap(learning_rate), beta_1=beta1, beta_2=beta2, epsilon=epsilon, name=name)


def _descent(learning_rate: Any, use_locking: bool = False, name: str = "GradientDescent") -> Any:
    """TensorFlow 1's gradient descent."""
    from ...optimizers import SGD

    return SGD(unwrap(learning_rate), name=name)


def _momentum(learning_rate: Any, momentum: Any, use_locking: bool = False, name: str = "Momentum",
              use_nesterov: bool = False) -> Any:  # fmt: skip
    """TensorFlow 1's momentum, whose steps Keras's equal while the learning rate stays."""
    from ...optimizers import SGD

    return SGD(unwrap(learning_rate), momentum=momentum, nesterov=use_nesterov, name=name)


def _not(name: str, instead: str) -> Any:
    return impossible(f"tf.train.{name}", instead)


NAMES: dict[str, Any] = {
    "Checkpoint": checkpoints.Checkpoint, "CheckpointManager": checkpoints.CheckpointManager,
    "latest_checkpoint": checkpoints.latest_checkpoint, "get_checkpoint_state": checkpoints.get_checkpoint_state,
    "load_checkpoint": checkpoints.load_checkpoint, "load_variable": checkpoints.load_variable,
    "list_variables": checkpoints.list_variables, "ExponentialMovingAverage": ExponentialMovingAverage,
    **{kind.__name__: kind for kind in examples.NAMES},
    "AdamOptimizer": _adam, "GradientDescentOptimizer": _descent, "MomentumOptimizer": _momentum,
}  # fmt: skip
_INSTEAD = {
    "Saver": "use tf.train.Checkpoint.",
    "Coordinator": "use Python's threading.",
    "RMSPropOptimizer": "use keras.optimizers.RMSprop; its first steps differ, as TensorFlow 1 began with squares of 1.",
    "AdagradOptimizer": "use keras.optimizers.Adagrad.",
    "ClusterSpec": "use jkeras.distribution.initialize().",
    "MonitoredTrainingSession": "use model.fit.",
}
train = Space("tf.train", **NAMES, **{name: _not(name, text) for name, text in _INSTEAD.items()})
