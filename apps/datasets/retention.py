"""What goes by itself: imports that never were finalised, uploads that were cut off, folders that belong to nothing."""

from __future__ import annotations

import logging
import shutil
import uuid
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.audit.services import record
from apps.core.errors import DomainError
from apps.datasets.models import Dataset, DatasetVersion, Upload
from apps.datasets.removal import drop, facts

logger = logging.getLogger(__name__)

PERISHABLE = frozenset(
    {
        DatasetVersion.Status.DRAFT,
        DatasetVersion.Status.FAILED,
        DatasetVersion.Status.CANCELLED,
        DatasetVersion.Status.CONFIRMING,
    }
)
_ORPHANED_AFTER = timedelta(days=1)
"""A folder is made before its row is committed; so long it may well be waiting for it."""


def days_kept(dataset: Dataset) -> int:
    """Return after how many days of rest an unfinished version goes; 0 = never."""
    days: int = settings.DATASET_DRAFT_DAYS if dataset.draft_days is None else dataset.draft_days
    return days


def goes_at(version: DatasetVersion) -> datetime | None:
    """Return when retention removes the version with its files and its receipt, None where it never does."""
    days = days_kept(version.dataset)
    if version.status not in PERISHABLE or not days:
        return None
    moment: datetime = version.updated_at + timedelta(days=days)
    return moment


def remove_expired() -> int:
    """Remove versions and uploads whose time is over, and folders without a row; return how many rows went."""
    now = timezone.now()
    versions = DatasetVersion.objects.filter(status__in=PERISHABLE).select_related("dataset").order_by("-number")
    gone = sum(_remove(version) for version in versions if (moment := goes_at(version)) and moment < now)
    gone += sum(_forget(upload, now) for upload in Upload.objects.filter(expires_at__lt=now))
    for folder, model in (("datasets", DatasetVersion), ("uploads", Upload)):
        known = {str(pk) for pk in model.objects.values_list("pk", flat=True)}
        _remove_orphans(Path(settings.VAR_DIR) / folder, known=known, before=now - _ORPHANED_AFTER)
    return gone


def _remove(version: DatasetVersion) -> bool:
    """What somebody touched meanwhile, trains on or derived another version from stays."""
    try:
        with transaction.atomic():
            drop(version, status=version.status, updated_at=version.updated_at)
            record("dataset_version.expired", target=version, before=facts(version))
    except DomainError as problem:
        logger.info("Retention leaves %s: %s", version.pk, problem.code)
        return False
    return True


def _forget(upload: Upload, now: datetime) -> bool:
    gone, _rows = Upload.objects.filter(pk=upload.pk, expires_at__lt=now).delete()
    if gone:
        shutil.rmtree(upload.directory, ignore_errors=True)
    return bool(gone)


def _remove_orphans(root: Path, *, known: set[str], before: datetime) -> None:
    for folder in root.iterdir() if root.is_dir() else ():
        if folder.name not in known and _is_uuid(folder.name) and folder.stat().st_mtime < before.timestamp():
            logger.warning("Removing %s: it belongs to no row", folder)
            shutil.rmtree(folder, ignore_errors=True)


def _is_uuid(name: str) -> bool:
    try:
        return str(uuid.UUID(name)) == name
    except ValueError:
        return False
