"""Is the audit trail whole? Archives and table are walked from the first entry to the last."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from apps.audit.append_only import missing_guards
from apps.audit.archiving import read
from apps.audit.chain import ChainEnd, what_breaks
from apps.audit.models import AuditArchive, AuditEntry
from apps.core.files import sha256_of


@dataclass(frozen=True)
class Verified:
    """How far the chain is whole (`end`), and how many entries were read: from archives and from the table."""

    end: ChainEnd
    archived: int
    in_table: int


class Broken(Exception):
    """The first thing that is wrong, in a sentence for the operator."""


def verify(*, with_archives: bool, witness: ChainEnd | None = None) -> Verified:
    """Walk the whole trail; raises Broken at the first fault.

    Every archive's row is checked, its file only `with_archives`. `witness` is an entry known from elsewhere (each one
    stands in the log): it must still be there, which also shows that the end was not cut off.
    """
    guards = missing_guards()
    if guards:
        raise Broken(f"the database does not guard the trail: triggers are missing ({', '.join(guards)})")
    walk = _Walk(witness)
    archived = sum(walk.archive(row, with_file=with_archives) for row in AuditArchive.objects.order_by("first_seq"))
    rows: Any = AuditEntry.objects.order_by("seq").iterator()
    with closing(rows):
        in_table = walk.entries((entry.content(), entry.hash) for entry in rows)
    walk.finish()
    return Verified(walk.end, archived, in_table)


class _Walk:
    """One way along the chain; `end` is as far as it is whole."""

    def __init__(self, witness: ChainEnd | None) -> None:
        self.end = ChainEnd()
        self.witness = witness

    def entries(self, entries: Iterable[tuple[dict[str, Any], str]]) -> int:
        count = 0
        for content, stored_hash in entries:
            wrong = what_breaks(self.end, content, stored_hash)
            if wrong:
                raise Broken(wrong)
            self._step_to(ChainEnd(content["seq"], stored_hash))
            count += 1
        return count

    def archive(self, row: AuditArchive, *, with_file: bool) -> int:
        """Go on to the archive's last entry; return how many entries of its file were read."""
        self._check_row(row)
        if not with_file:
            self._step_to(ChainEnd(row.last_seq, row.last_hash))
            return 0
        try:
            return self._read(row)
        except (OSError, EOFError, ValueError, KeyError) as error:
            raise Broken(f"archive {row} cannot be read: {row.path}: {error}") from error

    def finish(self) -> None:
        if self.witness and self.witness.seq > self.end.seq:
            raise Broken(f"the trail ends with entry {self.end.seq}, but entry {self.witness.seq} is known: it was cut")

    def _check_row(self, row: AuditArchive) -> None:
        if not row.is_sealed:
            raise Broken(f"the row of archive {row} was altered: its seal does not fit")
        if (row.first_seq, row.previous_hash) != (self.end.seq + 1, self.end.hash):
            raise Broken(f"archive {row} does not follow entry {self.end.seq}: an archive is missing")

    def _read(self, row: AuditArchive) -> int:
        if sha256_of(row.path) != row.sha256:
            raise Broken(f"archive {row} was altered: the file {row.path} does not have the hash that was sealed")
        lines = (json.loads(line) for line in read(row.path))
        count = self.entries((line, line.pop("hash")) for line in lines)
        if self.end != (row.last_seq, row.last_hash):
            raise Broken(f"archive {row} ends with entry {self.end.seq}, not as its row says")
        return count

    def _step_to(self, end: ChainEnd) -> None:
        self.end = end
        if self.witness and self.witness.seq == end.seq and self.witness.hash != end.hash:
            raise Broken(f"entry {end.seq} is not the one that is known: the trail was rewritten")
