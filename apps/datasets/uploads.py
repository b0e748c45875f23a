"""Taking in a file: streamed to the disk, hashed on the way, refused early when it is not what it says it is."""

from __future__ import annotations

import errno
import hashlib
import shutil
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO, Any

from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from apps.core.errors import DomainError
from apps.datasets.readers.workbook import WorkbookRefused, check_archive

EXTENSIONS = (".csv", ".tsv", ".txt", ".unl", ".xls", ".xlsx")
CHUNK = 2**20
_NAME_LENGTH_MAX = 200
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}
_NO_LINKS = {errno.EXDEV, errno.EPERM, errno.EACCES, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK}
_OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class StoredFile:
    """A file on the disk under `path`: its size in bytes and SHA-256 (hex)."""

    path: Path
    size: int
    sha256: str


def safe_name(name: str) -> str:
    """Return the bare file name without folders and control characters, at most 200 long; raises DomainError otherwise.

    The name is only ever shown: on the disk the file is called `source` and its extension.
    """
    bare = PureWindowsPath(PurePosixPath(name).name).name
    bare = "".join(character for character in bare if unicodedata.category(character)[0] != "C").strip()
    suffix = Path(bare).suffix
    if suffix.lower() not in EXTENSIONS:
        kinds = ", ".join(EXTENSIONS)
        raise refusal("wrong_extension", _("Only files of these kinds can be imported: %(kinds)s.") % {"kinds": kinds})
    stem = bare.removesuffix(suffix)[: _NAME_LENGTH_MAX - len(suffix)]
    return stem + suffix


def store(file: IO[bytes] | Any, *, path: Path) -> StoredFile:
    """Write `file` (anything with `read(size)`) to `path` and look at what it is.

    Raises DomainError (with `fields`) when it is too large, empty, or not of the kind its extension says; then neither
    the file nor its folder is left behind.
    """
    with new_folder(path.parent):
        stored = _write(file, path)
        check_content(path)
    return stored


def check_size(size: int) -> None:
    """Refuse, before a byte is sent, a file of `size` bytes that could not be taken; raises DomainError."""
    if not size:
        raise refusal("empty", _("The file is empty."))
    if size > settings.UPLOAD_BYTES_MAX:
        sizes = {"size": filesizeformat(size), "limit": filesizeformat(settings.UPLOAD_BYTES_MAX)}
        raise refusal("too_large", _("The file has %(size)s; at most %(limit)s can be taken.") % sizes)


def refusal(code: str, message: str) -> DomainError:
    return DomainError(code, message, fields={"file": message})


def disk_full() -> DomainError:
    message = _("The server's disk is full; nothing was stored. Tell your operator, and try again when there is room.")
    return DomainError("disk_full", message)


@contextmanager
def refuse_full_disk() -> Iterator[None]:
    """Say in words that the disk is full, where the system says so inside the block."""
    try:
        yield
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        raise disk_full() from error


@contextmanager
def new_folder(path: Path) -> Iterator[None]:
    """Make a folder that the block fills; where the block fails, nothing of it is left, and a full disk is told in
    words."""
    path.mkdir(parents=True, mode=0o750)
    try:
        with refuse_full_disk():
            yield
    except BaseException:
        shutil.rmtree(path)
        raise


def link_or_copy(source: Path, target: Path) -> None:
    """Give `source` a second name, or a second copy where the file system has no hard links.

    Files of versions are replaced as a whole and never written in place, so two names of one file are safe.
    """
    try:
        target.hardlink_to(source)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        shutil.copyfile(source, target)


def _write(file: Any, path: Path) -> StoredFile:
    digest, size = hashlib.sha256(), 0
    with path.open("wb") as target:
        while chunk := file.read(CHUNK):
            size += len(chunk)
            if size > settings.UPLOAD_BYTES_MAX:
                limit = filesizeformat(settings.UPLOAD_BYTES_MAX)
                raise refusal("too_large", _("The file is larger than %(limit)s.") % {"limit": limit})
            digest.update(chunk)
            target.write(chunk)
    check_size(size)
    return StoredFile(path=path, size=size, sha256=digest.hexdigest())


def check_content(path: Path) -> None:
    """Refuse a file that is not of the kind its extension says; raises DomainError with `fields`."""
    with path.open("rb") as file:
        head = file.read(2**16)
    is_old_workbook = head.startswith(_OLE_MAGIC)
    if is_old_workbook and _ENCRYPTED in head:
        raise refusal("encrypted", _("This workbook has a password. Save it without one and upload it again."))
    if is_old_workbook != (path.suffix == ".xls"):
        raise refusal("old_workbook" if is_old_workbook else "workbook", _other_kind(path, is_old=is_old_workbook))
    if path.suffix == ".xlsx":
        _check_workbook(path)
    elif path.suffix == ".xls":
        return
    elif b"\0" in head and not head.startswith(_UTF16_MARKS):
        raise refusal("not_text", _("This is not a text file. Save the table as CSV (UTF-8) or as .xlsx."))


def _other_kind(path: Path, *, is_old: bool) -> str:
    if is_old:
        return _("This is an .xls workbook, or one with a password, under another name. Save it as .xlsx.")
    return _(
        "This is not an .xls workbook, in spite of its name. Open it in a spreadsheet program and save it as .xlsx."
    )


def _check_workbook(path: Path) -> None:
    try:
        check_archive(path)
    except WorkbookRefused as error:
        messages = {
            "workbook": _(
                "This is not a complete .xlsx workbook. Open it in your spreadsheet program and save it again."
            ),
            "workbook_too_large": _("Unpacked, the workbook is larger than is allowed. Save the sheet as CSV instead."),
        }
        raise refusal(error.code, messages[error.code]) from error
