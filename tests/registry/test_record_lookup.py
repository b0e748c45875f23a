"""The plug-in over a real index, with an engine that is really reached over HTTP."""

from __future__ import annotations

import time

import pytest

from apps.registry import presentation, services
from apps.registry.models import RegisteredModel
from apps.registry.plugins import engine as client
from tests.registry.directory import CHATTY, ROWS

pytestmark = pytest.mark.django_db


def ask(question: str):
    return services.answer(question, model=RegisteredModel.objects.live().get())


def test_a_plain_question_is_answered_by_the_rules_without_the_engine(live, engine):
    found = ask("工行深圳南山支行的联行号")
    assert (found.outcome, found.decided_by, found.field) == ("answered", "rules", "code")
    assert found.records == [dict(zip(("name", "code", "clearing_code"), ROWS[1], strict=True))]
    assert found.summary == "中国工商银行股份有限公司深圳南山支行 · 102584002451"
    assert found.evidence["engine"] == "not_asked"
    assert engine.chats == []


def test_the_cell_that_was_asked_for_is_in_the_summary(live):
    assert ask("邮储六里坪支行的清算行行号").summary.endswith(" · 403100000004")


def test_a_question_that_fits_two_places_is_asked_back(live):
    found = ask("工行新华支行联行号")
    assert found.outcome == "clarify"
    assert {record["code"] for record in found.records} == {"102100002064", "102290022453"}
    assert found.clarify_question
    assert found.summary == ""


def test_what_the_rules_leave_open_is_read_by_the_tuned_model(live, engine):
    found = ask(CHATTY)
    assert (found.outcome, found.decided_by) == ("answered", "model")
    assert found.records[0]["code"] == "102584002451"
    assert found.evidence["engine"] == "read"
    assert found.evidence["slots"]["bank"] == "工行"
    assert engine.chats[0]["model"] == str(live.pk)
    assert engine.chats[0]["messages"][-1]["content"].endswith(CHATTY[2:])


def test_the_engine_is_told_of_an_adapter_it_does_not_know(live, engine):
    engine.known.clear()  # restarted since
    assert ask(CHATTY).outcome == "answered"
    assert engine.known == {str(live.pk): str(live.adapter_directory)}


def test_activation_tells_the_engine_before_the_first_question(
    make_version, administrator, engine, django_capture_on_commit_callbacks
):
    version = make_version()
    with django_capture_on_commit_callbacks(execute=True):
        services.activate(version, actor=administrator)
    assert str(version.pk) in engine.known


def test_activation_succeeds_while_the_engine_is_away(
    make_version, administrator, settings, django_capture_on_commit_callbacks
):
    settings.ENGINE_URL = "http://127.0.0.1:9"
    version = make_version()
    with django_capture_on_commit_callbacks(execute=True):
        services.activate(version, actor=administrator)
    version.model.refresh_from_db()
    assert version.is_active


@pytest.mark.parametrize(
    "says", ["联行号是102584002451", '{"field":"code"}', '{"field":"code","bank":"建行","place":"","branch":""}', ""]
)
def test_what_the_model_writes_is_used_only_as_a_valid_reading(live, engine, says):
    engine.says = says
    found = ask(CHATTY)
    assert found.outcome == "not_found"
    assert found.records == []
    assert found.evidence["engine"] == "unusable"


def test_without_the_engine_the_index_decides_and_the_evidence_says_so(live, settings):
    settings.ENGINE_URL = "http://127.0.0.1:9"
    found = ask(CHATTY)
    assert found.outcome == "not_found"
    assert found.evidence["engine"] == "away"
    assert str(presentation.ENGINE_TEXTS["away"]) in presentation.reasons(found.evidence)


def test_an_engine_that_refuses_the_adapter_is_no_error(live, engine):
    engine.known.clear()
    engine.refuses_to_load = True
    assert ask(CHATTY).evidence["engine"] == "refused"


def test_a_slow_engine_is_left_at_the_deadline(live, engine, settings):
    settings.ENGINE_DEADLINE_SECONDS = 0.15
    engine.slow = 5
    started = time.monotonic()
    assert ask(CHATTY).evidence["engine"] == "slow"
    assert time.monotonic() - started < 2.5  # a hang, not a timing: the engine sleeps for 5 s


def test_after_two_failures_the_engine_is_left_alone_and_later_tried_again(live, engine, monkeypatch):
    engine.is_busy = True
    outcomes = [ask(CHATTY).evidence["engine"] for _ in range(4)]
    assert outcomes == ["busy", "busy", "resting", "resting"]
    asked = len(engine.chats)

    engine.is_busy = False
    later = time.monotonic() + 60
    monkeypatch.setattr(client.time, "monotonic", lambda: later)
    assert ask(CHATTY).outcome == "answered"
    assert len(engine.chats) > asked


def test_refusals_of_one_question_do_not_keep_others_from_the_engine(live, engine):
    engine.known.clear()
    engine.refuses_to_load = True
    assert [ask(CHATTY).evidence["engine"] for _ in range(4)] == ["refused"] * 4


def test_only_one_question_tries_an_engine_that_has_rested():
    breaker = client.Breaker(failures_max=1, rest_seconds=0)
    breaker.report(success=False)
    breaker._rest_seconds = 60
    assert [breaker.lets_through() for _ in range(3)] == [True, False, False]
    breaker.report(success=True)
    assert breaker.lets_through()
