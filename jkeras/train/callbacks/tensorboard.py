"""Logs for TensorBoard, written without TensorFlow."""

import os
import time
import warnings

import jax
import numpy as np

from jkeras.core import placement
from jkeras.core.declare import era_default, resolve_default
from jkeras.train.callbacks.base import Callback, by_position
from jkeras.train.callbacks.monitor import log_learning_rate

ORDER = (
    "write_graph", "write_images", "write_steps_per_second", "update_freq", "profile_batch", "embeddings_freq",
    "embeddings_metadata",
)  # fmt: skip
LOG_DIR = era_default("logs")


class _Mute:
    """The writer of processes that are not the main one: they take part in gathering what it writes."""

    def __getattr__(self, name):
        return self

    def __call__(self, *args, **kwargs):
        return self


class TensorBoard(Callback):
    """Writes metrics, histograms, weights as images, embeddings and profiles for TensorBoard.

    Needs the extra "tensorboard" (tensorboardX). Scalars "epoch_<name>" go to the folders "train" and "validation" of
    `log_dir`, with an integer `update_freq` "batch_<name>" too, every so many batches ("batch": each). `histogram_freq`
    and `embeddings_freq` count epochs; `embeddings_metadata` is a file of labels, or a dict {layer: file}.
    `profile_batch`, a number or a pair (first, last), records what the device does in these batches.
    Source: https://keras.io/api/callbacks/tensorboard/
    """

    state_fields = ("_train_steps", "_test_steps")

    def __init__(
        self, log_dir=LOG_DIR, histogram_freq=0, *args, write_graph=True, write_images=False,
        write_steps_per_second=False, update_freq="epoch", profile_batch=0, embeddings_freq=0, embeddings_metadata=None,
        batch_size=32, write_grads=False, embeddings_layer_names=None, embeddings_data=None,
    ):  # fmt: skip
        super().__init__()
        self.log_dir = os.fspath(resolve_default(type(self), "log_dir", log_dir))
        self.histogram_freq = histogram_freq
        self.__dict__.update(
            {
                "write_graph": write_graph, "write_images": write_images, "update_freq": update_freq,
                "write_steps_per_second": write_steps_per_second, "profile_batch": profile_batch,
                "embeddings_freq": embeddings_freq, "embeddings_metadata": embeddings_metadata,
                "batch_size": batch_size, "write_grads": write_grads, "embeddings_data": embeddings_data,
                "embeddings_layer_names": embeddings_layer_names,
            }
            | by_position(self, args, ORDER)
        )  # fmt: skip
        if self.update_freq == "batch":
            self.update_freq = 1
        if self.update_freq != "epoch" and not (isinstance(self.update_freq, int) and self.update_freq > 0):
            raise ValueError(
                f"TensorBoard: update_freq must be 'epoch', 'batch' or a number, received {self.update_freq!r}."
            )
        self._profiled = _batch_range(self.profile_batch)
        for name in ("write_grads", "embeddings_data"):
            if getattr(self, name) is not None and getattr(self, name) is not False:
                warnings.warn(f"TensorBoard: {name} is not written; weights and metrics are.", stacklevel=2)
        self._writers = {}
        self._train_steps = self._test_steps = 0
        self._last_batch = None
        self._tracing = False

    # ------------------------------------------------------------ writers

    def _writer(self, part):
        if not placement.is_main():  # of several processes one writes
            return _Mute()
        if part not in self._writers:
            try:
                from tensorboardX import SummaryWriter
            except ImportError:
                raise ImportError(
                    'TensorBoard needs the package tensorboardX: pip install "jkeras[tensorboard]"'
                ) from None
            self._writers[part] = SummaryWriter(os.path.join(self.log_dir, part))
        return self._writers[part]

    @property
    def _train_writer(self):
        return self._writer("train")

    @property
    def _val_writer(self):
        return self._writer("validation")

    @property
    def summary(self):
        """The writer of training's numbers: `summary.add_scalar(name, value, step)`."""
        return self._train_writer

    def _close(self):
        for writer in self._writers.values():
            writer.close()
        self._writers = {}

    # ------------------------------------------------------------ hooks

    def set_model(self, model):
        """Begins a run: writes the model's graph."""
        super().set_model(model)
        self._close()
        if self.write_graph:
            self._write_graph()

    def batches_until_hook(self, batch):
        """Until the next batch that is logged or profiled."""
        waits = [self.update_freq - self._train_steps % self.update_freq] if self.update_freq != "epoch" else []
        if self._profiled:
            waits += [self._profiled[0] - 1 - self._train_steps, self._profiled[1] - self._train_steps]
        return min((w for w in waits if w > 0), default=None)

    def on_train_begin(self, logs=None):
        """Counts steps from 0."""
        self._train_steps, self._last_batch = 0, None
        self._begun = (time.time(), 0)

    def on_train_batch_begin(self, batch, logs=None):
        """Begins a profile."""
        begins = self._profiled and self._train_steps + 1 == self._profiled[0] and not self._tracing
        if begins and placement.is_main():
            jax.profiler.start_trace(os.path.join(self.log_dir, "train"))
            self._tracing = True

    def on_train_batch_end(self, batch, logs=None):
        """Writes the batch's numbers and ends a profile."""
        new_epoch = self._last_batch is None or batch <= self._last_batch
        self._train_steps += batch + 1 if new_epoch else batch - self._last_batch
        self._last_batch = batch
        if self._tracing and self._train_steps >= self._profiled[-1]:
            self._stop_trace()
        if self.update_freq == "epoch" or self._train_steps % self.update_freq:
            return
        if self.write_steps_per_second:
            self._train_writer.add_scalar("batch_steps_per_second", self._rate(), self._train_steps)
        for name, value in (logs or {}).items():
            self._train_writer.add_scalar(f"batch_{name}", value, self._train_steps)

    def on_test_batch_end(self, batch, logs=None):
        """Counts the batches of evaluation."""
        self._test_steps += 1

    def on_test_end(self, logs=None):
        """Writes the result of an evaluation against the optimizer's steps."""
        optimizer = getattr(self.model, "optimizer", None)
        if optimizer is None or not hasattr(optimizer, "iterations"):
            return
        for name, value in (logs or {}).items():
            self._val_writer.add_scalar(f"evaluation_{name}_vs_iterations", value, int(optimizer.iterations))

    def on_epoch_begin(self, epoch, logs=None):
        """Takes the time."""
        self._last_batch = None
        self._epoch_begun = (time.time(), self._train_steps)

    def on_epoch_end(self, epoch, logs=None):
        """Writes the epoch's numbers, histograms and embeddings."""
        self._write_epoch(epoch, logs or {})
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            self._write_weights(epoch)
        if self.embeddings_freq and epoch % self.embeddings_freq == 0:
            self._write_embeddings(epoch)
        for writer in self._writers.values():
            writer.flush()

    def on_train_end(self, logs=None):
        """Closes the files."""
        if self._tracing:
            self._stop_trace()
        self._close()

    # ------------------------------------------------------------ what is written

    def _rate(self):
        (begun, steps), self._begun = self._begun, (time.time(), self._train_steps)
        return (self._train_steps - steps) / max(time.time() - begun, 1e-9)

    def _stop_trace(self):
        jax.profiler.stop_trace()
        self._tracing = False

    def _write_epoch(self, epoch, logs):
        train = {k: v for k, v in logs.items() if not k.startswith("val_")}
        if train and getattr(self.model, "optimizer", None) is not None:
            log_learning_rate(self, train)
        if train and self.write_steps_per_second:
            begun, steps = self._epoch_begun
            train["steps_per_second"] = (self._train_steps - steps) / max(time.time() - begun, 1e-9)
        for name, value in train.items():
            self._train_writer.add_scalar(f"epoch_{name}", value, epoch)
        for name, value in logs.items():
            if name.startswith("val_"):
                self._val_writer.add_scalar(f"epoch_{name.removeprefix('val_')}", value, epoch)

    def _write_weights(self, epoch):
        for layer in self.model.layers:
            for weight in layer.weights:
                name = getattr(weight, "path", weight.name).replace(":", "_")
                value = np.asarray(weight, np.float32)
                self._train_writer.add_histogram(f"{name}/histogram", value, epoch)
                if self.write_images:
                    for i, image in enumerate(_images(value)):
                        self._train_writer.add_image(f"{name}/image/{i}", image, epoch, dataformats="HW")

    def _write_embeddings(self, epoch):
        wanted = self.embeddings_layer_names
        if not wanted:
            wanted = [layer.name for layer in self.model.layers if type(layer).__name__ == "Embedding"]
        files = self.embeddings_metadata
        if isinstance(files, dict) and set(files) - set(wanted):
            raise ValueError(
                f"TensorBoard: embeddings_metadata names the layers {sorted(set(files) - set(wanted))}, which are no "
                f"embeddings of the model. Embeddings: {sorted(wanted)}."
            )
        for name in wanted:
            table = np.asarray(self.model.get_layer(name).weights[0], np.float32)
            file = files.get(name) if isinstance(files, dict) else files
            labels = None
            if file is not None:
                with open(os.path.join(self.log_dir, file)) as f:
                    labels = f.read().splitlines()
            self._train_writer.add_embedding(table, metadata=labels, tag=name, global_step=epoch)

    def _write_graph(self):
        """The model's config, which TensorBoard draws as its conceptual graph."""
        if not hasattr(self.model, "to_json") or not getattr(self.model, "built", True):
            return
        try:
            text = self.model.to_json()
        except (NotImplementedError, TypeError, ValueError):  # a subclassed model without get_config has no graph
            return
        if not placement.is_main():
            return
        writer = self._train_writer
        from tensorboardX.proto.summary_pb2 import Summary, SummaryMetadata
        from tensorboardX.proto.tensor_pb2 import TensorProto

        plugin = SummaryMetadata.PluginData(plugin_name="graph_keras_model")
        tensor = TensorProto(dtype="DT_STRING", string_val=[text.encode()])
        value = Summary.Value(tag="keras", metadata=SummaryMetadata(plugin_data=plugin), tensor=tensor)
        writer.file_writer.add_summary(Summary(value=[value]), 0)


def _batch_range(profile_batch):
    """() or (first, last) from 0, a number, a pair, or text such as "10,20"."""
    given = profile_batch
    if isinstance(given, str):
        parts = given.split(",")
        given = [int(p) for p in parts] if all(p.strip().isdigit() for p in parts) else None
    if isinstance(given, int):
        given = (given, given)
    if not isinstance(given, list | tuple) or len(given) not in (1, 2):
        raise ValueError(
            f"TensorBoard: profile_batch must be a number or a pair of numbers, received {profile_batch!r}."
        )
    first, last = given[0], given[-1]
    if first < 0 or last < first:
        raise ValueError(f"TensorBoard: profile_batch must not run backwards or below 0, received {profile_batch!r}.")
    return (first, last) if last else ()


def _images(value):
    """A weight as grey images (height, width) between 0 and 1, at most ten."""
    value = np.squeeze(value)
    if value.ndim == 1:
        value = value[None]
    if value.ndim < 2:
        return []
    planes = value.reshape(*value.shape[:2], -1)
    low, high = float(value.min()), float(value.max())
    scaled = (planes - low) / max(high - low, 1e-12)
    return [scaled[:, :, i] for i in range(min(10, planes.shape[2]))]
