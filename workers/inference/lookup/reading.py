"""How a name is read: which organisation, which place, which unit; what must be named, what may be left out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from workers.inference.lookup.places import NOWHERE, Places
from workers.inference.lookup.vocabulary import Mention, Vocabulary

_BREAKS = re.compile(r"[\s()\[\],.;:!?\"'|/\\+*=#&~^-]+")
_WORDS = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Segment:
    """A piece of a name. `spellings` are the forms a question may use for it. A `required` piece tells this row from
    others, so a question without it does not name the row; the others (the county's province) may be left out."""

    text: str
    spellings: frozenset[str]
    required: bool
    in_organisation: bool = False
    places: Places = NOWHERE


@dataclass(frozen=True)
class Reading:
    """One name, read. `core` is what is left of it for keys and n-grams: the pieces in their shortest spelling."""

    organisation: str
    segments: tuple[Segment, ...]
    kinds: tuple[str, ...]

    @property
    def core(self) -> str:
        return "".join(segment.text for segment in self.segments)

    @property
    def key(self) -> str:
        return f"{self.organisation}|{self.core}|{','.join(self.kinds)}"

    @property
    def places(self) -> Places:
        """Where the row is, as narrowly as its name says; several places when the name does not settle it."""
        return next((segment.places for segment in reversed(self.segments) if segment.places), NOWHERE)


def read_name(name: str, *, vocabulary: Vocabulary, attributes: Iterable[str] = ()) -> Reading:
    """Read the name of a row. `name` and `attributes` (its other searchable cells) are normalised texts."""
    if not vocabulary.has_units:
        return _read_words(name, attributes)
    mention = vocabulary.first_mention(name)
    head, tail = (name[: mention.start], name[mention.stop :]) if mention else ("", name)
    # A branch may lie outside its bank's place (青岛银行 has one in 济南), so the head does not narrow the tail.
    head_segments, _ = _pieces(head, vocabulary=vocabulary, of_organisation=True)
    tail_segments, kinds = _pieces(tail, vocabulary=vocabulary, of_organisation=False)
    return Reading(
        organisation=mention.organisation if mention else "",
        segments=(*head_segments, *tail_segments),
        kinds=tuple(kinds),
    )


def core_of_name(name: str, *, vocabulary: Vocabulary, attributes: Iterable[str] = ()) -> tuple[str, str]:
    """Return the organisation and the core of `read_name`, without what only a comparison needs."""
    if not vocabulary.has_units:
        return "", _read_words(name, attributes).core
    mention = vocabulary.first_mention(name)
    cores = (
        core_of(split_parts(part, vocabulary=vocabulary)[0], vocabulary=vocabulary)
        for part in strip_organisation(name, mention)
    )
    return mention.organisation if mention else "", "".join(cores)


def core_of(parts: Iterable[str], *, vocabulary: Vocabulary) -> str:
    """The parts of a question in the spelling that rows are indexed by."""
    if not vocabulary.has_units:
        return "".join(word for part in parts for word in _WORDS.findall(part))
    pieces = _place_and_rest(parts, vocabulary=vocabulary)
    return "".join(_shortest(piece, places, vocabulary) for piece, places in pieces)


def telling_characters(parts: Iterable[str], *, vocabulary: Vocabulary) -> frozenset[str]:
    """The characters of a question that no place can account for: the name of a row that fits must hold them all."""
    if not vocabulary.has_units:
        return frozenset()
    pieces = _place_and_rest(parts, vocabulary=vocabulary)
    return frozenset(character for piece, places in pieces if not places for character in piece)


def strip_organisation(text: str, mention: Mention | None) -> list[str]:
    """The parts of a question before and after the words that name the organisation."""
    return [text[: mention.start], text[mention.stop :]] if mention else [text]


def split_parts(text: str, *, vocabulary: Vocabulary) -> tuple[list[str], list[str]]:
    """(content, unit kinds): what stands between breaks, ignorable words and unit kinds, and those kinds in order."""
    text = vocabulary.ignored.sub(" ", text)
    kinds = vocabulary.unit_kinds.findall(text)
    return [part for part in _BREAKS.split(vocabulary.unit_kinds.sub(" ", text)) if part], kinds


def _read_words(name: str, attributes: Iterable[str]) -> Reading:
    words = [Segment(word, frozenset({word}), required=True) for word in _WORDS.findall(name)]
    others = [Segment(word, frozenset({word}), required=False) for text in attributes for word in _WORDS.findall(text)]
    return Reading(organisation="", segments=(*words, *others), kinds=())


def _pieces(text: str, *, vocabulary: Vocabulary, of_organisation: bool) -> tuple[list[Segment], list[str]]:
    parts, kinds = split_parts(text, vocabulary=vocabulary)
    pieces = list(_place_and_rest(parts, vocabulary=vocabulary))
    segments = []
    for position, (piece, places) in enumerate(pieces):
        following = pieces[position + 1] if position + 1 < len(pieces) else None
        segments.append(
            Segment(
                text=_shortest(piece, places, vocabulary),
                spellings=frozenset({piece}) | _spellings(places, vocabulary),
                required=following is None or not _may_be_left_out(piece, places, following, vocabulary),
                in_organisation=of_organisation,
                places=places,
            )
        )
    return segments, kinds


def _place_and_rest(parts: Iterable[str], *, vocabulary: Vocabulary) -> Iterator[tuple[str, Places]]:
    """Places from the left, each within the last, for as long as there are any; the rest of each part is one piece."""
    inside = NOWHERE
    for part in parts:
        start = 0
        while start < len(part):
            word, places = vocabulary.gazetteer.longest_at(part, start, inside=inside)
            if not word and start and (again := _said_again(part, start, inside, vocabulary)):
                word, places = again, inside
            if not word:
                yield part[start:], NOWHERE
                break
            yield word, places
            inside, start = places, start + len(word)


def _said_again(part: str, start: int, places: Places, vocabulary: Vocabulary) -> str:
    """The place just named, named once more with its ending (烈山区|烈山区|工业园); "" where it is not."""
    words = (word for word in _spellings(places, vocabulary) if part.startswith(word, start))
    longest = max(words, key=len, default="")
    return longest if start + len(longest) < len(part) else ""


def _may_be_left_out(piece: str, places: Places, following: tuple[str, Places], vocabulary: Vocabulary) -> bool:
    """A place before something more telling. Not before a single character: 渭城|桥 is a bridge, not a place and 桥."""
    return bool(places) and (len(following[0]) > 1 or bool(following[1]))


def _shortest(piece: str, places: Places, vocabulary: Vocabulary) -> str:
    shared = _spellings(places, vocabulary)
    return min((word for word in shared if piece.startswith(word)), key=len, default=piece)


def _spellings(places: Places, vocabulary: Vocabulary) -> frozenset[str]:
    """The spellings that all the places the word may mean have in common."""
    sets = [vocabulary.gazetteer.words(path) for path in places]
    return frozenset(set.intersection(*sets)) if sets else frozenset()
