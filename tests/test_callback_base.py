"""Callback and CallbackList: who is called, when, with what."""

import pytest

from jkeras.train.callbacks.base import HOOKS, Callback, CallbackList
from jkeras.train.callbacks.progbar import ProgbarLogger
from jkeras.train.history import History
from jkeras.train.logs import Logs

NUMBERED = [h for h in HOOKS if "batch" in h or "epoch" in h]


class Recorder(Callback):
    def __init__(self):
        super().__init__()
        self.seen = []


def call(callbacks, hook, number=3, logs=None):
    method = getattr(callbacks, hook)
    return method(number, logs) if "batch" in hook or "epoch" in hook else method(logs)


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_reaches_the_callbacks_that_override_it(hook):
    arguments = (lambda s, n, logs=None: s.seen.append((n, logs))) if hook in NUMBERED else (
        lambda s, logs=None: s.seen.append(logs)
    )  # fmt: skip
    one, other = type("One", (Recorder,), {hook: arguments})(), Recorder()
    callbacks = CallbackList([one, other])
    assert len(callbacks.hooks(hook)) == 1
    call(callbacks, hook, logs={"loss": 1.0, "accuracy": 2.0})
    (seen,) = one.seen
    logs = seen[1] if hook in NUMBERED else seen
    assert isinstance(logs, Logs) and logs["acc"] == 2.0
    call(callbacks, hook)
    assert (one.seen[1][1] if hook in NUMBERED else one.seen[1]) == {}


@pytest.mark.parametrize("hook", HOOKS)
def test_a_plain_callback_can_be_called_and_does_nothing(hook):
    assert call(Callback(), hook) is None


@pytest.mark.parametrize("when", ["begin", "end"])
def test_the_old_names_of_the_batch_hooks_work_in_training(when):
    class Old(Recorder):
        pass

    setattr(Old, f"on_batch_{when}", lambda self, batch, logs=None: self.seen.append(batch))
    old = Old()
    callbacks = CallbackList([old])
    call(callbacks, f"on_train_batch_{when}")
    call(callbacks, f"on_batch_{when}")
    call(callbacks, f"on_test_batch_{when}")
    assert old.seen == [3, 3] and callbacks.needs_batch_hooks


def test_an_object_of_keras_2_with_the_old_names_only_is_called():
    class Foreign:
        seen = 0

        def set_model(self, model):
            pass

        def set_params(self, params):
            pass

        def __getattr__(self, name):
            if name.startswith("on_train_batch"):
                raise AttributeError(name)
            return lambda *a, **k: None

        def on_batch_end(self, batch, logs=None):
            self.seen += 1

    foreign = Foreign()
    CallbackList([foreign]).on_train_batch_end(0)
    assert foreign.seen == 1


def test_hooks_set_on_the_object_after_the_list_was_made_are_called_from_the_next_begin_on():
    recorder = Recorder()
    callbacks = CallbackList([recorder])
    callbacks.on_epoch_end(0)
    recorder.on_epoch_end = lambda epoch, logs: recorder.seen.append(epoch)
    callbacks.on_train_begin()
    callbacks.on_epoch_end(1)
    assert recorder.seen == [1]


def test_callbacks_see_what_those_before_them_wrote_into_the_logs():
    class Writer(Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["lr"] = 0.1

    history = History()
    CallbackList([Writer(), history]).on_epoch_end(0, {"loss": 1.0})
    assert history.history == {"loss": [1.0], "lr": [0.1]}


def test_without_batch_hooks_nothing_stops_the_loop():
    callbacks = CallbackList([Recorder(), History()])
    assert not callbacks.needs_batch_hooks and callbacks.batches_until_hook(0) is None
    assert callbacks.hooks("on_train_batch_end") == []


def test_the_progress_bar_does_not_ask_for_every_batch():
    callbacks = CallbackList(add_progbar=True)
    assert not callbacks.needs_batch_hooks and len(callbacks.hooks("on_train_batch_end")) == 1


def test_batch_hooks_of_one_mode_do_not_slow_the_others():
    class Tester(Callback):
        def on_test_batch_end(self, batch, logs=None):
            pass

    callbacks = CallbackList([Tester()])
    assert not callbacks.needs_batch_hooks
    assert (callbacks.batches_until_hook(0, "test"), callbacks.batches_until_hook(0, "predict")) == (1, None)


def test_the_most_urgent_callback_decides_how_many_batches_may_run():
    class Every(Callback):
        def __init__(self, n):
            self.n = n

        def on_train_batch_end(self, batch, logs=None):
            pass

        def batches_until_hook(self, batch):
            return self.n and self.n - batch % self.n

    callbacks = CallbackList([Every(10), Every(None), Every(7)])
    assert [callbacks.batches_until_hook(b) for b in (0, 6, 7, 8)] == [7, 1, 3, 2]


def test_model_and_params_reach_every_callback():
    class Model:
        pass

    model, recorder = Model(), Recorder()
    callbacks = CallbackList([recorder], add_history=True, model=model, epochs=3)
    assert recorder.model is model and recorder.params == {"epochs": 3} and isinstance(model.history, History)
    recorder.model = None
    assert recorder.model is None and callbacks.params == {"epochs": 3}


def test_a_callback_that_does_not_call_super_works():
    class Bare(Callback):
        def __init__(self):
            pass

    bare = Bare()
    CallbackList([bare], model=object())
    assert bare.model is not None and bare.params is None and bare.validation_data is None


def test_lists_are_flattened_and_defaults_added_once():
    history = History()
    callbacks = CallbackList([[Recorder()], (history, None)], add_history=True, add_progbar=True)
    assert [type(c) for c in callbacks] == [Recorder, History, ProgbarLogger]
    callbacks.append(Recorder())
    assert len(callbacks) == 4 and CallbackList(callbacks).callbacks == callbacks.callbacks
    assert len(CallbackList(Recorder())) == 1


@pytest.mark.parametrize(
    "given, message",
    [
        (History, r"pass an instance: History\(\)"),
        ([print], "expected Callback objects"),
        ("early_stopping", "expected Callback objects"),
        ([3], "expected Callback objects"),
    ],
)
def test_what_is_no_callback_is_refused(given, message):
    with pytest.raises(TypeError, match=message):
        CallbackList(given)


def test_states_are_carried_by_position_and_class():
    class Counter(Callback):
        state_fields = ("count",)
        count = 0

    one, two = Counter(), Counter()
    one.count, two.count = 5, 7
    state = CallbackList([one, Recorder(), two]).get_state()
    fresh = [Counter(), Recorder(), Counter()]
    CallbackList(fresh).set_state(state)
    assert (fresh[0].count, fresh[2].count) == (5, 7)
    with pytest.warns(UserWarning, match="backup was made with the callbacks"):
        CallbackList([Recorder(), fresh[2]]).set_state(state)
    assert fresh[2].count == 5


def test_make_logs_names_the_outputs_of_a_step():
    class Model:
        metrics_names = ["loss", "acc"]

    callbacks = CallbackList()
    assert callbacks.make_logs(Model(), {}, [1.0, 0.5], "test", "val_") == {"val_loss": 1.0, "val_acc": 0.5}
    assert callbacks.make_logs(Model(), {}, 1.0, "train") == {"loss": 1.0}
    assert callbacks.make_logs(Model(), {}, [3], "predict") == {"outputs": [3]}
