"""The import contracts of pyproject.toml, each also seen to fail on a deliberate breach."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINTER = Path(sys.executable).with_name("lint-imports")
BREACHES = {
    "workers know nothing of the platform": ("workers/inference/lookup/checks.py", "import django"),
    "trainers know nothing of the apps": ("workers/trainers/configs.py", "import apps.core.errors"),
    "apps stand in layers": ("apps/datasets/services.py", "import apps.registry.models"),
    "core is at the bottom": ("apps/core/errors.py", "import apps.users.roles"),
    "training and questions are strangers": ("apps/qa/services.py", "import apps.training.models"),
    "the web process stays light": ("apps/registry/services.py", "import torch"),
    "apps reach only the light parts of workers": ("apps/training/services.py", "import workers.trainers.__main__"),
    "tasks are called by name": ("apps/datasets/services.py", "import workers.tasks.datasets"),
    "the composition root is named by string": ("apps/core/errors.py", "import mozhu.settings"),
}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    command = [str(LINTER), "--no-cache"]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, env=environment, timeout=120, check=False
    )


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("copy")
    for name in ("apps", "workers", "platform"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("mozhu.py", "pyproject.toml"):
        shutil.copy(ROOT / name, folder / name)
    return folder


def test_contracts_hold(copy):
    done = lint(copy)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(("file", "statement"), BREACHES.values(), ids=BREACHES)
def test_breach_is_noticed(copy, file, statement):
    source = (copy / file).read_text()
    try:
        (copy / file).write_text(f"{source}\n{statement}\n")
        done = lint(copy)
    finally:
        (copy / file).write_text(source)
    assert done.returncode != 0, f"nobody noticed `{statement}` in {file}"
    assert "BROKEN" in done.stdout
