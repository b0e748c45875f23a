"""The border between a trainer and its supervisor."""

from __future__ import annotations

from pathlib import Path

import pytest

from workers.trainers import job as border
from workers.trainers.job import Job, Stopped


def test_long_silence_is_broken_by_an_empty_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch
) -> None:
    job = Job(tmp_path)
    job.check()
    assert capsys.readouterr().out == ""
    monkeypatch.setattr(border, "SIGN_OF_LIFE_SECONDS", 0.0)
    job.check()
    assert capsys.readouterr().out == "\n"
    assert (tmp_path / "events.jsonl").read_text() == "", "a sign of life is no event"


def test_trainer_whose_parent_is_gone_stops(tmp_path: Path, monkeypatch) -> None:
    job = Job(tmp_path)
    monkeypatch.setattr(border.os, "getppid", lambda: 1)
    with pytest.raises(Stopped):
        job.check()
