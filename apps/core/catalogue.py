"""The translation catalogues: which texts the source holds, and what is translated. Needs the development packages."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import django
import django_celery_results
import polib
import unfold
from babel.messages.extract import extract_python
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[2]
LOCALE = ROOT / "platform" / "locale"
CATALOGUES = {"zh_Hans": LOCALE / "zh_Hans/LC_MESSAGES/django.po", "en": LOCALE / "en/LC_MESSAGES/django.po"}
SOURCES = (("apps", "*.py"), ("workers", "*.py"), ("platform", "*.py"), ("templates", "*.html"))
PACKAGES = {
    unfold: ("*.py", "templates/unfold/**/*.html", "templates/admin/**/*.html", "contrib/filters/**/*.html"),
    django_celery_results: ("admin.py", "apps.py", "models.py"),
}
"""Packages whose screens we show and that bring no Chinese of their own: their texts are translated here."""
KEYWORDS = dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"))

Text = tuple[str, str | None]
"""A text of the source: (singular, plural or None)."""


def texts_of_source() -> dict[Text, list[str]]:
    """Return every translatable text with the files it stands in, in the order of the files."""
    found: dict[Text, list[str]] = {}
    for folder, pattern in SOURCES:
        for path in sorted((ROOT / folder).rglob(pattern)):
            name = str(path.relative_to(ROOT))
            for text in _texts_of(path):
                files = found.setdefault(text, [])
                if name not in files:
                    files.append(name)
    known = _translated_by_django()
    for package, patterns in PACKAGES.items():
        home = Path(package.__file__).parent
        for path in sorted(file for pattern in patterns for file in home.glob(pattern)):
            for text in _texts_of(path):
                if text[0] not in known:
                    found.setdefault(text, [str(path.relative_to(home.parent))])
    return found


def update(language: str) -> polib.POFile:
    """Bring the catalogue of `language` up to date with the source: new texts empty, vanished texts gone; save it.

    English is its own translation, so that both catalogues hold the same texts.
    """
    path = CATALOGUES[language]
    path.parent.mkdir(parents=True, exist_ok=True)
    old = (
        {(entry.msgid, entry.msgid_plural or None): entry for entry in polib.pofile(str(path))} if path.exists() else {}
    )
    catalogue = polib.POFile(wrapwidth=120)
    plural_forms = "nplurals=1; plural=0;" if language == "zh_Hans" else "nplurals=2; plural=(n != 1);"
    catalogue.metadata = {
        "Content-Type": "text/plain; charset=UTF-8",
        "Language": language,
        "Plural-Forms": plural_forms,
    }
    for (singular, plural), files in texts_of_source().items():
        entry = _entry(singular, plural, old.get((singular, plural)), is_source=language == "en")
        entry.occurrences = [(name, "") for name in files]
        catalogue.append(entry)
    catalogue.save(str(path))
    catalogue.save_as_mofile(str(path.with_suffix(".mo")))
    return catalogue


def _entry(singular: str, plural: str | None, old: polib.POEntry | None, *, is_source: bool) -> polib.POEntry:
    entry = polib.POEntry(msgid=singular, msgid_plural=plural or "")
    if plural:
        entry.msgstr_plural = {0: singular, 1: plural} if is_source else dict(old.msgstr_plural if old else {0: ""})
    else:
        entry.msgstr = singular if is_source else (old.msgstr if old else "")
    if "%(" in singular or "%s" in singular:
        entry.flags.append("python-format")
    return entry


def _translated_by_django() -> set[str]:
    catalogues = Path(django.__file__).parent.rglob("locale/zh_Hans/LC_MESSAGES/django.po")
    return {entry.msgid for path in catalogues for entry in polib.pofile(str(path)).translated_entries()}


def _texts_of(path: Path) -> Iterator[Text]:
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".html":
        source = "\n".join(line.strip() for line in templatize(source, origin=str(path)).splitlines())
    code = BytesIO(source.encode())
    for _line, function, messages, _comments in extract_python(code, KEYWORDS, [], {"encoding": "utf-8"}):
        texts = [messages] if isinstance(messages, str) else list(messages or ())
        is_plural = str(function).startswith("n") and len(texts) > 1
        if texts and texts[0]:
            yield texts[0], texts[1] if is_plural else None
