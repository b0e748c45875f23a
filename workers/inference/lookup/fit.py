"""Whether a row is what a question names. Every character asked for must be explained by the row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from workers.inference.lookup.places import Places
from workers.inference.lookup.reading import Reading
from workers.inference.lookup.vocabulary import Vocabulary, is_type

_MOST_SEGMENTS = 12


@dataclass(frozen=True)
class Asked:
    """One way to read a question: the organisation it names ("" = none), its other words, the kinds of unit."""

    organisation: str
    parts: tuple[str, ...]
    kinds: tuple[str, ...]


class Level(IntEnum):
    """How well a row fits, from not at all to completely."""

    NONE = 0  # something asked for is not in the row
    SUGGESTED = 1  # everything asked for is there, but the question leaves out what tells this row from others
    FITTING = 2  # only what may be left out is left out: the place above, the kind of unit
    FULL = 3  # every piece of the row is named


@dataclass(frozen=True)
class Fit:
    level: Level
    is_anchored: bool = False  # the question names where, or which local organisation
    ends_alike: bool = False  # only the end of the row's telling part was asked for (泉营镇 of 开发区泉营镇)


_NO_FIT = Fit(Level.NONE)
_SAME_ENDING = Fit(Level.SUGGESTED, ends_alike=True)


def fit(asked: Asked, row: Reading, *, vocabulary: Vocabulary) -> Fit:
    """Compare one reading of a question with the reading of a row."""
    if asked.organisation and asked.organisation != row.organisation:
        return _NO_FIT
    if not _kinds_agree(asked.kinds, row.kinds) or len(row.segments) > _MOST_SEGMENTS:
        return _NO_FIT
    spelled = _explain(asked.parts, row, vocabulary)
    if spelled is None:
        return _SAME_ENDING if _ends_alike(asked.parts, row) else _NO_FIT
    used, says_above = spelled
    last = len(row.segments) - 1  # 平山支行 may be a branch in any county, though 平山 is a county too
    anchored = any(row.segments[at].in_organisation or (row.segments[at].places and at < last) for at in used)
    return Fit(_level(asked, row, used, says_above=says_above), is_anchored=anchored)


def is_same_branch(one: Reading, other: Reading) -> bool:
    """Whether two names differ in ignorable words only (the legal form, brackets, the ending of a place)."""
    spellings = [[segment.spellings for segment in reading.segments] for reading in (one, other)]
    return one.key == other.key and spellings[0] == spellings[1]


def _level(asked: Asked, row: Reading, used: frozenset[int], *, says_above: bool) -> Level:
    left_out = [segment for at, segment in enumerate(row.segments) if at not in used]
    if any(segment.required for segment in left_out) or (row.organisation and not asked.organisation):
        return Level.SUGGESTED
    if not used and is_type(row.organisation):
        return Level.SUGGESTED  # "a bank" names none, though a row may be called just that
    if says_above and any(segment.places == row.places for segment in left_out):
        return Level.SUGGESTED  # 梧州 asked for, and the row says 苍梧县: in 梧州, but 梧州 may have its own
    kinds_named = asked.kinds == row.kinds or (bool(used) and not asked.kinds)
    return Level.FULL if kinds_named and not left_out and not says_above else Level.FITTING


def _kinds_agree(asked: Sequence[str], row: Sequence[str]) -> bool:
    """No kinds asked for, or the same last one (the unit itself) and no other than the row has before it."""
    return not asked or (bool(row) and asked[-1] == row[-1] and set(asked) <= set(row))


def _ends_alike(parts: Sequence[str], row: Reading) -> bool:
    return bool(parts) and row.core.endswith(parts[-1]) and all(part in row.core for part in parts)


def _explain(parts: Sequence[str], row: Reading, vocabulary: Vocabulary) -> tuple[frozenset[int], bool] | None:
    """(the segments of the row that spell out all parts, each used once; whether places above the row's helped);
    None when something is left over."""
    return _spell(tuple(parts), row, _places_above(row.places, vocabulary), frozenset(), says_above=False)


def _spell(
    parts: tuple[str, ...], row: Reading, above: frozenset[str], used: frozenset[int], *, says_above: bool
) -> tuple[frozenset[int], bool] | None:
    while parts and not parts[0]:
        parts = parts[1:]
    if not parts:
        return used, says_above
    text, rest = parts[0], parts[1:]
    for word, at in _beginnings(text, row, used):
        if found := _spell((text[len(word) :], *rest), row, above, used | {at}, says_above=says_above):
            return found
    for word in sorted((word for word in above if text.startswith(word)), key=len, reverse=True):
        if found := _spell((text[len(word) :], *rest), row, above - {word}, used, says_above=True):
            return found
    return None


def _beginnings(text: str, row: Reading, used: frozenset[int]) -> list[tuple[str, int]]:
    """The spellings of unused segments that `text` begins with: telling segments first, then the longest."""
    found = [
        (not segment.required, -len(word), at, word)
        for at, segment in enumerate(row.segments)
        if at not in used
        for word in segment.spellings
        if text.startswith(word)
    ]
    return [(word, at) for _, _, at, word in sorted(found)]


def _places_above(places: Places, vocabulary: Vocabulary) -> frozenset[str]:
    """Spellings of the places that the row must lie in, whichever of `places` it means."""
    each = [
        {word for depth in range(1, len(path)) for word in vocabulary.gazetteer.words(path[:depth])} for path in places
    ]
    return frozenset(set.intersection(*each)) if each else frozenset()
