"""The web process never imports torch or what drags it in: hundreds of megabytes and seconds of start-up."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {"torch", "transformers", "peft", "accelerate", "tokenizers", "safetensors"}


def loaded_by(statement: str) -> set[str]:
    program = f"{statement}; import sys, json; print(json.dumps([name.split('.')[0] for name in sys.modules]))"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, env=os.environ, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_web_process_does_not_import_torch():
    every_view = "import mozhu.asgi; from django.urls import get_resolver; get_resolver().url_patterns"
    assert not loaded_by(every_view) & HEAVY


def test_worker_process_does_not_import_torch():
    every_task = "import mozhu.celery as c; import django; django.setup(); c.app.loader.import_default_modules()"
    assert not loaded_by(every_task) & HEAVY


def test_lookup_needs_neither_django_nor_torch():
    assert not loaded_by("import workers.inference.lookup") & (HEAVY | {"django", "celery", "channels"})


def test_probe_would_notice():
    assert "safetensors" in loaded_by("import safetensors")
