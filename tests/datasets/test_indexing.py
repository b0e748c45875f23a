from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.core.errors import DomainError
from apps.datasets import importing, indexing, lease, services
from apps.datasets.models import ATTEMPTS_MAX, DatasetVersion
from tests.datasets.conftest import table

Status = DatasetVersion.Status


@pytest.fixture
def sent(monkeypatch):
    """What is sent to the queue, instead of the queue."""
    messages: list[tuple[str, ...]] = []
    for module in (importing, indexing):
        monkeypatch.setattr(module, "enqueue", lambda *message: messages.append(message))
    return messages


@pytest.fixture
def draft(upload, sent):
    """A version that is imported, but not indexed yet."""
    version = upload(table())
    importing.import_version(str(version.pk))
    version.refresh_from_db()
    return version


def index(version: DatasetVersion) -> DatasetVersion:
    indexing.index_version(str(version.pk))
    version.refresh_from_db()
    return version


def set_back(version: DatasetVersion, **fields) -> None:
    long_ago = timezone.now() - timedelta(minutes=5)
    DatasetVersion.objects.filter(pk=version.pk).update(updated_at=long_ago, heartbeat=long_ago, **fields)


def refusal(version: DatasetVersion, actor) -> DomainError:
    with pytest.raises(DomainError) as caught:
        services.activate(version, actor=actor)
    return caught.value


def test_draft_is_there_before_its_index_which_is_asked_for(draft, sent):
    assert (draft.status, draft.indexed_at, draft.is_indexing) == (Status.DRAFT, None, True)
    assert not draft.index_directory.exists()
    assert sent == [("datasets.build_index", str(draft.pk))]


def test_index_is_built_and_told_in_the_receipt(draft):
    index(draft)
    assert draft.indexed_at is not None
    assert (draft.is_indexing, draft.stage) == (False, "")
    assert json.loads((draft.index_directory / "manifest.json").read_text())["rows"] == 3
    assert draft.receipt["index"]["rows"] == 3
    assert draft.receipt["accepted"] == 3


def test_second_message_builds_nothing(draft, monkeypatch):
    built = index(draft).indexed_at
    monkeypatch.setattr(indexing, "build_index", None)
    assert index(draft).indexed_at == built


def test_version_is_finalised_before_its_index_and_active_after_it(draft, administrator):
    services.finalise(draft, actor=administrator)
    assert refusal(draft, administrator).code == "index_missing"
    assert index(draft).status == Status.FINALISED
    services.activate(draft, actor=administrator)
    assert draft.is_active


def test_version_that_is_finalised_while_its_index_is_built_keeps_both(draft, administrator, monkeypatch):
    build = indexing.build_index

    def finalise_and_build(*args, **kwargs):
        services.finalise(DatasetVersion.objects.get(pk=draft.pk), actor=administrator)
        return build(*args, **kwargs)

    monkeypatch.setattr(indexing, "build_index", finalise_and_build)
    index(draft)
    assert draft.status == Status.FINALISED
    assert draft.indexed_at is not None
    assert draft.finalised_by == administrator


def test_version_that_is_not_imported_gets_no_index(upload):
    version = upload(table())
    assert index(version).indexed_at is None
    assert not version.index_directory.exists()


def test_index_that_a_living_worker_builds_is_left_alone(draft, sent):
    held = lease.claim_index(str(draft.pk))
    assert index(draft).attempt == held.attempt
    assert indexing.wake_waiting_indexes() == 0


def test_index_of_a_dead_worker_is_built_anew_and_its_rest_removed(draft, sent):
    held = lease.claim_index(str(draft.pk))
    rest = draft.directory / f".index.{held.attempt}"
    rest.mkdir()
    (rest / "cells.npy").write_bytes(b"half")
    draft.index_directory.mkdir()  # it died after its folder took its place and before the row said so
    (draft.index_directory / "cells.npy").write_bytes(b"of another attempt")
    set_back(draft)
    sent.clear()
    assert indexing.wake_waiting_indexes() == 1
    assert sent == [("datasets.build_index", str(draft.pk))]
    assert index(draft).indexed_at is not None
    assert (draft.index_directory / "manifest.json").exists()
    assert not rest.exists()


def test_worker_that_lost_its_lease_puts_no_index_in_place(draft, monkeypatch):
    build = indexing.build_index

    def build_and_lose(*args, **kwargs):
        summary = build(*args, **kwargs)
        set_back(draft)
        assert lease.claim_index(str(draft.pk))
        return summary

    monkeypatch.setattr(indexing, "build_index", build_and_lose)
    index(draft)
    assert (draft.indexed_at, draft.attempt) == (None, 3)
    assert not list(draft.directory.glob("*index*"))


def test_index_that_fails_is_logged_tried_again_and_at_last_given_up(draft, administrator, sent, monkeypatch, caplog):
    def broken(*args, **kwargs):
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(indexing, "build_index", broken)
        for _attempt in range(ATTEMPTS_MAX):
            set_back(draft)
            assert indexing.wake_waiting_indexes() == 1
            assert index(draft).indexed_at is None
    assert "ZeroDivisionError" in caplog.text
    set_back(draft)
    assert indexing.wake_waiting_indexes() == 0
    services.finalise(draft, actor=administrator)
    sent.clear()
    assert refusal(draft, administrator).code == "index_missing"
    assert sent == [("datasets.build_index", str(draft.pk))]  # somebody wants it: once more
    assert index(draft).indexed_at is not None


def test_tick_waits_before_it_sends_again(draft, sent):
    assert indexing.wake_waiting_indexes() == 0
    set_back(draft)
    assert indexing.wake_waiting_indexes() == 1
    assert indexing.wake_waiting_indexes() == 0
