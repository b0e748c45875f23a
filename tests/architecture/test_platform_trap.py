"""The folder platform/ must never shadow the standard library's `platform`, in any process of the product."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROBE = "import platform, uuid; assert platform.system(), platform; print('system', platform.system())"


def test_folder_has_no_init_file():
    assert not (ROOT / "platform" / "__init__.py").exists()


def test_standard_library_is_reached_in_pytest():
    assert platform.system() in {"Linux", "Darwin"}


@pytest.mark.parametrize(
    "command",
    [
        [sys.executable, "-c", PROBE],
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", PROBE],
        [sys.executable, "-c", f"import mozhu.celery; {PROBE}"],
        [sys.executable, "-c", f"import mozhu.asgi; {PROBE}"],
    ],
    ids=["python", "manage.py", "celery", "daphne"],
)
def test_standard_library_is_reached_from(command):
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, env=os.environ, check=False)
    assert done.returncode == 0, done.stderr
    assert "system" in done.stdout


def test_celery_command_finds_the_application():
    report = [sys.executable, "-m", "celery", "-A", "mozhu", "report"]
    done = subprocess.run(report, cwd=ROOT, capture_output=True, text=True, timeout=120, env=os.environ, check=False)
    assert done.returncode == 0, done.stderr
    assert "mozhu" in done.stdout
