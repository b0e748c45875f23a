"""The screens of intake: upload, comparison, all rows, restore, cancel, delete."""

from __future__ import annotations

import io

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from apps.audit.models import AuditEntry
from apps.datasets import services
from apps.datasets.models import Dataset, DatasetVersion
from tests.datasets.conftest import HEADER, code, row, table


def url(name: str, *args: object) -> str:
    return reverse(f"admin:datasets_{name}", args=args)


def content(answer) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming and not answer.is_async else drained(answer)


def drained(answer) -> bytes:
    import asyncio

    async def collect() -> bytes:
        return b"".join([part async for part in answer.streaming_content])

    return asyncio.run(collect())


@pytest.fixture
def two(imported, administrator):
    """A finalised, active version and a draft after it: one row comes, one goes, one changes."""
    old = imported("\n".join([HEADER, row(1), row(2), f"=1+1支行,{code(3)},403100000004"]) + "\n")
    services.finalise(old, actor=administrator)
    services.activate(old, actor=administrator)
    new = imported("\n".join([HEADER, row(1), row(2, name="新名支行"), row(4)]) + "\n")
    return old, new


def test_comparison_shows_counts_and_every_change(page, administrator, two):
    answer = page(administrator).get(url("datasetversion_compare", two[1].pk))
    assert answer.context["base"] == two[0]
    assert answer.context["comparison"].counts == {"added": 1, "removed": 1, "changed": 1, "unchanged": 1}
    body = answer.content.decode()
    assert "<del>中国邮政储蓄银行六里坪第2支行</del><ins>新名支行</ins>" in body


def test_comparison_is_sifted_by_what_the_address_says(page, administrator, two):
    address = url("datasetversion_compare", two[1].pk)
    client = page(administrator)
    assert client.get(address, {"kind": "added"}).context["count"] == "1"
    assert client.get(address, {"kind": "nonsense", "column": "nonsense"}).context["count"] == "3"
    assert client.get(address, {"search": "新名", "page": "x"}).context["count"] == "1"


@pytest.mark.parametrize("number", ["9", "x", "99999999999999999999"])
def test_unknown_version_to_compare_with_is_not_found(page, administrator, two, number):
    assert page(administrator).get(url("datasetversion_compare", two[1].pk), {"with": number}).status_code == 404


def test_only_version_says_that_there_is_nothing_to_compare_with(page, administrator, imported):
    answer = page(administrator).get(url("datasetversion_compare", imported(table()).pk))
    assert answer.status_code == 200
    assert answer.context["base"] is None


def test_exported_changes_run_no_formula_and_are_audited(page, administrator, two):
    client = page(administrator)
    text = content(client.get(url("datasetversion_compare_csv", two[1].pk))).decode("utf-8-sig")
    assert len(text.strip().splitlines()) == 4
    assert "'=1+1支行" in text
    book = openpyxl.load_workbook(io.BytesIO(content(client.get(url("datasetversion_compare_xlsx", two[1].pk)))))
    cells = [cell for line in book.active for cell in line]
    assert "=1+1支行" in [cell.value for cell in cells]
    assert not [cell for cell in cells if cell.data_type == "f"]
    assert code(2) in [cell.value for cell in cells]  # as text, with all its digits
    forms = AuditEntry.objects.filter(action="dataset_version.comparison_exported").order_by("seq")
    assert [entry.after["form"] for entry in forms] == ["csv", "xlsx"]


def test_rows_are_paged_searched_and_exported(page, administrator, imported):
    version = imported(table(count=120))
    client = page(administrator)
    first = client.get(url("datasetversion_rows", version.pk))
    assert (first.context["count"], len(first.context["page"]), first.context["page"].paginator.num_pages) == (
        "120",
        50,
        3,
    )
    found = client.get(url("datasetversion_rows", version.pk), {"search": "第77支行"})
    assert [entry.cells[1] for entry in found.context["page"]] == [code(77)]
    text = content(client.get(url("datasetversion_rows_csv", version.pk), {"search": "第7"})).decode("utf-8-sig")
    assert len(text.strip().splitlines()) == 1 + 11
    entry = AuditEntry.objects.get(action="dataset_version.rows_exported")
    assert (entry.actor, entry.after["rows"]) == (administrator, 11)


