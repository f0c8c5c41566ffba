"""Callbacks of Keras: objects whose hooks run while a model trains. Each loads on first use."""

from importlib import import_module

_PLACES = {
    "base": ("Callback", "CallbackList"),
    "backup": ("BackupAndRestore",),
    "checkpoint": ("ModelCheckpoint",),
    "ema": ("SwapEMAWeights",),
    "monitor": ("EarlyStopping", "LearningRateScheduler", "MonitorCallback", "ReduceLROnPlateau"),
    "orbax": ("OrbaxCheckpoint",),
    "profiler": ("Profiler",),
    "progbar": ("ProgbarLogger",),
    "simple": ("BaseLogger", "CSVLogger", "LambdaCallback", "RemoteMonitor", "TerminateOnNaN"),
    "tensorboard": ("TensorBoard",),
}
_HOMES = {name: f"jkeras.train.callbacks.{module}" for module, names in _PLACES.items() for name in names}
_HOMES["History"] = "jkeras.train.history"

__all__ = sorted(_HOMES)


def __getattr__(name):
    if name == "experimental":
        return import_module("jkeras.callbacks.experimental")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return value


def __dir__():
    return __all__
