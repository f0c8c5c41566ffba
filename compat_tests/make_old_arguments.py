"""Makes jkeras/saving/old_arguments.py: what the layers of tf.keras and Keras 2.2 take, so that configs hold nothing else.

python compat_tests/make_old_arguments.py --impl tf_keras
python keras224.py compat_tests/make_old_arguments.py --impl keras224      (after the other)
"""

import argparse
import inspect
import os
import re
import sys
import textwrap

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PATH = os.path.join(ROOT, "jkeras", "saving", "old_arguments.py")
sys.path.insert(0, ROOT)

from compat_tests import impl as implementations  # noqa: E402

HEAD = '''"""What the layers of older Kerases take, beside name, trainable, dtype and the shape of inputs.

Made by compat_tests/make_old_arguments.py from Keras {versions}; not edited by hand.
"""

# Class:argument,argument
'''
BASE = {"self", "args", "kwargs", "name", "trainable", "dtype"}
NAMES = {"tf_keras": "TF_KERAS", "keras224": "KERAS_2_2"}
# what Keras 3 has by name, and an older one may find although its module does not list it
FUNCTIONS = {
    "activations": "celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu linear "
    "log_sigmoid log_softmax mish relu relu6 selu sigmoid silu softmax soft_shrink softplus softsign sparse_plus "
    "sparse_sigmoid sparsemax squareplus swish tanh tanh_shrink threshold",
    "losses": "binary_crossentropy binary_focal_crossentropy categorical_crossentropy categorical_focal_crossentropy "
    "categorical_hinge circle cosine_similarity ctc dice hinge huber kl_divergence log_cosh mean_absolute_error "
    "mean_absolute_percentage_error mean_squared_error mean_squared_logarithmic_error poisson "
    "sparse_categorical_crossentropy squared_hinge tversky mse mae mape msle bce kld",
    "metrics": "binary_accuracy binary_crossentropy categorical_accuracy categorical_crossentropy categorical_hinge "
    "cosine_similarity hinge kl_divergence log_cosh mean_absolute_error mean_absolute_percentage_error "
    "mean_squared_error mean_squared_logarithmic_error poisson sparse_categorical_accuracy "
    "sparse_categorical_crossentropy sparse_top_k_categorical_accuracy squared_hinge top_k_categorical_accuracy mse mae",
}


def arguments(cls):
    """The names that a class's constructors take."""
    found = {}
    for one in cls.__mro__:
        if "__init__" in vars(one) and one.__name__ not in ("Layer", "Module", "object"):
            signature = inspect.signature(inspect.unwrap(vars(one)["__init__"]))
            found.update(dict.fromkeys(p for p in signature.parameters if p not in BASE))
            if not any(p.kind is p.VAR_KEYWORD for p in signature.parameters.values()):
                break
    return list(found)


def functions(module, names):
    """Those of the names that a family finds, and what else its module lists: functions, and classes where it has some."""
    found = []
    for name in sorted({*names.split(), *(n for n in vars(module) if n[0] != "_")}):
        one = vars(module).get(name)
        try:
            one = one if inspect.isclass(one) else module.get(name)
        except Exception:
            continue
        usual = name in ("get", "serialize", "deserialize", "Layer", "Loss", "Metric") or "keras_object" in name
        if (inspect.isfunction(one) or name[0].isupper() and callable(one)) and not usual:
            found.append(name)
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--impl", required=True, choices=NAMES)
    impl = parser.parse_args().impl
    keras = implementations.load(impl)
    rows = []
    for home in (keras.layers, keras.initializers, keras.regularizers, keras.constraints):
        for name, cls in sorted(vars(home).items()):
            if inspect.isclass(cls) and name == cls.__name__ and name != "Layer" and not name.startswith("_"):
                rows.append(name + ":" + ",".join(arguments(cls)))
    for family, names in FUNCTIONS.items():
        found = functions(getattr(keras, family), names)
        rows += [f"{family}{i // 6}:{','.join(found[i : i + 6])}" for i in range(0, len(found), 6)]
    rows = list(dict.fromkeys(rows))
    table = (
        NAMES[impl] + ' = """\n' + textwrap.fill(" ".join(rows), 118, break_on_hyphens=False, break_long_words=False)
    )
    tables = {}
    if os.path.exists(PATH):
        with open(PATH) as f:
            text = f.read()
        tables = dict(re.findall(r'^(\w+) = """\n(.*?)\n"""', text, re.S | re.M))
        tables = {name: f'{name} = """\n{rows}' for name, rows in tables.items()}
    tables[NAMES[impl]] = table
    with open(PATH, "w") as f:
        f.write(
            HEAD.format(versions="2.2.4 and tf_keras 2.21") + "\n\n".join(t + '\n"""' for t in tables.values()) + "\n"
        )


if __name__ == "__main__":
    main()
