"""The module paths of all Kerases lead to jkeras."""

import subprocess
import sys

import pytest

IMPORTS = """
import keras; keras.utils.np_utils.to_categorical([0, 1])
import keras; keras.utils.generic_utils.Progbar(3)
import keras; keras.utils.data_utils.get_file
import keras; keras.layers.advanced_activations.LeakyReLU(alpha=0.1)
import keras; keras.layers.normalization.BatchNormalization()
import keras; keras.layers.convolutional.Conv2D(2, 3)
import keras; keras.layers.core.Flatten()
import keras; keras.layers.merge.Concatenate()
import keras; keras.layers.experimental.preprocessing.Rescaling(2.0)
import keras; keras.backend.tensorflow_backend.clear_session()
import tensorflow as tf; tf.keras.mixed_precision.experimental.Policy("float32")
from keras.layers.core import Activation, Dense, Dropout, Flatten
from keras.layers.convolutional import Convolution2D, MaxPooling2D
from keras.layers.advanced_activations import LeakyReLU
from keras.layers.normalization import BatchNormalization
from keras.layers.merge import add, Concatenate
from keras.layers.wrappers import TimeDistributed
from keras.engine.topology import Layer, InputSpec, Container
from keras.engine import Input, Model
from keras.utils.np_utils import to_categorical, probas_to_classes
from keras.utils.generic_utils import get_custom_objects
from keras.initializations import normal
from keras.objectives import mean_squared_error
from keras.regularizers import l1l2, activity_l2, WeightRegularizer
import keras.backend.tensorflow_backend as KTF
from keras import backend as K
from keras.api.layers import Dense as D
from keras.src.layers import Dense as D
from tf_keras.layers import Dense as D
from tensorflow.python.keras.layers import Dense as D
from tensorflow.keras import layers, Model
from tensorflow.keras.layers import Dense as D
import tensorflow as tf; tf.keras.layers.Dense
import tensorflow.keras.backend as K
from keras_preprocessing.text import Tokenizer
from jkeras.layers.core import Dropout
from jkeras.engine.topology import Layer
""".strip().splitlines()


@pytest.fixture(scope="module")
def failures():
    code = (
        "import sys, jkeras.compat; jkeras.compat.install()\n"
        f"for line in {IMPORTS!r}:\n"
        "    try: exec(line)\n"
        "    except Exception as error: print(line, '->', error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


@pytest.mark.parametrize("line", IMPORTS)
def test_an_old_import_works(line, failures):
    assert not [failed for failed in failures if failed.startswith(line)]


def test_an_alias_is_the_very_module_and_merge_is_called():
    code = (
        "import jkeras, jkeras.compat; jkeras.compat.install('2.2'); import keras, tf_keras.layers\n"
        "assert keras is jkeras and tf_keras.layers is jkeras.layers and jkeras.layers.__spec__.name == 'jkeras.layers'\n"
        "from keras.layers import merge; import keras.layers.merge as module\n"
        "a = keras.Input((2,)); print(module([a, a], mode='concat').shape, module.add([a, a]).shape)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[0] == "(None, 4) (None, 2)"
