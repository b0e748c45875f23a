from __future__ import annotations

import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.datasets.importing import import_version
from apps.datasets.indexing import index_version
from apps.datasets.models import Dataset
from tests.datasets.conftest import table

ROOT = "/api/v1/datasets/"


@pytest.fixture
def version(imported):
    return imported(table("支行,12,", count=30))


def test_administrator_walks_the_whole_path(api, administrator):
    client = api(administrator)
    made = client.post(ROOT, {"name": "目录", "preset": "bank_branches"}, format="json")
    assert made.status_code == 201
    versions = f"{ROOT}{made.json()['id']}/versions"
    file = SimpleUploadedFile("rows.csv", table().encode())
    sent = client.post(versions, {"file": file}, format="multipart")
    assert (sent.status_code, sent.json()["number"], sent.json()["status"]) == (201, 1, "uploaded")
    import_version(sent.json()["id"])
    seen = client.get(f"{versions}/1").json()
    assert (seen["status"], seen["rows_accepted"], seen["receipt"]["read"]) == ("draft", 3, 3)
    assert client.post(f"{versions}/1/finalise").json()["status"] == "finalised"
    index_version(sent.json()["id"])
    assert client.post(f"{versions}/1/activate").json()["is_active"] is True
    assert client.get(f"{ROOT}{made.json()['id']}/").json()["active_version"] == 1
    assert client.get(versions).json()["count"] == 1
    assert client.get(ROOT).json()["results"][0]["name"] == "目录"


def test_all_records_come_in_pages(api, administrator, imported):
    version = imported(table(count=130))
    answer = api(administrator).get(f"{ROOT}{version.dataset_id}/versions/1/records?page_size=50").json()
    assert (answer["count"], len(answer["results"])) == (130, 50)
    assert answer["results"][0]["cells"].keys() == {"name", "code", "clearing_code"}


def test_issues_carry_sentence_and_remedy(api, administrator, version):
    answer = api(administrator).get(f"{ROOT}{version.dataset_id}/versions/1/issues").json()
    assert answer["count"] == 1
    issue = answer["results"][0]
    assert (issue["line"], issue["code"], issue["severity"]) == (32, "digits", "error")
    assert issue["message"]
    assert issue["remedy"]


@pytest.mark.parametrize(("name", "content"), [("rows.exe", b"x"), ("rows.csv", b""), ("rows.xlsx", b"no zip")])
def test_refused_file_names_the_field(api, administrator, dataset, name, content):
    file = SimpleUploadedFile(name, content)
    answer = api(administrator).post(f"{ROOT}{dataset.pk}/versions", {"file": file}, format="multipart")
    assert answer.status_code == 400
    assert "file" in answer.json()["fields"]


def test_upload_without_a_file_names_the_field(api, administrator, dataset):
    answer = api(administrator).post(f"{ROOT}{dataset.pk}/versions", {}, format="multipart")
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["file"])


def test_taken_name_and_unknown_preset_name_their_fields(api, administrator, dataset):
    client = api(administrator)
    taken = client.post(ROOT, {"name": dataset.name, "preset": "bank_branches"}, format="json")
    assert (taken.status_code, list(taken.json()["fields"])) == (400, ["name"])
    unknown = client.post(ROOT, {"name": "x", "preset": "nope"}, format="json")
    assert (unknown.status_code, list(unknown.json()["fields"])) == (400, ["preset"])


def test_draft_cannot_be_activated(api, administrator, version):
    answer = api(administrator).post(f"{ROOT}{version.dataset_id}/versions/1/activate")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_finalised")


def test_version_cannot_be_finalised_twice(api, administrator, version):
    client, path = api(administrator), f"{ROOT}{version.dataset_id}/versions/1/finalise"
    assert client.post(path).status_code == 200
    assert client.post(path).json()["code"] == "wrong_status"


@pytest.mark.parametrize("path", ["", "versions", "versions/1", "versions/1/records", "versions/1/issues"])
def test_what_does_not_exist_is_not_found(api, administrator, path):
    assert api(administrator).get(f"{ROOT}{uuid.uuid4()}/{path}").status_code == 404


def test_unknown_number_is_not_found(api, administrator, version):
    assert api(administrator).get(f"{ROOT}{version.dataset_id}/versions/9").status_code == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", ""),
        ("post", ""),
        ("get", "{id}/"),
        ("get", "{id}/versions"),
        ("post", "{id}/versions"),
        ("get", "{id}/versions/1"),
        ("post", "{id}/versions/1/finalise"),
        ("post", "{id}/versions/1/activate"),
        ("get", "{id}/versions/1/records"),
        ("get", "{id}/versions/1/issues"),
    ],
)
def test_ordinary_user_is_forbidden_and_nobody_unauthorised(api, user, version, method, path):
    address = ROOT + path.format(id=version.dataset_id)
    assert getattr(api(user), method)(address).status_code == 403
    assert getattr(api(), method)(address).status_code == 401


def test_lists_take_as_many_queries_for_many(api, administrator, make_user, django_assert_max_num_queries):
    from apps.datasets.services import create_dataset

    for number in range(5):
        create_dataset(name=f"目录 {number}", preset="bank_branches", actor=administrator)
    assert Dataset.objects.count() == 5
    with django_assert_max_num_queries(8):
        assert api(administrator).get(ROOT).json()["count"] == 5
