"""Reading a question by rules: what is wanted, which identifiers it holds, and which row it names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from workers.inference.lookup.fit import Asked
from workers.inference.lookup.normalise import code_key
from workers.inference.lookup.places import NOWHERE
from workers.inference.lookup.reading import split_parts, strip_organisation
from workers.inference.lookup.schema import TableSchema
from workers.inference.lookup.vocabulary import Mention, Vocabulary

LISTING = "list"
_CLAUSES = re.compile(r"[,;!?\n\"~^*=<>|]+|\.(?![a-z0-9])|:")
_DIGITS = re.compile(r"(?<![0-9a-z])[0-9](?:[ \-._/]?[0-9]){5,}(?![0-9a-z])")
_WORDS = re.compile(r"(?<![0-9a-z])[0-9a-z]{4,40}(?![0-9a-z])")
_MOST_READINGS = 8


@dataclass(frozen=True)
class Question:
    """A question as the rules see it. `wanted` is a column key, "list", or "" when nothing says it. `codes` are
    identifiers in the form of `code_key`; `numbers` are digit strings that no column could hold."""

    wanted: str
    codes: tuple[str, ...]
    numbers: tuple[str, ...]
    clauses: tuple[str, ...]
    asked: tuple[Asked, ...]


def read_question(text: str, *, schema: TableSchema, vocabulary: Vocabulary) -> Question:
    """Read a normalised question; never fails. `asked` holds the possible readings, likely ones first."""
    codes, numbers, text = _take_codes(text, schema)
    wanted, text = _take_wanted(text, vocabulary)
    raw = [clause.strip() for clause in _CLAUSES.split(vocabulary.inside.sub("", text))]
    clauses = _kept(raw, vocabulary)
    asked: list[Asked] = []
    for strip_single in (True, False):
        stripped = [_trim(clause, vocabulary, strip_single=strip_single) for clause in clauses]
        asked += read_clauses([clause for clause in stripped if clause], vocabulary=vocabulary)
    return Question(
        wanted=wanted,
        codes=codes,
        numbers=numbers,
        clauses=tuple(_trim(clause, vocabulary, strip_single=True) for clause in clauses),
        asked=tuple(dict.fromkeys(asked))[:_MOST_READINGS],
    )


def read_clauses(clauses: list[str], *, vocabulary: Vocabulary) -> list[Asked]:
    """One reading for each organisation that the clauses may name; one without organisation when there is none."""
    text = "\n".join(clauses)
    mentions: Sequence[Mention | None] = vocabulary.mentions(text) or [None]
    readings = []
    for mention in mentions:
        parts: list[str] = []
        kinds: list[str] = []
        for piece in strip_organisation(text, mention):
            found, units = split_parts(piece, vocabulary=vocabulary)
            parts += found
            kinds += units
        readings.append(Asked(mention.organisation if mention else "", tuple(parts), tuple(kinds)))
    return readings


def has_content(text: str, *, vocabulary: Vocabulary) -> bool:
    """Whether a text holds words of the subject: an organisation, a kind of unit or a place."""
    return bool(vocabulary.mentions(text) or vocabulary.unit_kinds.search(text) or vocabulary.gazetteer.mentions(text))


def without_talk(text: str, *, vocabulary: Vocabulary) -> str:
    """The text without words that say what is wanted and phrases around a question, wherever they stand."""
    _, text = _take_wanted(text, vocabulary)
    return vocabulary.edges.sub(lambda match: "\n" if len(match.group()) > 1 else match.group(), text)


def _take_codes(text: str, schema: TableSchema) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    patterns = [re.compile(column.pattern, re.IGNORECASE) for column in schema.columns if column.pattern]
    codes: list[str] = []
    numbers: list[str] = []
    for match in _DIGITS.finditer(text):
        code = code_key(match.group())
        (codes if any(pattern.fullmatch(code) for pattern in patterns) else numbers).append(code)
    text = _DIGITS.sub("\n", text)
    words = _WORDS.findall(text)
    codes += [word for word in words if any(pattern.fullmatch(word) for pattern in patterns)]
    return tuple(dict.fromkeys(codes)), tuple(dict.fromkeys(numbers)), text


def _take_wanted(text: str, vocabulary: Vocabulary) -> tuple[str, str]:
    """What the question wants, and the question without the words that say so."""
    wanted = LISTING if vocabulary.listing.search(text) else ""
    text = vocabulary.listing.sub("\n", text)
    for key, words in vocabulary.fields.items():
        if words.search(text):
            wanted = wanted or key
            text = words.sub("\n", text)
    return wanted, text


def _kept(clauses: list[str], vocabulary: Vocabulary) -> list[str]:
    """Without clauses that are only talk (谢谢, 我要给供应商付款): none of the subject's words, and a word of talk."""
    return [
        clause
        for clause in clauses
        if clause and not (vocabulary.asides.search(clause) and not has_content(clause, vocabulary=vocabulary))
    ]


def _trim(clause: str, vocabulary: Vocabulary, *, strip_single: bool) -> str:
    """The clause without talk at either end. A single character is talk only with `strip_single`, and nothing is
    where a place or an organisation begins (那曲, 下关)."""
    while not vocabulary.organisation_of(clause):
        match = vocabulary.edges.match(clause)
        if not match or not _may_go(match.group(), strip_single) or _starts_content(clause, vocabulary):
            break
        clause = clause[match.end() :].lstrip()
    while not vocabulary.organisation_of(clause):
        match = vocabulary.last_edge.search(clause)
        if not match or not _may_go(match.group(), strip_single):
            break
        clause = clause[: match.start()].rstrip()
    return _without_talk_before(clause, vocabulary)


def _may_go(word: str, strip_single: bool) -> bool:
    return bool(word) and (len(word) > 1 or strip_single)


def _starts_content(clause: str, vocabulary: Vocabulary) -> bool:
    if vocabulary.sure_words.match(clause):
        return True
    return bool(vocabulary.gazetteer.longest_at(clause, 0, inside=NOWHERE)[0])


def _without_talk_before(clause: str, vocabulary: Vocabulary) -> str:
    """Cut what stands before the first organisation or place when it is talk (我在工行...)."""
    mention = vocabulary.first_mention(clause)
    stop = mention.start if mention else len(clause)
    place = next((at for at in range(stop) if vocabulary.gazetteer.longest_at(clause, at, inside=NOWHERE)[0]), stop)
    before = clause[:place]
    if place < len(clause) and vocabulary.asides.search(before) and not vocabulary.unit_kinds.search(before):
        return clause[place:]
    return clause
