"""`manage.py messages`: bring both translation catalogues up to date with the source and compile them."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from apps.core.catalogue import CATALOGUES, update


class Command(BaseCommand):
    help = "Update and compile the catalogues under platform/locale; prints what is still untranslated."

    def handle(self, *args: Any, **options: Any) -> None:
        for language in CATALOGUES:
            catalogue = update(language)
            missing = catalogue.untranslated_entries()
            self.stdout.write(f"{language}: {len(catalogue)} texts, {len(missing)} untranslated")
            for entry in missing:
                self.stdout.write(f"  {entry.msgid}")
