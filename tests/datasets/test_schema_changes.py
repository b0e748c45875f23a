"""A dataset's columns and rules are changed; its newest file is read again under them."""

from __future__ import annotations

import pytest
from django.urls import reverse

from apps.audit.models import AuditEntry
from apps.core.errors import DomainError
from apps.datasets import services
from apps.datasets.confirming import confirm_layout
from apps.datasets.importing import import_version
from apps.datasets.issues import issues_of
from apps.datasets.models import DatasetVersion
from apps.datasets.readers.head import Head
from apps.datasets.rows import rows_of
from apps.datasets.schema_changes import change_schema
from apps.datasets.schema_drafts import draft_schema
from tests.datasets.conftest import HEADER, code, row, table

Status = DatasetVersion.Status
NAME = {"key": "name", "label": "银行名称", "role": "name", "required": True}
CODE = {"key": "code", "label": "联行编号", "role": "identifier", "required": True, "pattern": "[0-9]{12}"}
CITY = {"key": "city", "label": "城市"}


def imported_again(version: DatasetVersion) -> DatasetVersion:
    import_version(str(version.pk))
    version.refresh_from_db()
    return version


def test_changed_schema_reads_the_newest_file_again_into_a_new_draft(dataset, imported, administrator):
    first = imported(f"{HEADER},城市\n{row(1)},杭州\n")
    version = change_schema(dataset, {"columns": [CITY, NAME, CODE]}, actor=administrator)
    imported_again(version)
    assert (version.status, version.origin, version.derived_from, version.number) == (
        Status.DRAFT,
        "revalidation",
        first,
        2,
    )
    assert rows_of(version)[0].cells == ("杭州", row(1).split(",")[0], code(1))
    assert version.source_sha256 == first.source_sha256


def test_file_is_not_stored_twice(dataset, imported, administrator):
    first = imported(table())
    version = change_schema(dataset, {"columns": [NAME, CODE]}, actor=administrator)
    assert version.source_file.samefile(first.source_file)


def test_version_that_exists_keeps_the_schema_it_was_read_by(dataset, imported, administrator):
    first = imported(table())
    services.finalise(first, actor=administrator)
    change_schema(dataset, {"columns": [NAME, CODE]}, actor=administrator)
    first.refresh_from_db()
    assert first.table_schema.keys == ("name", "code", "clearing_code")


def test_stricter_rule_skips_rows_of_the_same_file(dataset, imported, administrator):
    imported(table("支行,403539100201,"))
    strict = {**CODE, "check": "iso7064_mod11_10", "warn": []}
    version = imported_again(change_schema(dataset, {"columns": [NAME, strict]}, actor=administrator))
    assert [issue.code for issue in issues_of(version)] == ["check_digit"]
    assert version.rows_skipped == 1


def test_rule_that_only_warns_takes_the_row(dataset, imported, administrator):
    imported(table("支行,12,"))
    lenient = {**CODE, "warn": ["pattern"]}
    version = imported_again(change_schema(dataset, {"columns": [NAME, lenient]}, actor=administrator))
    assert (version.rows_skipped, version.warning_count) == (0, 1)


def test_new_required_column_that_the_file_lacks_is_asked_for(dataset, imported, administrator):
    imported(table())
    needed = {**CITY, "required": True, "pattern": "[A-Z]{3}"}
    version = imported_again(change_schema(dataset, {"columns": [NAME, CODE, needed]}, actor=administrator))
    assert version.status == Status.CONFIRMING


def test_confirmed_layout_is_carried_over_and_completed_by_the_header(dataset, imported, administrator):
    first = imported(f"甲,联行编号,城市,乙\n支行一,{code(1)},杭州,分行一\n")
    confirm_layout(first, {"rows_above": 1, "columns": {"name": 3, "code": 1}}, actor=administrator)
    imported_again(first)
    version = imported_again(change_schema(dataset, {"columns": [NAME, CODE, CITY]}, actor=administrator))
    assert rows_of(version)[0].cells == ("分行一", code(1), "杭州")


def test_same_schema_changes_nothing(dataset, imported, administrator):
    imported(table())
    assert change_schema(dataset, dataset.schema, actor=administrator) is None
    assert dataset.versions.count() == 1
    assert not AuditEntry.objects.filter(action="dataset.schema_changed").exists()


def test_without_a_file_the_schema_is_saved_and_recorded(dataset, administrator):
    assert change_schema(dataset, {"columns": [NAME]}, actor=administrator) is None
    dataset.refresh_from_db()
    assert dataset.table_schema.keys == ("name",)
    assert AuditEntry.objects.filter(action="dataset.schema_changed").count() == 1


