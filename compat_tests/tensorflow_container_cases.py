# ruff: noqa: E501
"""Expressions over what holds tensors: ragged and sparse ones, tables of look-ups, records, and functions that scripts rarely use.

As in ``tensorflow_cases``; ``R``, ``T`` and ``W`` are ragged tensors, ``S`` is a sparse one.
"""

MADE = {
    "R": "tf.ragged.constant([[3, 1, 4], [], [1, 5], [9]])",
    "F": "tf.ragged.constant([[0.5, 1.5], [], [2.0, -3.0, 4.5]])",
    "N": "tf.ragged.constant([[[1, 2], [3]], [], [[4, 5, 6]]])",
    "T": "tf.ragged.constant([['a', 'bc'], ['d']])",
    "U": "tf.RaggedTensor.from_row_splits([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [0, 2, 2, 3])",
    "S": "tf.sparse.SparseTensor([[0, 1], [1, 0], [1, 3]], [5.0, 7.0, 2.0], [2, 4])",
}

MADE["TABLE"] = (
    "tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(['a', 'b'], [1, 2], value_dtype=tf.int64), -1)"
)
MADE["GROWING"] = "tf.lookup.experimental.MutableHashTable(tf.string, tf.int64, -1)"
MADE["EXAMPLE"] = (
    "tf.train.Example(features=tf.train.Features(feature={"
    "'i': tf.train.Feature(int64_list=tf.train.Int64List(value=[3, -4, 1 << 40])), "
    "'f': tf.train.Feature(float_list=tf.train.FloatList(value=[0.5, 2.25])), "
    "'b': tf.train.Feature(bytes_list=tf.train.BytesList(value=[b'one', bytes([0, 255])])), "
    "'s': tf.train.Feature(bytes_list=tf.train.BytesList(value=['ä'.encode()]))}))"
)
MADE["ONE"] = (
    "tf.train.Example(features=tf.train.Features(feature={'n': tf.train.Feature(int64_list=tf.train.Int64List(value=[7, -1]))}))"
)
MADE["STEPS"] = (
    "tf.train.SequenceExample(context=tf.train.Features(feature={'n': tf.train.Feature(int64_list=tf.train.Int64List(value=[2]))}), "
    "feature_lists=tf.train.FeatureLists(feature_list={'w': tf.train.FeatureList(feature=["
    "tf.train.Feature(float_list=tf.train.FloatList(value=[1.0, 2.0])), tf.train.Feature(float_list=tf.train.FloatList(value=[3.0]))"
    "])}))"
)
MADE["I"] = "tf.io"

MADE["SAMPLED"] = "(tf.constant([1, 5], tf.int64), tf.constant([[0.5], [0.2]]), tf.constant([0.3, 0.1]))"
MADE["LU"] = "tf.linalg.lu(D.m)"

