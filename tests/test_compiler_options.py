"""Which compiler options a program gets."""

from pathlib import Path

import pytest

from jkeras.train import compiler


@pytest.mark.parametrize(
    ("flags", "wide"),
    [("avx2 avx512f avx512vl", False), ("avx2", False), ("avx512f avx512vl avx512_bf16 avx2", True)],
)
def test_wide_vectors_are_for_processors_that_do_not_slow_down_with_them(monkeypatch, flags, wide):
    monkeypatch.setattr(compiler, "_taken", lambda candidates: candidates)
    monkeypatch.setattr(Path, "read_text", lambda self: f"processor : 0\nflags : fpu {flags}\n")
    assert compiler._wide.__wrapped__() == (compiler.WIDE if wide else {})


def test_systems_that_do_not_tell_their_flags_get_no_option(monkeypatch):
    def missing(self):
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_text", missing)
    assert compiler._wide.__wrapped__() == {}
