"""Sending work while the broker is away costs neither the request nor the work."""

from __future__ import annotations

import pytest
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from apps.core.queue import enqueue


@pytest.mark.django_db(transaction=True)
def test_absent_broker_is_logged_and_not_raised(monkeypatch, caplog):
    def refuse(*args, **options):
        raise OperationalError("nobody listens")

    monkeypatch.setattr(current_app, "send_task", refuse)
    enqueue("datasets.import_version", "0")
    assert "waits for the next tick" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_work_is_sent_after_the_commit_only(monkeypatch):
    sent = []
    monkeypatch.setattr("apps.core.queue._send", lambda name, ids, queue: sent.append((name, ids, queue)))
    with transaction.atomic():
        enqueue("training.run_job", "7", queue="training")
        assert sent == []
    assert sent == [("training.run_job", ("7",), "training")]