GROUPS = {
    "rare": """
        tf.nn.nce_loss(D.wide, D.v[:4], tf.constant([[2], [3]], tf.int64), np.tile(D.x, 2), 2, 4, sampled_values=(tf.constant([1, 0], tf.int64), SAMPLED[1], SAMPLED[2]))
        tf.nn.nce_loss(D.wide, D.v[:4], tf.constant([[2], [3]], tf.int64), np.tile(D.x, 2), 2, 4, sampled_values=(tf.constant([2, 0], tf.int64), SAMPLED[1], SAMPLED[2]), remove_accidental_hits=True)
        tf.nn.sampled_softmax_loss(D.wide, D.v[:4], tf.constant([[2], [3]], tf.int64), np.tile(D.x, 2), 2, 4, sampled_values=(tf.constant([3, 0], tf.int64), SAMPLED[1], SAMPLED[2]))
        tf.nn.compute_accidental_hits(tf.constant([[1], [4]], tf.int64), tf.constant([4, 2, 1], tf.int64), 1)
        tf.random.log_uniform_candidate_sampler([[0], [3]], 1, 4, False, 10)[1]
        tf.random.uniform_candidate_sampler([[0], [3]], 1, 4, False, 10)[1:]
        tf.random.fixed_unigram_candidate_sampler([[0], [3]], 1, 4, False, 4, unigrams=[1.0, 2.0, 3.0, 4.0], distortion=0.5)[1]
        tf.sort(tf.random.all_candidate_sampler([[0]], 1, 4, True)[0])
        tf.image.non_max_suppression_with_scores(D.boxes, [0.5, 0.9, 0.7], 3, 0.6)
        tf.image.non_max_suppression_with_scores(D.boxes, [0.5, 0.9, 0.7], 3, 1.0, 0.1, 0.5)
        tf.image.non_max_suppression_overlaps([[1.0, 0.7, 0.1], [0.7, 1.0, 0.2], [0.1, 0.2, 1.0]], [0.5, 0.9, 0.7], 3, 0.6)
        tf.image.non_max_suppression_padded(D.boxes, [0.5, 0.9, 0.7], 3, 0.6, pad_to_max_output_size=True)
        tf.image.combined_non_max_suppression(D.boxes[None, :, None], [[[0.5, 0.1], [0.9, 0.2], [0.7, 0.95]]], 2, 4, 0.6, 0.15)
        tf.image.combined_non_max_suppression(D.boxes[None, :, None], [[[0.5, 0.1], [0.9, 0.2], [0.7, 0.95]]], 1, 4, 0.6, 0.15, pad_per_class=True, clip_boxes=False)
        tf.image.draw_bounding_boxes(D.pic, [[[0.1, 0.2, 0.7, 0.9]], [[0.0, 0.0, 1.0, 1.0]]], [[1.0, 0.0, 0.5]])
        tf.image.draw_bounding_boxes(D.pic, [[[0.1, 0.2, 0.7, 0.9], [0.5, 0.5, 0.9, 0.9]]] * 2, None)
        tf.io.extract_jpeg_shape(tf.io.encode_jpeg(D.byte[0]))
        tf.image.decode_and_crop_jpeg(tf.io.encode_jpeg(D.byte[0] * 0 + 9), [1, 2, 3, 4])
        tf.image.sample_distorted_bounding_box([7, 9, 3], [[[0.1, 0.1, 0.9, 0.9]]])[1].shape.as_list()
        tf.linalg.lu_reconstruct(*LU)
        tf.linalg.lu_solve(*LU, D.m)
        tf.linalg.lu_matrix_inverse(*LU)
        tf.linalg.tridiagonal_matmul(tf.constant([[1.0, 2.0, 0.0], [3.0, 4.0, 5.0], [0.0, 6.0, 7.0]]), D.m[0])
        tf.linalg.tridiagonal_matmul(([1.0, 2.0, 0.0], [3.0, 4.0, 5.0], [0.0, 6.0, 7.0]), D.m[0], 'sequence')
        tf.linalg.tridiagonal_solve(tf.constant([[1.0, 2.0, 0.0], [3.0, 4.0, 5.0], [0.0, 1.0, 2.0]]), tf.constant(D.m[0]))
        tf.linalg.tridiagonal_solve(tf.constant([[1.0, 2.0, 0.0], [3.0, 4.0, 5.0], [0.0, 1.0, 2.0]]), tf.constant(D.z))
        tf.linalg.eigh_tridiagonal([1.0, 2.0, 3.0], [0.5, 0.25])
        tf.linalg.eigh_tridiagonal([1.0, 2.0, 3.0], [0.5, 0.25], select='i', select_range=(0, 1))
        tf.nn.dilation2d(D.pic, D.k1[..., :3], [1, 1, 1, 1], 'SAME', 'NHWC', [1, 1, 1, 1])
        tf.nn.dilation2d(D.pic, D.k1[..., :3], [1, 2, 2, 1], 'VALID', 'NHWC', [1, 1, 2, 1])
        tf.nn.erosion2d(D.pic, D.k1[..., :3], [1, 1, 1, 1], 'SAME', 'NHWC', [1, 1, 1, 1])
        tf.nn.embedding_lookup_sparse(D.wide, tf.sparse.from_dense([[1, 2], [3, 0]]), None)
        tf.nn.embedding_lookup_sparse(D.wide, tf.sparse.from_dense([[1, 2], [3, 0]]), tf.sparse.from_dense([[0.5, 2.0], [3.0, 0.0]]), combiner='sqrtn')
        tf.nn.embedding_lookup_sparse(D.wide, tf.sparse.from_dense([[1, 2], [3, 0]]), tf.sparse.from_dense([[0.5, 2.0], [3.0, 0.0]]), combiner='sum')
        tf.nn.ctc_greedy_decoder(D.time, [6, 4])
        tf.edit_distance(tf.sparse.from_dense([[1, 2, 3], [4, 0, 0]]), tf.sparse.from_dense([[1, 3, 0], [5, 4, 4]]))
        tf.edit_distance(tf.sparse.from_dense([[1, 2, 3]]), tf.sparse.from_dense([[1, 3, 0]]), normalize=False)
        tf.sets.union(tf.constant([[1, 2], [3, 3]]), tf.constant([[2, 4], [3, 5]]))
        tf.sets.intersection(tf.constant([[1, 2], [3, 3]]), tf.constant([[2, 4], [3, 5]]))
        tf.sets.difference(tf.constant([[1, 2], [3, 3]]), tf.constant([[2, 4], [3, 5]]))
        tf.sets.difference(tf.constant([[1, 2], [3, 3]]), tf.constant([[2, 4], [3, 5]]), aminusb=False)
        tf.sets.size(tf.sparse.from_dense([[1, 2], [3, 3]]))
        tf.dtypes.cast(D.x, tf.dtypes.int32)
        tf.debugging.is_numeric_tensor(tf.constant(1.0))
        tf.TensorShape([2, None]).is_compatible_with([2, 3])
        tf.TensorShape([2, None]).merge_with([2, 3]).as_list()
        tf.strings.unsorted_segment_join(['a', 'b', 'c'], [1, 0, 1], 3, separator='-')
        tf.strings.regex_replace('¿a¿', '[^a]', '')
        [v.numpy() for v in [tf.train.ExponentialMovingAverage(0.9)] for v in [tf.Variable(2.0)]]
    """,
    "sparse": """
        S
        S.shape.as_list()
        S.dtype
        tf.sparse.to_dense(S)
        tf.sparse.to_dense(S, default_value=-1.0)
        tf.sparse.to_dense(tf.sparse.SparseTensor([[0, 1], [2, 0]], ['a', 'b'], [3, 2]), default_value='?')
        tf.sparse.from_dense([[0, 1, 0], [2, 0, 3]])
        tf.sparse.from_dense(D.x)
        tf.sparse.reorder(tf.sparse.SparseTensor([[1, 0], [0, 1]], [1, 2], [2, 2]))
        tf.sparse.sparse_dense_matmul(S, D.w[:4])
        tf.sparse.sparse_dense_matmul(S, D.x[:2], adjoint_a=True)
        tf.sparse.sparse_dense_matmul(S, D.probs, adjoint_b=True)
        tf.sparse.sparse_dense_matmul(D.x[:, :2], S)
        tf.sparse.add(S, S)
        tf.sparse.add(S, tf.ones([2, 4]))
        tf.sparse.add(S, tf.sparse.from_dense([[0.0, 1.0, 2.0, 0.0], [0.0, 0.0, 0.0, -2.0]]))
        tf.sparse.slice(S, [0, 1], [2, 3])
        tf.sparse.slice(S, [1, 0], [5, 2])
        tf.sparse.concat(0, [S, S])
        tf.sparse.concat(1, [S, S])
        tf.sparse.concat(-1, [S, tf.sparse.eye(3)], expand_nonconcat_dims=True)
        tf.sparse.expand_dims(S, 0)
        tf.sparse.expand_dims(S, 1)
        tf.sparse.expand_dims(S)
        tf.sparse.reshape(S, [4, 2])
        tf.sparse.reshape(S, [-1])
        tf.sparse.transpose(S)
        tf.sparse.transpose(S, [1, 0])
        tf.sparse.split(S, 2, axis=1)
        tf.sparse.split(S, 3, axis=1)
        tf.sparse.retain(S, [True, False, True])
        tf.sparse.fill_empty_rows(tf.sparse.SparseTensor([[0, 1], [2, 0]], [5, 6], [4, 2]), 9)
        tf.sparse.reduce_sum(S)
        tf.sparse.reduce_sum(S, axis=1)
        tf.sparse.reduce_sum(S, axis=0, keepdims=True)
        tf.sparse.reduce_sum(S, axis=-1, output_is_sparse=True)
        tf.sparse.reduce_max(S, axis=0)
        tf.sparse.reduce_max(S, 1)
        tf.sparse.softmax(S)
        tf.sparse.eye(2, 3)
        tf.sparse.maximum(S, tf.sparse.from_dense([[0.0, 6.0, 0.0, 0.0], [0.0, 1.0, 0.0, -2.0]]))
        tf.sparse.minimum(S, tf.sparse.from_dense([[0.0, 6.0, 0.0, 0.0], [0.0, 1.0, 0.0, -2.0]]))
        tf.sparse.to_indicator(tf.sparse.SparseTensor([[0, 0], [0, 1], [1, 0]], [2, 0, 1], [2, 2]), 3)
        tf.sparse.reset_shape(S, [2, 9])
        tf.sparse.map_values(tf.square, S)
        tf.sparse.map_values(tf.add, S, 1.0)
        tf.sparse.bincount([1, 1, 3])
        tf.sparse.bincount([[1, 1], [0, 3]], axis=-1)
        tf.sparse.bincount([[1, 1], [0, 3]], axis=-1, binary_output=True, minlength=6)
        tf.sparse.mask(tf.IndexedSlices(D.x, [0, 5], [7, 3]), [5]).values
        tf.cast(S, tf.int32)
        tf.sqrt(S)
        S * 2.0
        S / tf.constant([[1.0], [2.0]])
        S.with_values([1.0, 2.0, 3.0])
        tf.SparseTensorSpec([2, 4], tf.float32).shape.as_list()
        tf.RaggedTensor.from_sparse(tf.sparse.from_dense([[1, 2], [3, 0]]))
        list(Dataset.from_tensor_slices(S).map(tf.sparse.to_dense))
        list(Dataset.from_tensors(S).map(lambda s: tf.sparse.reduce_sum(s)))
        list(Dataset.from_tensor_slices(S).batch(2))
        list(Dataset.range(1, 3).map(lambda i: tf.range(i)).ragged_batch(2).map(lambda r: r.to_sparse()))
        tf.function(lambda s: tf.sparse.to_dense(s) + 1.0)(S)
        tf.function(lambda s, w: tf.sparse.sparse_dense_matmul(s, w))(S, D.w[:4])
    """,
    "lookup": """
        TABLE.lookup(tf.constant(['b', 'c', 'a']))
        TABLE[tf.constant([['b'], ['c']])]
        TABLE.lookup(T)
        TABLE.lookup(tf.sparse.from_dense([['', 'a'], ['x', '']]))
        TABLE.size()
        tf.sort(TABLE.export()[1])
        TABLE.key_dtype
        TABLE.value_dtype
        tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer([3, 4], ['x', 'y'], tf.int64, tf.string), '?').lookup(tf.constant([4, 5], tf.int64))
        tf.lookup.StaticVocabularyTable(tf.lookup.KeyValueTensorInitializer(['a', 'b'], tf.constant([0, 1], tf.int64)), 4).lookup(tf.constant(['b', 'zz', 'y', 'hello']))
        tf.lookup.StaticVocabularyTable(None, 5, tf.string).lookup(tf.constant(['b', 'zz']))
        tf.lookup.StaticVocabularyTable(tf.lookup.KeyValueTensorInitializer(['a'], tf.constant([0], tf.int64)), 3).size()
        [GROWING.insert(tf.constant(['a', 'b']), tf.constant([1, 2], tf.int64)), GROWING.lookup(tf.constant(['b', 'q']))][1]
        [GROWING.insert(['a', 'b'], [1, 2]), GROWING.remove(tf.constant(['a'])), GROWING.size()][2]
        [GROWING.insert(['a'], [1]), GROWING.insert(['a'], [5]), GROWING.export()][2]
        list(Dataset.from_tensor_slices(['a', 'z']).map(TABLE.lookup))
        tf.function(lambda x: TABLE.lookup(x))(tf.constant(['a']))
        [t.insert([1, 2], [[1.0, 2.0], [3.0, 4.0]]) or t.lookup([2, 9]) for t in [tf.lookup.experimental.DenseHashTable(tf.int64, tf.float32, [0.0, -1.0], 0, -1)]]
    """,
    "records": """
        ONE.SerializeToString()
        tf.train.Example.FromString(EXAMPLE.SerializeToString()).features.feature['i'].int64_list.value[2] - (1 << 40)
        sorted(tf.train.Example.FromString(EXAMPLE.SerializeToString()).features.feature)
        list(tf.train.Example.FromString(EXAMPLE.SerializeToString()).features.feature['f'].float_list.value)
        str(ONE)
        str(tf.train.Feature(bytes_list=tf.train.BytesList(value=[b'a"' + bytes([0, 200])])))
        tf.train.Feature(float_list=tf.train.FloatList(value=[0.1, 2.0, 1e20])).SerializeToString()
        str(tf.train.Feature(float_list=tf.train.FloatList(value=[0.1, 2.0])))
        EXAMPLE.features.feature['i'].WhichOneof('kind')
        tf.train.BytesList(value=[b'a', b'bc']).SerializeToString()
        tf.io.parse_single_example(EXAMPLE.SerializeToString(), {'i': I.FixedLenFeature([3], tf.int64), 'f': I.FixedLenFeature([1, 2], tf.float32), 's': I.FixedLenFeature([], tf.string)})
        tf.io.parse_single_example(EXAMPLE.SerializeToString(), {'q': I.FixedLenFeature([], tf.int64, default_value=5), 'r': I.FixedLenFeature([2], tf.string, default_value=['a', 'b'])})
        tf.io.parse_single_example(EXAMPLE.SerializeToString(), {'b': I.VarLenFeature(tf.string), 'q': I.VarLenFeature(tf.int64)})
        tf.io.parse_single_example(EXAMPLE.SerializeToString(), {'f': I.FixedLenSequenceFeature([], tf.float32, allow_missing=True)})
        tf.io.parse_single_example(ONE.SerializeToString(), {'n': I.RaggedFeature(tf.int64)})
        tf.io.parse_example([EXAMPLE.SerializeToString(), ONE.SerializeToString()], {'n': I.VarLenFeature(tf.int64)})
        tf.io.parse_example([EXAMPLE.SerializeToString(), ONE.SerializeToString()], {'n': I.RaggedFeature(tf.int64)})
        tf.io.parse_example([ONE.SerializeToString(), EXAMPLE.SerializeToString()], {'n': I.FixedLenSequenceFeature([], tf.int64, allow_missing=True, default_value=-9)})
        tf.io.parse_example([ONE.SerializeToString()], {'n': I.FixedLenFeature([2], tf.int64)})
        tf.io.parse_single_example(tf.train.Example(features=tf.train.Features(feature={'at': tf.train.Feature(int64_list=tf.train.Int64List(value=[4, 1])), 'v': tf.train.Feature(float_list=tf.train.FloatList(value=[0.5, 2.0]))})).SerializeToString(), {'s': I.SparseFeature('at', 'v', tf.float32, 6)})
        tf.io.parse_single_sequence_example(STEPS.SerializeToString(), {'n': I.FixedLenFeature([], tf.int64)}, {'w': I.VarLenFeature(tf.float32)})
        tf.io.parse_single_sequence_example(STEPS.SerializeToString(), None, {'w': I.RaggedFeature(tf.float32)})
        tf.io.serialize_tensor(D.x)
        tf.io.serialize_tensor(tf.constant([[1, 2], [3, 4]]))
        tf.io.serialize_tensor(tf.constant(['a', 'bc']))
        tf.io.serialize_tensor(tf.constant(2.5))
        tf.io.serialize_tensor(tf.constant([True, False]))
        tf.io.serialize_tensor(tf.cast(D.z, tf.float16))
        tf.io.serialize_tensor(D.byte[0, 0])
        tf.io.parse_tensor(tf.io.serialize_tensor(D.x), tf.float32)
        tf.io.parse_tensor(tf.io.serialize_tensor(tf.constant([['a'], ['b']])), tf.string)
        tf.io.parse_tensor(bytes([8, 1, 18, 4, 18, 2, 8, 3, 42, 4, 0, 0, 128, 63]), tf.float32)
        tf.io.parse_tensor(tf.io.serialize_tensor(tf.cast(D.z, tf.bfloat16)), tf.bfloat16)
        tf.io.decode_compressed(__import__('zlib').compress(b'abc'), 'ZLIB')
    """,
    "ragged": """
        R
        N
        U
        T
        R.shape.as_list()
        N.shape.as_list()
        U.shape.as_list()
        R.dtype
        N.ragged_rank
        R.to_list()
        R.to_tensor()
        R.to_tensor(default_value=-1)
        R.to_tensor(shape=[None, 2])
        R.to_tensor(default_value=7, shape=[5, 4])
        N.to_tensor()
        N.to_tensor(shape=[2, None, 2])
        U.to_tensor(default_value=9.0)
        T.to_tensor()
        T.to_tensor(default_value='[PAD]')
        R.row_lengths()
        N.row_lengths(axis=2)
        U.row_lengths()
        R.row_starts()
        R.row_limits()
        R.value_rowids()
        R.nrows()
        R.row_splits
        N.nested_row_lengths()
        N.nested_value_rowids()
        N.nested_row_splits
        N.flat_values
        N.values
        N.bounding_shape()
        U.bounding_shape()
        R.bounding_shape(axis=1)
        tf.RaggedTensor.from_row_lengths([1, 2, 3], [2, 0, 1])
        tf.RaggedTensor.from_row_splits([1, 2, 3], [0, 1, 1, 3])
        tf.RaggedTensor.from_row_starts([1, 2, 3], [0, 1, 1])
        tf.RaggedTensor.from_row_limits([1, 2, 3], [1, 1, 3])
        tf.RaggedTensor.from_value_rowids([1, 2, 3], [0, 0, 2])
        tf.RaggedTensor.from_value_rowids([1, 2, 3], [0, 0, 2], nrows=4)
        tf.RaggedTensor.from_uniform_row_length([1, 2, 3, 4], 2)
        tf.RaggedTensor.from_uniform_row_length([1, 2, 3, 4], 2).shape.as_list()
        tf.RaggedTensor.from_nested_row_splits([1, 2, 3], [[0, 2, 2], [0, 1, 3]])
        tf.RaggedTensor.from_nested_row_lengths([1, 2, 3], [[1, 1], [2, 1]])
        tf.RaggedTensor.from_nested_value_rowids([1, 2, 3], [[0, 1], [0, 0, 1]])
        tf.RaggedTensor.from_tensor([[1, 2, 0], [3, 0, 0]], padding=0)
        tf.RaggedTensor.from_tensor([[1, 2, 0], [3, 0, 0]], lengths=[1, 3])
        tf.RaggedTensor.from_tensor(D.i)
        tf.RaggedTensor.from_tensor(D.a, ragged_rank=2)
        tf.RaggedTensor.from_tensor([[[1, 0], [2, 3]], [[4, 5], [0, 0]]], lengths=([2, 1], [1, 2, 2]))
        tf.RaggedTensor.from_tensor([['a', ''], ['b', 'c']], padding='')
        R.to_sparse()
        N.to_sparse()
        tf.RaggedTensor.from_sparse(R.to_sparse())
        R.with_values(R.values * 2)
        N.with_flat_values(N.flat_values + 1)
        N.merge_dims(0, 1)
        N.merge_dims(1, 2)
        N.merge_dims(0, 2)
        U.merge_dims(1, 2)
        R[0]
        R[-1]
        R[2, 1]
        R[1:3]
        R[::2]
        R[:, :2]
        R[:, 1:]
        R[:, -1:]
        R[:, ::-1]
        R[1:, :1]
        N[0, 1]
        N[:, :1]
        N[:, :, :1]
        N[..., 1:]
        U[:, :1]
        U[:, :, 0]
        U[0, 1, 0]
        R[tf.newaxis]
        R[:, tf.newaxis]
        [row.shape.as_list() for row in R]
        int(R.nrows())
        R + 1
        2 * R
        R - R
        F / 2.0
        -F
        R > 2
        R // 2
        F ** 2.0
        R + [[10], [20], [30], [40]]
        U * [1.0, 10.0]
        tf.add(R, R)
        tf.square(F)
        tf.cast(R, tf.float32)
        tf.abs(F)
        tf.maximum(F, 0.0)
        tf.nn.relu(F)
        tf.zeros_like(R)
        tf.ones_like(F)
        tf.equal(R, 1)
        tf.clip_by_value(F, -1.0, 2.0)
        tf.one_hot(R, 3)
        tf.reduce_sum(R)
        tf.reduce_sum(R, axis=1)
        tf.reduce_sum(R, axis=0)
        tf.reduce_sum(R, axis=1, keepdims=True)
        tf.reduce_mean(F[:1], axis=1)
        tf.reduce_mean(F, axis=0)
        tf.reduce_max(R[:1], axis=1)
        tf.reduce_max(R, axis=1)
        tf.reduce_min(F, axis=0)
        tf.reduce_prod(R, axis=1)
        tf.reduce_any(R > 3, axis=1)
        tf.reduce_all(R > 0, axis=1)
        tf.reduce_sum(N, axis=2)
        tf.reduce_sum(N, axis=1)
        tf.reduce_sum(N, axis=0)
        tf.reduce_sum(N, axis=[1, 2])
        tf.reduce_sum(U, axis=1)
        tf.reduce_sum(U, axis=2)
        tf.math.reduce_variance(F[2:], axis=1)
        tf.concat([R, R], axis=0)
        tf.concat([R, R * 2], axis=1)
        tf.concat([R, [[0], [0], [0], [0]]], axis=1)
        tf.concat([N, N], axis=1)
        tf.concat([U, U], axis=2)
        tf.stack([R, R])
        tf.stack([R, R], axis=1)
        tf.ragged.stack([[1, 2], [3]])
        tf.ragged.stack([tf.ragged.constant([[1], [2, 3]]), tf.ragged.constant([[4]])])
        tf.expand_dims(R, 0)
        tf.expand_dims(R, 1)
        tf.expand_dims(R, 2)
        tf.expand_dims(R, -1)
        tf.gather(R, [2, 0])
        tf.gather(R, 3)
        tf.gather(R, [[2, 0], [1, 3]])
        tf.gather(D.z, tf.ragged.constant([[2, 0], [1]]))
        tf.gather(R, tf.ragged.constant([[2, 0], [1]]))
        tf.gather(R, tf.ragged.constant([[2, 0], [], [1], [0]]), batch_dims=1)
        tf.nn.embedding_lookup(D.x, tf.ragged.constant([[1, 0], [1]]))
        tf.ragged.boolean_mask(R, [True, False, True, False])
        tf.ragged.boolean_mask(R, R > 2)
        tf.ragged.boolean_mask([[1, 2], [3, 4]], [[True, False], [True, True]])
        tf.where(R > 2, R, 0 * R)
        tf.where(R > 2)
        tf.reverse(R, [0])
        tf.reverse(R, [1])
        tf.nn.softmax(F[:1])
        tf.size(R)
        tf.rank(N)
        tf.ragged.map_flat_values(tf.square, F)
        tf.ragged.map_flat_values(tf.add, R, 5)
        tf.ragged.map_flat_values(lambda a, b: a * b, R, R)
        tf.ragged.range([3, 2])
        tf.ragged.range([0, 5], [3, 9], 2)
        tf.ragged.row_splits_to_segment_ids([0, 2, 2, 3])
        tf.ragged.segment_ids_to_row_splits([0, 0, 2])
        tf.ragged.stack_dynamic_partitions(['a', 'b', 'c', 'd'], [1, 0, 3, 1], 4)
        tf.ragged.constant([[1.5], []], dtype=tf.float64)
        tf.ragged.constant([[[1, 2], [3, 4]], [[5, 6]]], ragged_rank=1)
        tf.ragged.constant([[[1, 2]], []], inner_shape=(2,))
        tf.ragged.constant([[], []])
        tf.ragged.constant([1, 2])
        tf.map_fn(tf.reduce_sum, R, fn_output_signature=tf.int32)
        tf.map_fn(lambda r: tf.cast(tf.size(r), tf.float32), R, fn_output_signature=tf.float32)
        tf.map_fn(tf.range, tf.constant([2, 0, 1]), fn_output_signature=tf.RaggedTensorSpec([None], tf.int32))
        tf.strings.split(['a b c', 'd'])
        tf.strings.split(['a b', 'c d'])
        tf.strings.split(['a b c', 'd']).to_tensor()
        tf.strings.split([['a b'], ['c']])
        tf.strings.split(['a,b', ''], sep=',')
        tf.strings.bytes_split(['ab', 'c'])
        tf.strings.unicode_split(['aä', 'b'], 'UTF-8')
        tf.strings.unicode_decode(['aä', 'b'], 'UTF-8')
        tf.strings.unicode_encode(tf.strings.unicode_decode(['aä', 'b'], 'UTF-8'), 'UTF-8')
        tf.strings.unicode_decode(['aä', 'b'], 'UTF-8').to_tensor()
        tf.strings.split(T, 'c')
        tf.strings.length(T)
        tf.strings.upper(T)
        tf.strings.join([T, T], separator='-')
        tf.strings.join(['x', T])
        tf.strings.regex_replace(T, 'b', 'X')
        tf.strings.reduce_join(T, axis=-1)
        tf.strings.reduce_join(T, axis=1, separator=' ')
        tf.strings.reduce_join(tf.strings.unicode_split(['ab', 'c'], 'UTF-8'), axis=-1)
        tf.strings.ngrams(tf.strings.split(['a b c', 'd e']), 2)
        tf.strings.to_number(tf.strings.split(['1 2', '3']))
        tf.strings.substr(T, 0, 1)
        tf.strings.unicode_split_with_offsets('aäb', 'UTF-8')
        tf.strings.unicode_decode_with_offsets(['aä', 'b'], 'UTF-8')
        str(R) == '<tf.RaggedTensor [[3, 1, 4], [], [1, 5], [9]]>'
        repr(T) == "<tf.RaggedTensor [[b'a', b'bc'], [b'd']]>"
        list(Dataset.from_tensor_slices(R))
        list(Dataset.from_tensor_slices(N))
        list(Dataset.from_tensor_slices((R, [1, 2, 3, 4])).take(2))
        list(Dataset.from_tensor_slices(R).map(lambda r: tf.reduce_sum(r)))
        list(Dataset.from_tensor_slices(R).batch(3))
        list(Dataset.from_tensor_slices(R).ragged_batch(2))
        list(Dataset.range(4).map(lambda i: tf.range(i)).ragged_batch(3))
        list(Dataset.range(4).map(lambda i: tf.range(i)).ragged_batch(3, drop_remainder=True))
        list(Dataset.range(4).map(lambda i: (i, tf.range(i))).ragged_batch(3).map(lambda i, r: (i, r.to_tensor())))
        list(Dataset.range(4).ragged_batch(2))
        list(Dataset.from_tensor_slices(R).batch(2).unbatch())
        list(Dataset.from_tensor_slices(['a b', 'c']).batch(2).map(tf.strings.split))
        list(Dataset.from_tensor_slices(['a b', 'c']).batch(2).map(lambda x: tf.strings.split(x).to_tensor()))
        list(Dataset.from_tensors(R).map(lambda r: r.row_lengths()))
        list(Dataset.from_generator(lambda: iter([R]), output_signature=tf.RaggedTensorSpec([4, None], tf.int32)))
        tf.function(lambda r: r.to_tensor())(R)
        tf.function(lambda r: tf.reduce_sum(r, axis=1) * 2)(R)
        tf.function(lambda r: r * 2)(R)
    """,
}

