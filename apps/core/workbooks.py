"""A table as an .xlsx file of text cells: what looks like a formula stays text, long numbers keep their digits.

Written by hand, row after row into the archive: an object for every cell would cost seconds for a hundred thousand
rows. The parts are those of ECMA-376 (Office Open XML) that a workbook with one sheet must have.
"""

from __future__ import annotations

import re
import tempfile
import zipfile
from collections.abc import Iterable, Sequence
from itertools import chain, islice
from typing import IO, Any
from xml.sax.saxutils import escape, quoteattr

ROWS_MAX = 1_048_575
"""What a sheet holds below its header."""
TITLE_LENGTH_MAX = 31
CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NOT_IN_TITLE = re.compile(r"[\\/?*\[\]:]")
_COMPRESSION = 1
_DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_ROWS_AT_ONCE = 1_000
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PARTS = {
    "[Content_Types].xml": (
        f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPES}.worksheet+xml"/></Types>'
    ),
    "_rels/.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>'
    ),
}


def workbook(title: str, header: Sequence[Any], rows: Iterable[Sequence[Any]]) -> IO[bytes]:
    """Return an open temporary file, at its beginning, with one sheet; rows beyond ROWS_MAX are left out.

    Integers and floats become numbers, None an empty cell, everything else text.
    """
    file = tempfile.TemporaryFile()  # noqa: SIM115  (the caller's to close)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=_COMPRESSION) as archive:
        for name, content in {**_PARTS, "xl/workbook.xml": _workbook_part(title)}.items():
            archive.writestr(name, _DECLARATION + content)
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            sheet.write(f'{_DECLARATION}<worksheet xmlns="{_MAIN}"><sheetData>'.encode())
            lines = chain([header], islice(rows, ROWS_MAX))
            while block := "".join(f"<row>{''.join(map(_cell, line))}</row>" for line in islice(lines, _ROWS_AT_ONCE)):
                sheet.write(block.encode())
            sheet.write(b"</sheetData></worksheet>")
    file.seek(0)
    return file


def _workbook_part(title: str) -> str:
    name = quoteattr(_NOT_IN_XML.sub("", _NOT_IN_TITLE.sub(" ", title))[:TITLE_LENGTH_MAX])
    sheet = f'<sheet name={name} sheetId="1" r:id="rId1"/>'
    return f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{sheet}</sheets></workbook>'


def _cell(value: Any) -> str:
    if value is None or value == "":
        return "<c/>"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"<c><v>{value}</v></c>"
    text = str(value)
    if not (text.isalnum() or text.isprintable()):
        text = _NOT_IN_XML.sub("", text)
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'
