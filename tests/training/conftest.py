"""A finalised dataset version on disk, jobs in any status, and trainers that misbehave on purpose."""

from __future__ import annotations

import hashlib
import sys

import pytest
from django.utils import timezone

from workers.inference.lookup.schema import PRESETS

ROWS = "name,code,clearing_code\n中国工商银行股份有限公司北京海淀支行,102100000021,102100099996\n"


@pytest.fixture(autouse=True)
def base_models(settings):
    """The operator offers one more base than the default."""
    settings.BASE_MODELS = ["some/base"]


@pytest.fixture
def dataset_version(administrator):
    from apps.datasets.models import Dataset, DatasetVersion

    dataset = Dataset.objects.create(
        name="Branches", schema=PRESETS["bank_branches"].to_dict(), created_by=administrator
    )
    version = DatasetVersion(
        dataset=dataset,
        number=1,
        status="finalised",
        source_name="rows.csv",
        source_bytes=len(ROWS),
        source_sha256="0" * 64,
        content_sha256=hashlib.sha256(ROWS.encode()).hexdigest(),
        rows_read=1,
        rows_accepted=1,
        created_by=administrator,
        finalised_by=administrator,
        finalised_at=timezone.now(),
    )
    version.save()
    version.directory.mkdir(parents=True)
    version.rows_file.write_text(ROWS, encoding="utf-8")
    return version


@pytest.fixture
def model(dataset_version, administrator):
    from apps.registry.services import model_for_dataset

    return model_for_dataset(dataset_version.dataset, actor=administrator)


@pytest.fixture
def make_job(dataset_version, model, administrator):
    """Return a function that puts a job straight into a status, as no service would: `make_job("running", step=3)`."""
    from apps.training.models import ENDED, IN_A_SLOT, TrainingJob

    def make(status="queued", **fields) -> TrainingJob:
        now = timezone.now()
        if status in IN_A_SLOT:
            fields.setdefault("heartbeat_at", now)
        if status in ENDED:
            fields.setdefault("finished_at", now)
        defaults = {"name": "a job", "dataset_version": dataset_version, "model": model, "created_by": administrator}
        return TrainingJob.objects.create(status=status, **{**defaults, **fields})

    return make


@pytest.fixture
def sent(monkeypatch):
    """Collect what goes to the broker instead of sending it: a list of (task name, ids)."""
    messages: list[tuple[str, tuple[str, ...]]] = []
    monkeypatch.setattr("apps.core.queue._send", lambda name, ids, queue: messages.append((name, ids)))
    return messages


@pytest.fixture
def trainer(tmp_path):
    """Return a function that makes the command line of a fake trainer from the body of a Python program."""

    def command(body: str) -> list[str]:
        prelude = (
            "import json, os, signal, sys, time\n"
            "def say(kind, **payload):\n"
            "    print(json.dumps({'seq': 1, 'kind': kind, 'at': '', 'payload': payload}), flush=True)\n"
        )
        file = tmp_path / "fake_trainer.py"
        file.write_text(prelude + body, encoding="utf-8")
        return [sys.executable, str(file)]

    return command
