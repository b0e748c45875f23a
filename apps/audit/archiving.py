"""Old entries leave the table for a sealed file; the chain goes on across the border."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.audit.chain import ChainEnd, what_breaks
from apps.audit.models import AuditArchive, AuditEntry, canonical
from apps.audit.services import record
from apps.core.errors import DomainError
from apps.core.files import sha256_of


def archive(before: datetime, *, actor: Any = None) -> AuditArchive | None:
    """Move the entries older than `before` into a new archive; return it, or None where there are none.

    The file is complete on disk before its row is written, and the row stands before any entry goes. Only whole,
    unbroken chains are archived: raises DomainError("broken_chain"), or ("archived_meanwhile") where another archiving
    was faster.
    """
    entries = _older_than(before)
    first, last = entries.first(), entries.last()
    if first is None or last is None:
        return None
    made = AuditArchive(
        first_seq=first.seq,
        last_seq=last.seq,
        previous_hash=first.previous_hash,
        last_hash=last.hash,
        file=f"audit-{first.seq:010}-{last.seq:010}.jsonl.gz",
        made_at=timezone.now(),
    )
    _write(made.path, _checked_lines(entries, ChainEnd(first.seq - 1, first.previous_hash)))
    made.sha256 = sha256_of(made.path)
    made.seal = made.computed_seal()
    try:
        with transaction.atomic():
            made.save()
            AuditEntry.objects.leave(made)
            record("audit.archived", actor=actor, target=made, after={"file": made.file, "sha256": made.sha256})
    except IntegrityError as error:
        raise DomainError("archived_meanwhile", _("Another archive with these entries exists already.")) from error
    return made


def archive_expired() -> AuditArchive | None:
    """Archive what is older than settings.AUDIT_DAYS, as `archive` does; nothing while that is 0."""
    return archive(timezone.now() - timedelta(days=settings.AUDIT_DAYS)) if settings.AUDIT_DAYS else None


def read(path: Path) -> Iterator[bytes]:
    """Yield the lines of an archive; raises OSError or EOFError for a file that is damaged."""
    with gzip.open(path, "rb") as file:
        yield from (line.rstrip(b"\n") for line in file)


def _older_than(before: datetime) -> Any:
    """Clocks are not the order: an entry stays, however old it looks, while one before it stays."""
    entries = AuditEntry.objects.order_by("seq")
    staying = entries.filter(at__gte=before).values_list("seq", flat=True).first()
    return entries if staying is None else entries.filter(seq__lt=staying)


def _checked_lines(entries: Any, end: ChainEnd) -> Iterator[bytes]:
    with closing(entries.iterator()) as rows:
        for entry in rows:
            wrong = what_breaks(end, entry.content(), entry.hash)
            if wrong:
                raise DomainError("broken_chain", _("The audit trail is broken: %(what)s") % {"what": wrong})
            end = ChainEnd(entry.seq, entry.hash)
            yield canonical(entry.content() | {"hash": entry.hash})


def _write(path: Path, lines: Iterator[bytes]) -> None:
    """Write the lines under a temporary name first: a file with the final name is always complete."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as raw:
        with gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as packed:
            packed.writelines(line + b"\n" for line in lines)
        raw.flush()
        os.fsync(raw.fileno())
    unfinished.replace(path)
