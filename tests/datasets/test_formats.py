"""What people have on their disks: workbooks old and new, texts of all kinds, cells that a spreadsheet has spoilt."""

from __future__ import annotations

import io
from pathlib import Path

import openpyxl
import pytest

from apps.datasets.importing import import_version
from apps.datasets.issues import issues_of
from apps.datasets.models import DatasetVersion
from apps.datasets.readers import WorkbookRefused, open_source
from apps.datasets.rows import rows_of
from apps.datasets.schema_changes import change_schema
from tests.datasets.conftest import HEADER, code, row, workbook

RAW = Path(__file__).resolve().parents[3] / "shared" / "data" / "raw"
Status = DatasetVersion.Status


def real(name: str) -> bytes:
    if not (RAW / name).is_file():
        pytest.skip(f"{name} is not on this machine: real files are not part of the repository")
    return (RAW / name).read_bytes()


def cells(version) -> list[tuple[str, ...]]:
    return [entry.cells for entry in rows_of(version)]


def codes(version) -> list[str]:
    return [issue.code for issue in issues_of(version)]


def test_real_old_workbook_with_an_empty_second_sheet_comes_in_whole(dataset, administrator, imported):
    columns = [
        {"key": "name", "label": "银行名称", "role": "name", "required": True},
        {"key": "code", "label": "银行编码", "role": "identifier", "required": True, "pattern": "[0-9]{8}"},
    ]
    change_schema(dataset, {"columns": columns}, actor=administrator)
    dataset.refresh_from_db()
    version = imported(real("bank_list_cp936.xls"), "bank_list_cp936.xls")
    assert (version.status, version.rows_read, version.rows_accepted) == (Status.DRAFT, 413, 413)
    rows = cells(version)
    assert rows[0] == ("中国邮政储蓄银行", "01000000")
    assert rows[2] == ("中国工商银行(亚洲)有限公司", "01020344")
    assert rows[-1] == ("新网银行", "99999900")
    assert version.layout["ignored"] == ["序号", "是否支持对公", "是否支持对私"]


def test_real_text_without_header_and_with_the_code_first_comes_in_whole(imported):
    version = imported(real("headerless_code_first.txt"), "headerless_code_first.txt")
    assert (version.status, version.rows_read, version.rows_skipped) == (Status.DRAFT, 1000, 0)
    rows = cells(version)
    assert rows[0] == ("中国银行", "104100000004", "104100000004")
    assert rows[-1] == ("中国银行股份有限公司平遥支行", "104175900016", "104100000004")
    assert version.layout["columns"] == {"name": 1, "code": 0, "clearing_code": 2}


def test_real_table_with_bars_comes_in_whole(imported):
    version = imported(real("pipe_layout.unl"), "pipe_layout.unl")
    assert (version.status, version.rows_read, version.rows_skipped) == (Status.DRAFT, 5, 0)
    assert cells(version)[0] == ("（CIPS专用）中国银行（秘鲁）有限公司", "910290001932", "000000000000")
    assert version.layout["delimiter"] == "bar"


@pytest.mark.parametrize(
    ("name", "delimiter", "encoding"),
    [
        ("t.tsv", "\t", "utf-8"),
        ("t.unl", "|", "gb18030"),
        ("t.txt", ";", "gbk"),
        ("t.csv", ",", "utf-16"),
        ("t.csv", ";", "utf-8-sig"),
    ],
)
@pytest.mark.parametrize("has_header", [True, False])
def test_text_of_every_kind_comes_in(imported, name, delimiter, encoding, has_header):
    lines = [*([HEADER] if has_header else []), *(row(serial) for serial in range(5))]
    version = imported("\r\n".join(lines).replace(",", delimiter).encode(encoding), name)
    assert cells(version)[2] == tuple(row(2).split(","))
    assert (version.rows_read, version.layout["rows_above"]) == (5, int(has_header))


def test_full_width_digits_and_blanks_are_put_right(imported):
    wide = code(7).translate({ord(digit): ord(digit) + 0xFEE0 for digit in "0123456789"})
    version = imported(f"{HEADER}\n\u3000七里坪支行\u3000, {wide}\u3000,\n")
    assert cells(version) == [("七里坪支行", code(7), "")]


@pytest.mark.parametrize("content", [b"<html><table></table></html>", b"a,b\n1,2\n", b"PK\x03\x04"])
def test_old_workbook_that_is_none_is_refused_before_it_is_stored(upload, content):
    from apps.core.errors import DomainError

    with pytest.raises(DomainError) as caught:
        upload(content, "t.xls")
    assert list(caught.value.fields) == ["file"]


def test_damaged_old_workbook_ends_in_a_sentence(imported):
    version = imported(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(5000), "t.xls")
    assert (version.status, version.failure["code"]) == (Status.FAILED, "workbook")


def book_with(change) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    for line in [HEADER.split(","), *(row(n).split(",") for n in range(3))]:
        sheet.append(line)
    change(sheet)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def test_title_and_merged_cells_above_the_header_are_passed_over(imported):
    def change(sheet):
        sheet.insert_rows(1, 3)
        sheet["A1"] = "全国联行号表"
        sheet.merge_cells("A1:C2")
        sheet["A3"] = "编制单位：总行"

    version = imported(book_with(change), "t.xlsx")
    assert (version.rows_read, version.rows_skipped, version.layout["rows_above"]) == (3, 0, 3)
    assert rows_of(version)[0].line == 5


