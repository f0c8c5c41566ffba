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

HEAD = '''# ruff: noqa: E501
"""What the layers of older Kerases take, beside name, trainable, dtype and the shape of inputs.

Made by compat_tests/make_old_arguments.py from Keras {versions}; not edited by hand.
"""

# Class:argument,argument
'''
BASE = {"self", "args", "kwargs", "name", "trainable", "dtype"}
NAMES = {"tf_keras": "TF_KERAS", "keras224": "KERAS_2_2"}


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
