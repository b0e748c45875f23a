"""Verbs of an upload in pieces: start or go on, append, complete, abort.

A piece is first written beside the file and then appended inside the transaction that counts it. So whatever dies,
`received` bytes are there; and of two windows that send the same piece, the conditional UPDATE lets one write.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.db import transaction
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.core.errors import DomainError
from apps.core.files import sha256_of
from apps.datasets import services
from apps.datasets.models import Dataset, DatasetVersion, Upload
from apps.datasets.uploads import (
    CHUNK,
    StoredFile,
    check_content,
    check_size,
    disk_full,
    refuse_full_disk,
    safe_name,
)
from apps.users import quotas
from apps.users.models import User
from apps.users.models.quotas import Metric

logger = logging.getLogger(__name__)

PIECE_BYTES_MAX = 16 * 2**20
"""Twice what our own page sends: a piece must fit a proxy's patience."""
_SPARE_BYTES = 64 * 2**20


def start_upload(
    dataset: Dataset, *, name: str, size: int, actor: User, head: str = "", sha256: str = "", again: bool = False
) -> Upload:
    """Announce a file of `size` bytes, or find the upload of the same file that was cut off.

    The same file: same maker, dataset, name and size, and the same `head` or `sha256`, where the client gives one.
    Raises DomainError with `fields` for a wrong kind or size, "same_file" (unless `again`), "disk_full", QuotaExceeded.
    """
    name = safe_name(name)
    check_size(size)
    if sha256 and not again:
        services.refuse_same_file(dataset, sha256=sha256)
    if known := _cut_off(dataset, name=name, size=size, actor=actor, head=head, sha256=sha256):
        return known
    root = Path(settings.VAR_DIR)
    if shutil.disk_usage(root).free < size + _SPARE_BYTES:
        raise disk_full()
    with transaction.atomic():
        quotas.require_room(actor, Metric.STORAGE, adding=size)
        upload: Upload = Upload.objects.create(
            dataset=dataset,
            name=name,
            size=size,
            head=head,
            sha256=sha256.lower(),
            expires_at=timezone.now() + settings.UPLOAD_KEPT_FOR,
            created_by=actor,
        )
    return upload


def append_piece(upload: Upload, *, offset: int, length: int | None, body: IO[bytes] | Any) -> Upload:
    """Append `length` bytes of `body` at `offset`; return the upload as it is then. A repeated piece changes nothing.

    Raises DomainError("wrong_offset") with values {"received"} where the file goes on elsewhere, "cut_off" where fewer
    bytes came than announced, "wrong_length", "disk_full".
    """
    if length is None or not 0 <= length <= min(PIECE_BYTES_MAX, max(0, upload.size - offset)):
        limit = filesizeformat(PIECE_BYTES_MAX)
        message = _("Say the length of each piece: at most %(limit)s, and not beyond the end of the file.")
        raise DomainError("wrong_length", message % {"limit": limit}, values={"received": upload.received})
    if offset + length <= upload.received:
        return upload
    if offset != upload.received:
        raise _wrong_offset(upload)
    with refuse_full_disk():
        piece = _write_piece(upload, body, length)
        try:
            _count_in(upload, piece, offset=offset, length=length)
        finally:
            piece.unlink(missing_ok=True)
    upload.refresh_from_db()
    return upload


def complete_upload(
    upload: Upload, *, actor: User, sha256: str = "", again: bool = False, asks_layout: bool = False
) -> DatasetVersion:
    """Make the received file the dataset's next version and send it to a worker; the upload is gone then.

    Raises DomainError: "incomplete" with values {"received"}; "hash_mismatch", or `fields` where the file is not what
    it says (the upload is given up: it cannot be mended); "same_file", after which it may be completed with `again`.
    """
    if upload.received != upload.size:
        message = _("%(received)s of %(size)s bytes have arrived. Send the rest first.")
        values = {"received": upload.received}
        raise DomainError("incomplete", message % {**values, "size": upload.size}, values=values)
    stored = _judged(upload, announced=(sha256 or upload.sha256).lower())
    return services.take_in(
        upload.dataset,
        stored,
        name=upload.name,
        actor=actor,
        again=again,
        asks_layout=asks_layout,
        before=partial(_use_up, upload),
    )


