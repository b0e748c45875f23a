from __future__ import annotations

import hashlib
import io
import zipfile
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from apps.core.errors import DomainError
from apps.datasets import services
from apps.datasets.importing import import_version
from apps.datasets.lease import claim
from apps.datasets.models import Dataset, DatasetVersion
from apps.datasets.readers import limits
from tests.datasets.conftest import table, workbook

Status = DatasetVersion.Status


@pytest.fixture
def sent(monkeypatch):
    """What is sent to the queue, instead of the queue."""
    messages: list[tuple[str, ...]] = []
    monkeypatch.setattr(services, "enqueue", lambda *message: messages.append(message))
    return messages


def test_dataset_is_made_with_the_schema_of_its_preset(dataset):
    assert dataset.kind == "record_table"
    assert dataset.table_schema.keys == ("name", "code", "clearing_code")


@pytest.mark.parametrize(("name", "preset", "field"), [("", "bank_branches", "name"), ("x", "nope", "preset")])
def test_dataset_with_wrong_input_is_refused(administrator, name, preset, field):
    with pytest.raises(DomainError) as caught:
        services.create_dataset(name=name, preset=preset, actor=administrator)
    assert list(caught.value.fields) == [field]


def test_dataset_with_a_taken_name_is_refused(dataset, administrator):
    with pytest.raises(DomainError) as caught:
        services.create_dataset(name=dataset.name, preset="bank_branches", actor=administrator)
    assert "name" in caught.value.fields


def test_upload_is_stored_hashed_numbered_and_sent(upload, sent, administrator):
    content = table().encode()
    first, second = upload(content, "目录.csv"), upload(content)
    assert (first.number, second.number) == (1, 2)
    assert first.status == Status.UPLOADED
    assert first.created_by == administrator
    assert first.source_name == "目录.csv"
    assert first.source_file.read_bytes() == content
    assert first.source_sha256 == hashlib.sha256(content).hexdigest()
    assert first.source_bytes == len(content)
    assert sent == [("datasets.import_version", str(first.pk)), ("datasets.import_version", str(second.pk))]


def test_folders_and_control_characters_in_a_name_are_dropped(upload):
    assert upload(table(), "../../etc\\pass\x00wd\u202e.csv").source_name == "passwd.csv"
    assert len(upload(table(), "长" * 400 + ".csv").source_name) == 200


def refused(send, own_files) -> DomainError:
    with pytest.raises(DomainError) as caught:
        send()
    assert not list((own_files / "datasets").glob("*"))  # nothing is left behind
    assert not DatasetVersion.objects.exists()
    assert list(caught.value.fields) == ["file"]
    return caught.value


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("rows.exe", b"x", "wrong_extension"),
        ("rows.xls", b"x", "workbook"),
        ("rows", b"x", "wrong_extension"),
        ("rows.csv", b"", "empty"),
        ("rows.csv", b"PK\x03\x04\x00\x00binary", "not_text"),
        ("rows.xlsx", table().encode(), "workbook"),
        ("rows.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "old_workbook"),
        ("rows.csv", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "old_workbook"),
        ("rows.xlsx", workbook([["银行名称"]])[:-200], "workbook"),
    ],
)
def test_file_that_is_not_what_it_says_is_refused(upload, own_files, name, content, code):
    assert refused(lambda: upload(content, name), own_files).code == code


def test_too_large_file_is_refused_while_it_is_read(upload, own_files, settings):
    settings.UPLOAD_BYTES_MAX = 100
    assert refused(lambda: upload(table(count=50)), own_files).code == "too_large"


