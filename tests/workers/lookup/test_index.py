from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.workers.lookup.conftest import ROWS, SCHEMA
from workers.inference.lookup import IndexDamaged, Match, RecordIndex, answer, build_index

QUESTIONS = [
    "工行新华支行",
    "邮储丹江口六里坪支行",
    "邮储黄梅县孔垄营业所",
    "农行长沙",
    "403539100200",
    "丹江口七里坪支行",
]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    build_index(ROWS, schema=SCHEMA, directory=tmp_path / "index")
    return tmp_path / "index"


def test_every_cell_comes_back_byte_for_byte(index: RecordIndex) -> None:
    assert [tuple(index.row(at).cells.values()) for at in range(index.rows)] == ROWS


def test_the_summary_counts_what_was_built(tmp_path: Path) -> None:
    summary = build_index(iter(ROWS), schema=SCHEMA, directory=tmp_path / "index")

    assert summary.rows == len(ROWS)
    assert summary.bytes > 0
    RecordIndex.open(tmp_path / "index").verify_files(tmp_path / "index")


def test_the_same_rows_give_the_same_files(tmp_path: Path) -> None:
    one, other = (build_index(ROWS, schema=SCHEMA, directory=tmp_path / name) for name in ("one", "other"))

    assert one.sha256 == other.sha256


def test_answers_do_not_depend_on_the_order_of_the_rows(index: RecordIndex, tmp_path: Path) -> None:
    shuffled = ROWS.copy()
    random.Random(4).shuffle(shuffled)
    build_index(shuffled, schema=SCHEMA, directory=tmp_path / "index")
    other = RecordIndex.open(tmp_path / "index")

    for question in QUESTIONS:
        one, two = answer(index, question), answer(other, question)
        assert one.outcome == two.outcome
        assert sorted(m.cells["code"] for m in one.records) == sorted(m.cells["code"] for m in two.records)


def test_a_new_index_replaces_the_old_one_while_that_is_open(copy: Path) -> None:
    old = RecordIndex.open(copy)
    build_index(ROWS[:2], schema=SCHEMA, directory=copy)

    assert RecordIndex.open(copy).rows == 2
    assert old.row(5).cells["name"] == ROWS[5][0]
    assert [path.name for path in copy.parent.iterdir()] == ["index"]


def test_a_failed_build_leaves_the_old_index_and_no_rubbish(copy: Path) -> None:
    with pytest.raises(ValueError, match="row 1 has 2 cells"):
        build_index([ROWS[0], ROWS[1][:2]], schema=SCHEMA, directory=copy)

    assert RecordIndex.open(copy).rows == len(ROWS)
    assert [path.name for path in copy.parent.iterdir()] == ["index"]


def test_an_empty_table_finds_nothing(tmp_path: Path) -> None:
    build_index([], schema=SCHEMA, directory=tmp_path / "index")
    index = RecordIndex.open(tmp_path / "index")

    assert {answer(index, question).outcome for question in QUESTIONS} == {"not_found"}


def test_a_changed_cell_is_never_answered(copy: Path) -> None:
    _change_a_code(copy / "cells.npy")
    index = RecordIndex.open(copy)

    with pytest.raises(IndexDamaged, match="not what was indexed"):
        answer(index, ROWS[0][0])
    with pytest.raises(IndexDamaged, match=r"cells\.npy"):
        index.verify_files(copy)


def test_a_made_up_code_does_not_pass_the_door(index: RecordIndex) -> None:
    match = index.row(0)

    with pytest.raises(IndexDamaged):
        index.verify(Match(row_number=0, cells=match.cells | {"code": "403539100218"}))
    with pytest.raises(IndexDamaged):
        index.verify(Match(row_number=1, cells=match.cells))
    with pytest.raises(IndexError):
        index.verify(Match(row_number=len(ROWS), cells=match.cells))


def test_a_missing_or_cut_file_is_noticed_at_opening(copy: Path) -> None:
    (copy / "grams.npy").write_bytes((copy / "grams.npy").read_bytes()[:-8])
    with pytest.raises(IndexDamaged, match=r"grams\.npy"):
        RecordIndex.open(copy)

    (copy / "grams.npy").unlink()
    with pytest.raises(IndexDamaged):
        RecordIndex.open(copy)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"format_version": 99}', '{"format_version": 1, "files": {}}'])
def test_a_wrong_manifest_is_refused(copy: Path, text: str) -> None:
    (copy / "manifest.json").write_text(text)

    with pytest.raises(IndexDamaged):
        RecordIndex.open(copy)


def test_a_pickle_is_not_loaded(copy: Path) -> None:
    target = copy / "organisations.npy"
    np.save(target, np.array([print], dtype=object), allow_pickle=True)
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["files"][target.name]["bytes"] = target.stat().st_size
    (copy / "manifest.json").write_text(json.dumps(manifest))

    with pytest.raises(IndexDamaged, match="objects in dtype"):
        RecordIndex.open(copy)


def test_an_absent_folder_is_a_damaged_index(copy: Path) -> None:
    shutil.rmtree(copy)

    with pytest.raises(IndexDamaged):
        RecordIndex.open(copy)


def _change_a_code(file: Path) -> None:
    content = file.read_bytes()
    assert content.count(b"403539100200") == 1
    file.write_bytes(content.replace(b"403539100200", b"403539100218"))
