"""`manage.py archive_audit --before 2026-01-01`: old entries leave the table for a sealed file."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import date, datetime, time
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.audit.archiving import archive
from apps.core.errors import DomainError


class Command(BaseCommand):
    help = "Move the audit entries before a date into a sealed archive under VAR_DIR/audit."

    def add_arguments(self, parser: ArgumentParser) -> None:
        help_text = "first day (YYYY-MM-DD) whose entries stay"
        parser.add_argument("--before", type=date.fromisoformat, required=True, metavar="DATE", help=help_text)

    def handle(self, *args: Any, **options: Any) -> None:
        start_of_day = timezone.make_aware(datetime.combine(options["before"], time.min))
        try:
            made = archive(start_of_day)
        except DomainError as problem:
            raise CommandError(problem.message) from problem
        if made is None:
            self.stdout.write("Nothing to archive: every entry is younger.")
        else:
            count = made.last_seq - made.first_seq + 1
            self.stdout.write(f"{count} entries ({made}) are in {made.path}\nSHA-256 {made.sha256}\nSeal {made.seal}")
