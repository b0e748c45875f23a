from __future__ import annotations

import threading

import pytest
from django.db import connection

from apps.audit.models import AuditEntry
from apps.core.errors import DomainError
from apps.datasets import removal, resumable, services
from apps.datasets.models import Dataset, DatasetVersion, Upload
from tests.datasets.conftest import table

pytestmark = pytest.mark.django_db(transaction=True)


def refused(act, *arguments, **facts) -> str:
    with pytest.raises(DomainError) as caught:
        act(*arguments, **facts)
    assert caught.value.message
    return caught.value.code


def test_draft_is_deleted_with_its_files(imported, administrator):
    version = imported(table())
    removal.delete_version(version, actor=administrator)
    assert not DatasetVersion.objects.exists()
    assert not version.directory.exists()
    entry = AuditEntry.objects.get(action="dataset_version.deleted")
    assert (entry.actor, entry.before["rows"]) == (administrator, 3)


def test_finalised_version_stays(imported, administrator):
    version = imported(table())
    services.finalise(version, actor=administrator)
    assert refused(removal.delete_version, version, actor=administrator) == "finalised"
    assert version.rows_file.exists()


def test_draft_that_somebody_finalises_meanwhile_stays(imported, administrator):
    version = imported(table())
    services.finalise(DatasetVersion.objects.get(), actor=administrator)
    assert version.status == "draft"  # as this window still sees it
    assert refused(removal.delete_version, version, actor=administrator) == "finalised"


def test_version_that_another_one_was_made_from_stays(imported, upload, administrator):
    first, second = imported(table()), upload(table())
    DatasetVersion.objects.filter(pk=second.pk).update(derived_from=first)
    assert refused(removal.delete_version, first, actor=administrator) == "in_use"
    assert first.rows_file.exists()


def test_dataset_goes_with_drafts_and_uploads(dataset, imported, administrator, own_files):
    first, second = imported(table()), imported(table(count=4))
    DatasetVersion.objects.filter(pk=second.pk).update(derived_from=first)
    announced = resumable.start_upload(dataset, name="a.csv", size=9, actor=administrator)
    announced.directory.mkdir(parents=True)
    removal.delete_dataset(dataset, actor=administrator)
    assert not Dataset.objects.exists()
    assert not Upload.objects.exists()
    assert list((own_files / "datasets").iterdir()) == list((own_files / "uploads").iterdir()) == []


def test_dataset_with_a_finalised_version_stays_whole(dataset, imported, administrator):
    services.finalise(imported(table()), actor=administrator)
    draft = imported(table(count=4))
    assert refused(removal.delete_dataset, dataset, actor=administrator) == "has_finalised"
    assert DatasetVersion.objects.count() == 2
    assert draft.rows_file.exists()


def test_dataset_that_a_model_answers_from_stays(dataset, administrator):
    from apps.registry.services import model_for_dataset

    model_for_dataset(dataset, actor=administrator)
    assert refused(removal.delete_dataset, dataset, actor=administrator) == "in_use"


def test_dataset_that_is_trained_on_stays(dataset, imported, administrator):
    from apps.training.services import submit_job

    version = imported(table())
    services.finalise(version, actor=administrator)
    submit_job(dataset_version=version, parameters={}, seed=1, actor=administrator)
    assert refused(removal.delete_dataset, dataset, actor=administrator) == "has_finalised"
    assert refused(removal.delete_version, version, actor=administrator) == "finalised"
    assert version.rows_file.exists()


def together(*acts) -> list[str]:
    """Run acts in threads that start at the same moment; return "done" or the code of each one's refusal."""
    barrier, outcomes = threading.Barrier(len(acts)), []

    def run(act) -> None:
        barrier.wait(10)
        try:
            act()
            outcomes.append("done")
        except DomainError as problem:
            outcomes.append(problem.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(outcomes)


def test_of_two_people_who_finalise_at_once_one_wins(imported, make_user):
    version = imported(table())
    people = [make_user("administrator") for _ in range(2)]
    acts = [
        lambda person=person: services.finalise(DatasetVersion.objects.get(pk=version.pk), actor=person)
        for person in people
    ]
    assert together(*acts) == ["done", "wrong_status"]
    assert AuditEntry.objects.filter(action="dataset_version.finalised").count() == 1


def test_who_deletes_and_who_finalises_at_once_cannot_both_win(imported, make_user):
    version = imported(table())
    one, other = make_user("administrator"), make_user("administrator")
    outcomes = together(
        lambda: services.finalise(DatasetVersion.objects.get(pk=version.pk), actor=one),
        lambda: removal.delete_version(DatasetVersion.objects.get(pk=version.pk), actor=other),
    )
    kept = DatasetVersion.objects.finalised().filter(pk=version.pk).exists()
    assert outcomes in (["done", "finalised"], ["done", "gone"])
    assert version.rows_file.exists() is kept
