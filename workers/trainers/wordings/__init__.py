"""How people ask, as data: a line of `train.txt` never stands in `held_out.txt`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from workers.inference.lookup.parsing import FIELDS

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Wording:
    """`template` holds {bank} always, {place} and {branch} where the wording names them."""

    field: str
    template: str

    @property
    def names_place(self) -> bool:
        return "{place}" in self.template

    @property
    def names_branch(self) -> bool:
        return "{branch}" in self.template


@cache
def load_wordings(name: str) -> tuple[Wording, ...]:
    """The wordings of `train` or `held_out`. Raises ValueError with the line that is wrong."""
    wordings = []
    for number, line in enumerate((FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        field, _, template = line.partition("\t")
        if field not in FIELDS or "{bank}" not in template:
            raise ValueError(f"{name}.txt, line {number}: needs a field of {FIELDS}, a tab and a wording with {{bank}}")
        wordings.append(Wording(field, template))
    return tuple(wordings)
