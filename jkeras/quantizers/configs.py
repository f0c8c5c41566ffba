"""How a layer is quantized: a mode and the quantizers of its weights and of its inputs."""

from ..core import registry
from .quantizer import AbsMaxQuantizer


class QuantizationConfig:
    """Base of the configurations; `mode` is defined by subclasses.  Source: https://keras.io/api/quantizers/"""

    def __init__(self, weight_quantizer=None, activation_quantizer=None):
        self.weight_quantizer, self.activation_quantizer = weight_quantizer, activation_quantizer

    @property
    def mode(self):
        """How weights are stored: "int8", "int4", "float8"."""
        raise NotImplementedError(f"{type(self).__name__} has no mode; use Int8QuantizationConfig or another subclass.")

    def get_config(self):
        """The quantizers as config dicts."""
        names = ("weight_quantizer", "activation_quantizer")
        return {name: registry.serialize(getattr(self, name)) for name in names}

    @classmethod
    def from_config(cls, config):
        """The configuration of ``get_config()``."""
        return cls(**{k: registry.deserialize(v) if k.endswith("_quantizer") else v for k, v in config.items()})

    @staticmethod
    def weight_quantizer_or_default(config, default):
        """The quantizer of weights that a configuration, if any, has; else the default."""
        return default if config is None or config.weight_quantizer is None else config.weight_quantizer

    @staticmethod
    def activation_quantizer_or_default(config, default):
        """The quantizer of inputs that a configuration has, which may be None; the default without a configuration."""
        return default if config is None else config.activation_quantizer

    def _check_dtype(self):
        quantizer = self.weight_quantizer
        if quantizer is not None and quantizer.output_dtype != "int8":
            raise ValueError(
                f"{type(self).__name__} requires a weight_quantizer with output_dtype='int8'. Received: "
                f"output_dtype={quantizer.output_dtype}"
            )


class Int8QuantizationConfig(QuantizationConfig):
    """int8 weights and, unless `activation_quantizer` is None, int8 inputs.

    Source: https://keras.io/api/quantizers/. Raises ValueError for a quantizer of another dtype.

    >>> Int8QuantizationConfig().mode
    'int8'
    """

    mode = "int8"

    def __init__(self, weight_quantizer=None, activation_quantizer="default"):
        default = activation_quantizer == "default"
        super().__init__(weight_quantizer, AbsMaxQuantizer() if default else activation_quantizer)
        self._check_dtype()


class Int4QuantizationConfig(QuantizationConfig):
    """int4 weights, in blocks of `block_size` rows with a scale each (None or -1: one scale for each column).

    Source: https://keras.io/api/quantizers/. Raises ValueError for quantizers that do not fit.
    """

    mode = "int4"

    def __init__(self, weight_quantizer=None, activation_quantizer="default", block_size=128):
        super().__init__(weight_quantizer, None if activation_quantizer == "default" else activation_quantizer)
        if block_size is not None and block_size != -1 and block_size <= 0:
            raise ValueError(f"block_size must be None, -1, or a positive integer. Received: block_size={block_size}")
        self.block_size = block_size
        if (block_size or -1) > 0 and (self.weight_quantizer or self.activation_quantizer) is not None:
            raise ValueError(
                "Int4 quantization in blocks has quantizers of its own. Pass block_size=None or -1 with yours. Received: "
                f"block_size={block_size}"
            )
        if weight_quantizer is not None and tuple(weight_quantizer.value_range) != (-8, 7):
            raise ValueError(
                "Int4QuantizationConfig requires a weight_quantizer with value_range=(-8, 7). Received: "
                f"value_range={weight_quantizer.value_range}"
            )
        self._check_dtype()

    def get_config(self):
        """The quantizers and the size of blocks."""
        return {**super().get_config(), "block_size": self.block_size}

    @classmethod
    def from_config(cls, config):
        """The configuration of ``get_config()``; older files, which know no blocks, have none."""
        return super().from_config({"block_size": None, **config})


class Float8QuantizationConfig(QuantizationConfig):
    """float8 weights and inputs, with scales that follow the largest magnitudes.  Source: https://keras.io/api/quantizers/"""

    mode = "float8"

    def __init__(self):
        super().__init__()

    def get_config(self):
        """Nothing to tell."""
        return {}


