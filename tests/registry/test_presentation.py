from __future__ import annotations

import pytest

from apps.registry import presentation, screens
from apps.registry.models import ModelVersion
from workers.inference.lookup import PRESETS

SCHEMA = PRESETS["bank_branches"]
ROW = {"name": "甲银行乙支行", "code": "102100000021", "clearing_code": ""}


def test_a_long_number_is_grouped_for_reading_and_kept_whole_for_copying():
    cell = presentation.card(ROW, schema=SCHEMA, asked="code").cells[0]
    assert cell.groups == ("1021", "0000", "0021")
    assert cell.value == "102100000021"


@pytest.mark.parametrize("value", ["", "12345", "10210000002X"])
def test_what_is_no_long_number_is_not_grouped(value):
    cell = presentation.card({**ROW, "code": value}, schema=SCHEMA, asked="code").cells[0]
    assert cell.groups == ()


@pytest.mark.parametrize(
    ("asked", "first", "question"),
    [
        ("code", "联行编号", "甲银行乙支行"),
        ("clearing_code", "清算行行号", "甲银行乙支行 清算行行号"),
        ("name", "联行编号", "甲银行乙支行"),
        ("list", "联行编号", "甲银行乙支行"),
    ],
)
def test_the_card_puts_first_and_asks_again_for_what_was_asked(asked, first, question):
    card = presentation.card(ROW, schema=SCHEMA, asked=asked)
    assert card.cells[0].label == first
    assert card.cells[0].is_asked
    assert card.question == question
    assert card.is_name_asked == (asked == "name")


def step(name: str, **params: str) -> dict:
    return {"steps": [{"code": name, "params": params}], "engine": "slow"}


def test_a_reading_without_an_organisation_has_no_empty_part():
    sentence = presentation.reasons(step("read_by_rules", organisation="", words="中山路", kinds="支行"))[0]
    assert sentence.endswith("中山路 支行")
    assert "·" not in sentence


def test_a_silent_model_is_explained_by_what_befell_the_engine():
    assert presentation.reasons(step("model_silent")) == [str(presentation.ENGINE_TEXTS["slow"])]


def test_an_unknown_step_and_percent_signs_do_no_harm():
    assert presentation.reasons(step("new%step")) == ["new%step"]
    assert "100%s" in presentation.reasons(step("identifier_unknown", code="100%s"))[0]


def test_metrics_of_any_evaluation_become_rows():
    version = ModelVersion(metrics={"base": {"loss": 2.5, "valid_json": 0.5}, "tuned": {"loss": 1.25, "valid_json": 1}})
    rows = {row.name: (row.base, row.tuned, row.is_better) for row in screens.metrics(version)}
    assert rows == {"valid_json": ("50.0%", "100.0%", True), "loss": ("2.5", "1.25", False)}
    assert screens.metrics(ModelVersion(metrics={})) == []
    assert screens.metrics(ModelVersion(metrics={"base": None, "tuned": "x"})) == []


def test_parameters_carry_the_labels_of_their_form():
    rows = screens.parameters(ModelVersion(parameters={"r": 8, "target_modules": ["q_proj", "v_proj"], "new": 1}))
    assert [(row.name, row.value) for row in rows] == [("r", "8"), ("target_modules", "q_proj、v_proj"), ("new", "1")]
    assert rows[0].label != "r"
    assert rows[2].label == "new"
