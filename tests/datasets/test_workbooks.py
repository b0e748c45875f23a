from __future__ import annotations

import io
import json
import zipfile

import pytest

from apps.datasets.models import DatasetVersion
from apps.datasets.readers import CELL_END, LINE, TEXT, WorkbookRefused, limits, open_source
from apps.datasets.readers import workbook as workbooks
from apps.datasets.rows import rows_of
from tests.datasets.conftest import HEADER, row, workbook


def rezip(content: bytes, change) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            new.writestr(part.filename, change(part.filename, old.read(part)))
    return buffer.getvalue()


def refused(version) -> str:
    """The code of a failure that has left no row behind and says something."""
    assert (version.status, len(rows_of(version))) == (DatasetVersion.Status.FAILED, 0)
    assert version.error
    return version.failure["code"]


def with_rows(rows: bytes, *, sheet: str = "xl/worksheets/sheet1.xml") -> bytes:
    """A workbook with a header, a row and further rows as XML; the sheet's part may be given another name."""

    def change(name: str, data: bytes) -> bytes:
        if name == "xl/worksheets/sheet1.xml":
            return data.replace(b"</sheetData>", rows + b"</sheetData>")
        return data.replace(b"/xl/worksheets/sheet1.xml", f"/{sheet}".encode())

    content = rezip(workbook([HEADER.split(","), row(1).split(",")]), change)
    return rename(content, "xl/worksheets/sheet1.xml", sheet)


