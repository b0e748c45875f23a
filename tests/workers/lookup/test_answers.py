"""Questions that have an answer, in the many ways people put them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workers.lookup.conftest import ROWS
from workers.inference.lookup import Decision, RecordIndex, answer


def codes(decision: Decision) -> list[str]:
    return [match.cells["code"] for match in decision.records]


@pytest.mark.parametrize(
    "question",
    [
        "中国邮政储蓄银行股份有限公司丹江口市六里坪支行",
        "中国邮政储蓄银行股份有限公司丹江口市六里坪支行的联行号是多少？",
        "邮储丹江口六里坪支行联行号",
        "邮储银行六里坪支行行号",
        "丹江口邮储六里坪",
        "六里坪支行，邮政储蓄银行，丹江口",
        "湖北省十堰市丹江口市邮储六里坪支行",
        "中國郵政儲蓄銀行丹江口市六里坪支行 行號",
        "ＰＳＢＣ 丹江口 六里坪支行",
        "你好，我要给供应商付款，对方开户行是邮储银行丹江口市六里坪支行，麻烦告诉我联行号，谢谢！",
        "老师好，请问一下邮政银行丹江口六里坪支行的大额支付行号是多少呀",
        "403539100200",
        "4035-3910-0200 是哪家银行",
        "行号４０３５ ３９１０ ０２００是谁的",
    ],
)
def test_one_branch_is_found_in_many_wordings(index: RecordIndex, question: str) -> None:
    decision = answer(index, question)

    assert (decision.outcome, codes(decision)) == ("answered", ["403539100200"])


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ("工行北京新华支行", "102100000021"),
        ("icbc沈阳新华", "102221063504"),
        ("浙江杭州临安农行锦城支行", "103331098900"),
        ("农行长沙人民路分理处", "103551000020"),
        ("青岛银行胶东支行", "313452502893"),
        ("礼泉信用社五七路", "402795502243"),
        ("尧都农商行财神楼支行号", "314177000038"),
        ("建行咸阳渭城桥支行", "105795000015"),
        ("中行湖北黄冈黄梅小池支行", "104533900018"),
        ("中行南昌新建区蛟桥支行", "104421000020"),
    ],
)
def test_short_names_and_left_out_endings_are_understood(index: RecordIndex, question: str, code: str) -> None:
    decision = answer(index, question)

    assert (decision.outcome, codes(decision)) == ("answered", [code])


@pytest.mark.parametrize(
    ("question", "field", "by"),
    [
        ("邮储丹江口六里坪支行的清算行号", "clearing_code", "rules"),
        ("邮储丹江口六里坪支行的联行号", "code", "rules"),
        ("403539100200是哪个银行", "name", "identifier"),
        ("中国邮政储蓄银行股份有限公司丹江口市六里坪支行", "code", "exact"),
    ],
)
def test_a_decision_says_what_was_wanted_and_how_it_was_reached(
    index: RecordIndex, question: str, field: str, by: str
) -> None:
    decision = answer(index, question)

    assert (decision.field, decision.decided_by) == (field, by)
    assert decision.evidence
    assert all(step.text for step in decision.evidence)


def test_two_rows_of_one_name_are_both_shown(index: RecordIndex) -> None:
    decision = answer(index, "邮储黄梅县孔垄营业所")

    assert (decision.outcome, codes(decision)) == ("answered", ["403533910018", "403533910026"])


def test_all_branches_of_a_place_are_listed(index: RecordIndex) -> None:
    decision = answer(index, "北京有哪些工行网点")

    assert decision.outcome == "answered"
    assert decision.field == "list"
    assert sorted(codes(decision)) == ["102100000021", "102100000208"]


def test_the_cells_of_an_answer_are_those_of_the_row(index: RecordIndex) -> None:
    match = answer(index, "青岛银行胶州胶东支行").records[0]

    assert tuple(match.cells.values()) == ROWS[match.row_number]


@given(at=st.integers(0, 2999))
def test_every_row_is_found_by_its_full_name_and_by_its_code(
    directory_index: RecordIndex, directory: list[tuple[str, str, str]], at: int
) -> None:
    name, code, _ = directory[at]

    assert codes(answer(directory_index, name)) == [code]
    assert codes(answer(directory_index, f"请问{name}的联行号是多少")) == [code]
    assert codes(answer(directory_index, code)) == [code]
