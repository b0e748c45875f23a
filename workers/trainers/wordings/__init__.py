"""How people ask, as data: whole wordings in train.txt and held_out.txt, and parts to put together in train_parts.toml.

What is in, or can be made from, the training files never stands in `held_out.txt`.
"""

from __future__ import annotations

import random
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from workers.inference.lookup.parsing import FIELDS

FOLDER = Path(__file__).parent
COMPOSED_PER_FIELD = 2000


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
def training_wordings() -> tuple[Wording, ...]:
    """The whole wordings for training, and those put together: always the same ones, each once."""
    composed = dict.fromkeys(wording for field in FIELDS for wording in _compose(field))
    return tuple(dict.fromkeys([*load_wordings("train"), *composed]))


def _compose(field: str) -> Iterator[Wording]:
    parts = tomllib.loads((FOLDER / "train_parts.toml").read_text(encoding="utf-8"))
    subjects = [subject for subject in parts["subjects"] if field != "list" or "{branch}" not in subject]
    rng = random.Random(f"wordings {field}")
    for _ in range(COMPOSED_PER_FIELD):
        template: str = rng.choice(parts["frames"])
        for name, choices in (
            ("subject", subjects),
            ("ask", parts["asks"][field]),
            ("verb", parts["verbs"]),
            ("into", parts["into"]),
            ("pay", parts["pay"]),
            ("at", parts["at"]),
            ("opening", parts["openings"]),
            ("closing", parts["closings"]),
        ):
            template = template.replace(f"{{{name}}}", rng.choice(choices))
        yield Wording(field, template)


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
