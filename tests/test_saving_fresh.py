"""Loading in a process that has imported nothing but the package."""

import subprocess
import sys


def test_a_config_loads_before_any_layer_was_used():
    from jkeras import Input, Model, layers

    x = Input((2,))
    text = Model(x, layers.Dense(3)(x)).to_json()
    code = "import sys, jkeras; print(jkeras.models.model_from_json(sys.stdin.read()).output_shape)"
    made = subprocess.run([sys.executable, "-c", code], input=text, capture_output=True, text=True, check=False)
    assert made.stdout.strip() == "(None, 3)", made.stderr
