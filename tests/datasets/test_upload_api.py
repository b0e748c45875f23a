from __future__ import annotations

import hashlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.datasets import services
from apps.datasets.models import Dataset, DatasetVersion, Upload
from tests.datasets.conftest import HEADER, row, table

ROOT = "/api/v1/datasets/"
CONTENT = table(count=300).encode()
CUT = 9_000
PIECE = "application/octet-stream"


@pytest.fixture
def uploads(dataset):
    return f"{ROOT}{dataset.pk}/uploads"


@pytest.fixture
def announce(api, administrator, uploads):
    """Return a function that announces CONTENT over the API and gives the answer."""

    def post(**facts):
        given = {"name": "目录.csv", "size": len(CONTENT), "head": "h"} | facts
        return api(administrator).post(uploads, given, format="json")

    return post


def put(client, address: str, content: bytes, *, offset: int | str):
    return client.put(f"{address}?offset={offset}", data=content, content_type=PIECE)


def test_file_arrives_in_pieces_and_becomes_a_version(api, administrator, uploads, announce):
    client = api(administrator)
    announced = announce(sha256=hashlib.sha256(CONTENT).hexdigest())
    assert (announced.status_code, announced.json()["received"]) == (201, 0)
    address = f"{uploads}/{announced.json()['id']}"
    assert put(client, address, CONTENT[:CUT], offset=0).json()["received"] == CUT
    assert client.get(address).json()["received"] == CUT
    again = announce(sha256=hashlib.sha256(CONTENT).hexdigest())
    assert (again.status_code, again.json()["id"]) == (200, announced.json()["id"])
    assert put(client, address, CONTENT[CUT:], offset=CUT).json()["received"] == len(CONTENT)
    done = client.post(f"{address}/complete", {}, format="json")
    assert (done.status_code, done.json()["number"], done.json()["status"]) == (201, 1, "uploaded")
    assert DatasetVersion.objects.get().source_file.read_bytes() == CONTENT
    assert client.get(address).status_code == 404


def test_wrong_offset_is_a_conflict_that_says_the_right_one(api, administrator, uploads, announce):
    address = f"{uploads}/{announce().json()['id']}"
    answer = put(api(administrator), address, b"x" * 10, offset=5)
    assert (answer.status_code, answer.json()["code"], answer.json()["values"]) == (
        409,
        "wrong_offset",
        {"received": 0},
    )


@pytest.mark.parametrize("offset", ["", "x", "-1"])
def test_offset_that_is_no_number_is_refused(api, administrator, uploads, announce, offset):
    assert put(api(administrator), f"{uploads}/{announce().json()['id']}", b"x", offset=offset).status_code == 400


def test_piece_of_another_type_is_refused(api, administrator, uploads, announce):
    address = f"{uploads}/{announce().json()['id']}"
    assert api(administrator).put(f"{address}?offset=0", {"a": 1}, format="json").status_code == 415


def test_too_large_file_is_refused_when_it_is_announced(announce):
    answer = announce(size=2 * 2**30)
    assert (answer.status_code, answer.json()["code"], list(answer.json()["fields"])) == (400, "too_large", ["file"])
    assert "2.0" in answer.json()["detail"]


def test_incomplete_upload_cannot_be_completed(api, administrator, uploads, announce):
    answer = api(administrator).post(f"{uploads}/{announce().json()['id']}/complete", {}, format="json")
    assert (answer.status_code, answer.json()["code"], answer.json()["values"]) == (409, "incomplete", {"received": 0})


def test_upload_is_given_up(api, administrator, uploads, announce):
    address = f"{uploads}/{announce().json()['id']}"
    assert api(administrator).delete(address).status_code == 204
    assert not Upload.objects.exists()


def test_upload_of_somebody_else_is_not_found(api, make_user, uploads, announce):
    address = f"{uploads}/{announce().json()['id']}"
    other = api(make_user("administrator"))
    assert other.get(address).status_code == 404
    assert other.delete(address).status_code == 404
    assert put(other, address, b"x", offset=0).status_code == 404
    assert other.post(f"{address}/complete", {}, format="json").status_code == 404
    assert Upload.objects.exists()


