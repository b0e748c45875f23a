"""The quota of storage: what is kept and what is coming, never more than allowed."""

from __future__ import annotations

import io

import pytest

from apps.core.errors import QuotaExceeded
from apps.datasets.models import DatasetVersion
from apps.datasets.resumable import start_upload
from apps.datasets.services import upload_version
from apps.datasets.usage import stored_bytes
from apps.users import quotas
from apps.users.models.quotas import EVERYBODY, Subject
from tests.datasets.conftest import table
from tests.users.test_quota_races import at_once

FILE = table().encode()


@pytest.fixture
def limit(administrator):
    return lambda size: quotas.set_quotas(EVERYBODY, {"storage": size}, actor=administrator)


@pytest.mark.django_db
def test_file_that_does_not_fit_is_refused_and_leaves_nothing(upload, limit, administrator, own_files):
    limit(len(FILE) * 2 - 1)
    upload(FILE)
    with pytest.raises(QuotaExceeded) as refusal:
        upload(FILE)
    assert refusal.value.values["used"] == len(FILE)
    assert refusal.value.wait is None
    assert stored_bytes([administrator.pk]) == {administrator.pk: len(FILE)}
    assert len(list((own_files / "datasets").iterdir())) == 1


@pytest.mark.django_db
def test_upload_in_pieces_is_refused_before_its_first_piece(dataset, limit, administrator):
    limit(1000)
    with pytest.raises(QuotaExceeded):
        start_upload(dataset, name="rows.csv", size=1001, actor=administrator)
    start_upload(dataset, name="rows.csv", size=600, actor=administrator)
    with pytest.raises(QuotaExceeded):
        start_upload(dataset, name="more.csv", size=600, actor=administrator)


@pytest.mark.django_db
def test_what_others_keep_does_not_count(upload, dataset, limit, user):
    limit(len(FILE))
    upload(FILE)
    upload_version(dataset, file=io.BytesIO(FILE), name="rows.csv", actor=user, again=True)


@pytest.mark.django_db
def test_api_says_it_with_the_facts(api, dataset, limit, administrator):
    limit(10)
    file = io.BytesIO(FILE)
    file.name = "rows.csv"
    answer = api(administrator).post(f"/api/v1/datasets/{dataset.pk}/versions", {"file": file}, format="multipart")
    assert (answer.status_code, answer.json()["values"]["metric"]) == (429, "storage")
    assert "Retry-After" not in answer


@pytest.mark.django_db(transaction=True)
def test_at_once_only_as_many_files_are_kept_as_fit(dataset, administrator, limit, sent_nothing):
    quotas.set_quotas(Subject("user", str(administrator.pk)), {"storage": len(FILE) * 3}, actor=administrator)

    def send(number: int) -> bool:
        try:
            upload_version(dataset, file=io.BytesIO(FILE), name="rows.csv", actor=administrator, again=True)
        except QuotaExceeded:
            return False
        return True

    assert at_once(send, range(10)).count(True) == 3
    assert DatasetVersion.objects.count() == 3


@pytest.fixture
def sent_nothing(monkeypatch):
    monkeypatch.setattr("apps.core.queue._send", lambda *_arguments: None)
