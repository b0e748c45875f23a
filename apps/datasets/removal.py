"""Verbs that delete. What is finalised stays for ever: training, models and answers refer to it."""

from __future__ import annotations

import shutil
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import F, ProtectedError
from django.utils.translation import gettext as _

from apps.audit.services import record
from apps.core.errors import DomainError
from apps.core.words import listed
from apps.datasets.leftovers import remove_leftovers
from apps.datasets.models import Dataset, DatasetVersion
from apps.users.models import User


def delete_version(version: DatasetVersion, *, actor: User) -> None:
    """Delete a version that is not finalised, with its files; a running import of it stops at its next batch.

    Raises DomainError: "finalised", or "in_use" where something was made from it.
    """
    with transaction.atomic():
        drop(version)
        record("dataset_version.deleted", actor=actor, target=version, before=facts(version))


def delete_dataset(dataset: Dataset, *, actor: User) -> None:
    """Delete a dataset with its drafts, running imports and uploads; their files go after the commit.

    Raises DomainError: "has_finalised" while one of its versions is finalised, "in_use" where a model answers from it.
    """
    with transaction.atomic():
        Dataset.objects.select_for_update().get(pk=dataset.pk)  # no upload adds a version meanwhile
        for version in dataset.versions.order_by("-number"):  # what was made from another one first
            try:
                drop(version)
            except DomainError as problem:
                raise _has_finalised(dataset) if problem.code == "finalised" else problem from problem
        for upload in dataset.uploads.all():
            transaction.on_commit(partial(shutil.rmtree, upload.directory, ignore_errors=True))
        _delete(Dataset.objects.filter(pk=dataset.pk))
        record("dataset.deleted", actor=actor, target=dataset, before={"name": dataset.name})


def drop(version: DatasetVersion, **still: Any) -> None:
    """Delete the row of a version and, after the commit, its files; call it inside a transaction.

    `still` are fields that must not have changed since the caller looked. Raises DomainError("finalised"), also where
    they have, and "in_use".
    """
    rows = DatasetVersion.objects.filter(pk=version.pk, **still).exclude(status=DatasetVersion.Status.FINALISED)
    if not rows.update(updated_at=F("updated_at")):  # holds the row: nobody finalises it before it is gone
        message = _("%(version)s is finalised: training, models and answers may refer to it, so it stays.")
        raise DomainError("finalised", message % {"version": version})
    _delete(rows)
    transaction.on_commit(partial(remove_leftovers, version))


def facts(version: DatasetVersion) -> dict[str, Any]:
    """Return what the audit trail keeps of a version that goes."""
    return {
        "status": version.status,
        "file": version.source_name,
        "sha256": version.source_sha256,
        "rows": version.rows_accepted,
    }


def _delete(rows: Any) -> None:
    try:
        rows.delete()
    except ProtectedError as error:
        users = listed(sorted({str(user._meta.verbose_name) for user in error.protected_objects}))
        message = _("This cannot be deleted: it is still used (%(users)s). Remove or change that first.")
        raise DomainError("in_use", message % {"users": users}) from error


def _has_finalised(dataset: Dataset) -> DomainError:
    numbers = dataset.versions.finalised().order_by("number").values_list("number", flat=True)
    message = _(
        "This dataset has finalised versions (%(versions)s). Training, models and answers refer to them: it stays."
    )
    return DomainError("has_finalised", message % {"versions": listed(f"v{number}" for number in numbers)})