def test_rows_of_an_import_that_is_to_come_are_said_to_be_absent(page, administrator, upload):
    answer = page(administrator).get(url("datasetversion_rows", upload(table()).pk))
    assert (answer.status_code, answer.context["count"]) == (200, "0")


def test_restoration_says_what_will_change_and_then_does_it(page, administrator, two):
    old, new = two
    services.finalise(new, actor=administrator)
    services.activate(new, actor=administrator)
    client = page(administrator)
    question = client.get(url("datasetversion_restore", old.pk))
    assert question.context["counts"] == {"added": "1", "removed": "1", "changed": "1", "unchanged": "1"}
    assert DatasetVersion.objects.count() == 2
    client.post(url("datasetversion_restore", old.pk))
    restored = DatasetVersion.objects.get(number=3)
    assert Dataset.objects.get().active_version == restored
    assert restored.derived_from == old


def test_import_is_cancelled_by_its_button_and_can_be_imported_again(page, administrator, upload):
    version = upload(table())
    client = page(administrator)
    client.post(url("datasetversion_cancel", version.pk))
    version.refresh_from_db()
    assert version.status == "cancelled"
    body = client.get(url("datasetversion_change", version.pk)).content.decode()
    assert url("datasetversion_import_again", version.pk) in body


def test_draft_is_deleted_by_its_button_and_a_finalised_version_is_not(page, administrator, two):
    client = page(administrator)
    for version in two:
        client.post(url("datasetversion_remove", version.pk))
    assert list(DatasetVersion.objects.all()) == [two[0]]


def test_dataset_is_deleted_by_its_button(page, administrator, imported, dataset):
    imported(table())
    answer = page(administrator).post(url("dataset_remove", dataset.pk), follow=True)
    assert [message.level_tag for message in answer.context["messages"]] == ["success"]
    assert not Dataset.objects.exists()


def test_dataset_with_a_finalised_version_says_why_it_stays(page, administrator, two, dataset):
    answer = page(administrator).post(url("dataset_remove", dataset.pk), follow=True)
    assert [message.level_tag for message in answer.context["messages"]] == ["error"]
    assert Dataset.objects.exists()


def test_page_of_a_draft_says_when_it_goes(page, administrator, two):
    client = page(administrator)
    shown = client.get(url("dataset_change", two[0].dataset_id)).context["version_rows"]
    assert [bool(line["goes_at"]) for line in shown] == [True, False]
    assert client.get(url("datasetversion_change", two[1].pk)).context["goes_at"]


def test_same_file_without_scripts_is_linked_and_may_be_sent_anyway(page, administrator, dataset):
    client, address = page(administrator), url("dataset_upload", dataset.pk)

    def send(**more):
        return client.post(address, {"file": SimpleUploadedFile("rows.csv", table().encode()), **more})

    send()
    refused = send()
    first = DatasetVersion.objects.get()
    assert refused.context["same_version"] == str(first.pk)
    assert url("datasetversion_change", first.pk) in refused.content.decode()
    assert send(again="on").status_code == 302
    assert DatasetVersion.objects.count() == 2


@pytest.mark.parametrize("button", ["cancel", "remove"])
def test_buttons_answer_post_only(page, administrator, two, button):
    assert page(administrator).get(url(f"datasetversion_{button}", two[1].pk)).status_code == 405


@pytest.mark.parametrize("button", ["cancel", "remove", "restore"])
def test_viewer_without_rights_may_look_but_not_press(page, make_user, two, button):
    from django.contrib.auth.models import Permission

    viewer = make_user()
    names = ["enter_console", "view_dataset", "view_datasetversion"]
    viewer.user_permissions.add(*Permission.objects.filter(codename__in=names))
    client = page(viewer)
    assert client.get(url("datasetversion_compare", two[1].pk)).status_code == 200
    assert client.get(url("datasetversion_rows", two[1].pk)).status_code == 200
    assert client.post(url(f"datasetversion_{button}", two[1].pk)).status_code == 403
    assert client.post(url("dataset_remove", two[1].dataset_id)).status_code == 403
