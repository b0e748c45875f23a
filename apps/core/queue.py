"""Sending work to the workers: by task name, after the commit."""

from __future__ import annotations

import logging
from functools import partial

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)


def enqueue(task_name: str, *ids: str, queue: str = "default") -> None:
    """Wake a worker for the rows `ids` once the transaction commits.

    The row is the truth and the message only a wake-up: a broker that is away costs time (the periodic `tick` tasks
    send again), never work, so its absence is logged and not raised.
    """
    transaction.on_commit(partial(_send, task_name, ids, queue))


def _send(task_name: str, ids: tuple[str, ...], queue: str) -> None:
    try:
        current_app.send_task(task_name, args=[str(i) for i in ids], queue=queue, retry=False)
    except OperationalError as error:
        logger.warning("Queue is away, %s%s waits for the next tick: %s", task_name, ids, error)