@pytest.mark.parametrize(
    ("columns", "field"),
    [
        ([], "columns"),
        ("all", "columns"),
        ([CODE], "columns"),
        ([NAME, {**CODE, "role": "name"}], "columns"),
        ([NAME, CODE, {**CITY, "role": "identifier"}], "columns"),
        ([{**NAME, "key": "Name"}], "columns.0.key"),
        ([{**NAME, "label": " "}], "columns.0.label"),
        ([NAME, {**CITY, "key": "name"}], "columns.1.key"),
        ([NAME, {**CITY, "label": "银行名称"}], "columns.1.label"),
        ([NAME, {**CITY, "pattern": "(a+)+"}], "columns.1.pattern"),
        ([NAME, {**CITY, "pattern": "["}], "columns.1.pattern"),
        ([NAME, {**CITY, "check": "none"}], "columns.1.check"),
        ([NAME, {**CITY, "role": "boss"}], "columns.1.role"),
        ([NAME, {**CITY, "warn": ["all"]}], "columns.1.warn"),
        ([NAME, {**CITY, "colour": "red"}], "columns"),
        ([NAME, 7], "columns.1.key"),
        ([NAME] * 101, "columns"),
    ],
)
def test_schema_that_contradicts_itself_is_refused_at_its_field(dataset, administrator, columns, field):
    with pytest.raises(DomainError) as caught:
        change_schema(dataset, {"columns": columns}, actor=administrator)
    assert field in caught.value.fields
    assert all(caught.value.fields.values())
    dataset.refresh_from_db()
    assert dataset.table_schema.keys == ("name", "code", "clearing_code")


def test_schema_over_the_api_is_read_and_changed(api, administrator, dataset, imported):
    imported(table())
    address = f"/api/v1/datasets/{dataset.pk}/schema"
    columns = api(administrator).get(address).json()["columns"]
    assert [column["key"] for column in columns] == ["name", "code", "clearing_code"]
    answer = api(administrator).put(address, {"columns": columns[:2]}, format="json")
    assert (answer.status_code, answer.json()["version"]) == (200, 2)
    wrong = api(administrator).put(address, {"columns": [{**columns[0], "pattern": "(a+)+"}]}, format="json")
    assert (wrong.status_code, list(wrong.json()["fields"])) == (400, ["columns.0.pattern"])


def test_schema_is_not_changed_by_strangers(api, user, dataset):
    assert api(user).put(f"/api/v1/datasets/{dataset.pk}/schema", {"columns": [NAME]}, format="json").status_code == 403


STAFF = "工号,姓名,Office,\n" + "\n".join(f"10{n:04d},员工{n}号,A{n % 3}-2026-01-01,x" for n in range(20)) + "\n"


def test_header_of_a_file_suggests_a_schema_by_which_it_can_be_read(dataset, imported, administrator):
    waiting = imported(STAFF)
    assert waiting.status == Status.CONFIRMING
    rows = Head.load(waiting.head_file).tables[0].rows
    schema = draft_schema(rows, rows_above=1, kind="staff")
    assert [(column.label, column.role, column.pattern) for column in schema.columns] == [
        ("工号", "identifier", "[0-9]{6}"),
        ("姓名", "name", ""),
        ("Office", "other", ""),
        ("column 4", "other", ""),
    ]
    version = imported_again(change_schema(dataset, schema.to_dict(), actor=administrator))
    assert (version, version.status, version.rows_accepted) == (waiting, Status.DRAFT, 20)
    assert rows_of(version)[3].cells == ("100003", "员工3号", "A0-2026-01-01", "x")


@pytest.mark.parametrize("rows", [[], [[]], [["a"]], [["a", "a"], ["", ""]], [["1", "2"], ["3", "4"]]])
def test_any_head_suggests_a_schema_that_holds(rows):
    assert draft_schema(rows, rows_above=1, kind="t").name_column


def test_schema_screen_begins_with_what_the_header_suggests(page, administrator, dataset, imported):
    waiting = imported(STAFF)
    address = reverse("admin:datasets_dataset_schema", args=[dataset.pk])
    for query in ({"from": waiting.number, "above": 1}, {"from": "99"}, {"from": "x"}):
        answer = page(administrator).get(address, query)
        assert ("工号" in answer.content.decode()) is (query["from"] == waiting.number)
