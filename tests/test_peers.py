"""The lines between the processes of a job, here between threads: what each learns of the others, and when it ends."""

import contextlib
import socket
import threading
import time

import pytest

from jkeras.core import peers


class Job:
    """Three watches of one job; process 0 first."""

    def __init__(self, timeout=60.0):
        self.ended = [threading.Event() for _ in range(3)]
        self.watches = [peers.Watch(i, 3, timeout, self.ended[i].set) for i in range(3)]
        self.port, self.secret = self.watches[0].listen()
        for one in self.watches[1:]:
            one.call("127.0.0.1", self.port, self.secret)
        for one in self.watches:
            one.grace = 0.1
            one.start()
        until(lambda: {line.peer for line in self.watches[0]._lines} == {1, 2})

    def kill(self, number):
        """What the system does for a process that ends without a word."""
        one = self.watches[number]
        one._closing = True
        for line in tuple(one._lines):  # its own thread drops them meanwhile
            with contextlib.suppress(OSError):  # closed already
                line.socket.shutdown(socket.SHUT_RDWR)


def until(condition):
    end = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < end, "did not happen"
        time.sleep(0.005)


@pytest.fixture
def job():
    made = Job()
    yield made
    for number in range(3):
        made.kill(number)


def test_all_learn_at_once_which_process_died(job, capfd):
    begin = time.monotonic()
    job.kill(1)
    until(lambda: job.watches[0].gone == job.watches[2].gone == {1: peers.DIED})
    assert time.monotonic() - begin < 1
    assert job.watches[2].who() == "process 1 has ended"
    told = capfd.readouterr().err
    for number in (0, 2):
        assert f"jkeras, process {number}: process 1 of 3 has ended in the middle of the work. Start all" in told


def test_a_dead_process_0_is_named_by_all_others(job, capfd):
    job.kill(0)
    until(lambda: job.watches[1].gone == job.watches[2].gone == {0: peers.DIED})
    assert capfd.readouterr().err.count("process 0 of 3 has ended in the middle of the work") == 2


def test_only_the_first_that_died_is_said_for_others_follow(job, capfd):
    job.kill(2)
    until(lambda: 2 in job.watches[0].gone)
    job.kill(1)
    until(lambda: 1 in job.watches[0].gone)
    assert capfd.readouterr().err.count("jkeras, process 0:") == 1


def test_a_process_that_leaves_is_no_news_until_it_is_needed(job, capfd):
    job.watches[1].leave()
    until(lambda: job.watches[2].gone == {1: peers.LEFT})
    assert capfd.readouterr().err == "" and not job.ended[2].is_set()
    job.watches[2].timeout, job.watches[2].needs = 0.2, 1
    assert job.ended[2].wait(5)
    assert "process 1 of 3 has left, while this one waits for it" in capfd.readouterr().err


def test_a_computation_without_a_dead_process_ends_in_time(job):
    job.watches[0].needs = 1
    job.kill(2)
    assert job.ended[0].wait(5) and not job.ended[1].is_set()


def test_a_process_that_hangs_is_named_and_so_is_its_return(capfd):
    job = Job(timeout=0.6)
    quiet = job.watches[1]
    tell, quiet._tell = quiet._tell, lambda what, one: None
    said = []
    until(
        lambda: said.append(capfd.readouterr().err) or "process 1 of 3 has not been heard of for 0 s" in "".join(said)
    )
    quiet._tell = tell
    until(lambda: said.append(capfd.readouterr().err) or "process 1 of 3 is heard of again" in "".join(said))
    assert not any(one.gone for one in job.watches)
    for number in range(3):
        job.kill(number)


def test_strangers_are_sent_away(job):
    with socket.create_connection(("127.0.0.1", job.port)) as stranger:
        stranger.sendall(peers.HELLO.pack(job.secret ^ 1, 1))
        stranger.settimeout(5)
        assert stranger.recv(1) == b""
    assert not job.watches[0].gone


def test_a_forked_process_keeps_no_line_open(job):
    descriptors = [line.socket.fileno() for line in job.watches[1]._lines]
    job.watches[1]._selector.unregister(job.watches[1]._lines[0].socket)
    job.watches[1]._forget()
    assert descriptors and all(line.socket.fileno() == -1 for line in job.watches[1]._lines)


def test_alone_nothing_is_watched():
    with peers.needed():
        assert peers.who_is_gone() == ""
