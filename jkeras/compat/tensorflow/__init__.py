"""What stands for ``tensorflow`` in scripts: so far ``tf.keras``, whole. Other names say that they are missing."""

from typing import Any

__version__ = "2.16.0"


def __getattr__(name: str) -> Any:
    if name == "keras":
        import jkeras

        return jkeras
    if name.startswith("__"):
        raise AttributeError(name)
    raise AttributeError(f"tf.{name} is not offered on JAX: only tf.keras is. Use keras.ops or jax.numpy.")
