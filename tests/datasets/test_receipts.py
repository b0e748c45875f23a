"""The receipt: reasons with their counts, sifted and paged lists, files to take away."""

from __future__ import annotations

import csv
import io
from typing import Any

import openpyxl
import pytest
from django.urls import reverse

from apps.audit.models import AuditEntry
from apps.datasets.receipts import Sieve, reasons_of, sifted
from apps.datasets.screens.receipt import ISSUES_PER_PAGE
from tests.datasets.conftest import code, row, table


@pytest.fixture
def version(imported):
    wrong = code(9)[:-1] + str((int(code(9)[-1]) + 1) % 10)
    return imported(table("支行,12,", "支行,13,", f",{code(7)},", f"校验支行,{wrong},", row(1)))


def address(version, name="change") -> str:
    return reverse(f"admin:datasets_datasetversion_{name}", args=[version.pk])


def book_of(answer) -> Any:
    return openpyxl.load_workbook(io.BytesIO(answer.getvalue())).active


def text_of(answer) -> str:
    return b"".join(answer).decode("utf-8-sig")


def test_reasons_are_counted_errors_first_the_most_frequent_first(version):
    found = [(reason.code, reason.severity, reason.count) for reason in reasons_of(version)]
    assert found == [
        ("digits", "error", 2),
        ("duplicate_row", "error", 1),
        ("missing", "error", 1),
        ("check_digit", "warning", 1),
    ]
    assert all(reason.title != reason.code for reason in reasons_of(version))


def test_version_without_files_has_an_empty_receipt(upload):
    waiting = upload(table())
    assert reasons_of(waiting) == []
    assert len(sifted(waiting, Sieve(search="x"))) == 0


@pytest.mark.parametrize(
    ("sieve", "lines"),
    [
        (Sieve(), [5, 6, 7, 8, 9]),
        (Sieve(code="digits"), [5, 6]),
        (Sieve(severity="warning"), [8]),
        (Sieve(search="13"), [6]),
        (Sieve(search="7"), [7]),
        (Sieve(code="digits", search="12"), [5]),
        (Sieve(search="(.*"), []),
        (Sieve(code="nothing"), []),
    ],
)
def test_issues_are_sifted_by_reason_severity_and_words(version, sieve, lines):
    assert [issue.line for issue in sifted(version, sieve) if issue.line in range(5, 10)] == lines


def test_sieve_of_a_nonsensical_address_lets_everything_through():
    assert Sieve.from_query({"severity": "boss", "search": "  "}) == Sieve()


def test_page_shows_one_reason_and_keeps_it_while_paging(page, administrator, imported):
    version = imported(table(*(f"支行,{n}," for n in range(ISSUES_PER_PAGE + 3)), f",{code(7)},"))
    first = page(administrator).get(address(version), {"code": "digits"})
    assert len(first.context["issue_page"].object_list) == ISSUES_PER_PAGE
    assert "code=digits&amp;page=2" in first.content.decode()
    second = page(administrator).get(address(version), {"code": "digits", "page": "2"})
    assert {issue.code for issue in second.context["issue_page"]} == {"digits"}
    assert len(second.context["issue_page"].object_list) == 3
    assert page(administrator).get(address(version), {"page": "nonsense"}).status_code == 200


def test_csv_holds_all_issues_and_the_download_is_recorded(page, administrator, version):
    lines = list(csv.reader(io.StringIO(text_of(page(administrator).get(address(version, "issues_csv"))))))
    assert len(lines) == 6
    assert AuditEntry.objects.filter(action="dataset_version.issues_downloaded").count() == 1


def test_workbook_holds_cells_that_run_nothing(page, administrator, imported):
    version = imported(table('支行,"=1+1",', "支行,@cmd,"))
    sheet = book_of(page(administrator).get(address(version, "issues_xlsx")))
    cells = [cell for line in sheet.iter_rows() for cell in line if cell.value is not None]
    assert {cell.data_type for cell in cells} <= {"inlineStr", "s", "n"}
    assert "=1+1" in {cell.value for cell in cells}
    assert sheet.max_row == 3


def test_receipt_over_the_api_is_sifted_and_taken_away(api, administrator, version):
    base = f"/api/v1/datasets/{version.dataset_id}/versions/{version.number}/issues"
    found = api(administrator).get(base, {"code": "digits", "search": "13"}).json()
    assert (found["count"], found["results"][0]["value"]) == (1, "13")
    assert len(text_of(api(administrator).get(f"{base}.csv", {"severity": "warning"})).splitlines()) == 2
    assert book_of(api(administrator).get(f"{base}.xlsx")).max_row == 6


def test_receipt_is_nothing_for_strangers(api, user, version):
    base = f"/api/v1/datasets/{version.dataset_id}/versions/{version.number}/issues"
    for name in (base, f"{base}.csv", f"{base}.xlsx"):
        assert api(user).get(name).status_code == 403
