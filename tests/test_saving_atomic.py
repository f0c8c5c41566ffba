"""Replacing a file: the old one stays whole whatever fails, and nothing is left beside it."""

import os

import pytest

from jkeras.saving.atomic import replacing

CALLS = [("open", 2), ("open", 3), ("fsync", 1), ("fsync", 2), ("replace", 1), ("replace", 2)]


def write(path, text):
    with replacing(path) as temporary, open(temporary, "w") as f:
        f.write(text)


def test_the_new_text_takes_the_place_of_the_old(tmp_path):
    target = tmp_path / "a"
    write(target, "old")
    write(target, "new")
    assert target.read_text() == "new" and os.listdir(tmp_path) == ["a"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, MemoryError])
def test_an_exception_inside_leaves_the_old_file_and_no_debris(tmp_path, error):
    target = tmp_path / "a"
    write(target, "old")
    with pytest.raises(error), replacing(target) as temporary:
        with open(temporary, "w") as f:
            f.write("half")
        raise error
    assert target.read_text() == "old" and os.listdir(tmp_path) == ["a"]


@pytest.mark.parametrize(("name", "failing"), CALLS)
def test_a_failing_call_of_the_system_leaves_a_whole_file_and_no_debris(tmp_path, monkeypatch, name, failing):
    target = tmp_path / "a"
    write(target, "old")
    real, count = getattr(os, name), [0]

    def sometimes(*args, **kwargs):
        count[0] += 1
        if count[0] == failing:
            raise OSError(28, "No space left on device")
        return real(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(os, name, sometimes)
        failed = False
        try:
            write(target, "new")
        except OSError:
            failed = True
    assert failed == (count[0] >= failing)
    assert target.read_text() in (("old", "new") if failed else ("new",))
    assert os.listdir(tmp_path) == ["a"]


def test_where_the_system_cannot_forget_the_old_file_the_new_one_is_written(tmp_path, monkeypatch):
    target = tmp_path / "a"
    write(target, "old")

    def never(*args):
        raise OSError(22, "Invalid argument")

    with monkeypatch.context() as patch:
        patch.setattr(os, "posix_fadvise", never, raising=False)
        write(target, "new")
    assert target.read_text() == "new" and os.listdir(tmp_path) == ["a"]


@pytest.mark.parametrize("name", ["x" * 251 + ".h5", "é" * 126 + ".h5", "\U0001f600.h5", os.fsdecode(b"\xff.h5")])
def test_every_name_that_the_system_takes_can_be_written(tmp_path, name):
    write(tmp_path / name, "a text")
    assert (tmp_path / name).read_text() == "a text" and os.listdir(tmp_path) == [name]
