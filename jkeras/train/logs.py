"""The numbers of a step or an epoch by name: read from the device when asked for, under any spelling of the name."""

import functools
import re

import jax
import numpy as np

# Names that mean the same quantity; Keras 2 logged the full function name, or "acc".
SAME = (
    ("accuracy", "acc"),
    ("crossentropy", "ce"),
    ("mean_squared_error", "mse"),
    ("mean_absolute_error", "mae"),
    ("mean_absolute_percentage_error", "mape"),
    ("mean_squared_logarithmic_error", "msle"),
    ("root_mean_squared_error", "rmse"),
    ("cosine_similarity", "cosine_proximity", "cosine"),
    ("kl_divergence", "kullback_leibler_divergence", "kld"),
    ("log_cosh", "logcosh"),
    ("learning_rate", "lr"),
)
_CANONICAL = {alias: names[0] for names in SAME for alias in names}
# Longest first: "cosine_proximity" before "cosine"
_ENDING = re.compile(rf"(?:^|(?<=_))({'|'.join(sorted(_CANONICAL, key=len, reverse=True))})(?=(_\d+)?$)")


@functools.lru_cache(1024)
def canonical(key):
    """One spelling for all that mean the same: "val_acc" and "val_accuracy", "out_mse" and "out_mean_squared_error".

    >>> canonical("val_acc"), canonical("out_mse_1")
    ('val_accuracy', 'out_mean_squared_error_1')
    """
    if not isinstance(key, str):
        return key
    return _ENDING.sub(lambda m: _CANONICAL[m.group(1)], key.lower())


def number(value):
    """A Python number from a scalar of the device or of numpy; anything else stays."""
    if isinstance(value, jax.Array | np.generic | np.ndarray):
        return value.item() if value.ndim == 0 else np.asarray(value)
    return value


class Logs(dict):
    """A dict of logged values that answers to both spellings of a key and fetches from the device once, on reading.

    >>> logs = Logs(loss=0.5, accuracy=0.75)
    >>> logs["acc"], "acc" in logs, list(logs)
    (0.75, True, ['loss', 'accuracy'])
    """

    __slots__ = ("_fresh", "_later")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._fresh, self._later = True, None

    @classmethod
    def later(cls, names, compute):
        """Logs with these names whose values are what `compute()`, a function that gives a dict, says when read."""
        made = cls(dict.fromkeys(names))
        made._later = compute
        return made

    def with_head(self, head):
        """Logs that have further values before these, which still are computed only when read."""
        return Logs.later([*head, *super().keys()], lambda: {**head, **self.settle()})

    def settle(self):
        """Fetches all values now; returns self."""
        if self._fresh:
            self._fresh = False
            if self._later is not None:
                compute, self._later = self._later, None
                found = compute()
                for key in [key for key in super().keys() if key not in found]:
                    super().__delitem__(key)  # a metric with several results has other names
                for key, value in found.items():
                    super().__setitem__(key, value)
            stored = super().items()
            if any(type(value) is not float for _, value in stored):
                fetched = jax.device_get({k: v for k, v in stored if isinstance(v, jax.Array)})
                for key, value in {**dict(stored), **fetched}.items():
                    super().__setitem__(key, number(value))
        return self

    def stored_name(self, key):
        """The name under which the quantity that `key` means is stored, or None."""
        if super().__contains__(key):
            return key
        wanted = canonical(key)
        return next((k for k in super().keys() if canonical(k) == wanted), None)

    def __contains__(self, key):
        return self.stored_name(key) is not None

    def __getitem__(self, key):
        self.settle()
        name = self.stored_name(key)
        if name is None:
            raise KeyError(f"{key!r} is not among the logged names: {', '.join(map(repr, super().keys())) or 'none'}")
        return super().__getitem__(name)

    def get(self, key, default=None):
        """The value of `key` in either spelling, or `default`."""
        name = self.stored_name(key)
        return default if name is None else self[name]

    def __setitem__(self, key, value):
        self.settle()
        super().__setitem__(key, number(value))

    def __delitem__(self, key):
        name = self.stored_name(key)
        super().__delitem__(key if name is None else name)

    # dict(logs) and {**logs} take the stored values as they are, unless __iter__ is overridden.
    def __iter__(self):
        self.settle()
        return super().__iter__()

    def items(self):
        """Pairs of name and value."""
        return super(Logs, self.settle()).items()

    def values(self):
        """The values."""
        return super(Logs, self.settle()).values()

    def pop(self, key, *default):
        """Removes and returns the value of `key` in either spelling."""
        self.settle()
        name = self.stored_name(key)
        return super().pop(key if name is None else name, *default)

    def popitem(self):
        """Removes and returns the last pair."""
        return super(Logs, self.settle()).popitem()

    def setdefault(self, key, default=None):
        """The value of `key` in either spelling; stored as `default` where it is missing."""
        if key not in self:
            self[key] = default
        return self[key]

    def update(self, *args, **kwargs):
        """Stores the given pairs."""
        for key, value in dict(*args, **kwargs).items():
            self[key] = value

    def copy(self):
        """Another Logs with the same values."""
        return Logs(self.settle())

    __copy__ = copy

    def __or__(self, other):
        made = self.copy()
        made.update(other)
        return made

    def __ior__(self, other):
        self.update(other)
        return self

    def __eq__(self, other):
        return dict.__eq__(self.settle(), other.settle() if isinstance(other, Logs) else other)

    __hash__ = None

    def __repr__(self):
        return super(Logs, self.settle()).__repr__()

    def __reduce__(self):
        return Logs, (dict(self),)
