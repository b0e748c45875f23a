"""From one reading of a question to the rows it names: retrieve, compare, and see whether one stands alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from workers.inference.lookup.fit import Asked, Fit, Level, fit, is_same_branch
from workers.inference.lookup.index import RecordIndex
from workers.inference.lookup.normalise import normalise
from workers.inference.lookup.reading import Reading, core_of, telling_characters

FIRST_LOOK = 48
LONG_LOOK = 768
_TIE = 0.7  # rows scoring within this share of the winner could fit as well as it does
_SCORE_OF_NEAREST = 0.25


@dataclass(frozen=True)
class Candidate:
    row: int
    score: float
    reading: Reading
    fit: Fit


@dataclass(frozen=True)
class Finding:
    """What one reading found. `winners` fit equally; `others` fit too, but less closely; `suggested` would fit if the
    question said more; `level` is that of the winners. `is_one_branch`: their names differ in nothing that matters."""

    level: Level
    winners: tuple[Candidate, ...]
    others: tuple[Candidate, ...]
    suggested: tuple[Candidate, ...]
    nearest: tuple[tuple[int, float], ...]
    looked_at: int

    @property
    def is_one_branch(self) -> bool:
        return bool(self.winners) and all(
            is_same_branch(self.winners[0].reading, other.reading) for other in self.winners[1:]
        )


def find(index: RecordIndex, asked: Asked, *, limit: int = FIRST_LOOK) -> Finding:
    """Look at the nearest rows, and at many more when those beyond the first look might fit as well."""
    text = core_of(asked.parts, vocabulary=index.vocabulary)
    hits = index.search(text, organisation=asked.organisation, limit=limit)
    finding = _judge(index, asked, hits)
    if limit <= len(hits) < LONG_LOOK and not _is_settled(finding, hits):
        hits = index.search(text, organisation=asked.organisation, limit=LONG_LOOK)
        finding = _judge(index, asked, hits)
    return finding


def _is_settled(finding: Finding, hits: list[tuple[int, float]]) -> bool:
    """Whether rows that were not looked at cannot change the outcome."""
    if len(finding.winners) > 1 and not finding.is_one_branch:
        return True
    if finding.level is Level.FULL:
        return True
    reference = min((winner.score for winner in finding.winners), default=hits[0][1])
    return hits[-1][1] < _TIE * reference


def _judge(index: RecordIndex, asked: Asked, hits: list[tuple[int, float]]) -> Finding:
    candidates = list(_candidates(index, asked, hits))
    full = [candidate for candidate in candidates if candidate.fit.level is Level.FULL]
    fitting = [candidate for candidate in candidates if candidate.fit.level >= Level.FITTING]
    winners = _with_twins(full, fitting) if full else _with_lookalikes(fitting, candidates)
    return Finding(
        level=min((winner.fit.level for winner in winners), default=Level.NONE),
        winners=_in_order(index, winners),
        others=_in_order(index, (one for one in fitting if one not in winners)),
        suggested=_in_order(index, (one for one in candidates if one.fit.level is Level.SUGGESTED)),
        nearest=tuple((row, score) for row, score in hits[:8] if score >= _SCORE_OF_NEAREST),
        looked_at=len(hits),
    )


def _with_twins(full: list[Candidate], fitting: list[Candidate]) -> list[Candidate]:
    """The rows named in full, and the rows they cannot be told apart from.

    Where the question names no place, that is every row that fits. Else it is those that only say more about the same
    place: people leave out the city above a county (新建区蛟桥, 南昌市新建区蛟桥), not the county below a city.
    """
    if not full[0].reading.segments:
        return full
    if not full[0].fit.is_anchored:
        return fitting
    others = [one for one in fitting if one.fit.level is Level.FITTING]
    return full + [one for one in others if any(_is_twin(one.reading, other.reading) for other in full)]


def _with_lookalikes(fitting: list[Candidate], candidates: list[Candidate]) -> list[Candidate]:
    """Rows that fit though the question leaves something out, and rows whose names end the same and hold the rest:
    there, what was left out may be what tells them apart."""
    return fitting + [one for one in candidates if one.fit.ends_alike] if fitting else []


def _is_twin(longer: Reading, shorter: Reading) -> bool:
    said = Counter(segment.text for segment in shorter.segments)
    more = Counter(segment.text for segment in longer.segments)
    if not said <= more:
        return False
    return bool(longer.places & shorter.places) or (more - said).keys() <= said.keys()


def _candidates(index: RecordIndex, asked: Asked, hits: list[tuple[int, float]]) -> Iterator[Candidate]:
    telling = telling_characters(asked.parts, vocabulary=index.vocabulary)
    if asked.organisation:
        is_of = index.are_of([row for row, _ in hits], asked.organisation)
        hits = [hit for hit, belongs in zip(hits, is_of, strict=True) if belongs]
    for row, score in hits:
        if not telling.issubset(normalise(index.name(row))):
            continue  # cheap: most near rows end here, unread
        reading = index.reading(row)
        compared = fit(asked, reading, vocabulary=index.vocabulary)
        if compared.level is not Level.NONE:
            yield Candidate(row=row, score=score, reading=reading, fit=compared)


def _in_order(index: RecordIndex, candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Best first; ties by name, so that the order of the table's rows does not show."""

    def key(one: Candidate) -> tuple[float, str, int]:
        return -round(one.score, 4), normalise(index.name(one.row)), one.row

    return tuple(sorted(candidates, key=key))
