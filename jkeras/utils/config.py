"""Config: settings by attribute and by name, which can be frozen."""

import json
from collections.abc import MutableMapping

from jkeras.core.errors import unknown

OWN = ("_config", "_frozen")


class Config(MutableMapping):
    """A dict whose entries are attributes, too; `freeze` makes every change an error.

    Source: https://keras.io/api/utils/experiment_management_utils/#config-class.

    Raises AttributeError for a name that is not there (with the nearest that is), ValueError for a change while frozen.

    >>> config = Config(units=8, rate=0.1)
    >>> config.units = 16
    >>> config.units, config["rate"], config.to_json()
    (16, 0.1, '{"units": 16, "rate": 0.1}')
    """

    def __init__(self, **kwargs):
        self._config, self._frozen = kwargs, False

    @property
    def frozen(self):
        """Are changes errors?"""
        return self._frozen

    def freeze(self):
        """Makes every change an error."""
        self._frozen = True

    def unfreeze(self):
        """Allows changes again."""
        self._frozen = False

    def as_dict(self):
        """A plain dict of the entries."""
        return dict(self._config)

    def to_json(self):
        """The entries as JSON text."""
        return json.dumps(self._config)

    def _writable(self):
        if self._frozen:
            raise ValueError(f"{self!r} is frozen. Call unfreeze() before changing it.")
        return self._config

    def __getitem__(self, key):
        return self._config[key]

    def __contains__(self, item):
        return item in self._config

    def __setitem__(self, key, item):
        self._writable()[key] = item

    def __delitem__(self, key):
        del self._writable()[key]

    def pop(self, *args):
        """Removes an entry and gives it, or a default."""
        return self._writable().pop(*args)

    def get(self, keyname, value=None):
        """An entry, or a default."""
        return self._config.get(keyname, value)

    def __iter__(self):
        return iter(sorted(self._config))

    def keys(self):
        """The names, in the order in which they were set."""
        return self._config.keys()

    def values(self):
        """The values, in the order in which they were set."""
        return self._config.values()

    def items(self):
        """Names and values, in the order in which they were set."""
        return self._config.items()

    def __len__(self):
        return len(self._config)

    def __getattr__(self, name):
        if name in OWN or name.startswith("__"):  # not set yet, while a copy is made
            raise AttributeError(name)
        if name in self._config:
            return self._config[name]
        raise AttributeError(unknown("entry of the Config", name, self._config))

    def __setattr__(self, name, value):
        if name in OWN:
            object.__setattr__(self, name, value)
        else:
            self[name] = value

    def __repr__(self):
        return f"<Config {self._config}>"
