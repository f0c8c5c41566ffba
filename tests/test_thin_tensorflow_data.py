"""tf.data of the thin tensorflow."""

from jkeras.compat.tensorflow.data import Dataset
from jkeras.compat.tensorflow.tensor import Tensor


def test_a_chain_of_map_filter_and_batch_gives_numpy_and_tensors():
    data = Dataset.range(6).map(lambda x: x * 2).filter(lambda x: x > 2).batch(2)
    assert [a.tolist() for a in data.as_numpy_iterator()] == [[4, 6], [8, 10]]
    assert all(isinstance(batch, Tensor) for batch in data)
