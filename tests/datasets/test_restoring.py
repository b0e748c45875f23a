from __future__ import annotations

import errno
from pathlib import Path

import pytest

from apps.audit.models import AuditEntry
from apps.core.errors import DomainError
from apps.datasets import restoring, services
from apps.datasets.diffing import compare
from apps.datasets.models import Dataset, DatasetVersion
from tests.datasets.conftest import table


@pytest.fixture
def history(imported, administrator):
    """Two finalised versions of which the newer one is active."""
    versions = [imported(table()), imported(table(count=5))]
    for version in versions:
        services.finalise(version, actor=administrator)
        services.activate(version, actor=administrator)
    return versions


def refused(act, *arguments, **facts) -> str:
    with pytest.raises(DomainError) as caught:
        act(*arguments, **facts)
    return caught.value.code


def test_restored_version_has_the_old_content_and_answers_at_once(history, administrator):
    restored = restoring.restore(history[0], actor=administrator)
    assert (restored.number, restored.status, restored.origin) == (3, "finalised", "restoration")
    assert (restored.derived_from, restored.finalised_by) == (history[0], administrator)
    assert restored.content_sha256 == history[0].content_sha256
    assert Dataset.objects.get().active_version == restored
    assert compare(history[0], restored).counts["unchanged"] == 3
    entry = AuditEntry.objects.get(action="dataset_version.restored")
    assert (entry.object_id, entry.after["restored"]) == (str(restored.pk), 1)


def test_files_and_index_are_second_names_of_the_same_bytes(history, administrator):
    compare(history[1], history[0])  # what is cached beside the old version is not carried along
    restored = restoring.restore(history[0], actor=administrator)
    names = {path.relative_to(restored.directory) for path in restored.directory.rglob("*") if path.is_file()}
    assert {Path("rows.csv"), Path("source.csv"), Path("index/manifest.json")} <= names
    assert not [name for name in names if name.name.startswith("diff.")]
    for name in names:
        assert (restored.directory / name).samefile(history[0].directory / name)


def test_files_are_copied_where_there_are_no_hard_links(history, administrator, monkeypatch):
    def no_links(*args):
        raise OSError(errno.EPERM, "no hard links here")

    monkeypatch.setattr(Path, "hardlink_to", no_links)
    restored = restoring.restore(history[0], actor=administrator)
    assert restored.rows_file.read_bytes() == history[0].rows_file.read_bytes()
    assert not restored.rows_file.samefile(history[0].rows_file)


def test_content_that_is_active_already_is_not_restored(history, administrator):
    assert refused(restoring.restore, history[1], actor=administrator) == "already_active"


def test_draft_is_not_restored(imported, administrator):
    assert refused(restoring.restore, imported(table()), actor=administrator) == "not_finalised"


def test_version_whose_rows_were_changed_on_the_disk_is_not_restored(history, administrator, own_files):
    history[0].rows_file.write_text("name,code,clearing_code\n")
    assert refused(restoring.restore, history[0], actor=administrator) == "content_changed"
    assert DatasetVersion.objects.count() == len(list((own_files / "datasets").iterdir())) == 2


def test_full_disk_leaves_no_half_version(history, administrator, own_files, monkeypatch):
    def full(source, target):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(restoring, "link_or_copy", full)
    assert refused(restoring.restore, history[0], actor=administrator) == "disk_full"
    assert DatasetVersion.objects.count() == len(list((own_files / "datasets").iterdir())) == 2
    assert Dataset.objects.get().active_version == history[1]


def test_version_without_an_index_is_not_restored(history, administrator):
    DatasetVersion.objects.filter(pk=history[0].pk).update(indexed_at=None)
    history[0].refresh_from_db()
    assert refused(restoring.restore, history[0], actor=administrator) == "index_missing"
