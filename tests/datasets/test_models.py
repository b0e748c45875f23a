from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone, translation

from apps.core.errors import DomainError
from apps.datasets import services
from apps.datasets.models import Dataset, DatasetVersion
from tests.datasets.conftest import table


def test_layout_of_files_is_as_documented(upload, own_files):
    version = upload(table(), "目录.CSV")
    root = own_files / "datasets" / str(version.pk)
    assert version.directory == root
    assert version.source_file == root / "source.csv"
    assert version.rows_file == root / "rows.csv"
    assert version.index_directory == root / "index"


def test_schema_that_contradicts_itself_is_refused(administrator):
    dataset = Dataset(name="x", schema={"kind": "x", "columns": []}, created_by=administrator)
    with pytest.raises(ValidationError) as caught:
        dataset.full_clean()
    assert "schema" in caught.value.message_dict


def test_finalised_version_can_be_neither_saved_nor_deleted(imported, administrator):
    version = imported(table())
    stale = DatasetVersion.objects.get(pk=version.pk)
    services.finalise(version, actor=administrator)
    for change in (version.save, version.delete, stale.save, stale.delete):
        with pytest.raises(DomainError) as caught:
            change()
        assert caught.value.code == "finalised"
    for status in DatasetVersion.Status.values:
        assert not version.can_move_to(status)


def test_database_refuses_a_draft_whose_rows_do_not_add_up(imported):
    version = imported(table())
    with pytest.raises(IntegrityError), transaction.atomic():
        DatasetVersion.objects.filter(pk=version.pk).update(rows_skipped=7)


def test_database_refuses_a_finalised_version_without_signature(imported):
    version = imported(table())
    with pytest.raises(IntegrityError), transaction.atomic():
        DatasetVersion.objects.filter(pk=version.pk).update(status="finalised", finalised_at=timezone.now())


def test_database_refuses_the_same_number_twice(upload):
    first, second = upload(table()), upload(table())
    with pytest.raises(IntegrityError), transaction.atomic():
        DatasetVersion.objects.filter(pk=second.pk).update(number=first.number)


def test_ordinary_users_see_nothing_and_administrators_all(imported, administrator, user):
    imported(table())
    assert Dataset.objects.visible_to(administrator).count() == 1
    assert DatasetVersion.objects.visible_to(administrator).count() == 1
    assert not Dataset.objects.visible_to(user).exists()
    assert not DatasetVersion.objects.visible_to(user).exists()


def test_grant_on_a_dataset_shows_its_versions(imported, user, dataset):
    from guardian.shortcuts import assign_perm

    version = imported(table())
    assign_perm("datasets.view_dataset", user, dataset)
    assert list(DatasetVersion.objects.visible_to(user)) == [version]


def test_every_code_has_a_sentence_that_needs_no_missing_word():
    from apps.datasets import messages

    assert messages._ISSUES.keys() == messages._TITLES.keys()
    message = messages.issue_message("digits", {"column": "联行编号", "value": "12", "count": 12}, is_warning=False)
    assert "12" in message.sentence
    assert "联行编号" in message.sentence
    assert messages.failure_message({}).sentence == ""
    assert "nonsense" in messages.failure_message({"code": "nonsense"}).sentence


def test_every_issue_says_what_became_of_its_row():
    from apps.datasets import messages

    with translation.override("en"):
        for code in messages._ISSUES:
            taken, skipped = (messages.issue_message(code, {}, is_warning=is_warning) for is_warning in (True, False))
            assert taken.sentence.endswith("The row was taken.")
            assert skipped.sentence.endswith("The row was skipped.")
