from __future__ import annotations

import pytest

from workers.inference.lookup.parsing import Slots, build_messages, format_slots, parse_slots

QUESTION = "请问工行丹江口六里坪支行的联行号是多少？"
SLOTS = Slots("code", "工行", "丹江口", "六里坪支行")


def test_slots_survive_being_written_and_read() -> None:
    assert parse_slots(format_slots(SLOTS), question=QUESTION) == SLOTS


def test_slots_are_compact_json_in_a_fixed_order() -> None:
    expected = '{"field":"code","bank":"工行","place":"丹江口","branch":"六里坪支行"}'
    assert format_slots(SLOTS) == expected


def test_empty_slots_are_allowed() -> None:
    assert parse_slots('{"field":"list","bank":"","place":"丹江口","branch":""}', question=QUESTION) == Slots(
        "list", place="丹江口"
    )


def test_the_question_is_the_last_message() -> None:
    messages = build_messages(QUESTION)
    assert [message["role"] for message in messages] == ["system", "user"]
    assert messages[-1]["content"] == QUESTION


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "工行",
        '{"field":"code"',
        "[]",
        "null",
        "[" * 100_000,
        '{"field":"code","bank":"工行","place":"丹江口"}',
        '{"field":"code","bank":"工行","place":"丹江口","branch":"","code":"102100099996"}',
        '{"field":"balance","bank":"工行","place":"","branch":""}',
        '{"field":"code","bank":null,"place":"","branch":""}',
        '{"field":"code","bank":["工行"],"place":"","branch":""}',
        '{"field":["code"],"bank":"工行","place":"","branch":""}',
    ],
)
def test_an_answer_that_breaks_the_contract_is_refused(answer: str) -> None:
    assert parse_slots(answer, question=QUESTION) is None


def test_a_value_that_the_question_does_not_contain_is_refused() -> None:
    invented = Slots("code", "农行", "丹江口", "六里坪支行")
    assert parse_slots(format_slots(invented), question=QUESTION) is None
