from __future__ import annotations

import random
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.workers.tiny import describe_rows, write_rows
from workers.inference.lookup.parsing import FIELDS, Slots, format_slots, parse_slots
from workers.trainers.branches import split_name
from workers.trainers.configs import DatasetSpec
from workers.trainers.errors import DatasetError
from workers.trainers.examples import ExampleSets, divide, make_examples, read_names
from workers.trainers.noise import disturb
from workers.trainers.places import short_place
from workers.trainers.wordings import Wording, load_wordings, training_wordings


def make(dataset: DatasetSpec, *, seed: int = 1) -> ExampleSets:
    return make_examples(dataset, seed=seed, train=400, validation=50, evaluation=100)


def test_each_set_has_the_size_asked_for(dataset: DatasetSpec) -> None:
    sets = make(dataset)
    assert (len(sets.train), len(sets.validation), len(sets.evaluation)) == (400, 50, 100)


def test_the_same_seed_makes_the_same_examples(dataset: DatasetSpec) -> None:
    assert make(dataset) == make(dataset)


def test_another_seed_makes_others(dataset: DatasetSpec) -> None:
    assert make(dataset, seed=1).train != make(dataset, seed=2).train


def test_every_slot_can_be_copied_from_its_question(dataset: DatasetSpec) -> None:
    sets = make(dataset)
    for example in sets.train + sets.validation + sets.evaluation:
        assert parse_slots(format_slots(example.slots), question=example.question) == example.slots


def test_every_field_is_asked_for(dataset: DatasetSpec) -> None:
    assert {example.slots.field for example in make(dataset).train} == set(FIELDS)


def test_fields_without_a_column_are_not_asked_for(dataset: DatasetSpec) -> None:
    columns = [column for column in dataset.schema["columns"] if column["key"] != "clearing_code"]
    smaller = replace(dataset, schema={**dataset.schema, "columns": columns})
    assert "clearing_code" not in {example.slots.field for example in make(smaller).train}


def test_known_and_held_out_rows_are_apart(dataset: DatasetSpec) -> None:
    branches = [branch for name in read_names(dataset)[0] if (branch := split_name(name))]
    known, held_out = divide(branches, seed=1)
    assert not set(known) & set(held_out)
    assert sorted(map(repr, known + held_out)) == sorted(map(repr, branches))


def test_evaluation_is_about_held_out_places_only(dataset: DatasetSpec) -> None:
    branches = [branch for name in read_names(dataset)[0] if (branch := split_name(name))]
    known, held_out = divide(branches, seed=1)
    known_places = {branch.place for branch in known} - {branch.place for branch in held_out}
    asked = {example.slots.place for example in make(dataset).evaluation} - {""}
    assert asked
    assert not asked & (known_places | {short_place(name) for name in known_places})


def test_training_and_held_out_wordings_are_apart() -> None:
    train = {wording.template for wording in training_wordings()}
    held_out = {wording.template for wording in load_wordings("held_out")}
    assert not train & held_out


def test_wordings_still_differ_without_punctuation_and_spaces() -> None:
    def skeletons(wordings: Iterable[Wording]) -> set[str]:
        return {"".join(filter(str.isalnum, wording.template)) for wording in wordings}

    assert not skeletons(training_wordings()) & skeletons(load_wordings("held_out"))


def test_training_wordings_are_many_and_always_the_same() -> None:
    wordings = training_wordings()
    training_wordings.cache_clear()
    assert training_wordings() == wordings
    assert len(set(wordings)) == len(wordings) > 5000


def test_training_wordings_have_no_gaps_left() -> None:
    for wording in training_wordings():
        assert re.findall(r"{(\w+)}", wording.template.replace("{bank}", "", 1)) in (
            [], ["place"], ["branch"], ["place", "branch"], ["branch", "place"],
        )  # fmt: skip


@pytest.mark.parametrize("name", ["train", "held_out"])
def test_every_field_can_be_asked_by_the_bank_alone(name: str) -> None:
    wordings = load_wordings(name)
    bare = {wording.field for wording in wordings if not wording.names_place and not wording.names_branch}
    assert bare == set(FIELDS)


def test_noise_leaves_the_names_whole() -> None:
    slots = Slots("code", "工行", "丹江口", "六里坪支行")
    rng = random.Random(3)
    questions = {disturb("请问工行丹江口六里坪支行，行号多少？", slots, rng) for _ in range(200)}
    assert len(questions) > 5
    assert all(parse_slots(format_slots(slots), question=question) == slots for question in questions)


def test_rows_that_changed_since_are_refused(dataset: DatasetSpec) -> None:
    with Path(dataset.rows_file).open("a", encoding="utf-8") as rows:
        rows.write("中国工商银行股份有限公司北京新华支行,000000000001,\n")
    with pytest.raises(DatasetError, match="SHA-256"):
        make(dataset)


def test_missing_rows_are_refused(dataset: DatasetSpec) -> None:
    Path(dataset.rows_file).unlink()
    with pytest.raises(DatasetError):
        make(dataset)


def test_too_few_rows_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="at least 20"):
        make(write_rows(tmp_path / "few.csv", count=12))


def test_rows_without_banks_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "shops.csv"
    path.write_text("name,code,clearing_code\n" + "".join(f"商店{n},{n},\n" for n in range(50)), encoding="utf-8")
    with pytest.raises(DatasetError):
        make(describe_rows(path))


def test_rows_without_the_name_column_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("title,code\nx,1\n", encoding="utf-8")
    with pytest.raises(DatasetError, match="no column name"):
        make(describe_rows(path))


def test_names_without_a_bank_are_counted_as_skipped(tmp_path: Path) -> None:
    path = Path(write_rows(tmp_path / "rows.csv").rows_file)
    with path.open("a", encoding="utf-8") as rows:
        rows.write("商店,1,\n仓库,2,\n")
    assert make(describe_rows(path)).skipped_rows == 2
