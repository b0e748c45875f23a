"""Files that are not what they say, made in a few lines each."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile

from tests.datasets.conftest import HEADER, row, workbook

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 1, 1) + b"\x08\x02\0\0\0"
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog >>\nendobj\nxref\n0 1\n\0\0\0"
PASSWORD_PROTECTED = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + "EncryptedPackage".encode("utf-16-le")
"""The head of an OLE container with the stream that Excel encrypts a workbook into."""
GOOD = f"{HEADER}\n{row(1)}\n{row(2)}\n"
GOOD_BOOK = workbook([HEADER.split(","), row(1).split(",")])

LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">
<!ENTITY e "&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;"><!ENTITY f "&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;">]>"""
EXTERNAL = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>'
PARAMETER = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x.dtd"> %p;]>'


def rewritten(book: bytes, change) -> bytes:
    """Return the workbook with `change(name, data)` for the data of every part; None leaves a part out."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            data = change(part.filename, old.read(part))
            if data is not None:
                new.writestr(part.filename, data)
    return buffer.getvalue()


def with_entity(declaration: bytes, *, name: str = "f") -> bytes:
    """A workbook whose sheet declares an entity and uses it in a cell."""

    def change(part: str, data: bytes) -> bytes:
        if part != "xl/worksheets/sheet1.xml":
            return data
        body = data[data.index(b"<worksheet") :]
        cell = b'<row r="3"><c r="A3" t="inlineStr"><is><t>&%s;</t></is></c></row>' % name.encode()
        return declaration + body.replace(b"</sheetData>", cell + b"</sheetData>")

    return rewritten(GOOD_BOOK, change)


def without(part_name: str) -> bytes:
    """A workbook that lacks a part."""
    return rewritten(GOOD_BOOK, lambda name, data: None if name == part_name else data)


def zip_of(**parts: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return buffer.getvalue()


GZIP = gzip.compress(GOOD.encode())
