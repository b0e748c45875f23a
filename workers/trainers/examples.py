"""Supervised examples from directory rows: a natural question, and the slots that are right for it.

The rows are divided first, then worded: validation and evaluation see other rows *and* other wordings than training.
"""

from __future__ import annotations

import csv
import hashlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from workers.inference.lookup.parsing import FIELDS, Slots
from workers.inference.lookup.schema import SchemaError, TableSchema
from workers.trainers.banks import say_bank
from workers.trainers.branches import Branch, say_branch, split_name
from workers.trainers.configs import DatasetSpec
from workers.trainers.errors import DatasetError
from workers.trainers.noise import disturb, mistype
from workers.trainers.places import say_named_place
from workers.trainers.wordings import Wording, load_wordings, training_wordings

HELD_OUT_SHARE = 0.1
FIELD_WEIGHTS = {"code": 58, "clearing_code": 18, "name": 12, "list": 12}


@dataclass(frozen=True)
class Example:
    question: str
    slots: Slots


@dataclass(frozen=True)
class ExampleSets:
    """`skipped_rows` counts names in which no bank is found."""

    train: tuple[Example, ...]
    validation: tuple[Example, ...]
    evaluation: tuple[Example, ...]
    skipped_rows: int
    wordings_train: int
    wordings_held_out: int


def make_examples(dataset: DatasetSpec, *, seed: int, train: int, validation: int, evaluation: int) -> ExampleSets:
    """The example sets of a dataset, each of the size asked for; the same for the same rows and seed.

    Raises DatasetError where the rows changed, are too few or hold no names of banks.
    """
    names, columns = read_names(dataset)
    branches = [branch for branch in map(split_name, names) if branch]
    known, held_out = divide(branches, seed=seed)
    fields = tuple(field for field in FIELDS if field in columns or field == "list")
    seen_wordings, unseen_wordings = training_wordings(), load_wordings("held_out")
    unseen = Writer(held_out, wordings=unseen_wordings, fields=fields)
    return ExampleSets(
        train=Writer(known, wordings=seen_wordings, fields=fields).write(train, seed=f"{seed} train"),
        validation=unseen.write(validation, seed=f"{seed} validation"),
        evaluation=unseen.write(evaluation, seed=f"{seed} evaluation"),
        skipped_rows=len(names) - len(branches),
        wordings_train=len(seen_wordings),
        wordings_held_out=len(unseen_wordings),
    )


def read_names(dataset: DatasetSpec) -> tuple[list[str], tuple[str, ...]]:
    """The distinct names of the dataset in the order of its rows, and its column keys. Raises DatasetError."""
    path = Path(dataset.rows_file)
    try:
        schema = TableSchema.from_dict(dataset.schema)
        with path.open("rb") as rows:
            found = hashlib.file_digest(rows, "sha256").hexdigest()
    except SchemaError as error:
        raise DatasetError(str(error), remedy="Import the dataset again.") from error
    except OSError as error:
        raise DatasetError(f"the rows cannot be read: {error}", remedy="Import the dataset again.") from error
    if found != dataset.sha256:
        raise DatasetError(
            f"{path.name} is not the file the job was made for (SHA-256 {found}, expected {dataset.sha256})",
            remedy="Submit the job again, for the dataset version as it is now.",
        )
    key = schema.name_column.key
    with path.open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines)
        if key not in (reader.fieldnames or ()):
            raise DatasetError(f"{path.name} has no column {key}", remedy="Import the dataset again.")
        return list(dict.fromkeys(row[key] for row in reader)), schema.keys


def divide(branches: Sequence[Branch], *, seed: int) -> tuple[list[Branch], list[Branch]]:
    """(known, held out): a random tenth is held out. Raises DatasetError where either would be too small."""
    shuffled = random.Random(f"{seed} rows").sample(list(branches), k=len(branches))
    size = round(len(shuffled) * HELD_OUT_SHARE)
    if size < 2:
        raise DatasetError(
            f"only {len(branches)} rows name a bank branch; at least 20 are needed",
            remedy="Use a dataset with more rows, whose name column holds full branch names.",
        )
    return shuffled[size:], shuffled[:size]


class Writer:
    """Asks about branches in the given wordings."""

    def __init__(self, branches: Sequence[Branch], *, wordings: Sequence[Wording], fields: Sequence[str]) -> None:
        self.branches = branches
        self.fields = fields
        self.letters = sorted({letter for branch in branches for letter in branch.branch})
        self.wordings: dict[tuple[str, bool, bool], list[str]] = {}
        for wording in wordings:
            key = (wording.field, wording.names_place, wording.names_branch)
            self.wordings.setdefault(key, []).append(wording.template)

    def write(self, count: int, *, seed: str) -> tuple[Example, ...]:
        """`count` examples, going round the branches in random order."""
        rng = random.Random(seed)
        return tuple(self._example(branch, rng) for branch, _ in zip(self._rounds(rng), range(count), strict=False))

    def _rounds(self, rng: random.Random) -> Iterator[Branch]:
        while True:
            yield from rng.sample(list(self.branches), k=len(self.branches))

    def _example(self, branch: Branch, rng: random.Random) -> Example:
        field = rng.choices(self.fields, weights=[FIELD_WEIGHTS[field] for field in self.fields])[0]
        with_place = bool(branch.place) and rng.random() < 0.85
        with_branch = bool(branch.branch) and rng.random() < 0.92
        templates = self._templates(field, with_place=with_place, with_branch=with_branch)
        template = rng.choice(templates)
        slots = Slots(
            field=field,
            bank=say_bank(branch.bank, rng),
            place=say_named_place(branch.place, rng) if "{place}" in template else "",
            branch=mistype(say_branch(branch.branch, rng, place_is_said="{place}" in template), self.letters, rng)
            if "{branch}" in template
            else "",
        )
        question = template.format(bank=slots.bank, place=slots.place, branch=slots.branch)
        return Example(disturb(question, slots, rng), slots)

    def _templates(self, field: str, *, with_place: bool, with_branch: bool) -> list[str]:
        """The wordings that name as much as asked, or as much of it as any wording of this field does."""
        for key in ((with_place, with_branch), (with_place, False), (False, with_branch), (False, False)):
            if found := self.wordings.get((field, *key)):
                return found
        raise ValueError(f"no wording asks for {field} by the bank alone")
