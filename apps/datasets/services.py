"""Verbs of the datasets app: create, upload, import again, finalise, activate."""

from __future__ import annotations

import hashlib
import logging
import shutil
import uuid
from datetime import timedelta
from typing import IO, Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Max
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.core.errors import DomainError
from apps.core.queue import enqueue
from apps.datasets.lease import lost_before
from apps.datasets.models import ATTEMPTS_MAX, Dataset, DatasetVersion
from apps.datasets.uploads import safe_name, store
from apps.users.models import User
from workers.inference.lookup.schema import PRESETS

logger = logging.getLogger(__name__)

IMPORT_TASK = "datasets.import_version"
RESEND_AFTER = timedelta(seconds=30)


def create_dataset(*, name: str, preset: str, actor: User, description: str = "") -> Dataset:
    """Make a dataset with the schema of a preset (a key of PRESETS); raises DomainError with `fields`."""
    if preset not in PRESETS:
        raise _invalid(preset=_("There is no preset “%(preset)s”.") % {"preset": preset})
    schema = PRESETS[preset].to_dict()
    dataset = Dataset(name=name.strip(), description=description.strip(), schema=schema, created_by=actor)
    try:
        dataset.full_clean()
    except ValidationError as error:
        raise _invalid(**{field: " ".join(texts) for field, texts in error.message_dict.items()}) from error
    dataset.save()
    return dataset


def upload_version(dataset: Dataset, *, file: IO[bytes] | Any, name: str, actor: User) -> DatasetVersion:
    """Store a file as the dataset's next version and send it to a worker for import.

    `file` is anything with `read(size)`, `name` what the user calls it. Raises DomainError with `fields` when the file
    is refused: wrong kind, too large, empty, damaged.
    """
    version = DatasetVersion(id=uuid.uuid4(), dataset=dataset, source_name=safe_name(name), created_by=actor)
    stored = store(file, path=version.source_file)
    version.source_bytes, version.source_sha256 = stored.size, stored.sha256
    with transaction.atomic():
        try:
            Dataset.objects.select_for_update().get(pk=dataset.pk)  # two uploads at once: numbers one after the other
            version.number = _last_number(dataset) + 1
            version.save(force_insert=True)
            enqueue(IMPORT_TASK, str(version.pk))
        except BaseException:  # inside the transaction: once the row is committed its file must stay
            shutil.rmtree(version.directory)
            raise
    return version


def import_again(version: DatasetVersion, *, actor: User) -> None:
    """Send a failed version to a worker once more, with as many attempts as a new one; raises
    DomainError("wrong_status")."""
    with transaction.atomic():
        version.move_to(DatasetVersion.Status.UPLOADED, last_attempt=F("attempt") + ATTEMPTS_MAX)
        enqueue(IMPORT_TASK, str(version.pk))
    logger.info("Import of dataset version %s started again by %s", version.pk, actor.username)


def wake_waiting_imports() -> int:
    """Send again what waits although it should not: messages may be lost, workers die. Returns how many were sent.

    Sending twice is harmless (see lease.claim). An import that has cost several workers their life is given up.
    """
    importing = DatasetVersion.objects.filter(status=DatasetVersion.Status.IMPORTING, heartbeat__lt=lost_before())
    gave_up = {
        "status": DatasetVersion.Status.FAILED,
        "failure": {"code": "gave_up", "params": {"count": ATTEMPTS_MAX}},
    }
    importing.filter(attempt__gte=F("last_attempt")).update(updated_at=timezone.now(), **gave_up)
    waiting = DatasetVersion.objects.filter(
        status=DatasetVersion.Status.UPLOADED, updated_at__lt=timezone.now() - RESEND_AFTER
    )
    ids = [*importing.values_list("pk", flat=True), *waiting.values_list("pk", flat=True)]
    waiting.update(updated_at=timezone.now())
    for version_id in ids:
        enqueue(IMPORT_TASK, str(version_id))
    return len(ids)


def finalise(version: DatasetVersion, *, actor: User) -> None:
    """Make a draft immutable, signed by `actor`; raises DomainError when it is no draft or its rows have changed."""
    if version.can_move_to(DatasetVersion.Status.FINALISED):
        _check_rows_file(version)
    version.move_to(DatasetVersion.Status.FINALISED, finalised_by=actor, finalised_at=timezone.now())


def activate(version: DatasetVersion, *, actor: User) -> None:
    """Make a finalised version the one that answers; every reader sees it with its next question."""
    if version.status != DatasetVersion.Status.FINALISED:
        raise DomainError("not_finalised", _("Only a finalised version can be made active. Finalise it first."))
    Dataset.objects.filter(pk=version.dataset_id).update(active_version=version, updated_at=timezone.now())
    logger.info("Dataset version %s made active by %s", version.pk, actor.username)
    version.dataset.refresh_from_db()


def _last_number(dataset: Dataset) -> int:
    return dataset.versions.aggregate(last=Max("number"))["last"] or 0


def _check_rows_file(version: DatasetVersion) -> None:
    try:
        with version.rows_file.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        found = ""
    if found != version.content_sha256:
        message = _("The rows on the disk are not those that were imported. Upload the file again.")
        raise DomainError("content_changed", message)


def _invalid(**fields: str) -> DomainError:
    return DomainError("invalid", _("Some input is not valid."), fields=fields)
