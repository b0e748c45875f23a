"""A table that has nothing to do with Chinese branches: the engine needs a schema, not code."""

from __future__ import annotations

import pytest

from workers.inference.lookup import Column, RecordIndex, TableSchema, answer, build_index

SCHEMA = TableSchema(
    kind="swift",
    columns=(
        Column(key="name", label="Institution", role="name", required=True),
        Column(key="city", label="City"),
        Column(key="country", label="Country"),
        Column(
            key="bic",
            label="BIC",
            role="identifier",
            required=True,
            pattern="[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?",
        ),
    ),
)
ROWS = [
    ("Deutsche Bank AG", "Frankfurt", "Germany", "DEUTDEFFXXX"),
    ("Deutsche Bank AG", "Hamburg", "Germany", "DEUTDEHHXXX"),
    ("Commerzbank AG", "Frankfurt", "Germany", "COBADEFFXXX"),
    ("Bank of China", "Frankfurt", "Germany", "BKCHDEFFXXX"),
    ("Bank of China", "Beijing", "China", "BKCHCNBJXXX"),
    ("Bank of Communications", "Shanghai", "China", "COMMCNSHXXX"),
]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> RecordIndex:
    folder = tmp_path_factory.mktemp("swift") / "index"
    build_index(ROWS, schema=SCHEMA, directory=folder)
    return RecordIndex.open(folder)


@pytest.mark.parametrize(
    ("question", "bic"),
    [
        ("What is the BIC of Deutsche Bank AG Hamburg?", "DEUTDEHHXXX"),
        ("deutsche bank ag, frankfurt", "DEUTDEFFXXX"),
        ("Please give me the BIC of Bank of China, Beijing", "BKCHCNBJXXX"),
        ("Bank of Communications bic", "COMMCNSHXXX"),
        ("COBADEFFXXX", "COBADEFFXXX"),
        ("which institution is cobadeffxxx", "COBADEFFXXX"),
    ],
)
def test_a_row_is_found_by_words_or_by_code(index: RecordIndex, question: str, bic: str) -> None:
    decision = answer(index, question)

    assert (decision.outcome, [match.cells["bic"] for match in decision.records]) == ("answered", [bic])


def test_one_name_in_two_cities_shows_both_rows(index: RecordIndex) -> None:
    decision = answer(index, "Deutsche Bank AG")

    assert {match.cells["bic"] for match in decision.records} == {"DEUTDEFFXXX", "DEUTDEHHXXX"}


def test_a_name_in_part_is_asked_back(index: RecordIndex) -> None:
    decision = answer(index, "Deutsche Hamburg")

    assert (decision.outcome, [m.cells["bic"] for m in decision.records]) == ("clarify", ["DEUTDEHHXXX"])


@pytest.mark.parametrize(
    "question", ["Deutsche Bank AG Munich", "Bank of Nowhere", "Commerzbank AG Hamburg", "ABCDEFGHXXX"]
)
def test_what_is_in_no_row_is_not_found(index: RecordIndex, question: str) -> None:
    assert answer(index, question).outcome == "not_found"


def test_what_was_wanted_is_a_column_of_this_table(index: RecordIndex) -> None:
    assert answer(index, "COBADEFFXXX city").field == "city"
    assert answer(index, "Commerzbank AG").field == "bic"
