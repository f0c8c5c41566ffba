"""Dtype policies: what a layer computes in, what its weights are, and how they are quantized.

Source: https://keras.io/api/mixed_precision/policy/.
"""

import re
from collections.abc import MutableMapping

from .core import registry
from .core.dtypes import DTypePolicy, dtype_policy, standardize_dtype

__all__ = [
    "AWQDTypePolicy",
    "DTypePolicy",
    "DTypePolicyMap",
    "FloatDTypePolicy",
    "GPTQDTypePolicy",
    "Int4DTypePolicy",
    "QuantizedDTypePolicy",
    "QuantizedFloat8DTypePolicy",
    "deserialize",
    "get",
    "serialize",
]

QUANTIZATION_MODES = ("int8", "float8", "int4", "gptq", "awq")


FloatDTypePolicy = DTypePolicy  # its name until Keras 3.4


class QuantizedDTypePolicy(DTypePolicy):
    """A policy whose weights are quantized by `mode`; `source_name` names the policy of the computation.

    Raises ValueError for an unknown mode, and for int8 with float16.

    >>> QuantizedDTypePolicy("int8", "mixed_bfloat16").name
    'int8_from_mixed_bfloat16'
    """

    def __init__(self, mode, source_name=None):
        source_name = dtype_policy().name if source_name is None else source_name
        super().__init__(source_name)
        if mode not in QUANTIZATION_MODES:
            raise ValueError(f"{type(self).__name__}(mode={mode!r}): expected one of {QUANTIZATION_MODES}.")
        if mode == "int8" and self.compute_dtype == "float16":
            raise ValueError(f"{type(self).__name__}: mode 'int8' does not go with the compute dtype 'float16'.")
        self._name = f"{mode}_from_{source_name}"
        self._source_name, self._quantization_mode = source_name, mode

    def get_config(self):
        """Return the arguments that make an equal policy."""
        return {"mode": self._quantization_mode, "source_name": self._source_name}


class QuantizedFloat8DTypePolicy(QuantizedDTypePolicy):
    """A policy for float8, scaled by the largest values of the last `amax_history_length` steps.

    Raises TypeError if that is no integer.

    >>> QuantizedFloat8DTypePolicy("float8", "float32").amax_history_length
    1024
    """

    default_amax_history_length = 1024

    def __init__(self, mode, source_name=None, amax_history_length=1024):
        super().__init__(mode, source_name)
        if not isinstance(amax_history_length, int):
            raise TypeError(f"QuantizedFloat8DTypePolicy: expected an integer, received {amax_history_length=!r}.")
        self._amax_history_length = amax_history_length

    @property
    def amax_history_length(self):
        """Number of steps."""
        return self._amax_history_length

    def get_config(self):
        """Return the arguments that make an equal policy."""
        return {**super().get_config(), "amax_history_length": self.amax_history_length}


class _Grouped(QuantizedDTypePolicy):
    """A mode with numbers behind slashes: `base/number` or `base/number/number`."""

    base, fields, bits = "", (), ()

    def __init__(self, mode, source_name=None):
        base, *numbers = str(mode).split("/")
        form = "/".join([self.base, *(f"<{name}>" for name in self.fields)])
        where = f"{type(self).__name__}(mode={mode!r})"
        if base != self.base or len(numbers) != len(self.fields) or not all(re.fullmatch(r"-?\d+", n) for n in numbers):
            raise ValueError(f"{where}: expected the form {form!r} with integers.")
        super().__init__(base, source_name)
        for name, number in zip(self.fields, map(int, numbers), strict=True):
            if name == "weight_bits" and number not in self.bits:
                raise ValueError(f"{where}: expected weight_bits to be one of {self.bits}.")
            if name != "weight_bits" and (number < -1 or number == 0):
                raise ValueError(f"{where}: expected {name} to be -1 (all together) or positive.")
            setattr(self, name, number)
        self._name, self.mode = f"{mode}_from_{source_name}", base

    def get_config(self):
        """Return the arguments that make an equal policy."""
        mode = "/".join(map(str, [self.mode, *(getattr(self, name) for name in self.fields)]))
        return {**super().get_config(), "mode": mode}


class Int4DTypePolicy(_Grouped):
    """A policy for 4-bit integers that share a scale per `block_size` inputs: mode "int4/<block_size>".

    >>> Int4DTypePolicy("int4/128", "float32").block_size
    128
    """

    base, fields = "int4", ("block_size",)


class GPTQDTypePolicy(_Grouped):
    """A policy for GPTQ weights (Frantar et al., 2022): mode "gptq/<weight_bits>/<group_size>".

    >>> GPTQDTypePolicy("gptq/4/-1", "float32").weight_bits
    4
    """

    base, fields, bits = "gptq", ("weight_bits", "group_size"), (2, 3, 4, 8)


class AWQDTypePolicy(_Grouped):
    """A policy for AWQ weights (Lin et al., 2023): mode "awq/4/<group_size>".

    >>> AWQDTypePolicy("awq/4/64", "float32").group_size
    64
    """

    base, fields, bits = "awq", ("weight_bits", "group_size"), (4,)