def rename(content: bytes, old_name: str, new_name: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            new.writestr(new_name if part.filename == old_name else part.filename, old.read(part))
    return buffer.getvalue()


FAR = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'


@pytest.mark.parametrize(
    "content",
    [
        with_rows(FAR),
        with_rows(FAR, sheet="xl/elsewhere/data.xml"),
        with_rows(FAR.replace(b"XFD", b"xfd")),
        with_rows(FAR.replace(b' r="XFD', b' r = "XFD')),
        with_rows(b'<row r="1000000">' + b"<c><v>1</v></c>" * 9000 + b"</row>"),
        with_rows(b'<row r="16000000"><c r="XFD1"><v>1</v></c><c><v>1</v></c></row>' + FAR),
    ],
    ids=["plain", "part elsewhere", "lower case", "blanks in the reference", "no references", "row and cell disagree"],
)
def test_small_file_that_claims_a_huge_rectangle_is_refused(imported, content):
    assert len(content) < 10_000
    assert refused(imported(content, "t.xlsx")) == "workbook_too_large"


def test_sheet_with_more_cells_than_allowed_is_refused(imported, monkeypatch):
    monkeypatch.setattr(limits, "CELLS_MAX", 10)
    content = workbook([HEADER.split(","), *[row(n).split(",") for n in range(9)]])
    assert refused(imported(content, "t.xlsx")) == "workbook_too_large"


def test_first_visible_sheet_with_cells_is_read(tmp_path):
    import openpyxl

    book = openpyxl.Workbook()
    book.active.title = "空"
    book.create_sheet("隐藏").append(["hidden"])
    book["隐藏"].sheet_state = "hidden"
    book.create_sheet("目录").append(["银行", 403100000004, 1.5, True])
    book.save(tmp_path / "t.xlsx")
    with open_source(tmp_path / "t.xlsx") as source:
        assert [table.name for table in source.head.tables] == ["目录"]
        assert source.head.hidden == ("隐藏",)
        assert source.head.tables[0].numeric == {1, 2}
        assert rows(source) == [(1, ["银行", "403100000004", "1.5", "TRUE"])]


def rows(source, sheet: str = "") -> list[tuple[int, list[str]]]:
    return [
        (line, text.split(separator))
        for block, separator in source.blocks(sheet)
        for line, text in block.select(LINE, TEXT).iter_rows()
    ]


def test_sheet_that_is_asked_for_is_read_with_its_blank_rows_and_line_breaks(tmp_path):
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(["一"])
    sheet = book.create_sheet("二")
    for cells in (["a\nb", "c"], [], ["d", None]):
        sheet.append(cells)
    book.save(tmp_path / "t.xlsx")
    with open_source(tmp_path / "t.xlsx") as source:
        assert rows(source, "二") == [(1, ["a\nb", "c"]), (2, ["", ""]), (3, ["d", ""])]
        assert source.head.table("二").lines == (1, 3)


def test_control_characters_in_a_cell_part_no_cells(tmp_path):
    content = rezip(
        workbook([["a", "b"]]), lambda name, data: data.replace(b"<t>a</t>", b"<t>a_x001F__x001E_a_x0000_</t>")
    )
    (tmp_path / "t.xlsx").write_bytes(content)
    with open_source(tmp_path / "t.xlsx") as source:
        ((line, (first, second)),) = rows(source)
    assert (line, second) == (1, "b")
    assert CELL_END not in first
    assert "\0" not in first


def test_blocks_that_end_within_a_row_lose_nothing(tmp_path, monkeypatch):
    (tmp_path / "t.xlsx").write_bytes(workbook([[f"第{n}行", n] for n in range(500)]))
    monkeypatch.setattr(workbooks, "_BLOCK_BYTES", 100)
    with open_source(tmp_path / "t.xlsx") as source:
        assert rows(source) == [(n + 1, [f"第{n}行", str(n)]) for n in range(500)]


def test_reading_may_stop_early(tmp_path):
    (tmp_path / "t.xlsx").write_bytes(workbook([[n] for n in range(20_000)]))
    with open_source(tmp_path / "t.xlsx") as source:
        block, _separator = next(source.blocks())
    assert block[TEXT][0] == "0"  # leaving the block ends the process; pytest would report one left behind


def dying(tmp_path, monkeypatch, written: str) -> None:
    """Let the program that reads workbooks write so much and then die."""
    from apps.datasets.readers import sheet_process

    program = tmp_path / "dying.py"
    program.write_text(f"import os\nos.write(1, {written.encode()!r})\nos.abort()\n")
    monkeypatch.setattr(sheet_process, "__file__", str(program))
    (tmp_path / "t.xlsx").write_bytes(workbook([["a"]]))


def test_process_that_dies_before_its_head_is_a_refusal(tmp_path, monkeypatch):
    dying(tmp_path, monkeypatch, '{"tables": [')
    with pytest.raises(WorkbookRefused) as caught:
        open_source(tmp_path / "t.xlsx")
    assert caught.value.code == "workbook_too_large"


def test_process_that_dies_half_way_is_a_refusal_and_not_the_end_of_the_file(tmp_path, monkeypatch):
    table = {"name": "s", "rows_total": 9, "lines": [1], "rows": [["a"]], "numeric": []}
    head = json.dumps({"tables": [table], "hidden": []})
    dying(tmp_path, monkeypatch, f"{head}\na\x1eb")
    with open_source(tmp_path / "t.xlsx") as source:
        blocks = source.blocks()
        assert next(blocks)[0][TEXT].to_list() == ["a"]
        with pytest.raises(WorkbookRefused) as caught:
            next(blocks)
    assert caught.value.code == "workbook_too_large"


def test_workbook_with_a_broken_sheet_fails_with_a_sentence(imported):
    content = rezip(
        workbook([["a"]]), lambda name, data: b"<worksheet><sheetDa" if name.startswith("xl/worksheets/") else data
    )
    assert refused(imported(content, "t.xlsx")) in {"workbook", "empty"}


def test_workbook_with_damaged_bytes_fails_with_a_sentence(imported):
    content = bytearray(workbook([HEADER.split(","), *[row(n).split(",") for n in range(200)]]))
    at = content.find(b"xl/worksheets/sheet1.xml") + 60
    content[at : at + 40] = bytes(40)
    assert refused(imported(bytes(content), "t.xlsx")) == "workbook"
