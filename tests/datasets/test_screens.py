"""The screens on which columns are confirmed and schemas edited."""

from __future__ import annotations

import io

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from apps.datasets import services
from apps.datasets.importing import import_version
from apps.datasets.models import Dataset, DatasetVersion
from tests.datasets.conftest import code, table

Status = DatasetVersion.Status
FOREIGN = "甲,乙,丙\n" + "\n".join(f"x{n},{code(n)},支行{n}" for n in range(5)) + "\n"
CHOICE = {"rows_above": "1", "column_0": "", "column_1": "code", "column_2": "name", "sheet": ""}


def url(name: str, *args: object) -> str:
    return reverse(f"admin:datasets_{name}", args=args)


@pytest.fixture
def waiting(dataset, administrator) -> DatasetVersion:
    file = io.BytesIO(FOREIGN.encode())
    version = services.upload_version(dataset, file=file, name="t.csv", actor=administrator, asks_layout=True)
    import_version(str(version.pk))
    version.refresh_from_db()
    return version


@pytest.fixture
def viewer(make_user):
    person = make_user()
    names = ["enter_console", "view_dataset", "view_datasetversion"]
    person.user_permissions.add(*Permission.objects.filter(codename__in=names))
    return person


def test_screen_shows_the_first_lines_and_the_proposal(page, administrator, waiting):
    body = page(administrator).get(url("datasetversion_layout", waiting.pk)).content.decode()
    assert "支行3" in body
    assert '<option value="code" selected>' in body


def test_version_that_waits_says_so_and_leads_there(page, administrator, waiting):
    for address in (url("datasetversion_change", waiting.pk), url("dataset_change", waiting.dataset_id)):
        assert url("datasetversion_layout", waiting.pk) in page(administrator).get(address).content.decode()


def test_choice_is_judged_live(page, administrator, waiting):
    check = url("datasetversion_layout_check", waiting.pk)
    fine = page(administrator).post(check, CHOICE).json()
    assert fine["problems"] == []
    assert fine["columns"]["code"]["mood"] == "good"
    poor = page(administrator).post(check, {**CHOICE, "column_1": "name", "column_2": "code"}).json()
    assert poor["columns"]["code"]["mood"] == "bad"


@pytest.mark.parametrize(
    "wrong",
    [
        {"column_1": ""},
        {"column_0": "code"},
        {"rows_above": "x"},
        {"rows_above": "99"},
        {"sheet": "nowhere"},
        {"column_7": "clearing_code"},
    ],
)
def test_choice_that_cannot_be_is_a_sentence_and_changes_nothing(page, administrator, waiting, wrong):
    client = page(administrator)
    assert client.post(url("datasetversion_layout_check", waiting.pk), {**CHOICE, **wrong}).json()["problems"]
    answer = client.post(url("datasetversion_layout", waiting.pk), {**CHOICE, **wrong}, follow=True)
    assert [message.level_tag for message in answer.context["messages"]] == ["error"]
    waiting.refresh_from_db()
    assert waiting.status == Status.CONFIRMING


def test_confirmation_sends_the_version_on(page, administrator, waiting):
    answer = page(administrator).post(url("datasetversion_layout", waiting.pk), CHOICE)
    assert answer.url == url("datasetversion_change", waiting.pk)
    waiting.refresh_from_db()
    assert waiting.status == Status.UPLOADED


def test_screen_of_a_finished_draft_offers_to_choose_again_and_of_a_final_one_does_not(page, administrator, imported):
    version = imported(table())
    layout = url("datasetversion_layout", version.pk)
    assert layout in page(administrator).get(url("datasetversion_change", version.pk)).content.decode()
    services.finalise(version, actor=administrator)
    assert layout not in page(administrator).get(url("datasetversion_change", version.pk)).content.decode()
    assert page(administrator).get(layout).status_code == 302


def test_who_may_only_look_chooses_nothing(page, viewer, waiting):
    client = page(viewer)
    assert client.get(url("datasetversion_layout", waiting.pk)).status_code == 403
    assert client.post(url("datasetversion_layout", waiting.pk), CHOICE).status_code == 403
    assert client.post(url("datasetversion_layout_check", waiting.pk), CHOICE).status_code == 403
    assert client.get(url("dataset_schema", waiting.dataset_id)).status_code == 403