ERRORS = """
    tf.linalg.tridiagonal_matmul(D.m[0], D.m[0], 'bands')
    tf.debugging.assert_integer(1.5)
    tf.debugging.assert_rank_at_least(D.x, 3)
    tf.debugging.assert_rank_in(D.x, [3, 4])
    tf.debugging.assert_scalar(D.x)
    tf.TensorShape([2, 3]).assert_has_rank(3)
    tf.TensorShape([2, 3]).merge_with([2, 4])
    tf.random.uniform_candidate_sampler([[0, 1]], 1, 4, False, 10)
    tf.RaggedTensor.from_row_splits([1, 2, 3], [0, 2])
    tf.RaggedTensor.from_row_splits([1, 2, 3], [1, 3])
    tf.RaggedTensor.from_value_rowids([1, 2], [1, 0])
    tf.ragged.constant([[1], [2, 3]])[:, 0]
    tf.ragged.constant([[1], [2, 3]])[5]
    tf.ragged.constant([[1], [2, 3]]) + tf.ragged.constant([[1, 2], [3]])
    tf.ragged.constant([1, [2, 3]])
    tf.ragged.boolean_mask([[1, 2]], [[True, False], [True, True]])
    bool(tf.ragged.constant([[1], [2, 3]]))
    tf.sparse.to_dense(tf.sparse.SparseTensor([[1, 0], [0, 1]], [1, 2], [2, 2]))
    tf.sparse.sparse_dense_matmul(tf.sparse.eye(3), D.w[:4])
    tf.sparse.add(tf.sparse.eye(3), tf.sparse.eye(4))
    tf.sparse.concat(0, [tf.sparse.eye(3), tf.sparse.eye(4)])
    tf.sparse.reshape(tf.sparse.eye(3), [2, 2])
    tf.train.Feature(bytes_list=tf.train.BytesList(value=['text']))
    tf.train.Feature(int64_list=tf.train.Int64List(value=[1.5]))
    tf.train.Feature(float_list=tf.train.FloatList(value=['a']))
    tf.train.Example(feature={})
    tf.io.parse_single_example(tf.train.Example().SerializeToString(), {'q': tf.io.FixedLenFeature([], tf.int64)})
    tf.io.parse_single_example(b'garbage', {'q': tf.io.FixedLenFeature([], tf.int64)})
    tf.io.parse_single_example(tf.train.Example().SerializeToString(), {'q': tf.io.FixedLenFeature([], tf.int32)})
    tf.io.parse_tensor(tf.io.serialize_tensor(D.x), tf.int32)
    tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(['a', 'a'], [1, 2]), -1)
    tf.train.Checkpoint(x=5)
"""
