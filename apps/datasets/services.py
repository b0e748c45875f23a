"""Verbs of the datasets app: create, upload, import again, cancel, finalise, activate. Others: restoring, removal."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from typing import IO, Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Max
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.audit.services import record
from apps.core.errors import DomainError
from apps.core.files import sha256_of
from apps.core.queue import enqueue
from apps.datasets.indexing import RESEND_AFTER, demand_index
from apps.datasets.lease import NEW_ATTEMPTS, NOTHING_FOUND, lost_before
from apps.datasets.leftovers import remove_leftovers
from apps.datasets.models import ATTEMPTS_MAX, Dataset, DatasetVersion
from apps.datasets.uploads import StoredFile, link_or_copy, new_folder, safe_name, store
from apps.users import quotas
from apps.users.models import User
from apps.users.models.quotas import Metric
from workers.inference.lookup.schema import PRESETS

IMPORT_TASK = "datasets.import_version"


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
    with transaction.atomic():
        dataset.save()
        record("dataset.created", actor=actor, target=dataset, after={"name": dataset.name, "preset": preset})
    return dataset


def upload_version(
    dataset: Dataset,
    *,
    file: IO[bytes] | Any,
    name: str,
    actor: User,
    again: bool = False,
    asks_layout: bool = False,
) -> DatasetVersion:
    """Store a file as the dataset's next version and send it to a worker for import.

    `file` is anything with `read(size)`, `name` what the user calls it. Raises DomainError with `fields` when the file
    is refused: wrong kind, too large, empty, damaged; "same_file" where a version was made of it, unless `again`;
    "disk_full". With `asks_layout` the import asks which column is which, unless such files are known.
    """
    version = DatasetVersion(dataset=dataset, source_name=safe_name(name), created_by=actor, asks_layout=asks_layout)
    return _add(version, store(file, path=version.source_file), again=again)


def take_in(
    dataset: Dataset,
    stored: StoredFile,
    *,
    name: str,
    actor: User,
    again: bool,
    asks_layout: bool,
    before: Callable[[], None],
) -> DatasetVersion:
    """Make the next version of a file that is on the disk already and was judged; it keeps its first name there.

    `before` runs inside the transaction and may refuse. Raises DomainError as `upload_version` does.
    """
    version = DatasetVersion(dataset=dataset, source_name=safe_name(name), created_by=actor, asks_layout=asks_layout)
    with new_folder(version.directory):
        link_or_copy(stored.path, version.source_file)
    return _add(version, stored, again=again, before=before)


def refuse_same_file(dataset: Dataset, *, sha256: str) -> None:
    """Raise DomainError("same_file") with values {"version", "id"} where a living version was made of this file."""
    same = dataset.versions.filter(source_sha256=sha256.lower()).exclude(status__in=DatasetVersion.GIVEN_UP)
    version = same.select_related("created_by").order_by("-number").first()
    if version is None:
        return
    known = {
        "number": version.number,
        "name": version.created_by.get_username(),
        "date": date_format(timezone.localtime(version.created_at), "Y-m-d H:i"),
    }
    message = _("This is the file of version %(number)s, uploaded by %(name)s on %(date)s.") % known
    raise DomainError("same_file", message, values={"version": version.number, "id": str(version.pk)})


def _add(
    version: DatasetVersion, stored: StoredFile, *, again: bool, before: Callable[[], None] | None = None
) -> DatasetVersion:
    version.source_bytes, version.source_sha256 = stored.size, stored.sha256
    with transaction.atomic():
        try:
            Dataset.objects.select_for_update().get(pk=version.dataset_id)  # two at once: one number after the other
            if not again:
                refuse_same_file(version.dataset, sha256=stored.sha256)
            if before:
                before()
            quotas.require_room(version.created_by, Metric.STORAGE, adding=stored.size)
            version.number = last_number(version.dataset) + 1
            version.save(force_insert=True)
            record("dataset_version.uploaded", actor=version.created_by, target=version, after=_file_facts(version))
            enqueue(IMPORT_TASK, str(version.pk))
        except BaseException:  # inside the transaction: once the row is committed its file must stay
            shutil.rmtree(version.directory)
            raise
    return version


def _file_facts(version: DatasetVersion) -> dict[str, Any]:
    return {"file": version.source_name, "bytes": version.source_bytes, "sha256": version.source_sha256}


def import_again(version: DatasetVersion, *, actor: User) -> None:
    """Send a failed or cancelled version to a worker once more; raises DomainError("wrong_status")."""
    if not version.is_given_up:
        raise DomainError("wrong_status", _("Only a failed or cancelled import can be started again."))
    with transaction.atomic():
        send_again(version)
        record("dataset_version.import_restarted", actor=actor, target=version)


def send_again(version: DatasetVersion, **changed: Any) -> None:
    """Send a version to a worker once more, with `changed` fields and as many attempts as a new one.

    For verbs, inside their transaction. Raises DomainError where its status does not allow it.
    """
    version.move_to(DatasetVersion.Status.UPLOADED, **NEW_ATTEMPTS, **changed)
    enqueue(IMPORT_TASK, str(version.pk))


def cancel_import(version: DatasetVersion, *, actor: User) -> None:
    """Stop an import that waits, runs, or waits for columns to be confirmed; raises DomainError("wrong_status").

    A running worker notices with its next batch and removes what it was writing (see importing.py). The file stays:
    the version can be imported again.
    """
    before = version.status
    with transaction.atomic():
        version.move_to(DatasetVersion.Status.CANCELLED, **NOTHING_FOUND, layout={}, indexed_at=None)
        record("dataset_version.import_cancelled", actor=actor, target=version, before={"status": before})
        transaction.on_commit(partial(remove_leftovers, version))


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
        check_rows_file(version)
    with transaction.atomic():
        version.move_to(DatasetVersion.Status.FINALISED, finalised_by=actor, finalised_at=timezone.now())
        content = {"rows": version.rows_accepted, "content_sha256": version.content_sha256}
        record("dataset_version.finalised", actor=actor, target=version, after=content)


def activate(version: DatasetVersion, *, actor: User) -> None:
    """Make a finalised version the one that answers; every reader sees it with its next question.

    Raises DomainError: "not_finalised", or "index_missing" while its search index is still to be built.
    """
    version.refresh_from_db(fields=["status", "indexed_at"])
    if version.status != DatasetVersion.Status.FINALISED:
        raise DomainError("not_finalised", _("Only a finalised version can be made active. Finalise it first."))
    demand_index(version)
    with transaction.atomic():
        dataset = Dataset.objects.select_for_update().get(pk=version.dataset_id)
        before = {"version": dataset.active_version.number if dataset.active_version else None}
        dataset.active_version = version
        dataset.save(update_fields=["active_version", "updated_at"])
        record(
            "dataset_version.activated", actor=actor, target=version, before=before, after={"version": version.number}
        )
    version.dataset.refresh_from_db()


def last_number(dataset: Dataset) -> int:
    """Return the highest number of the dataset's versions, 0 without any; keep the dataset's row while you use it."""
    return dataset.versions.aggregate(last=Max("number"))["last"] or 0


def check_rows_file(version: DatasetVersion) -> None:
    """Raise DomainError("content_changed") where the rows on the disk are not those that were imported."""
    try:
        found = sha256_of(version.rows_file)
    except FileNotFoundError:
        found = ""
    if found != version.content_sha256:
        message = _("The rows on the disk are not those that were imported. Upload the file again.")
        raise DomainError("content_changed", message)


def _invalid(**fields: str) -> DomainError:
    return DomainError("invalid", _("Some input is not valid."), fields=fields)