def abort_upload(upload: Upload) -> None:
    """Forget an upload and what has come of it."""
    with transaction.atomic():
        Upload.objects.filter(pk=upload.pk).delete()
        transaction.on_commit(_removal(upload))


def _cut_off(dataset: Dataset, *, head: str, sha256: str, **same: Any) -> Upload | None:
    if not head and not sha256:
        return None
    open_ones = Upload.objects.filter(
        dataset=dataset,
        name=same["name"],
        size=same["size"],
        created_by=same["actor"],
        expires_at__gt=timezone.now(),
    )
    same_content = open_ones.filter(sha256=sha256.lower()) if sha256 else open_ones.filter(head=head)
    found: Upload | None = same_content.order_by("-received", "-updated_at").first()
    return found


def _write_piece(upload: Upload, body: IO[bytes] | Any, length: int) -> Path:
    """Write the body beside the file; return where. Refuses a body that is shorter or longer than it says."""
    upload.directory.mkdir(parents=True, exist_ok=True, mode=0o750)
    descriptor, name = tempfile.mkstemp(dir=upload.directory, prefix=".piece-")
    piece, found = Path(name), 0
    try:
        with os.fdopen(descriptor, "wb") as target:
            while found <= length and (block := body.read(min(CHUNK, length - found + 1))):
                target.write(block)
                found += len(block)
        if found != length:
            message = _("The piece has another length than was announced: the connection was cut off. Send it again.")
            raise DomainError("cut_off", message, values={"received": upload.received})
    except BaseException:
        piece.unlink(missing_ok=True)
        raise
    return piece


def _count_in(upload: Upload, piece: Path, *, offset: int, length: int) -> None:
    now = timezone.now()
    with transaction.atomic():
        waiting = Upload.objects.filter(pk=upload.pk, received=offset)
        reached = {"received": offset + length, "updated_at": now, "expires_at": now + settings.UPLOAD_KEPT_FOR}
        if not waiting.update(**reached):
            raise _wrong_offset(upload)
        _copy_to(upload.file, piece, offset=offset)


def _copy_to(file: Path, piece: Path, *, offset: int) -> None:
    """Write the piece at `offset`, over what a process that died may have left there, and down to the disk."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT, 0o640)
    with os.fdopen(descriptor, "wb") as target, piece.open("rb") as source:
        target.truncate(offset)
        target.seek(offset)
        shutil.copyfileobj(source, target, CHUNK)
        target.flush()
        os.fsync(target.fileno())


def _wrong_offset(upload: Upload) -> DomainError:
    with suppress(Upload.DoesNotExist):
        upload.refresh_from_db()
    message = _("The file goes on at byte %(received)s.")
    values = {"received": upload.received}
    return DomainError("wrong_offset", message % values, values=values)


def _judged(upload: Upload, *, announced: str) -> StoredFile:
    try:
        sha256 = sha256_of(upload.file)
        if announced and announced != sha256:
            message = _("What has arrived is not the file that was announced: its SHA-256 differs. Upload it again.")
            raise DomainError("hash_mismatch", message)
        check_content(upload.file)
    except FileNotFoundError as error:
        abort_upload(upload)
        raise DomainError(
            "files_missing", _("What had arrived is gone from the disk. Upload the file again.")
        ) from error
    except DomainError:
        abort_upload(upload)
        raise
    return StoredFile(path=upload.file, size=upload.size, sha256=sha256)


def _use_up(upload: Upload) -> None:
    """Delete the row, once: of two windows that complete the same upload one makes the version."""
    used, _rows = Upload.objects.filter(pk=upload.pk).delete()
    if not used:
        raise DomainError("completed_already", _("This upload was completed or given up in another window."))
    transaction.on_commit(_removal(upload))


def _removal(upload: Upload) -> Callable[[], None]:
    return partial(shutil.rmtree, upload.directory, ignore_errors=True)
