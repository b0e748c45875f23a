"""The decision: answered, a question back, or not found. What is answered is copied from a row, never made up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from workers.inference.lookup import evidence
from workers.inference.lookup.checks import CHECKS
from workers.inference.lookup.evidence import Step, Trace
from workers.inference.lookup.fit import Asked, Level
from workers.inference.lookup.index import Match, RecordIndex
from workers.inference.lookup.margin import LONG_LOOK, Candidate, Finding, find
from workers.inference.lookup.normalise import normalise
from workers.inference.lookup.parsing import Slots
from workers.inference.lookup.rules import LISTING, Question, read_question
from workers.inference.lookup.slots import asked_from_slots

Outcome = Literal["answered", "clarify", "not_found"]
DecidedBy = Literal["exact", "identifier", "rules", "model"]
Parse = Callable[[str], Slots | None]

MAX_QUESTION = 300
MAX_CHOICES = 8
MAX_NEAREST = 5
MAX_LISTED = 50


@dataclass(frozen=True)
class Decision:
    """The outcome of a question.

    `records`: the rows of the answer (answered) or the choices (clarify); empty when not found. `nearest`: names that
    come close (or fit less closely), for a person to look at, never an answer. `field`: the column key that was asked
    for, or "list". `clarify_question`: an English text, marked for translation, "" unless the outcome is clarify.
    """

    outcome: Outcome
    decided_by: DecidedBy
    field: str
    records: tuple[Match, ...] = ()
    nearest: tuple[Match, ...] = ()
    slots: Slots | None = None
    evidence: tuple[Step, ...] = ()
    clarify_question: str = ""


@dataclass
class _Case:
    """One question on its way: what every step needs to know."""

    index: RecordIndex
    trace: Trace = field(default_factory=Trace)
    wanted: str = ""
    slots: Slots | None = None

    def decide(
        self,
        outcome: Outcome,
        by: DecidedBy,
        *,
        records: Iterable[tuple[int, float]] = (),
        nearest: Iterable[tuple[int, float]] = (),
        clarify_question: str = "",
    ) -> Decision:
        return Decision(
            outcome=outcome,
            decided_by=by,
            field=self.wanted,
            records=tuple(self.index.row(row, score=score) for row, score in records),
            nearest=tuple(self.index.row(row, score=score) for row, score in nearest)[:MAX_NEAREST],
            slots=self.slots,
            evidence=self.trace.steps,
            clarify_question=clarify_question,
        )


def answer(index: RecordIndex, question: str, *, parse: Parse | None = None) -> Decision:
    """Answer a question from the rows of an index.

    `parse` is the small model: text in, slots out, None when it has none in time. It is asked only when the rules
    leave the question open, and its slots pass the same comparison. Raises IndexDamaged when a row is not what was
    indexed; no input raises anything else.
    """
    case = _Case(index)
    if len(question) > MAX_QUESTION:
        case.trace.add("question_cut", characters=MAX_QUESTION)
    text = normalise(question[:MAX_QUESTION])
    identifier = index.schema.identifier_column
    case.wanted = identifier.key if identifier else index.schema.name_column.key
    if found := index.find_name(text):
        return _exact(case, found)
    read = read_question(text, schema=index.schema, vocabulary=index.vocabulary)
    case.wanted = read.wanted or case.wanted
    if decided := _by_code(case, read):
        return decided
    if found := index.find_name("".join(read.clauses)):
        return _exact(case, found)
    return _by_words(case, text, read, parse)


def _exact(case: _Case, rows: list[int]) -> Decision:
    case.trace.add("exact_name")
    if len(rows) > MAX_LISTED:
        case.trace.add("several_fit", count=len(rows))
    return case.decide("answered", "exact", records=[(row, 1.0) for row in rows[:MAX_LISTED]])


def _by_code(case: _Case, read: Question) -> Decision | None:
    """Rows that hold the first number of the question; None when it holds none that could be one of the table's."""
    for number in read.numbers:
        case.trace.add("number_ignored", number=number)
    for code in read.codes:
        found = case.index.find_code(code)
        if not found:
            if code.isdecimal():
                return _unknown_code(case, code)
            continue
        column = min(position for _, position in found)
        rows = [row for row, position in found if position == column]
        case.trace.add("identifier_found", code=code, column=case.index.schema.columns[column].label)
        return _rows_with_code(case, rows)
    return None


