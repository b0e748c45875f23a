"""What an installation must say itself, tried in a process of its own."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys

import pytest

from tests.architecture.test_files import ROOT

PRINT_THE_KEY = "from mozhu.env import secret_key; print(secret_key())"
DECIDED = {"SECRET_KEY", "DATABASE_URL", "HTTPS", "DEBUG", "VAR_DIR"}


def key_with(var_dir, **environment):
    inherited = {name: value for name, value in os.environ.items() if name not in DECIDED}
    everything = {**inherited, "VAR_DIR": str(var_dir), **environment}
    command = [sys.executable, "-c", PRINT_THE_KEY]
    return subprocess.run(command, cwd=ROOT, env=everything, capture_output=True, text=True, check=False)


def test_embedded_form_makes_a_key_and_keeps_it_for_its_owner_alone(tmp_path):
    first, second = key_with(tmp_path), key_with(tmp_path)
    assert first.stdout == second.stdout
    assert len(first.stdout.strip()) > 50
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


@pytest.mark.parametrize("given", [{"HTTPS": "on"}, {"DATABASE_URL": "postgres://mozhu@127.0.0.1/mozhu"}])
def test_others_must_give_the_key_themselves(tmp_path, given):
    refused = key_with(tmp_path, **given)
    assert refused.returncode != 0
    assert "SECRET_KEY is not set" in refused.stderr
    assert not (tmp_path / "secret_key").exists()
    assert key_with(tmp_path, SECRET_KEY="given", **given).stdout.strip() == "given"


def test_developer_needs_no_key(tmp_path):
    assert key_with(tmp_path, DEBUG="on", HTTPS="on").returncode == 0


def test_every_variable_of_the_environment_stands_in_the_example():
    read = re.compile(r'(?:env\.\w+|one_of)\(\s*"([A-Z_]+)"')
    files = [ROOT / "platform" / name for name in ("settings.py", "sign_in.py", "env.py")]
    asked = {name for file in files for name in read.findall(file.read_text(encoding="utf-8"))}
    shown = set(re.findall(r"^# ([A-Z_]+)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE))
    assert asked - shown == set()
