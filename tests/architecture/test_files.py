"""Sizes and names of files: what style says, watched."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LONGEST_FILE = 400
FORBIDDEN_NAMES = {"utils.py", "helpers.py", "managers.py", "signals.py", "misc.py", "common.py"}
ALLOWED_TOP_LEVEL = {
    "manage.py", "mozhu.py", "platform", "apps", "templates", "static", "workers", "fixtures", "tests", "docs",
    "requirements.txt", "requirements-dev.txt", "constraints.txt", "pyproject.toml", "Makefile", "LICENSE",
    "README.md", "README.zh-CN.md", "CHANGELOG.md", "CONTRIBUTING.md",
}  # fmt: skip
WRITTEN_BY_HAND = {".py", ".js", ".css", ".html", ".sh"}


def tracked_files() -> list[Path]:
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True)
    return [Path(line) for line in done.stdout.splitlines() if (ROOT / line).is_file()]


def is_ours(path: Path) -> bool:
    return path.suffix in WRITTEN_BY_HAND and "vendor" not in path.parts and "migrations" not in path.parts


FILES = tracked_files()


@pytest.mark.parametrize("path", [path for path in FILES if is_ours(path)], ids=str)
def test_file_is_short_enough_to_read(path):
    lines = len((ROOT / path).read_text(encoding="utf-8").splitlines())
    assert lines <= LONGEST_FILE, f"{path} has {lines} lines: split it"


def test_no_file_is_a_drawer_for_everything():
    assert not [path for path in FILES if path.name in FORBIDDEN_NAMES]


def test_top_level_holds_only_what_the_design_names():
    found = {path.parts[0] for path in FILES if not path.parts[0].startswith(".")}
    assert found <= ALLOWED_TOP_LEVEL


def test_nothing_pickled_is_committed():
    assert not [path for path in FILES if path.suffix in {".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt"}]
