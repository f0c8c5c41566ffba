"""Small data sets to learn and test with. `digits` ships with the package; the others are downloaded and cached."""

from jkeras.datasets import (
    boston_housing,
    california_housing,
    cifar,
    cifar10,
    cifar100,
    digits,
    fashion_mnist,
    imdb,
    mnist,
    reuters,
)

__all__ = [
    "boston_housing",
    "california_housing",
    "cifar",
    "cifar10",
    "cifar100",
    "digits",
    "fashion_mnist",
    "imdb",
    "mnist",
    "reuters",
]
