"""Imports that are stopped while they run: the worker is a real one, the verb comes in the middle of its work."""

from __future__ import annotations

import io

import pytest

from apps.core.errors import DomainError
from apps.datasets import importing, indexing, recording, removal, services
from apps.datasets.importing import import_version
from apps.datasets.models import Dataset, DatasetVersion
from tests.datasets.conftest import row, table

Status = DatasetVersion.Status
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def interrupted(monkeypatch):
    """Return a function: import a version, and at the moment when the worker reports `field` do something first."""

    def run(version: DatasetVersion, act, *, field: str) -> None:
        real, done = importing.hold, []

        def hold(held, **fields):
            if field in fields and not done:
                done.append(True)
                act()
            real(held, **fields)

        with monkeypatch.context() as patch:
            patch.setattr(importing, "hold", hold)
            import_version(str(version.pk))
        assert done

    return run


def left(version: DatasetVersion) -> list[str]:
    return sorted(path.name for path in version.directory.iterdir()) if version.directory.exists() else []


@pytest.mark.parametrize("moment", ["rows_total", "rows_read"])
def test_cancelled_import_stops_and_leaves_only_the_file(upload, administrator, interrupted, moment):
    version = upload(table("支行,12,", count=500))
    interrupted(
        version, lambda: services.cancel_import(DatasetVersion.objects.get(), actor=administrator), field=moment
    )
    version.refresh_from_db()
    assert (version.status, version.rows_read, version.receipt, version.progress) == (Status.CANCELLED, 0, {}, 0)
    assert left(version) == ["source.csv"]


def test_import_cancelled_while_rows_are_compared_goes_no_further(upload, administrator, monkeypatch):
    version, real, compared = upload(table(row(1))), recording.suspects, []

    def cancelled_meanwhile(marks):
        services.cancel_import(DatasetVersion.objects.get(), actor=administrator)
        return real(marks)

    monkeypatch.setattr(recording, "suspects", cancelled_meanwhile)
    monkeypatch.setattr(recording, "part_twins", lambda *rows: compared.append(rows))
    import_version(str(version.pk))
    version.refresh_from_db()
    assert (version.status, compared) == (Status.CANCELLED, [])
    assert left(version) == ["source.csv"]


def test_import_cancelled_in_its_last_moment_makes_no_draft(upload, administrator, monkeypatch):
    version = upload(table(count=500))
    real = importing.VersionFiles.write_rows

    def then_cancel(files, rows):
        sha256 = real(files, rows)
        services.cancel_import(DatasetVersion.objects.get(), actor=administrator)
        return sha256

    monkeypatch.setattr(importing.VersionFiles, "write_rows", then_cancel)
    import_version(str(version.pk))
    version.refresh_from_db()
    assert version.status == Status.CANCELLED
    assert left(version) == ["source.csv"]


def test_cancelled_version_can_be_imported_again(upload, administrator):
    version = upload(table())
    services.cancel_import(version, actor=administrator)
    import_version(str(version.pk))  # the message that was under way: nobody waits for it any more
    version.refresh_from_db()
    assert version.status == Status.CANCELLED
    services.import_again(version, actor=administrator)
    import_version(str(version.pk))
    version.refresh_from_db()
    assert (version.status, version.rows_accepted) == (Status.DRAFT, 3)


def test_version_that_waits_for_its_columns_can_be_cancelled(dataset, administrator):
    file = io.BytesIO("甲列,乙列\n一,二\n".encode())
    version = services.upload_version(dataset, file=file, name="a.csv", actor=administrator, asks_layout=True)
    import_version(str(version.pk))
    version.refresh_from_db()
    assert version.status == Status.CONFIRMING
    services.cancel_import(version, actor=administrator)
    assert (version.status, version.layout) == (Status.CANCELLED, {})
    assert left(version) == ["source.csv"]


def test_draft_cannot_be_cancelled(imported, administrator):
    with pytest.raises(DomainError) as caught:
        services.cancel_import(imported(table()), actor=administrator)
    assert caught.value.code == "wrong_status"


def test_version_deleted_while_it_is_imported_leaves_nothing(upload, administrator, interrupted):
    version = upload(table("支行,12,", count=500))
    interrupted(
        version, lambda: removal.delete_version(DatasetVersion.objects.get(), actor=administrator), field="rows_read"
    )
    assert not DatasetVersion.objects.exists()
    assert not version.directory.exists()


def test_dataset_deleted_while_a_version_is_imported_leaves_nothing(
    upload, dataset, administrator, interrupted, own_files
):
    version = upload(table(count=500))
    interrupted(version, lambda: removal.delete_dataset(dataset, actor=administrator), field="rows_read")
    assert not Dataset.objects.exists()
    assert list((own_files / "datasets").iterdir()) == []


def test_draft_deleted_while_its_index_is_built_leaves_nothing(upload, administrator, monkeypatch):
    version = upload(table())
    import_version(str(version.pk))
    real = indexing.build_index

    def deleted_first(*args, **kwargs):
        removal.delete_version(DatasetVersion.objects.get(), actor=administrator)
        return real(*args, **kwargs)

    monkeypatch.setattr(indexing, "build_index", deleted_first)
    indexing.index_version(str(version.pk))
    assert not DatasetVersion.objects.exists()
    assert not version.directory.exists()
