from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from apps.datasets import services
from apps.datasets.issues import issues_of
from apps.datasets.models import Dataset, DatasetVersion
from apps.datasets.rows import rows_of
from tests.datasets.conftest import table


@pytest.fixture
def version(imported):
    return imported(table("支行,12,"))


def url(name: str, *args: object) -> str:
    return reverse(f"admin:datasets_{name}", args=args)


def test_every_screen_opens_with_few_queries(page, administrator, version, django_assert_max_num_queries):
    client = page(administrator)
    paths = [
        url("dataset_changelist"),
        url("dataset_add"),
        url("dataset_change", version.dataset_id),
        url("dataset_upload", version.dataset_id),
        url("datasetversion_changelist"),
        url("datasetversion_change", version.pk),
        url("datasetversion_progress", version.pk),
        url("datasetversion_issues_csv", version.pk),
    ]
    for path in paths:
        with django_assert_max_num_queries(30):
            assert client.get(path).status_code == 200, path


def test_changelist_takes_as_many_queries_for_many_versions(page, administrator, imported):
    client = page(administrator)
    imported(table())
    client.get(url("datasetversion_changelist"))  # fills caches
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(url("datasetversion_changelist"))
    for _ in range(4):
        imported(table())
    with CaptureQueriesContext(connection) as many:
        client.get(url("datasetversion_changelist"))
    assert len(many) == len(few)


def test_dataset_is_made_and_the_upload_page_comes_next(page, administrator):
    form = {"name": "新目录", "preset": "bank_branches", "description": ""}
    answer = page(administrator).post(url("dataset_add"), form)
    dataset = Dataset.objects.get(name="新目录")
    assert answer.url == url("dataset_upload", dataset.pk)
    assert dataset.created_by == administrator
    assert dataset.table_schema.keys == ("name", "code", "clearing_code")


def test_dataset_with_a_taken_name_is_refused_in_the_form(page, administrator, dataset):
    answer = page(administrator).post(url("dataset_add"), {"name": dataset.name, "preset": "bank_branches"})
    assert answer.status_code == 200
    assert list(answer.context["adminform"].form.errors) == ["name"]
    assert Dataset.objects.count() == 1


def test_upload_leads_to_the_version_and_is_logged(page, administrator, dataset):
    file = SimpleUploadedFile("rows.csv", table().encode())
    answer = page(administrator).post(url("dataset_upload", dataset.pk), {"file": file})
    version = DatasetVersion.objects.get()
    assert answer.url == url("datasetversion_change", version.pk)
    entry = LogEntry.objects.get(object_id=version.pk, user=administrator)
    sentences = {}
    for language in ("en", "zh-hans"):
        with translation.override(language):
            sentences[language] = entry.get_change_message()
    assert sentences["en"] != sentences["zh-hans"]


def test_refused_upload_is_explained_at_the_field(page, administrator, dataset):
    file = SimpleUploadedFile("rows.exe", b"x")
    answer = page(administrator).post(url("dataset_upload", dataset.pk), {"file": file})
    assert answer.status_code == 200
    assert answer.context["form"].errors["file"]


def test_version_page_shows_receipt_preview_and_hashes(page, administrator, version):
    body = page(administrator).get(url("datasetversion_change", version.pk)).content.decode()
    assert version.content_sha256 in body
    assert version.source_sha256 in body
    assert rows_of(version)[0].cells[0] in body
    assert issues_of(version)[0].message.sentence in body


def test_issues_can_be_downloaded_and_run_no_formula(page, administrator, imported):
    version = imported(table('"=cmd()",12,', "支行,=1+1,"))
    body = b"".join(page(administrator).get(url("datasetversion_issues_csv", version.pk))).decode("utf-8-sig")
    assert len(body.strip().splitlines()) == 3
    assert ",=1+1," not in body
    assert "'=1+1" in body


def test_progress_tells_a_page_when_to_stop(page, administrator, upload, version):
    client = page(administrator)
    waiting = upload(table())
    assert client.get(url("datasetversion_progress", waiting.pk)).json()["moving"] is True
    assert client.get(url("datasetversion_progress", version.pk)).json() == {
        "moving": False,
        "percent": 100,
        "text": str(version.get_status_display()),
    }


def test_buttons_finalise_and_activate_and_log(page, administrator, version):
    client = page(administrator)
    client.post(url("datasetversion_finalise", version.pk))
    client.post(url("datasetversion_activate", version.pk))
    version.refresh_from_db()
    assert version.is_active
    assert LogEntry.objects.filter(object_id=version.pk).count() == 2


def test_button_that_is_too_late_shows_a_sentence(page, administrator, version):
    services.finalise(version, actor=administrator)
    answer = page(administrator).post(url("datasetversion_finalise", version.pk), follow=True)
    assert [message.level_tag for message in answer.context["messages"]] == ["error"]


@pytest.mark.parametrize("button", ["finalise", "activate", "import_again"])
def test_buttons_answer_post_only(page, administrator, version, button):
    assert page(administrator).get(url(f"datasetversion_{button}", version.pk)).status_code == 405


@pytest.mark.parametrize("button", ["finalise", "activate", "import_again"])
def test_viewer_without_rights_may_look_but_not_press(page, make_user, version, button):
    viewer = make_user()
    names = ["enter_console", "view_dataset", "view_datasetversion"]
    viewer.user_permissions.add(*Permission.objects.filter(codename__in=names))
    client = page(viewer)
    assert client.get(url("datasetversion_change", version.pk)).status_code == 200
    assert client.get(url("dataset_change", version.dataset_id)).status_code == 200
    assert client.post(url(f"datasetversion_{button}", version.pk)).status_code == 403
    assert client.get(url("dataset_upload", version.dataset_id)).status_code == 403


def test_dataset_with_versions_cannot_be_deleted(page, administrator, version):
    assert page(administrator).post(url("dataset_delete", version.dataset_id), {"post": "yes"}).status_code == 403


def test_unknown_version_is_not_found(page, administrator, dataset):
    assert page(administrator).get(url("datasetversion_progress", dataset.pk)).status_code == 404


def test_ordinary_user_cannot_enter(page, user, version):
    assert page(user).get(url("datasetversion_change", version.pk), follow=True).status_code == 403


def test_dashboard_panel_shows_imports_to_who_may_see_them(administrator, user, version):
    from apps.datasets.dashboard import panel

    shown = panel(administrator)["datasets"]
    assert (shown["count"], shown["is_empty"]) == (1, False)
    assert shown["imports"][0]["accepted"] == 3
    assert panel(user) == {}
