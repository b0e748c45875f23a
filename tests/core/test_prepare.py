"""Set-up says in one plain sentence what is missing."""

from __future__ import annotations

import pytest

from mozhu.deploy import prepare


def test_nothing_is_missing_here():
    assert prepare.what_is_missing() == ""


def test_old_python_is_named_with_what_to_do(monkeypatch):
    monkeypatch.setattr(prepare, "OLDEST_PYTHON", (99, 0))
    assert "make demo PYTHON=" in prepare.what_is_missing()


def test_full_disk_is_named(monkeypatch):
    monkeypatch.setattr(prepare, "DISK_NEEDED_BYTES", 2**60)
    assert "GB are free" in prepare.what_is_missing()


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A folder in which everything is installed according to its stamp."""
    for name in ("requirements.txt", "requirements-dev.txt", "constraints.txt"):
        (tmp_path / name).write_text(name)
    monkeypatch.setattr(prepare, "ROOT", tmp_path)
    monkeypatch.setattr(prepare, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(prepare.sys, "argv", ["prepare.py"])
    ran = []
    done = type("Done", (), {"returncode": 0, "stderr": b""})
    monkeypatch.setattr(prepare.subprocess, "run", lambda command, **options: ran.append(command) or done)
    (tmp_path / ".venv").mkdir()
    return ran


def test_second_run_installs_nothing(installed):
    assert prepare.main() == 0
    assert len(installed) == 2  # venv, pip
    assert prepare.main() == 0
    assert len(installed) == 2


def test_changed_requirements_are_installed(installed):
    prepare.main()
    (prepare.ROOT / "requirements.txt").write_text("changed")
    prepare.main()
    assert len(installed) > 2