def test_zeros_that_a_number_format_shows_are_kept_as_shown(imported):
    def change(sheet):
        sheet["B2"] = 1666666666
        sheet["B2"].number_format = "000000000000"

    version = imported(book_with(change), "t.xlsx")
    assert cells(version)[0][1] == "001666666666"


def test_zeros_lost_in_a_column_of_numbers_are_an_issue_and_never_guessed(imported):
    def change(sheet):
        for at in (2, 3, 4):
            sheet.cell(at, 2).value = int(sheet.cell(at, 2).value)
        sheet["B3"] = 40353910020

    version = imported(book_with(change), "t.xlsx")
    assert version.rows_skipped == 1
    issue = issues_of(version)[0]
    assert (issue.code, issue.value, issue.line) == ("zeros_lost", "40353910020", 3)
    assert "11" in issue.message.sentence
    assert issue.message.remedy


def test_one_number_in_a_column_of_text_does_not_make_it_one_of_numbers(imported):
    def change(sheet):
        sheet["B2"] = int(sheet["B2"].value)
        sheet["B3"] = "40353910020"

    version = imported(book_with(change), "t.xlsx")
    assert codes(version) == ["digits"]


def test_long_number_whose_digits_are_lost_is_an_issue(imported):
    version = imported(book_with(lambda sheet: sheet.__setitem__("B2", 4.0353910020012346e17)), "t.xlsx")
    assert codes(version) == ["shortened"]


def test_formula_without_a_stored_result_is_an_issue_that_shows_it(imported):
    version = imported(book_with(lambda sheet: sheet.__setitem__("A2", '="支行"&"一"')), "t.xlsx")
    issue = issues_of(version)[0]
    assert (issue.code, issue.value) == ("formula", '="支行"&"一"')
    assert version.rows_accepted == 2


def test_formula_with_a_stored_result_is_read_as_this(imported):
    import zipfile

    plain, buffer = io.BytesIO(book_with(lambda sheet: None)), io.BytesIO()
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(buffer, "w") as new:
        for part in old.namelist():
            data = old.read(part)
            if part == "xl/worksheets/sheet1.xml":
                data = data.replace(b'<c r="A2" t="inlineStr"><is><t>', b'<c r="A2" t="str"><f>B1&amp;"x"</f><v>', 1)
                data = data.replace(b"</t></is></c>", b"</t></is></c>", 1)
                start = data.index(b'<c r="A2"')
                data = data[:start] + data[start:].replace(b"</t></is></c>", b"</v></c>", 1)
            new.writestr(part, data)
    version = imported(buffer.getvalue(), "t.xlsx")
    assert cells(version)[0][0] == row(0).split(",")[0]


@pytest.mark.parametrize("error", ["#N/A", "#REF!", "#VALUE!", "#DIV/0!"])
def test_error_of_a_formula_is_an_issue_in_a_workbook_and_in_text(imported, error):
    in_workbook = imported(book_with(lambda sheet: sheet.__setitem__("A2", error)), "t.xlsx")
    in_text = imported(f"{HEADER}\n{row(1)}\n{error},{code(2)},\n")
    for version in (in_workbook, in_text):
        assert codes(version) == ["error_cell"]
        assert issues_of(version)[0].value == error


def test_dates_and_truth_values_are_their_text(tmp_path):
    from datetime import date, datetime

    content = workbook([["a", "b", "c"], [date(2026, 1, 31), datetime.fromisoformat("2026-01-31T08:30"), True]])
    (tmp_path / "t.xlsx").write_bytes(content)
    with open_source(tmp_path / "t.xlsx") as source:
        assert source.head.tables[0].rows[1] == ("2026-01-31", "2026-01-31T08:30:00", "TRUE")


def test_hidden_sheets_are_left_out_but_named(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["x"])
    book.create_sheet("秘密").append(["y"])
    book["秘密"].sheet_state = "hidden"
    book.save(tmp_path / "t.xlsx")
    with open_source(tmp_path / "t.xlsx") as source:
        assert [table.name for table in source.head.tables] == ["Sheet"]
        assert source.head.hidden == ("秘密",)


def test_workbook_whose_table_does_not_begin_in_the_corner_keeps_its_marks_in_place(imported):
    def change(sheet):
        sheet.insert_cols(1, 2)
        sheet.insert_rows(1, 2)
        sheet["D4"] = "#N/A"

    version = imported(book_with(change), "t.xlsx")
    issue = issues_of(version)[0]
    assert (issue.code, issue.line, issue.column) == ("error_cell", 4, "联行编号")


def test_workbook_with_a_password_is_refused(tmp_path):
    (tmp_path / "t.xls").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    with pytest.raises(WorkbookRefused), open_source(tmp_path / "t.xls"):
        pass


def test_import_of_an_unasked_workbook_needs_no_one(upload):
    version = upload(book_with(lambda sheet: None), "t.xlsx")
    import_version(str(version.pk))
    version.refresh_from_db()
    assert version.status == Status.DRAFT
