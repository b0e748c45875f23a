"""People say which column is which; the next file of the kind goes straight through."""

from __future__ import annotations

import io

import openpyxl
import pytest

from apps.audit.models import AuditEntry
from apps.core.errors import DomainError
from apps.datasets import services
from apps.datasets.confirming import confirm_layout
from apps.datasets.importing import import_version
from apps.datasets.models import DatasetVersion
from apps.datasets.rows import rows_of
from tests.datasets.conftest import HEADER, code, row, table

Status = DatasetVersion.Status
FOREIGN = "甲,乙,丙,丁\n" + "\n".join(f"x{n},{code(n)},支行{n},403100000004" for n in range(5)) + "\n"
CHOICE = {"rows_above": 1, "columns": {"name": 2, "code": 1, "clearing_code": 3}}


@pytest.fixture
def asked(dataset, administrator):
    """Return a function that uploads as the console does, which asks, and imports."""

    def run(content: str | bytes, name: str = "rows.csv") -> DatasetVersion:
        data = io.BytesIO(content.encode() if isinstance(content, str) else content)
        version = services.upload_version(
            dataset, file=data, name=name, actor=administrator, again=True, asks_layout=True
        )
        return again(version)

    return run


def again(version: DatasetVersion) -> DatasetVersion:
    import_version(str(version.pk))
    version.refresh_from_db()
    version.dataset.refresh_from_db()
    return version


def test_upload_that_asks_stops_with_its_proposal_and_reads_nothing(asked):
    version = asked(table())
    assert version.status == Status.CONFIRMING
    assert version.layout["columns"] == {"name": 0, "code": 1, "clearing_code": 2}
    assert (version.rows_read, len(rows_of(version))) == (0, 0)


def test_column_that_is_not_found_is_asked_for_even_where_nobody_wanted_to_be_asked(imported):
    version = imported("1,0571\n2,0572\n")
    assert version.status == Status.CONFIRMING
    assert version.layout["columns"] == {"name": None, "code": None, "clearing_code": None}


def test_confirmed_layout_is_what_the_file_is_read_by(asked, administrator):
    version = asked(FOREIGN)
    confirm_layout(version, CHOICE, actor=administrator)
    assert again(version).status == Status.DRAFT
    assert rows_of(version)[3].cells == ("支行3", code(3), "403100000004")
    assert version.layout["decided_by"] == "confirmed"
    assert AuditEntry.objects.filter(action="dataset_version.layout_confirmed").count() == 1


def test_next_file_of_the_kind_goes_straight_through_and_says_so(asked, administrator):
    confirm_layout(asked(FOREIGN), CHOICE, actor=administrator)
    second = asked(FOREIGN.replace("支行", "分行"))
    assert second.status == Status.DRAFT
    assert second.layout["decided_by"] == "remembered"
    assert rows_of(second)[0].cells[0] == "分行0"


def test_other_kind_of_file_is_asked_about_again(asked, administrator):
    confirm_layout(asked(FOREIGN), CHOICE, actor=administrator)
    assert asked(table()).status == Status.CONFIRMING


def test_draft_with_wrong_columns_is_read_anew_and_the_wrong_layout_is_forgotten(asked, administrator):
    version = asked(FOREIGN.replace("x", code(8)[:11]))
    confirm_layout(version, {"rows_above": 1, "columns": {"name": 0, "code": 1}}, actor=administrator)
    assert rows_of(again(version))[0].cells[0].startswith(code(8)[:11])
    confirm_layout(version, CHOICE, actor=administrator)
    assert rows_of(again(version))[0].cells == ("支行0", code(0), "403100000004")
    assert len(version.dataset.layouts) == 1


def test_finalised_version_can_no_longer_be_laid_out_anew(asked, administrator):
    version = asked(FOREIGN)
    confirm_layout(version, CHOICE, actor=administrator)
    services.finalise(again(version), actor=administrator)
    with pytest.raises(DomainError) as caught:
        confirm_layout(version, CHOICE, actor=administrator)
    assert caught.value.code == "wrong_status"


@pytest.mark.parametrize(
    ("choice", "field"),
    [
        ({**CHOICE, "sheet": "nowhere"}, "sheet"),
        ({**CHOICE, "rows_above": 9}, "rows_above"),
        ({**CHOICE, "rows_above": None}, "rows_above"),
        ({**CHOICE, "columns": {"name": 2}}, "columns"),
        ({**CHOICE, "columns": {"name": 2, "code": 2}}, "columns"),
        ({**CHOICE, "columns": {"name": 2, "code": 40}}, "code"),
        ({**CHOICE, "columns": {"name": 2, "code": 1, "boss": 0}}, "columns"),
        ({**CHOICE, "columns": "all"}, "columns"),
    ],
)
def test_choice_that_cannot_be_read_by_is_refused_at_its_field(asked, administrator, choice, field):
    version = asked(FOREIGN)
    with pytest.raises(DomainError) as caught:
        confirm_layout(version, choice, actor=administrator)
    assert list(caught.value.fields) == [field]
    version.refresh_from_db()
    assert version.status == Status.CONFIRMING


def test_of_several_sheets_the_one_that_fits_is_proposed_and_another_may_be_chosen(asked, administrator):
    book = openpyxl.Workbook()
    book.active.title = "说明"
    book.active.append(["本表由总行编制"])
    for name, prefix in (("目录", "支行"), ("旧目录", "旧支行")):
        sheet = book.create_sheet(name)
        for cells in [HEADER.split(","), *(row(n, name=f"{prefix}{n}").split(",") for n in range(4))]:
            sheet.append(cells)
    book["旧目录"].append(row(9, name="旧支行9").split(","))
    book.create_sheet("秘密").append(["x"])
    book["秘密"].sheet_state = "hidden"
    buffer = io.BytesIO()
    book.save(buffer)
    version = asked(buffer.getvalue(), "t.xlsx")
    assert version.layout["sheet"] == "旧目录"  # as good, and longer
    choice = {"sheet": "目录", "rows_above": 1, "columns": {"name": 0, "code": 1}}
    confirm_layout(version, choice, actor=administrator)
    assert rows_of(again(version))[0].cells[0] == "支行0"


def test_cancelled_question_asks_again_when_the_import_is_started_again(asked, administrator):
    version = asked(FOREIGN)
    services.cancel_import(version, actor=administrator)
    services.import_again(version, actor=administrator)
    assert again(version).status == Status.CONFIRMING


def test_layout_over_the_api_is_looked_at_and_confirmed(api, administrator, asked):
    version = asked(FOREIGN)
    address = f"/api/v1/datasets/{version.dataset_id}/versions/{version.number}/layout"
    proposal = api(administrator).get(address).json()
    assert proposal["can_be_chosen"] is True
    assert proposal["sheets"][0]["first_lines"][0] == {"line": 1, "cells": ["甲", "乙", "丙", "丁"]}
    answer = api(administrator).post(address, {"rows_above": 1, "columns": {"name": 0, "code": 0}}, format="json")
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["columns"])
    assert api(administrator).post(address, CHOICE, format="json").json()["status"] == "uploaded"
    assert again(version).rows_accepted == 5


def test_layout_is_nothing_for_strangers(api, user, asked):
    version = asked(FOREIGN)
    address = f"/api/v1/datasets/{version.dataset_id}/versions/{version.number}/layout"
    assert api(user).get(address).status_code == 403
    assert api(user).post(address, CHOICE, format="json").status_code == 403
