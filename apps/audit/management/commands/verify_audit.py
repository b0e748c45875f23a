"""`manage.py verify_audit`: is the audit trail whole? Exit status 1 and the first fault where it is not."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.audit.chain import ChainEnd
from apps.audit.verifying import Broken, verify


def witness(text: str) -> ChainEnd:
    """Return the entry that "NUMBER:HASH" names."""
    seq, colon, known_hash = text.partition(":")
    if not (seq.isdigit() and colon and len(known_hash) == 64):
        raise ArgumentTypeError("write it as NUMBER:HASH, as it stands in the log")
    return ChainEnd(int(seq), known_hash)


class Command(BaseCommand):
    help = "Walk the audit trail's chain of hashes; says the first broken link and ends with status 1."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--archives", action="store_true", help="read the archived files too")
        parser.add_argument(
            "--known",
            type=witness,
            metavar="NUMBER:HASH",
            help="an entry known from the log or from an earlier run; shows when the end was cut off",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = verify(with_archives=options["archives"], witness=options["known"])
        except Broken as problem:
            raise CommandError(f"The audit trail is broken: {problem}.") from problem
        self.stdout.write(
            f"The audit trail is whole: {found.in_table} entries in the table, {found.archived} in archives.\n"
            f"Last entry: {found.end.seq}:{found.end.hash}"
        )
