"""Checkpoints by Orbax: in the background, sharded, from many hosts."""

import os
import shutil

import jax
import numpy as np

from jkeras.train.callbacks.backup import state_variables
from jkeras.train.callbacks.checkpoint import Every, check_frequency
from jkeras.train.callbacks.monitor import MonitorCallback

_ASIDE = ".replaced-"  # what the folder of a step is called while another one takes its place


class OrbaxCheckpoint(MonitorCallback):
    """Saves weights and optimizer state with Orbax, as numbered steps below `directory`, of which `max_to_keep` stay.

    Needs the extra "orbax". Saved after every epoch (the step is the epoch) or every `save_freq` batches (the step is
    the number of batches), only the best by `monitor` with `save_best_only`, in the background unless
    `save_on_background` is False; `save_weights_only` leaves the optimizer and the model's config out.
    `load(step=None)` puts a checkpoint (the last) back. Source: https://keras.io/api/callbacks/orbax_checkpoint/
    """

    state_fields = ("best", "_total_batches_seen")

    def __init__(
        self, directory, monitor="val_loss", verbose=0, save_best_only=False, mode="auto", save_freq="epoch",
        initial_value_threshold=None, max_to_keep=1, save_on_background=True, save_weights_only=False,
    ):  # fmt: skip
        super().__init__(monitor, mode, initial_value_threshold)
        try:
            import orbax.checkpoint as orbax
        except ImportError:
            raise ImportError(
                'OrbaxCheckpoint needs the package orbax-checkpoint: pip install "jkeras[orbax]"'
            ) from None
        self._orbax = orbax
        self.directory = os.path.abspath(os.fspath(directory))
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_freq = check_frequency(self, save_freq)
        self.max_to_keep = max_to_keep
        self.save_on_background = save_on_background
        self.save_weights_only = save_weights_only
        self._every = None if save_freq == "epoch" else Every(save_freq)
        self._count = Every(1)
        self._total_batches_seen = 0
        self._put_back()
        options = orbax.CheckpointManagerOptions(
            max_to_keep=max_to_keep, create=True, enable_async_checkpointing=save_on_background
        )
        handlers = {"state": orbax.StandardCheckpointHandler(), "model_config": orbax.JsonCheckpointHandler()}
        self.checkpointer = orbax.CheckpointManager(self.directory, options=options, item_handlers=handlers)

    def set_model(self, model):
        """Receives the model; counts batches on from its optimizer's steps."""
        super().set_model(model)
        optimizer = getattr(model, "optimizer", None)
        if optimizer is not None:
            self._total_batches_seen = int(np.asarray(optimizer.iterations))

    def is_multihost_enabled(self):
        """Do several processes train together?"""
        return jax.process_count() > 1

    def is_primary_host(self):
        """Is this the process that speaks for all?"""
        return jax.process_index() == 0

    def batches_until_hook(self, batch):
        """Until the next save within an epoch."""
        return None if self._every is None else self._every.left()

    def on_train_batch_end(self, batch, logs=None):
        """Saves where `save_freq` batches are over."""
        last = self._count.last
        self._total_batches_seen += batch + 1 if last is None or batch <= last else batch - last
        self._count.last = batch
        if self._every is not None and self._every.batch_done(batch):
            self._save_if_wanted(self._total_batches_seen, logs)

    def on_epoch_end(self, epoch, logs=None):
        """Saves after the epoch."""
        if self.save_freq == "epoch":
            self._save_if_wanted(epoch, logs)

    def on_train_end(self, logs=None):
        """Waits until everything is written."""
        self.wait_until_finished()

    def wait_until_finished(self):
        """Returns when everything is written."""
        self.checkpointer.wait_until_finished()
        if self._put_back():
            self.checkpointer.reload()

    def _save_if_wanted(self, step, logs):
        current = None
        if self.save_best_only:
            current = self._value(logs, "saving the best model only")
            if current is None or not self._is_improvement(current, self.best):
                return
        self._save(step)
        if self.save_best_only:
            self.best = current

    def _put_aside(self, step):
        """Makes room for a step of an earlier run, which this one takes up or repeats; it goes when the new one is there."""
        if self.is_multihost_enabled():
            self.checkpointer.delete(step)
            return
        self.wait_until_finished()
        os.rename(os.path.join(self.directory, str(step)), os.path.join(self.directory, f"{_ASIDE}{step}"))
        self.checkpointer.reload()

    def _put_back(self):
        """Removes steps that were put aside and have been replaced; puts those back that were not. Were there any?"""
        if self.is_multihost_enabled() or not os.path.isdir(self.directory):
            return False
        aside = [name for name in os.listdir(self.directory) if name.startswith(_ASIDE)]
        for name in aside:
            place, old = (os.path.join(self.directory, n) for n in (name.removeprefix(_ASIDE), name))
            if os.path.isdir(place):
                shutil.rmtree(old)
            else:
                os.rename(old, place)
        return bool(aside)

    def _tree(self):
        """Arrays by name: the model's weights and, unless `save_weights_only`, the optimizer's state."""
        model = self.model
        tree = {"weights": {str(i): v.value for i, v in enumerate(model.weights)}}
        optimizer = getattr(model, "optimizer", None)
        if not self.save_weights_only and optimizer is not None:
            tree["optimizer"] = {str(i): v.value for i, v in enumerate(state_variables(optimizer))}
        return tree

    def _save(self, step):
        orbax = self._orbax
        # Each device hands its part over. What was read by `value` is copied before a training step reuses its memory.
        parts = {"state": orbax.args.StandardSave(self._tree())}
        if not self.save_weights_only and hasattr(self.model, "get_config"):
            config = {"class_name": type(self.model).__name__}
            if hasattr(self.model, "to_json"):
                config["json"] = self.model.to_json()
            parts["model_config"] = orbax.args.JsonSave(config)
        if step in self.checkpointer.all_steps():
            self._put_aside(step)
        self.checkpointer.save(step, args=orbax.args.Composite(**parts), force=True)
        if not self.save_on_background:
            self.wait_until_finished()
        if self.verbose > 0:
            from jkeras.train.progress import print_msg

            print_msg(f"\nSaved checkpoint {step} in {self.directory}")

    def load(self, step=None):
        """Puts the checkpoint of a step (default: the last) into the model and its optimizer; returns the step.

        Raises ValueError, and changes nothing, where it is damaged or one of another model or optimizer.
        """
        self.wait_until_finished()
        step = self.checkpointer.latest_step() if step is None else step
        if step is None or step not in self.checkpointer.all_steps():
            what = "no checkpoint" if step is None else f"no checkpoint {step}, but {self.checkpointer.all_steps()}"
            raise FileNotFoundError(f"OrbaxCheckpoint: {self.directory} holds {what}.")
        try:
            stored = dict(self.checkpointer.item_metadata(step)["state"].tree)
            cells = self._fitting(stored, step)
            tree = {part: {name: _place(a) for name, a in kept.items()} for part, kept in stored.items()}
            for part, kept in cells.items():
                tree[part] = {name: _place(c.value, c.value.sharding) for name, c in kept.items()}
            args = self._orbax.args.Composite(state=self._orbax.args.StandardRestore(tree))
            found = self.checkpointer.restore(step, args=args)["state"]
        except _OtherModel:
            raise
        except Exception as error:
            raise ValueError(f"OrbaxCheckpoint: {self.directory}: checkpoint {step} cannot be read: {error}") from error
        for part, kept in cells.items():  # each device reads its part: nobody holds the whole
            for name, cell in kept.items():
                cell.assign(found[part][name])
        return step

    def _fitting(self, stored, step):
        """The Variables that a checkpoint's arrays belong to, by the same names."""
        model, optimizer = self.model, getattr(self.model, "optimizer", None)
        cells = {"weights": model.weights}
        if "optimizer" in stored and optimizer is not None:
            if not optimizer.built:
                optimizer.build(model.trainable_variables)
            cells["optimizer"] = state_variables(optimizer)
        for part, kept in cells.items():
            mine = [tuple(c.shape) for c in kept]
            theirs = [tuple(a.shape) for _, a in sorted(stored[part].items(), key=lambda i: int(i[0]))]
            if mine != theirs:
                raise _OtherModel(
                    f"OrbaxCheckpoint: checkpoint {step} in {self.directory} was made with another model or optimizer: "
                    f"its {part} have the shapes {theirs}, now {mine}."
                )
        return {part: {str(i): c for i, c in enumerate(kept)} for part, kept in cells.items()}


def _place(array, sharding=None):
    """What Orbax wants to know of an array that it is to read."""
    return jax.ShapeDtypeStruct(array.shape, array.dtype, sharding=sharding)


class _OtherModel(ValueError):
    """The checkpoint is whole, but another model's."""
