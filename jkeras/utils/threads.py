"""Threads that do something every so many seconds: `TimedThread`, and `StepsPerExecutionTuner` of tf.keras."""

import threading
import time
import warnings


class TimedThread:
    """Calls ``on_interval``, which subclasses define, every `interval` seconds between ``start`` and ``stop``.

    Also a context manager; further arguments go to ``threading.Thread`` (`daemon` is True unless told).

    Source: https://www.tensorflow.org/api_docs/python/tf/keras/utils/TimedThread.

    >>> class Beat(TimedThread):
    ...     beaten = threading.Event()
    ...     def on_interval(self):
    ...         self.beaten.set()
    >>> with Beat(0.01) as beat:
    ...     beat.beaten.wait(10)
    True
    """

    def __init__(self, interval, **kwargs):
        self.interval, self.thread_kwargs = interval, {"daemon": True, **kwargs}
        self.thread = self.thread_stop_event = None

    def _run(self):
        while not self.thread_stop_event.is_set():
            self.on_interval()
            self.thread_stop_event.wait(self.interval)

    def start(self):
        """Starts the thread; warns where it runs already."""
        if self.is_alive():
            warnings.warn(f"{type(self).__name__}.start(): the thread is already running.", stacklevel=2)
            return
        self.thread_stop_event = threading.Event()
        self.thread = threading.Thread(target=self._run, **self.thread_kwargs)
        self.thread.start()

    def stop(self):
        """Lets the thread end after what it is doing."""
        if self.thread_stop_event is not None:
            self.thread_stop_event.set()

    def is_alive(self):
        """Does the thread run?"""
        return self.thread is not None and self.thread.is_alive()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *error):
        self.stop()

    def on_interval(self):
        """What is done each time; to be defined by subclasses."""
        raise NotImplementedError(f"{type(self).__name__} has no on_interval(); define it.")


class StepsPerExecutionTuner:
    """Changes the Variable `spe_variable`, how many steps your own training loop runs at a time, as the speed asks.

    Every `interval` seconds the steps per second are read off ``optimizer.iterations``; every `change_spe_interval`
    times the number of steps grows or falls by half if the speed has changed by more than `change_threshold`. ``fit``
    needs no tuner: how many steps it runs at a time always follows the clock.

    Source: https://www.tensorflow.org/api_docs/python/tf/keras/utils/StepsPerExecutionTuner.
    """

    def __init__(self, optimizer, spe_variable, interval=5, change_spe_interval=10, change_threshold=0.1):
        self.optimizer, self._variable = optimizer, spe_variable
        self.interval, self.change_spe_interval = interval, change_spe_interval
        self.spe_change_threshold = change_threshold
        self.steps_per_execution_stop_event, self.thread = threading.Event(), None

    @property
    def steps_per_execution(self):
        """The Variable; assigning a number to the attribute sets its value."""
        return self._variable

    @steps_per_execution.setter
    def steps_per_execution(self, value):
        self._variable.assign(value)
        self.init_spe = value

    def start(self):
        """Starts measuring and tuning, in a thread, which it returns."""
        if self.thread is None or not self.thread.is_alive():
            self._begin_tuning()
            self.steps_per_execution_stop_event.clear()
            self.thread = threading.Thread(target=self._run, daemon=True)
            self.thread.start()
        return self.thread

    def stop(self):
        """Ends the tuning."""
        self.steps_per_execution_stop_event.set()

    def _run(self):
        while not self.steps_per_execution_stop_event.is_set():
            self._measure_and_tune()
            self.steps_per_execution_stop_event.wait(self.interval)

    def _begin_tuning(self):
        self.init_spe = int(self._variable.numpy())
        self._last = (int(self.optimizer.iterations.numpy()), time.time())
        self._speeds, self._usual, self._count, self._grows = [], 0.0, 0, True

    def _measure_and_tune(self):
        self._count += 1
        iteration, now = int(self.optimizer.iterations.numpy()), time.time()
        speed = (iteration - self._last[0]) / (now - self._last[1])
        self._speeds = [*self._speeds, speed][-self.change_spe_interval :]
        if iteration > 0:
            self._last = (iteration, now)
            if self._count % self.change_spe_interval == 0 and speed != 0:
                self._tune()

    def _tune(self):
        mean = sum(self._speeds) / len(self._speeds)
        slower = mean < (1 - self.spe_change_threshold) * self._usual
        faster = mean > (1 + self.spe_change_threshold) * self._usual
        now = int(self._variable.numpy())
        factor = (1.5 if self._grows != slower else 0.5) if slower or faster else 1
        self._grows = self._grows != slower
        if now <= 0:
            self._variable.assign(self.init_spe)
        elif now < 2**31 / 1.5:
            self._variable.assign(round(now * factor))
        self._usual = mean