class _CalibratedConfig(QuantizationConfig):
    """What GPTQ and AWQ, which look at data, have in common."""

    bits: tuple[int, ...]

    def _check(self):
        name = type(self).__name__
        if self.weight_bits not in self.bits:
            raise ValueError(f"{name}: weight_bits must be one of {self.bits}, received {self.weight_bits!r}.")
        for word in ("num_samples", "sequence_length"):
            if getattr(self, word) <= 0:
                raise ValueError(f"{name}: {word} must be positive, received {getattr(self, word)!r}.")
        if self.group_size < -1 or self.group_size == 0:
            raise ValueError(f"{name}: group_size must be -1 or positive, received {self.group_size!r}.")

    def get_config(self):
        """The arguments, without the data and its tokenizer."""
        given = {name: getattr(self, name) for name in self.arguments}
        return {"dataset": None, "tokenizer": None, **given}

    @classmethod
    def from_config(cls, config):
        """The configuration of ``get_config()``."""
        return cls(**config)

    def dtype_policy_string(self):
        """The start of the names of the dtype policies of its layers.

        >>> GPTQConfig(None, None, weight_bits=8).dtype_policy_string()
        'gptq/8/128'
        """
        return f"{self.mode}/{self.weight_bits}/{self.group_size}"


class GPTQConfig(_CalibratedConfig):
    """Arguments of GPTQ (Frantar et al., 2022, https://arxiv.org/abs/2210.17323): bits chosen by looking at data.

    ``dataset``: texts, which ``tokenizer.tokenize`` turns into numbers, or rows of numbers. Source:
    https://keras.io/api/quantizers/. Raises ValueError for arguments out of range.
    """

    mode, bits = "gptq", (2, 3, 4, 8)
    arguments = (
        "weight_bits", "num_samples", "per_channel", "sequence_length", "hessian_damping", "group_size", "symmetric",
        "activation_order", "quantization_layer_structure",
    )  # fmt: skip

    def __init__(
        self, dataset, tokenizer, *, weight_bits=4, num_samples=128, per_channel=True, sequence_length=512,
        hessian_damping=0.01, group_size=128, symmetric=False, activation_order=False, quantization_layer_structure=None,
    ):  # fmt: skip
        super().__init__()
        self.dataset, self.tokenizer, self.weight_bits = dataset, tokenizer, weight_bits
        self.num_samples, self.sequence_length, self.per_channel = num_samples, sequence_length, per_channel
        self.hessian_damping, self.group_size, self.symmetric = hessian_damping, group_size, symmetric
        self.activation_order = activation_order
        self.quantization_layer_structure = quantization_layer_structure
        self._check()
        if not 0 <= hessian_damping <= 1:
            raise ValueError(f"GPTQConfig: hessian_damping must lie between 0 and 1, received {hessian_damping!r}.")


class AWQConfig(_CalibratedConfig):
    """Arguments of AWQ (Lin et al., 2023, https://arxiv.org/abs/2306.00978): bits chosen by looking at data.

    ``dataset``: texts, which ``tokenizer.tokenize`` turns into numbers, or rows of numbers. Source:
    https://keras.io/api/quantizers/. Raises ValueError for arguments out of range.
    """

    mode, bits = "awq", (4,)
    arguments = (
        "weight_bits", "num_samples", "sequence_length", "group_size", "num_grid_points", "quantization_layer_structure",
    )  # fmt: skip

    def __init__(
        self, dataset, tokenizer, *, weight_bits=4, num_samples=128, sequence_length=512, group_size=128,
        num_grid_points=20, quantization_layer_structure=None,
    ):  # fmt: skip
        super().__init__()
        self.dataset, self.tokenizer, self.weight_bits = dataset, tokenizer, weight_bits
        self.num_samples, self.sequence_length, self.group_size = num_samples, sequence_length, group_size
        self.num_grid_points, self.quantization_layer_structure = num_grid_points, quantization_layer_structure
        self._check()
        if num_grid_points <= 0:
            raise ValueError(f"AWQConfig: num_grid_points must be positive, received {num_grid_points!r}.")
