from __future__ import annotations

import json

import pytest

from workers.tasks.trainer_output import MESSAGE_CHARACTERS_MAX, parse, summary_of


def line(kind, **payload):
    return json.dumps({"seq": 1, "kind": kind, "at": "2026-01-01T00:00:00Z", "payload": payload})


def test_an_event_line_becomes_that_event():
    draft = parse(line("progress", step=3, loss=0.5))
    assert (draft.kind, draft.payload) == ("progress", {"step": 3, "loss": 0.5})


@pytest.mark.parametrize(
    "text", ["Loading weights: 100%", "{broken", "[1, 2]", '{"kind": "unheard of"}', '"text"', "[" * 5000]
)
def test_anything_else_becomes_a_log_line(text):
    draft = parse(text)
    assert draft.kind == "log"
    assert draft.payload["message"] == text[:MESSAGE_CHARACTERS_MAX]


def test_a_blank_line_is_nothing():
    assert parse("  \n") is None


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_no_database_stores_become_null(number):
    assert parse('{"kind": "progress", "payload": {"loss": ' + number + "}}").payload == {"loss": None}


@pytest.mark.parametrize("text", ["\\u0000", "\x00", "\\ud83d"])
def test_characters_that_no_database_stores_are_taken_out(text):
    message = parse('{"kind": "log", "payload": {"message": "a' + text + 'b"}}').payload["message"]
    assert message in {"ab", "a?b"}
    message.encode("utf-8")


def test_a_payload_that_is_no_object_is_dropped():
    assert parse('{"kind": "progress", "payload": 5}').payload == {}


def test_the_summary_is_the_newest_progress():
    drafts = [parse(line("progress", step=n, total_steps=9, loss=1.0, eta_seconds=4)) for n in (1, 2)]
    summary = summary_of([*drafts, parse(line("log", message="x"))])
    assert summary == {"step": 2, "total_steps": 9, "last_loss": 1.0, "eta_seconds": 4.0}


@pytest.mark.parametrize("wrong", ["soon", None, True, -1, 1e300, [1]])
def test_nonsense_in_progress_changes_no_column(wrong):
    assert "step" not in summary_of([parse(line("progress", step=wrong))])