def column(at: int, **fields: str) -> dict[str, str]:
    values = {"label": "", "key": "", "role": "other", "form": "any", "check": "", "ORDER": str(at + 1)}
    breaches = {f"on_{rule}": "error" for rule in ("required", "pattern", "check", "unique")}
    return {f"form-{at}-{name}": value for name, value in {**values, **breaches, **fields}.items()}


def schema_form(*columns: dict[str, str]) -> dict[str, str]:
    form = {"form-TOTAL_FORMS": str(len(columns)), "form-INITIAL_FORMS": "0"}
    for at, fields in enumerate(columns):
        form |= column(at, **fields)
    return form


NAME = {"label": "名称", "key": "name", "role": "name", "required": "on"}
NUMBER = {"label": "编号", "key": "number", "form": "digits", "digits": "9", "on_pattern": "warning"}


def test_schema_screen_shows_the_columns_and_saves_others_in_a_new_order(page, administrator, dataset):
    client = page(administrator)
    assert "清算行行号" in client.get(url("dataset_schema", dataset.pk)).content.decode()
    form = schema_form({**NAME, "ORDER": "2"}, {**NUMBER, "ORDER": "1"}, {"label": "x", "key": "x", "DELETE": "on"})
    assert client.post(url("dataset_schema", dataset.pk), form).url == url("dataset_change", dataset.pk)
    dataset.refresh_from_db()
    first, second = dataset.table_schema.columns
    assert (first.key, first.pattern, first.warn) == ("number", "[0-9]{9}", ("pattern",))
    assert (second.key, second.required, second.role) == ("name", True, "name")


@pytest.mark.parametrize(
    ("columns", "field"),
    [
        ([NAME, {**NUMBER, "form": "own", "pattern": "(a+)+"}], "pattern"),
        ([NAME, {**NUMBER, "digits": ""}], "digits"),
        ([NAME, {**NUMBER, "key": "No 1"}], "key"),
        ([NAME, {**NUMBER, "key": "name"}], "key"),
        ([NAME, {**NUMBER, "label": ""}], "label"),
    ],
)
def test_mistake_in_a_schema_is_shown_at_its_field_while_typing_and_when_saving(
    page, administrator, dataset, columns, field
):
    client = page(administrator)
    judged = client.post(url("dataset_schema_check", dataset.pk), schema_form(*columns)).json()
    assert judged["columns"]["form-1"]["errors"][field]
    answer = client.post(url("dataset_schema", dataset.pk), schema_form(*columns))
    assert answer.status_code == 200
    assert field in answer.context["formset"].forms[1].errors
    dataset.refresh_from_db()
    assert len(dataset.table_schema.columns) == 3


def test_schema_without_a_name_column_is_refused_as_a_whole(page, administrator, dataset):
    answer = page(administrator).post(url("dataset_schema", dataset.pk), schema_form(NUMBER))
    assert answer.context["formset"].non_form_errors()


def test_example_fits_and_a_tried_value_is_judged(page, administrator, dataset):
    checked = {**NUMBER, "digits": "12", "check": "iso7064_mod11_10"}
    form = schema_form(NAME, checked)
    judge = url("dataset_schema_check", dataset.pk)
    example = page(administrator).post(judge, form).json()["columns"]["form-1"]["example"]
    for value, fits in ((example, True), (code(3), True), (code(3)[:-1] + "x", False), ("12", False)):
        tried = page(administrator).post(judge, {**form, "form-1-tried": value}).json()["columns"]["form-1"]["tried"]
        assert tried["fits"] is fits, value


def test_dataset_with_columns_of_its_own_begins_at_the_schema(page, administrator):
    form = {"name": "新表", "preset": "own_columns", "description": ""}
    answer = page(administrator).post(url("dataset_add"), form)
    assert answer.url == url("dataset_schema", Dataset.objects.get(name="新表").pk)
