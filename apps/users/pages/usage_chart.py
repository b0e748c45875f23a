"""Geometry of the chart of questions per day: stacked bars, drawn as SVG by the template."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

WIDTH, HEIGHT = 600, 160
GAP = 0.3
"""Share of a day's width that stays empty."""


class Day(Protocol):
    """One day of the chart."""

    date: date
    outcomes: dict[str, int]

    @property
    def total(self) -> int: ...


class Asked(Protocol):
    """What is drawn: the days, oldest first, and how each outcome is called, from the bottom of a bar to its top."""

    @property
    def days(self) -> Iterable[Day]: ...

    @property
    def labels(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class Piece:
    """A rectangle in units of the view box."""

    outcome: str
    y: float
    height: float


@dataclass(frozen=True)
class Bar:
    date: date
    total: int
    x: float
    pieces: list[Piece]
    counts: list[tuple[Any, int]]
    """Label and number of each outcome that occurred."""


@dataclass(frozen=True)
class Chart:
    bars: list[Bar]
    bar_width: float
    highest: int
    total: int
    legend: list[tuple[str, Any, int]]
    """Outcome, its label, how often in all."""
    width: int = WIDTH
    height: int = HEIGHT


def chart_of(asked: Asked) -> Chart:
    """Return where every rectangle goes; the fullest day fills the height."""
    days = list(asked.days)
    highest = max((day.total for day in days), default=0)
    step = WIDTH / max(1, len(days))
    bars = [
        _bar(day, x=round((index + GAP / 2) * step, 2), labels=asked.labels, highest=highest)
        for index, day in enumerate(days)
    ]
    sums = {outcome: sum(day.outcomes.get(outcome, 0) for day in days) for outcome in asked.labels}
    return Chart(
        bars=bars,
        bar_width=round(step * (1 - GAP), 2),
        highest=highest,
        total=sum(sums.values()),
        legend=[(outcome, label, sums[outcome]) for outcome, label in asked.labels.items()],
    )


def _bar(day: Day, *, x: float, labels: Mapping[str, Any], highest: int) -> Bar:
    pieces, top = [], float(HEIGHT)
    for outcome in labels:
        height = HEIGHT * day.outcomes.get(outcome, 0) / max(1, highest)
        top -= height
        if height:
            pieces.append(Piece(outcome=outcome, y=round(top, 2), height=round(height, 2)))
    counts = [(label, day.outcomes[outcome]) for outcome, label in labels.items() if day.outcomes.get(outcome)]
    return Bar(date=day.date, total=day.total, x=x, pieces=pieces, counts=counts)
