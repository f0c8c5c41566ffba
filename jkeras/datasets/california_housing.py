"""California housing: 20,640 districts, 8 features, a price (R. K. Pace, R. Barry, 1997)."""

from jkeras.datasets.fetch import fetch, load_arrays, split

HASH = "1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f"
SMALL = 600


def load_data(version="large", path="california_housing.npz", test_split=0.2, seed=113, cache_dir=None):
    """(x_train, y_train), (x_test, y_test) of housing prices in California, downloaded once and cached.

    x: float32 of shape (16512, 8) and (4128, 8) for a `test_split` of 0.2; y: float32, the median value in dollars. The
    version "small" takes the first 600 districts only. Features: longitude, latitude, median age, rooms, bedrooms,
    population, households, median income. `seed` fixes the shuffle before the split.
    `cache_dir` replaces the folder $KERAS_HOME (~/.keras).

    Source: https://keras.io/api/datasets/california_housing.

    Raises ValueError for another `version` and where the cached file has another hash, OSError where it cannot be
    downloaded.
    """
    if version not in ("small", "large"):
        raise ValueError(f"version must be 'small' or 'large', received {version!r}.")
    x, y = load_arrays(fetch(path, "california_housing.npz", HASH, cache_dir), "x", "y")
    if version == "small":
        x, y = x[:SMALL], y[:SMALL]
    return split(x, y, test_split, seed)