def test_same_file_in_one_request_is_a_conflict_that_names_the_version(api, administrator, upload, dataset):
    first = upload(CONTENT)
    client, address = api(administrator), f"{ROOT}{dataset.pk}/versions"

    def send(**more):
        return client.post(address, {"file": SimpleUploadedFile("a.csv", CONTENT), **more}, format="multipart")

    answer = send()
    assert (answer.status_code, answer.json()["code"]) == (409, "same_file")
    assert answer.json()["values"] == {"version": 1, "id": str(first.pk)}
    assert send(again="true").json()["number"] == 2


@pytest.fixture
def two(imported, administrator):
    old = imported("\n".join([HEADER, row(1), row(2), row(3)]) + "\n")
    services.finalise(old, actor=administrator)
    services.activate(old, actor=administrator)
    return old, imported("\n".join([HEADER, row(1), row(2, name="新名支行"), row(4)]) + "\n")


def test_differences_come_in_pages_with_a_summary(api, administrator, two):
    address = f"{ROOT}{two[0].dataset_id}/versions/2/diff"
    answer = api(administrator).get(address, {"page_size": 2}).json()
    assert (answer["count"], len(answer["results"])) == (3, 2)
    assert answer["summary"] == {
        "base": 1, "added": 1, "removed": 1, "changed": 1, "unchanged": 1,
        "only_base_columns": [], "only_new_columns": [],
    }  # fmt: skip
    (changed,) = api(administrator).get(address, {"kind": "changed"}).json()["results"]
    assert (changed["old"]["name"], changed["new"]["name"]) == ("中国邮政储蓄银行六里坪第2支行", "新名支行")
    (added,) = api(administrator).get(address, {"kind": "added"}).json()["results"]
    assert (added["old"], added["old_line"], added["new_line"]) == (None, None, 4)


@pytest.mark.parametrize("query", [{"kind": "x"}, {"column": "x"}, {"base": "x"}])
def test_nonsense_in_a_query_for_differences_is_refused(api, administrator, two, query):
    assert api(administrator).get(f"{ROOT}{two[0].dataset_id}/versions/2/diff", query).status_code == 400


def test_differences_from_a_version_that_does_not_exist_are_not_found(api, administrator, two):
    address = f"{ROOT}{two[0].dataset_id}/versions"
    assert api(administrator).get(f"{address}/2/diff", {"base": 9}).status_code == 404


def test_rows_are_searched(api, administrator, two):
    answer = api(administrator).get(f"{ROOT}{two[0].dataset_id}/versions/2/records", {"search": "新名"}).json()
    assert [found["cells"]["name"] for found in answer["results"]] == ["新名支行"]


def test_old_version_is_restored(api, administrator, two):
    client, address = api(administrator), f"{ROOT}{two[0].dataset_id}/versions"
    assert client.post(f"{address}/1/restore").json()["code"] == "already_active"
    for verb in ("finalise", "activate"):
        client.post(f"{address}/2/{verb}")
    answer = client.post(f"{address}/1/restore")
    assert (answer.status_code, answer.json()["number"], answer.json()["is_active"]) == (201, 3, True)


def test_import_is_cancelled_and_started_again(api, administrator, upload, dataset):
    upload(table())
    client, address = api(administrator), f"{ROOT}{dataset.pk}/versions/1"
    assert client.post(f"{address}/cancel").json()["status"] == "cancelled"
    assert client.post(f"{address}/cancel").json()["code"] == "wrong_status"
    assert client.post(f"{address}/import-again").json()["status"] == "uploaded"


def test_version_and_dataset_are_deleted_unless_finalised(api, administrator, two):
    client, address = api(administrator), f"{ROOT}{two[0].dataset_id}/"
    assert client.delete(f"{address}versions/1").json()["code"] == "finalised"
    assert client.delete(f"{address}versions/2").status_code == 204
    assert client.delete(address).json()["code"] == "has_finalised"
    assert Dataset.objects.exists()


def test_ordinary_user_is_forbidden_and_nobody_unauthorised(api, user, uploads, two):
    dataset = f"{ROOT}{two[0].dataset_id}/"
    version = f"{dataset}versions/2"
    calls = [
        ("post", uploads),
        ("get", f"{version}/diff"),
        ("post", f"{version}/cancel"),
        ("post", f"{version}/restore"),
        ("delete", version),
        ("delete", dataset),
    ]
    for method, address in calls:
        assert getattr(api(user), method)(address).status_code == 403, address
        assert getattr(api(), method)(address).status_code == 401, address
