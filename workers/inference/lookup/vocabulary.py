"""The words of one kind of table, read from data files. The engine itself knows no bank, place or product."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from workers.inference.lookup.normalise import normalise
from workers.inference.lookup.places import Gazetteer, load_gazetteer
from workers.inference.lookup.schema import TableSchema

DATA = Path(__file__).parent / "data"
_NEVER = re.compile(r"(?!)")
_GENERIC_TYPE = "*"


@dataclass(frozen=True)
class Mention:
    """An organisation named in a text: text[start:stop] means `organisation`."""

    organisation: str
    start: int
    stop: int


@dataclass(frozen=True)
class Vocabulary:
    """What the rules know about a kind of table. Patterns are meant for normalised text."""

    fields: Mapping[str, re.Pattern[str]]
    listing: re.Pattern[str]
    edges: re.Pattern[str]
    last_edge: re.Pattern[str]
    inside: re.Pattern[str]
    asides: re.Pattern[str]
    ignored: re.Pattern[str] = _NEVER
    unit_kinds: re.Pattern[str] = _NEVER
    sure: Mapping[str, str] = field(default_factory=dict)
    maybe: Mapping[str, str] = field(default_factory=dict)
    sure_words: re.Pattern[str] = _NEVER
    maybe_words: re.Pattern[str] = _NEVER
    gazetteer: Gazetteer = field(default_factory=lambda: Gazetteer(()))

    @property
    def has_units(self) -> bool:
        """Whether names have the inner structure organisation, place, unit; otherwise a name is a row of words."""
        return self.unit_kinds is not _NEVER

    def first_mention(self, text: str) -> Mention | None:
        """The leftmost sure naming of an organisation: how the name in a row is read."""
        match = self.sure_words.search(text)
        return Mention(self.sure[match.group()], match.start(), match.end()) if match else None

    def mentions(self, text: str) -> list[Mention]:
        """Every organisation a question may mean: the sure words, or failing these the words that may also be
        something else (建设 is a bank and a road)."""
        for words, meaning in ((self.sure_words, self.sure), (self.maybe_words, self.maybe)):
            found = [Mention(meaning[match.group()], match.start(), match.end()) for match in words.finditer(text)]
            if found:
                return found
        return []

    def organisation_of(self, text: str) -> str:
        """What a word or name stands for, "" when unknown: 农行 -> 中国农业银行."""
        return self.sure.get(text) or self.maybe.get(text) or ""


def is_type(organisation: str) -> bool:
    """Whether this is a kind of organisation (a rural commercial bank) that only other words make a particular one."""
    return organisation.startswith(_GENERIC_TYPE)


def vocabulary_for(schema: TableSchema) -> Vocabulary:
    """The vocabulary of a schema: the data folder of its kind where there is one, and always its column labels."""
    return _load(schema.kind, tuple((column.key, normalise(column.label)) for column in schema.columns))


@lru_cache(maxsize=32)
def _load(kind: str, labels: tuple[tuple[str, str], ...]) -> Vocabulary:
    chatter = json.loads((DATA / "chatter.json").read_text(encoding="utf-8"))
    folder = DATA / kind
    if not (folder / "wording.json").is_file():
        return Vocabulary(**_common(chatter, {"fields": {}, "list": chatter["list"], "edges": []}, labels))
    wording = json.loads((folder / "wording.json").read_text(encoding="utf-8"))
    sure, maybe = _aliases(folder / "aliases.csv")
    return Vocabulary(
        **_common(chatter, wording, labels),
        ignored=_either(wording["ignored"]),
        unit_kinds=_either(wording["unit_kinds"]),
        sure=sure,
        maybe=maybe,
        sure_words=_either(map(re.escape, sure)),
        maybe_words=_either(map(re.escape, maybe)),
        gazetteer=load_gazetteer(folder / "places.csv"),
    )


def _common(chatter: dict[str, Any], wording: dict[str, Any], labels: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    """What every kind has. Fields are tried in the order of the wording (清算行号 before 行号), then of the columns."""
    label_of = dict(labels)
    order = [key for key in wording["fields"] if key in label_of]
    order += [key for key in label_of if key not in order]
    fields = {
        key: _either([*wording["fields"].get(key, ()), re.escape(label_of[key]), re.escape(key.replace("_", " "))])
        for key in order
    }
    edges = [*wording["edges"], *chatter["edges"]]
    return {
        "fields": fields,
        "listing": _either(wording["list"]),
        "edges": _either(edges),
        "last_edge": re.compile(f"(?:{_either(edges).pattern})$"),
        "inside": _either(chatter["inside"]),
        "asides": _either([*wording.get("asides", ()), *chatter["asides"]]),
    }


def _aliases(file: Path) -> tuple[dict[str, str], dict[str, str]]:
    sure: dict[str, str] = {}
    maybe: dict[str, str] = {}
    with file.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            target = sure if row["strength"] == "sure" else maybe
            target[normalise(row["word"])] = row["organisation"]
    return sure, maybe


def _either(patterns: Iterable[str]) -> re.Pattern[str]:
    """Any of the patterns, the longest first; a Latin word only where it stands by itself."""
    ordered = sorted(set(patterns), key=lambda pattern: (-len(pattern), pattern))
    return re.compile("|".join(_bounded(pattern) for pattern in ordered)) if ordered else _NEVER


def _bounded(pattern: str) -> str:
    is_latin = pattern[:1].isascii() and pattern[:1].isalpha()
    return rf"(?<![a-z0-9])(?:{pattern})(?![a-z0-9])" if is_latin else f"(?:{pattern})"
