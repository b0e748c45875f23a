"""How an answer was reached, as steps that a person can read and an interface can translate."""

from __future__ import annotations

import time
from dataclasses import dataclass, field


def _(text: str) -> str:
    """Marks a text for translation; the interface translates it."""
    return text


STEP_TEXTS: dict[str, str] = {
    "question_cut": _("The question is long; only its first %(characters)s characters were read."),
    "nothing_asked": _("The question holds no words to look for."),
    "exact_name": _("The question is the full name of a row."),
    "identifier_found": _("The number %(code)s stands in the column “%(column)s”."),
    "identifier_unknown": _("The number %(code)s is in no row."),
    "identifier_check_failed": _("The check digit of %(code)s is wrong: it is probably mistyped."),
    "number_ignored": _("%(number)s is not a number this table could hold."),
    "read_by_rules": _("Read as: %(organisation)s · %(words)s %(kinds)s"),
    "read_by_model": _("The model read it as: %(bank)s · %(place)s · %(branch)s"),
    "model_silent": _("The model gave no reading in time."),
    "model_rejected": _("The model's reading does not account for the whole question and was not used."),
    "candidates": _("%(count)s rows are near."),
    "fits_fully": _("Every part of the row's name is in the question."),
    "fits_uniquely": _("No other row fits; the question only leaves out parts that can be left out."),
    "several_fit": _("%(count)s different rows fit equally well."),
    "part_missing": _("The question leaves out a part that tells rows apart."),
    "nothing_fits": _("No row explains every part of the question."),
    "listed": _("%(count)s rows belong to what was asked for."),
}

WHICH_ONE = _("Which of these do you mean?")
WHICH_PLACE = _("Several places have one. Which place do you mean?")
WHICH_ORGANISATION = _("Which institution do you mean?")
NARROW_DOWN = _("That is a long list. Which part of it do you need?")


@dataclass(frozen=True)
class Step:
    """One step: a key of STEP_TEXTS, what fills its gaps, and the milliseconds since the question arrived."""

    code: str
    params: dict[str, str] = field(default_factory=dict)
    milliseconds: float = 0.0

    @property
    def text(self) -> str:
        """The step in English."""
        return STEP_TEXTS[self.code] % self.params


class Trace:
    """Collects the steps of one question."""

    def __init__(self) -> None:
        self._started = time.perf_counter()
        self._steps: list[Step] = []

    def add(self, step: str, **params: object) -> None:
        milliseconds = (time.perf_counter() - self._started) * 1000
        self._steps.append(Step(step, {key: str(value) for key, value in params.items()}, round(milliseconds, 3)))

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple(self._steps)