def test_zip_bomb_is_refused(upload, own_files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", bytes(30 * 2**20))
    assert refused(lambda: upload(buffer.getvalue(), "bomb.xlsx"), own_files).code == "workbook_too_large"


def test_workbook_that_unpacks_to_more_than_is_allowed_is_refused(upload, own_files, monkeypatch):
    monkeypatch.setattr(limits, "UNPACKED_BYTES_MAX", 1000)
    content = workbook([["银行名称"]])
    assert refused(lambda: upload(content, "rows.xlsx"), own_files).code == "workbook_too_large"


def test_draft_is_finalised_with_signature(imported, administrator):
    version = imported(table())
    services.finalise(version, actor=administrator)
    assert version.status == Status.FINALISED
    assert version.finalised_by == administrator
    assert version.finalised_at is not None


def test_only_a_draft_can_be_finalised(upload, administrator):
    with pytest.raises(DomainError) as caught:
        services.finalise(upload(table()), actor=administrator)
    assert caught.value.code == "wrong_status"


def test_draft_whose_rows_were_changed_on_the_disk_is_not_finalised(imported, administrator):
    version = imported(table())
    version.rows_file.write_text("name,code,clearing_code\n")
    with pytest.raises(DomainError) as caught:
        services.finalise(version, actor=administrator)
    assert caught.value.code == "content_changed"
    version.refresh_from_db()
    assert version.status == Status.DRAFT


def test_activation_switches_to_and_fro(imported, administrator, dataset):
    versions = [imported(table()), imported(table(count=4))]
    for version in versions:
        services.finalise(version, actor=administrator)
    for version in (versions[0], versions[1], versions[0]):
        services.activate(version, actor=administrator)
        assert Dataset.objects.get().active_version == version


def test_draft_cannot_be_activated(imported, administrator):
    with pytest.raises(DomainError) as caught:
        services.activate(imported(table()), actor=administrator)
    assert caught.value.code == "not_finalised"


def test_failed_import_can_be_sent_again(imported, administrator, sent):
    version = imported("银行名称,联行编号\n支行,0571\n")
    assert version.status == Status.FAILED
    version.source_file.write_text(table())
    services.import_again(version, actor=administrator)
    assert sent[-1] == ("datasets.import_version", str(version.pk))
    import_version(str(version.pk))
    version.refresh_from_db()
    assert (version.status, version.error, version.attempt) == (Status.DRAFT, "", 2)


def test_only_a_failed_import_can_be_sent_again(imported, administrator):
    with pytest.raises(DomainError):
        services.import_again(imported(table()), actor=administrator)


def set_back(version: DatasetVersion, **fields) -> None:
    long_ago = timezone.now() - timedelta(minutes=5)
    DatasetVersion.objects.filter(pk=version.pk).update(updated_at=long_ago, heartbeat=long_ago, **fields)


def test_tick_sends_again_what_waits_too_long(upload, sent):
    version = upload(table())
    sent.clear()
    assert services.wake_waiting_imports() == 0
    set_back(version)
    assert services.wake_waiting_imports() == 1
    assert sent == [("datasets.import_version", str(version.pk))]
    assert services.wake_waiting_imports() == 0  # not every fifteen seconds anew


def test_tick_leaves_an_import_alone_whose_heart_beats(upload, sent):
    version = upload(table())
    DatasetVersion.objects.filter(pk=version.pk).update(status="importing", heartbeat=timezone.now())
    assert services.wake_waiting_imports() == 0


def test_tick_gives_up_an_import_that_killed_three_workers(upload, sent):
    version = upload(table())
    set_back(version, status="importing", attempt=3)
    assert services.wake_waiting_imports() == 0
    version.refresh_from_db()
    assert version.status == Status.FAILED
    assert version.error


def test_import_that_a_person_starts_again_has_all_its_attempts(upload, sent, administrator):
    version = upload(table())
    set_back(version, status="importing", attempt=3)
    services.wake_waiting_imports()
    version.refresh_from_db()
    services.import_again(version, actor=administrator)
    for attempt in (4, 5):  # two more workers are lost
        assert claim(str(version.pk)).attempt == attempt  # still counting up: a worker lost before must stay fenced off
        set_back(version)
        assert services.wake_waiting_imports() == 1
    assert claim(str(version.pk)).attempt == 6
    set_back(version)
    assert services.wake_waiting_imports() == 0
    version.refresh_from_db()
    assert (version.status, version.failure["code"]) == (Status.FAILED, "gave_up")


def test_upload_whose_row_cannot_be_written_leaves_no_file(upload, own_files, monkeypatch):
    def broken(*args, **kwargs):
        raise OSError

    monkeypatch.setattr(DatasetVersion, "save", broken)
    with pytest.raises(OSError):
        upload(table())
    assert not list((own_files / "datasets").glob("*"))


@pytest.mark.django_db(transaction=True)
def test_file_stays_where_something_after_the_commit_fails(upload, monkeypatch):
    def broken() -> None:
        raise RuntimeError

    monkeypatch.setattr(services, "enqueue", lambda *message: transaction.on_commit(broken))
    with pytest.raises(RuntimeError):
        upload(table())
    assert DatasetVersion.objects.get().source_file.exists()
