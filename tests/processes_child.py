"""One of two processes that train one model together; run by test_distribution_processes.py.

``python processes_child.py PORT PROCESS FOLDER MODE``: MODE is whole, killed (process 1 dies in the middle) or resumed.
"""

import json
import os
import signal
import sys
import time

os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=2"

import numpy as np

import jkeras as keras
from jkeras import distribution as dist
from jkeras import layers

port, process, folder, mode = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
dist.initialize(f"127.0.0.1:{port}", 2, process, timeout=10)
keras.utils.set_random_seed(7)
rng = np.random.default_rng(0)
x, y = rng.normal(size=(77, 64)).astype("float32"), rng.normal(size=(77, 2)).astype("float32")

dist.set_distribution(dist.DataParallel(fsdp=True))
model = keras.Sequential(
    [keras.Input((64,)), layers.Dense(64, activation="tanh"), layers.Dropout(0.2), layers.Dense(2)]
)
model.compile("adam", "mse")


class Killer(keras.callbacks.Callback):
    """Ends process 1 in the middle of the third epoch, as a power cut would."""

    def on_train_batch_end(self, batch, logs=None):
        if model.optimizer.iterations == 12:
            time.sleep(0.2)
            os.kill(os.getpid(), signal.SIGKILL)


callbacks = [keras.callbacks.BackupAndRestore(f"{folder}/backup", save_freq=2)]
callbacks.append(keras.callbacks.ModelCheckpoint(f"{folder}/best.keras"))
callbacks.append(keras.callbacks.CSVLogger(f"{folder}/log.csv"))
if mode == "killed" and process == 1:
    callbacks.append(Killer())
begin = time.perf_counter()
try:
    model.fit(x, y, batch_size=16, epochs=4, callbacks=callbacks, verbose=2)
except RuntimeError as error:
    print(f"STOPPED {time.perf_counter() - begin:.1f} {error}", flush=True)
    if "did not finish" not in str(error):
        raise
    os._exit(3)
loss = model.evaluate(x, y, batch_size=16, verbose=0)
outputs = model.predict(x[:13], verbose=0)
model.save(f"{folder}/model.keras")
model.save_weights(f"{folder}/model.weights.h5")
np.savez(f"{folder}/weights-{process}.npz", *model.get_weights(), outputs=outputs)
dist.set_distribution(dist.DataParallel(auto_shard_dataset=False))
keras.utils.set_random_seed(9)
own = keras.Sequential([keras.Input((64,)), layers.Dense(2)])
own.compile("sgd", "mse")
mine = slice(process * 8, process * 8 + 8)
own.fit(((x[i * 16 :][mine], y[i * 16 :][mine]) for i in range(4)), steps_per_epoch=4, verbose=0)
joined = [float(np.abs(w).sum()) for w in own.get_weights()]
print("RESULT", json.dumps({"loss": loss, "outputs": outputs.shape, "joined": joined}), flush=True)
