from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import pytest

from workers.trainers.configs import (
    PRESETS,
    DatasetSpec,
    LoraParameters,
    ParameterErrors,
    TrainingSpec,
    validate_parameters,
)

SPEC = TrainingSpec("job", "lora_slots", "base", DatasetSpec("rows.csv", "ab", {"kind": "x"}), LoraParameters(), 3)


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_valid(name: str) -> None:
    parameters = validate_parameters(PRESETS[name].values)
    assert all(getattr(parameters, key) == value for key, value in PRESETS[name].values.items())


def test_missing_parameters_take_their_defaults() -> None:
    assert validate_parameters({}) == LoraParameters()


def test_numbers_may_come_as_text() -> None:
    assert validate_parameters({"r": "8", "learning_rate": "1e-3"}) == LoraParameters(r=8, learning_rate=1e-3)


def test_every_parameter_has_a_label_and_help() -> None:
    assert all(item.metadata["label"] and item.metadata["help"] for item in fields(LoraParameters))


def test_every_default_lies_within_its_bounds() -> None:
    defaults = {item.name: getattr(LoraParameters(), item.name) for item in fields(LoraParameters)}
    assert validate_parameters(defaults) == LoraParameters()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("r", 0),
        ("r", 2.5),
        ("r", True),
        ("r", "many"),
        ("r", None),
        ("r", 10**400),
        ("learning_rate", float("nan")),
        ("learning_rate", "nan"),
        ("learning_rate", float("inf")),
        ("learning_rate", 0),
        ("learning_rate", -1e-3),
        ("learning_rate", 1),
        ("num_train_epochs", 0),
        ("lora_dropout", 1.0),
        ("max_length", 8),
        ("per_device_train_batch_size", 100_000),
        ("target_modules", []),
        ("target_modules", "q_proj"),
        ("target_modules", ["q_proj", "q_proj"]),
        ("target_modules", ["lm_head"]),
        ("target_modules", [["q_proj"]]),
        ("gradient_checkpoint", 1),
    ],
)
def test_a_wrong_value_is_refused_by_the_name_of_its_field(name: str, value: Any) -> None:
    with pytest.raises(ParameterErrors) as refused:
        validate_parameters({name: value})
    assert set(refused.value.fields) == {name}


def test_all_wrong_fields_are_named_at_once() -> None:
    with pytest.raises(ParameterErrors) as refused:
        validate_parameters({"r": 0, "learning_rate": "x", "epochs": 3, "lora_alpha": 4})
    assert set(refused.value.fields) == {"r", "learning_rate", "epochs"}


def test_a_specification_survives_being_written_and_read() -> None:
    assert TrainingSpec.from_json(SPEC.to_json()) == SPEC


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "full"},
        {"job_id": ""},
        {"base_model": 3},
        {"seed": -1},
        {"seed": "x"},
        {"dataset": {"rows_file": "x"}},
        {"dataset": None},
        {"dataset": {"rows_file": 1, "sha256": "", "schema": {}}},
        {"parameters": None},
        {"parameters": {"r": 0}},
        {"surprise": 1},
    ],
)
def test_a_wrong_specification_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        TrainingSpec.from_json(json.dumps({**json.loads(SPEC.to_json()), **change}))


@pytest.mark.parametrize("text", ["", "[]", "{", '{"job_id": "x"}'])
def test_what_is_no_specification_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        TrainingSpec.from_json(text)
