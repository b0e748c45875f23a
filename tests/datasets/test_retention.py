from __future__ import annotations

import os
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.audit.models import AuditEntry
from apps.datasets import resumable, retention, services
from apps.datasets.models import DatasetVersion, Upload
from tests.datasets.conftest import table

pytestmark = pytest.mark.django_db(transaction=True)


def rest(version: DatasetVersion, *, days: float, **fields) -> None:
    """Let the version lie untouched for so many days."""
    DatasetVersion.objects.filter(pk=version.pk).update(updated_at=timezone.now() - timedelta(days=days), **fields)


@pytest.mark.parametrize("status", ["draft", "failed", "cancelled", "confirming"])
def test_unfinished_version_goes_after_its_days_with_its_files(imported, status):
    version = imported(table())
    rest(version, days=29, status=status)
    assert retention.remove_expired() == 0
    rest(version, days=31)
    assert retention.remove_expired() == 1
    assert not DatasetVersion.objects.exists()
    assert not version.directory.exists()
    assert AuditEntry.objects.get(action="dataset_version.expired").before["status"] == status


def test_finalised_version_never_goes(imported, administrator):
    version = imported(table())
    services.finalise(version, actor=administrator)
    rest(version, days=9_999)
    assert retention.remove_expired() == 0
    assert retention.goes_at(version) is None
    assert version.rows_file.exists()


def test_import_that_is_still_to_come_never_goes(upload):
    rest(upload(table()), days=9_999)
    assert retention.remove_expired() == 0


def test_draft_that_another_version_was_made_from_stays(imported, upload):
    draft = imported(table())
    child = upload(table())
    DatasetVersion.objects.filter(pk=child.pk).update(derived_from=draft)
    rest(draft, days=31)
    assert retention.remove_expired() == 0
    assert draft.rows_file.exists()


def test_drafts_made_of_each_other_go_together(imported):
    first, second = imported(table()), imported(table(count=4))
    rest(first, days=31)
    rest(second, days=31, derived_from=first)
    assert retention.remove_expired() == 2


@pytest.mark.parametrize(("own", "platform", "kept"), [(None, 0, True), (0, 30, True), (7, 30, False), (60, 30, True)])
def test_dataset_may_differ_from_the_platform_and_nought_keeps(imported, dataset, settings, own, platform, kept):
    settings.DATASET_DRAFT_DAYS = platform
    dataset.draft_days = own
    dataset.save()
    version = imported(table())
    rest(version, days=31)
    retention.remove_expired()
    assert DatasetVersion.objects.exists() is kept


def test_page_can_say_when_a_draft_goes(imported):
    version = imported(table())
    assert retention.goes_at(version) == version.updated_at + timedelta(days=30)


def test_draft_that_is_finalised_while_retention_looks_stays(imported, administrator, monkeypatch):
    version = imported(table())
    rest(version, days=31)
    real = retention.drop

    def finalised_first(*args, **kwargs):
        DatasetVersion.objects.filter(pk=version.pk).update(
            status="finalised", finalised_by=administrator, finalised_at=timezone.now()
        )
        real(*args, **kwargs)

    monkeypatch.setattr(retention, "drop", finalised_first)
    assert retention.remove_expired() == 0
    assert version.rows_file.exists()


def test_upload_that_was_cut_off_goes_after_a_day(dataset, administrator):
    upload = resumable.start_upload(dataset, name="a.csv", size=9, actor=administrator)
    upload.directory.mkdir(parents=True)
    (upload.directory / ".piece-of-a-dead-process").write_bytes(b"x")
    assert retention.remove_expired() == 0
    Upload.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert retention.remove_expired() == 1
    assert not Upload.objects.exists()
    assert not upload.directory.exists()


def test_folder_without_a_row_goes_after_a_day_and_nothing_else_does(imported, own_files):
    version = imported(table())
    old, fresh, foreign = (own_files / "datasets" / name for name in (str(uuid.uuid4()), str(uuid.uuid4()), "notes"))
    for folder in (old, fresh, foreign):
        folder.mkdir()
    long_ago = timezone.now().timestamp() - 2 * 86_400
    for folder in (old, foreign, version.directory):
        os.utime(folder, (long_ago, long_ago))
    retention.remove_expired()
    assert not old.exists()
    assert fresh.exists()
    assert foreign.exists()
    assert version.rows_file.exists()
