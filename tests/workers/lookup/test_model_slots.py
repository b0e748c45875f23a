"""The small model may help to read a question; it may not cause a wrong answer."""

from __future__ import annotations

import pytest

from workers.inference.lookup import RecordIndex, Slots, answer

CHAT = "咱单位老王那个本子上记着说是农行临安区锦城支行还是啥的来着"


class Model:
    """Answers with fixed slots and remembers what it was asked."""

    def __init__(self, slots: Slots | None) -> None:
        self.slots = slots
        self.questions: list[str] = []

    def __call__(self, question: str) -> Slots | None:
        self.questions.append(question)
        return self.slots


def test_the_rules_alone_leave_such_talk_open(index: RecordIndex) -> None:
    assert answer(index, CHAT).outcome == "not_found"


def test_what_the_rules_leave_open_is_decided_with_the_models_slots(index: RecordIndex) -> None:
    model = Model(Slots(field="code", bank="农行", place="临安区", branch="锦城支行"))

    decision = answer(index, CHAT, parse=model)

    assert (decision.outcome, decision.decided_by) == ("answered", "model")
    assert [match.cells["code"] for match in decision.records] == ["103331098900"]
    assert decision.slots == model.slots


@pytest.mark.parametrize(
    "question",
    ["邮储丹江口六里坪支行", "403539100200", "工行新华支行", "中国邮政储蓄银行股份有限公司丹江口市六里坪支行", ""],
)
def test_the_model_is_not_asked_when_the_rules_have_settled_it(index: RecordIndex, question: str) -> None:
    model = Model(None)

    answer(index, question, parse=model)

    assert model.questions == []


def test_a_model_without_an_answer_leaves_the_rules_decision(index: RecordIndex) -> None:
    decision = answer(index, CHAT, parse=Model(None))

    assert (decision.outcome, decision.decided_by) == ("not_found", "rules")
    assert "model_silent" in [step.code for step in decision.evidence]


@pytest.mark.parametrize(
    "slots",
    [
        Slots(field="code", bank="农行", place="", branch="锦城支行"),  # forgets the place
        Slots(field="code", bank="", place="临安区", branch="锦城支行"),  # forgets the bank
        Slots(field="code", bank="农行", place="临安区", branch="锦城"),  # forgets the kind of unit
        Slots(field="code", bank="工行", place="临安区", branch="锦城支行"),  # another bank
        Slots(field="code", bank="农行", place="杭州市", branch="锦城支行"),  # words that were not said
        Slots(field="code"),
    ],
)
def test_slots_that_do_not_account_for_the_question_are_not_used(index: RecordIndex, slots: Slots) -> None:
    decision = answer(index, CHAT, parse=Model(slots))

    assert decision.outcome == "not_found"
    assert "model_rejected" in [step.code for step in decision.evidence]


def test_a_branch_that_does_not_exist_stays_unfound_with_a_model(index: RecordIndex) -> None:
    model = Model(Slots(field="code", bank="邮储", place="丹江口", branch="七里坪支行"))

    assert answer(index, "邮储丹江口七里坪支行", parse=model).outcome == "not_found"