class DTypePolicyMap(DTypePolicy, MutableMapping):
    """Policies by layer path or regular expression, with one for the others.

    Raises TypeError for a map that is no dict and ValueError for a map as default.

    >>> policies = DTypePolicyMap("float32", {"block/.*": "bfloat16"})
    >>> policies["block/dense"].name, policies["head"].name
    ('bfloat16', 'float32')
    """

    def __init__(self, default_policy=None, policy_map=None):
        if isinstance(default_policy, DTypePolicyMap):
            raise ValueError("DTypePolicyMap: default_policy cannot be a DTypePolicyMap itself.")
        if policy_map is not None and not isinstance(policy_map, dict):
            raise TypeError(f"DTypePolicyMap: expected policy_map to be a dict, received {policy_map!r}.")
        self._given = default_policy
        self._policy_map = {key: get(policy) for key, policy in (policy_map or {}).items()}
        get(default_policy)  # raises where it is no policy

    @property
    def default_policy(self):
        """The policy of paths that no key matches; the global one, as it is now, if none was given."""
        return get(self._given)

    @property
    def name(self):
        """Name of the map."""
        return f"map_{self.default_policy.name}"

    @property
    def variable_dtype(self):
        """Dtype of the weights by default."""
        return self.default_policy.variable_dtype

    @property
    def compute_dtype(self):
        """Dtype of the computation by default."""
        return self.default_policy.compute_dtype

    @property
    def quantization_mode(self):
        """How weights are quantized by default."""
        return self.default_policy.quantization_mode

    def for_path(self, path):
        """The policy of the layer with a path."""
        return self[path]

    def __getitem__(self, key):
        if key in self._policy_map:
            return self._policy_map[key]
        found = [pattern for pattern in self._policy_map if re.fullmatch(pattern, key)]
        if len(found) > 1:
            raise ValueError(f"DTypePolicyMap: the path {key!r} matches several keys: {found}. Make them exclusive.")
        return self._policy_map[found[0]] if found else self.default_policy

    def __setitem__(self, key, policy):
        if key in self._policy_map:
            raise ValueError(f"DTypePolicyMap: the key {key!r} is taken by {self._policy_map[key]!r}; delete it first.")
        self._policy_map[key] = get(policy)

    def replace(self, path, policy):
        """Another policy for one path."""
        self._policy_map[path] = get(policy)

    def __delitem__(self, key):
        del self._policy_map[key]

    def __contains__(self, key):
        return key in self._policy_map

    def __len__(self):
        return len(self._policy_map)

    def __iter__(self):
        return iter(self._policy_map)

    def get_config(self):
        """Return the arguments that make an equal map."""
        given = self._given
        given = registry.serialize(given) if isinstance(given, DTypePolicy) else given
        return {"default_policy": given, "policy_map": registry.serialize(self._policy_map)}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Return the map that `get_config` described."""
        policies = {k: deserialize(v, custom_objects) for k, v in (config["policy_map"] or {}).items()}
        default = config["default_policy"]
        return cls(deserialize(default, custom_objects) if isinstance(default, dict) else default, policies)

    def __repr__(self):
        mapping = [(key, policy.name) for key, policy in self._policy_map.items()]
        return f"<DTypePolicyMap default_policy={self.default_policy.name}, mapping={mapping}>"


_CLASSES = {name: globals()[name] for name in __all__ if name.endswith(("Policy", "PolicyMap"))}
for _name in set(_CLASSES) - {"DTypePolicy", "FloatDTypePolicy"}:
    _CLASSES[_name]._keras_module = "keras.dtype_policies"
_BY_MODE = {"float8": QuantizedFloat8DTypePolicy, "gptq": GPTQDTypePolicy, "awq": AWQDTypePolicy}


def get(identifier):
    """Return the policy that a name, dtype, config or policy stands for; None is the global policy.

    Raises ValueError for what is no policy.

    >>> get("int8_from_float32").quantization_mode
    'int8'
    """
    if identifier is None:
        return dtype_policy()
    if isinstance(identifier, DTypePolicy):
        return identifier
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if isinstance(identifier, str):
        mode, separator, source = identifier.partition("_from_")
        kind = next((m for m in QUANTIZATION_MODES if mode.startswith(m)), None)
        if kind is None:
            return DTypePolicy(identifier)
        if not separator:
            raise ValueError(f"Dtype policy {identifier!r}: a quantized one is named '<mode>_from_<policy>'.")
        return _BY_MODE.get(kind, Int4DTypePolicy if "/" in mode else QuantizedDTypePolicy)(mode, source)
    try:
        return DTypePolicy(standardize_dtype(identifier))
    except ValueError:
        raise ValueError(f"Expected a dtype, the name of a policy or a policy, received {identifier!r}.") from None


def serialize(dtype_policy):
    """Return the config of a policy.

    >>> serialize(DTypePolicy("float32"))["config"]
    {'name': 'float32'}
    """
    return registry.serialize(dtype_policy)


def deserialize(config, custom_objects=None):
    """Return the policy of a config; a string stands for its name. Raises ValueError for an unknown class.

    >>> deserialize({"class_name": "DTypePolicy", "config": {"name": "bfloat16"}}).name
    'bfloat16'
    """
    if not isinstance(config, dict):
        return get(config)
    name = config.get("class_name")
    found = registry.get_registered_object(name, custom_objects, _CLASSES)
    if found is None:
        raise ValueError(f"Unknown class of dtype policy {name!r}; known: {sorted(_CLASSES)}.")
    return found.from_config(config["config"])
