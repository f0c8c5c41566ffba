"""Boston housing: 506 districts, 13 features, a price (D. Harrison, D. L. Rubinfeld, 1978)."""

from jkeras.datasets.fetch import fetch, load_arrays, split
from jkeras.utils.file_utils import get_file as get_file  # Keras 2 offers it here

HASH = "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5"


def load_data(path="boston_housing.npz", test_split=0.2, seed=113, cache_dir=None):
    """(x_train, y_train), (x_test, y_test) of housing prices around 1978, downloaded once and cached.

    x: float64 of shape (404, 13) and (102, 13) for a `test_split` of 0.2; y: float64 of shape (404,) and (102,), the
    median value in 1,000 dollars. One of its features treats race as a driver of prices; `california_housing` is the
    set to teach with. `path` is a name in the cache folder or an absolute path; `seed` fixes the shuffle before the
    split. `cache_dir` replaces the folder $KERAS_HOME (~/.keras).

    Source: https://keras.io/api/datasets/boston_housing.

    Raises ValueError where the cached file has another hash, OSError where it cannot be downloaded.
    """
    x, y = load_arrays(fetch(path, "boston_housing.npz", HASH, cache_dir), "x", "y")
    return split(x, y, test_split, seed)
