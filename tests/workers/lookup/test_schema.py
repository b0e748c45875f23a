import json

import pytest

from workers.inference.lookup.schema import PRESETS, Column, SchemaError, TableSchema

NAME = Column(key="name", label="Name", role="name", required=True)


def test_the_bank_preset_survives_a_round_trip_through_json() -> None:
    schema = PRESETS["bank_branches"]

    assert TableSchema.from_dict(json.loads(json.dumps(schema.to_dict()))) == schema


def test_the_bank_preset_knows_its_columns() -> None:
    schema = PRESETS["bank_branches"]

    assert schema.keys == ("name", "code", "clearing_code")
    assert [column.label for column in schema.columns] == ["银行名称", "联行编号", "清算行行号"]
    assert schema.name_column.key == "name"
    assert schema.identifier_column is not None
    assert schema.identifier_column.check == "iso7064_mod11_10"


@pytest.mark.parametrize(
    ("cell", "accepted", "checked"),
    [("403539100200", True, True), ("403539100201", True, False), ("40353910020", False, False), ("", False, True)],
)
def test_a_code_is_judged_by_pattern_and_by_check_digit(cell: str, accepted: bool, checked: bool) -> None:
    column = PRESETS["bank_branches"].columns[1]

    assert (column.accepts(cell), column.passes_check(cell)) == (accepted, checked)


def test_a_blank_clearing_code_is_accepted() -> None:
    assert PRESETS["bank_branches"].columns[2].accepts("")


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ((), "exactly one column"),
        ((NAME, Column(key="other", label="O", role="name")), "exactly one column"),
        ((NAME, Column(key="name", label="N")), "same key"),
        (
            (NAME, Column(key="a", label="A", role="identifier"), Column(key="b", label="B", role="identifier")),
            "at most one",
        ),
    ],
)
def test_a_schema_that_contradicts_itself_is_refused(columns: tuple[Column, ...], message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        TableSchema(kind="things", columns=columns)


@pytest.mark.parametrize(
    "wrong",
    [{"key": "Bad Key"}, {"role": "boss"}, {"check": "unheard_of"}, {"pattern": "("}],
)
def test_a_wrong_column_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(SchemaError):
        Column(**({"key": "a", "label": "A"} | wrong))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"kind": "x"},
        {"kind": "x", "columns": 3},
        {"kind": "x", "columns": ["name"]},
        {"kind": "x", "columns": [{"key": "a", "label": "A", "role": "name", "colour": "red"}]},
    ],
)
def test_data_that_is_no_schema_is_refused_in_words(data: dict[str, object]) -> None:
    with pytest.raises(SchemaError):
        TableSchema.from_dict(data)
