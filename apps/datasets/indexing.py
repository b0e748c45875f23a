"""The search index of a version: built behind the import, so that a draft need not wait for it; activation does."""

from __future__ import annotations

import logging
import shutil
from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.core.errors import DomainError
from apps.core.queue import enqueue
from apps.datasets.failures import Superseded
from apps.datasets.lease import NEW_ATTEMPTS, Heart, claim_index, hold_index, unindexed
from apps.datasets.leftovers import remove_leftovers
from apps.datasets.models import DatasetVersion
from apps.datasets.recording import read_rows
from workers.inference.lookup.building import IndexSummary, build_index

logger = logging.getLogger(__name__)

INDEX_TASK = "datasets.build_index"
RESEND_AFTER = timedelta(seconds=30)


def index_version(version_id: str) -> None:
    """Build the index of an imported version. Does nothing where it has one or another worker builds it.

    A worker that dies leaves nothing that counts: the index is built in a folder of the attempt's own and takes its
    place in the transaction that says so. What fails is logged and tried again by `wake_waiting_indexes`.
    """
    version = claim_index(version_id)
    if version is None:
        return
    folder = version.index_directory.with_name(f".index.{version.attempt}")
    _sweep(version)
    with Heart(version, hold_index):
        try:
            index = build_index(read_rows(version.rows_file), schema=version.table_schema, directory=folder)
            _put_in_place(version, index)
        except Superseded:
            logger.warning("The index of %s is built by another worker, or the version is gone", version.pk)
        except Exception:
            logger.exception("Attempt %s at the index of %s failed", version.attempt, version.pk)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            remove_leftovers(version)


def wake_waiting_indexes() -> int:
    """Send again what has waited for its index too long: messages are lost, workers die. Returns how many were sent."""
    waiting = unindexed().filter(attempt__lt=F("last_attempt"), updated_at__lt=timezone.now() - RESEND_AFTER)
    ids = list(waiting.values_list("pk", flat=True))
    DatasetVersion.objects.filter(pk__in=ids).update(updated_at=timezone.now())
    for version_id in ids:
        enqueue(INDEX_TASK, str(version_id))
    return len(ids)


def demand_index(version: DatasetVersion) -> None:
    """Raise DomainError("index_missing") where a version cannot be searched yet.

    Where all attempts at the index have failed, this starts new ones: somebody wants it.
    """
    if version.indexed_at is not None:
        return
    gave_up = unindexed().filter(pk=version.pk, attempt__gte=F("last_attempt"))
    if gave_up.update(**NEW_ATTEMPTS, updated_at=timezone.now()):
        enqueue(INDEX_TASK, str(version.pk))
        message = _(
            "The search index could not be built and is being tried again. If this comes back, ask your operator."
        )
        raise DomainError("index_missing", message)
    raise DomainError("index_missing", _("The search index is still being built. Try again in a few seconds."))


def _put_in_place(version: DatasetVersion, index: IndexSummary) -> None:
    figures = {"rows": index.rows, "sha256": index.sha256, "seconds": round(index.seconds, 2)}
    with transaction.atomic():  # the lease first; while the row says that there is no index, nobody has it open
        hold_index(version, indexed_at=timezone.now(), stage="", receipt={**version.receipt, "index": figures})
        if version.index_directory.exists():
            shutil.rmtree(version.index_directory)
        index.directory.rename(version.index_directory)


def _sweep(version: DatasetVersion) -> None:
    """Remove what lost workers have left of earlier attempts."""
    for path in version.directory.glob(".*index.*"):
        shutil.rmtree(path, ignore_errors=True)