def _rows_with_code(case: _Case, rows: list[int]) -> Decision:
    if len(rows) <= MAX_CHOICES:
        return case.decide("answered", "identifier", records=[(row, 1.0) for row in rows])
    case.trace.add("several_fit", count=len(rows))
    choices = [(row, 1.0) for row in rows[:MAX_CHOICES]]
    return case.decide("clarify", "identifier", records=choices, clarify_question=evidence.WHICH_ONE)


def _unknown_code(case: _Case, code: str) -> Decision:
    case.trace.add("identifier_unknown", code=code)
    column = case.index.schema.identifier_column
    if column and column.check and column.accepts(code) and not CHECKS[column.check](code):
        case.trace.add("identifier_check_failed", code=code)
    return case.decide("not_found", "identifier")


def _by_words(case: _Case, text: str, read: Question, parse: Parse | None) -> Decision:
    asked = [one for one in read.asked if one.organisation or one.parts]
    if not asked:
        case.trace.add("nothing_asked")
    if read.wanted == LISTING and (listed := _listed(case, asked)):
        return listed
    tried = [(one, find(case.index, one)) for one in asked]
    best = _best(tried)
    is_open = best is None or not (best[1].winners or best[1].suggested)
    if is_open and parse is not None and text and (decided := _by_model(case, text, parse)):
        return decided
    if best is None:
        return case.decide("not_found", "rules")
    _trace_reading(case, best[0], best[1])
    return _settle(case, best[1], by="rules", organisation=best[0].organisation)


def _by_model(case: _Case, text: str, parse: Parse) -> Decision | None:
    slots = parse(text)
    if slots is None:
        case.trace.add("model_silent")
        return None
    case.trace.add("read_by_model", bank=slots.bank, place=slots.place, branch=slots.branch)
    asked = asked_from_slots(slots, question=text, vocabulary=case.index.vocabulary)
    if asked is None:
        case.trace.add("model_rejected")
        return None
    finding = find(case.index, asked)
    if not (finding.winners or finding.suggested):
        return None
    case.slots = slots
    return _settle(case, finding, by="model", organisation=asked.organisation)


def _settle(case: _Case, finding: Finding, *, by: DecidedBy, organisation: str) -> Decision:
    """Answer when one branch stands alone; ask when several do or a telling part is missing; else not found."""
    if finding.is_one_branch:
        case.trace.add("fits_fully" if finding.level is Level.FULL else "fits_uniquely")
        return case.decide("answered", by, records=_scored(finding.winners), nearest=_scored(finding.others))
    if finding.winners:
        case.trace.add("several_fit", count=len(finding.winners))
        choices = _scored(finding.winners[:MAX_CHOICES])
        return case.decide("clarify", by, records=choices, clarify_question=evidence.WHICH_PLACE)
    if finding.suggested:
        case.trace.add("part_missing")
        wording = evidence.WHICH_ONE if organisation else evidence.WHICH_ORGANISATION
        return case.decide("clarify", by, records=_scored(finding.suggested[:MAX_CHOICES]), clarify_question=wording)
    case.trace.add("nothing_fits")
    return case.decide("not_found", by, nearest=finding.nearest)


def _listed(case: _Case, asked: Sequence[Asked]) -> Decision | None:
    """All rows of an organisation or place; None when no row belongs to what was asked for."""
    for one in asked:
        finding = find(case.index, one, limit=LONG_LOOK)
        rows = (*finding.winners, *finding.suggested)
        if not rows:
            continue
        case.trace.add("listed", count=len(rows))
        if len(rows) <= MAX_LISTED:
            return case.decide("answered", "rules", records=_scored(rows))
        choices = _scored(rows[:MAX_CHOICES])
        return case.decide("clarify", "rules", records=choices, clarify_question=evidence.NARROW_DOWN)
    return None


def _best(tried: Sequence[tuple[Asked, Finding]]) -> tuple[Asked, Finding] | None:
    """The reading that settles most; among equal ones the first (the likeliest)."""
    return max(tried, key=lambda pair: _promise(pair[1]), default=None)


def _promise(finding: Finding) -> tuple[int, int, float]:
    kind = 2 if finding.winners else 1 if finding.suggested else 0
    nearest = finding.nearest[0][1] if finding.nearest else 0.0
    return kind, int(finding.level), nearest


def _trace_reading(case: _Case, asked: Asked, finding: Finding) -> None:
    case.trace.add(
        "read_by_rules",
        organisation=asked.organisation.lstrip("*"),
        words=" ".join(asked.parts),
        kinds=" ".join(asked.kinds),
    )
    case.trace.add("candidates", count=finding.looked_at)


def _scored(candidates: Iterable[Candidate]) -> list[tuple[int, float]]:
    return [(candidate.row, candidate.score) for candidate in candidates]
