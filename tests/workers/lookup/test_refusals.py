"""A wrong code costs a payment: what must not be answered."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.inference.lookup import Decision, RecordIndex, answer
from workers.inference.lookup.decision import MAX_CHOICES


def codes(decision: Decision) -> set[str]:
    return {match.cells["code"] for match in decision.records}


@pytest.mark.parametrize(
    "question",
    [
        "农行丹江口市六里坪支行",  # another bank
        "邮储丹江口市七里坪支行",  # another branch
        "邮储十堰市郧西县六里坪支行",  # another county of the same city
        "邮储丹江口市六里坪东支行",  # one character more
        "邮储丹江口市六里坪分理处",  # another kind of unit
        "农行余杭区锦城支行",  # another district
        "青岛农商行胶州胶东支行",  # another kind of bank
        "济南银行胶州胶东支行",  # another city bank
        "建行咸阳桥支行",  # 渭城桥 is a bridge, 渭城 no place to leave out
        "中行湖南黄梅小池支行",  # the county is in another province
    ],
)
def test_a_branch_that_does_not_exist_is_never_answered(index: RecordIndex, question: str) -> None:
    decision = answer(index, question)

    assert decision.outcome == "not_found"
    assert decision.records == ()


def test_what_comes_near_is_named_but_not_answered(index: RecordIndex) -> None:
    decision = answer(index, "邮储丹江口市七里坪支行")

    assert decision.nearest[0].cells["code"] == "403539100200"


@pytest.mark.parametrize(
    ("question", "choices"),
    [
        ("工行新华支行", {"102100000021", "102221063504"}),  # which city?
        ("农行长沙人民路", {"103551000011", "103551000020"}),  # which kind of unit?
        ("中行新建蛟桥支行", {"104421000011", "104421000020"}),  # the same place, said twice
        ("丹江口六里坪支行", {"403539100200"}),  # no bank named
        ("建行梧州振兴路支行", {"105624100013"}),  # the county is not named, the city may have its own
        ("工行北京", {"102100000021", "102100000208"}),  # no branch named
    ],
)
def test_what_the_question_leaves_open_is_asked_back(index: RecordIndex, question: str, choices: set[str]) -> None:
    decision = answer(index, question)

    assert (decision.outcome, codes(decision)) == ("clarify", choices)
    assert decision.clarify_question


def test_a_question_back_offers_few_choices(directory_index: RecordIndex) -> None:
    decision = answer(directory_index, "农行")

    assert decision.outcome == "clarify"
    assert 1 < len(decision.records) <= MAX_CHOICES


def test_a_mistyped_code_is_not_found_and_the_check_digit_says_so(index: RecordIndex) -> None:
    decision = answer(index, "403539100201")

    assert decision.outcome == "not_found"
    assert "identifier_check_failed" in [step.code for step in decision.evidence]


def test_an_unknown_code_is_not_answered_by_the_name_beside_it(index: RecordIndex) -> None:
    assert answer(index, "邮储丹江口六里坪支行 403539100218 对吗").outcome == "not_found"


def test_an_account_number_is_no_bank_code(index: RecordIndex) -> None:
    decision = answer(index, "账号6222021234567890123，工行北京新华支行的联行号")

    assert codes(decision) == {"102100000021"}
    assert decision.evidence[0].code == "number_ignored"


@pytest.mark.parametrize(
    "question",
    [
        "",
        "   ",
        "？？？",
        "😀😀😀",
        "\u202e\u200f\ufeff",
        "'; DROP TABLE rows; --",
        "<script>alert(1)</script>",
        "\x00\x01",
        "\ud800",
        "今天天气怎么样",
        "支行",
        "银行",
        "信用社的行号",
        "的联行号是多少",
        "(((((((((",
        "1" * 100_000,
        "好" * 100_000,
        "工行" * 50_000,
        "北京" * 50_000,
        "支行" * 50_000,
    ],
)
def test_what_is_no_question_is_not_answered(index: RecordIndex, question: str) -> None:
    assert answer(index, question).outcome != "answered"


@given(
    st.text(max_size=60) | st.text("工农中建交行银支分北京市县区朝阳新华路的请问联号0123456789 ,。（）\n", max_size=60)
)
def test_no_input_crashes_and_every_record_is_a_row(directory_index: RecordIndex, question: str) -> None:
    decision = answer(directory_index, question)

    for match in (*decision.records, *decision.nearest):
        directory_index.verify(match)


@given(at=st.integers(0, 2999), where=st.integers(0, 40), mark=st.sampled_from("东西南北新大城河山"))
def test_one_more_character_in_a_name_is_never_taken_for_the_row(
    directory_index: RecordIndex, directory: list[tuple[str, str, str]], at: int, where: int, mark: str
) -> None:
    name = directory[at][0]
    where = min(where, len(name) - 2)
    changed = name[:where] + mark + name[where:]
    names = {row[0] for row in directory}

    decision = answer(directory_index, changed)

    answered = {match.cells["name"] for match in decision.records} if decision.outcome == "answered" else set()
    assert changed in names or name not in answered
