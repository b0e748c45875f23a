"""Every address, as every persona: generated from the URL table, checked against access_rules.py.

One world per persona; what a request changed is taken back before the next one comes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import pytest
from django.db import transaction

from tests.architecture.access_rules import ABSENT, CONSOLE, DENIED, IN_THE_CONSOLE, OPEN, RULES, SIGN_IN, TOKEN, Rule
from tests.architecture.addresses import CONSOLES, OURS, Address
from tests.architecture.conftest import SECRET

PERSONAS = Rule._fields
GRANTED = ("may_use", "may_manage")
REFUSALS = {401: TOKEN, 403: DENIED, 404: ABSENT}
JSON = "application/json"
BODIES = {"PUT": "application/octet-stream"}
WITHOUT_CREDENTIALS = {"api/v1/auth/refresh", "api/v1/auth/login"}
"""Public, and still 401 to a request that brings neither cookie nor password."""

FRESH_PROOF_FIRST = [Address("POST", "api/v1/account/keys")]
"""Open to who has just signed in with a program; on a page, to who has shown once more who he is."""


class Undone(Exception):
    """Takes back what a request did."""


def ask(world, persona: str, address: Address, *, objects=None, by_session: bool = False):
    """Return the answer; nothing that the request changed stays."""
    path = (objects or world.granted).path(address.route)
    body = {} if address.method == "GET" else {"data": "{}", "content_type": BODIES.get(address.method, JSON)}
    try:
        with transaction.atomic():
            answer = world.caller(persona, address, by_session=by_session).generic(address.method, path, **body)
            raise Undone
    except Undone:
        return answer


def verdict(answer, address: Address) -> str:
    if answer.status_code in (301, 302):
        if "/admin/login/" in answer.url and answer.wsgi_request.user.is_authenticated:
            return DENIED  # the console's own sign-in address refuses whoever is signed in already
        return SIGN_IN if "/sign-in/" in answer.url or "/admin/login/" in answer.url else OPEN
    if answer.status_code == 401 and address.route in WITHOUT_CREDENTIALS:
        return OPEN
    return REFUSALS.get(answer.status_code, OPEN) if answer.status_code < 500 else f"error {answer.status_code}"


def rule_of(address: Address) -> Rule:
    if address in CONSOLES:
        special = (rule for pattern, rule in IN_THE_CONSOLE.items() if re.fullmatch(pattern, address.route))
        return next(special, CONSOLE)
    return RULES.get(address, CONSOLE)


def differences(world, persona: str, cases: Iterable[tuple[Address, bool]]) -> str:
    """Return a line for every case where what was met is not what the rule says."""
    found = []
    for address, by_session in cases:
        met, wanted = (
            verdict(ask(world, persona, address, by_session=by_session), address),
            rule_of(address).of(persona),
        )
        if met != wanted:
            found.append(f"{address}: {persona} met {met}, the rule says {wanted}")
    return "\n".join(found)


def test_every_address_has_a_rule():
    stated = {Address(*key) for key in RULES}
    assert set(OURS) == stated, f"without a rule: {set(OURS) - stated}; vanished: {stated - set(OURS)}"


@pytest.mark.parametrize("persona", PERSONAS)
def test_pages_and_api_answer_as_their_rules_say(persona, world):
    assert differences(world, persona, ((address, False) for address in OURS)) == ""


@pytest.mark.parametrize("persona", PERSONAS)
def test_session_of_a_page_opens_no_more_of_the_api_than_a_token(persona, world):
    cases = [address for address in OURS if address.is_api and address not in FRESH_PROOF_FIRST]
    assert differences(world, persona, ((address, True) for address in cases)) == ""


@pytest.mark.parametrize("address", FRESH_PROOF_FIRST, ids=str)
def test_open_screen_is_not_enough_where_a_fresh_proof_is_asked(address, world):
    assert verdict(ask(world, "administrator", address, by_session=True), address) == DENIED


@pytest.mark.parametrize("persona", PERSONAS)
def test_console_answers_as_its_rules_say(persona, world):
    """An administrator opens every screen; what his POSTs do is tested where the screens are."""
    cases = [address for address in CONSOLES if persona != "administrator" or address.method == "GET"]
    assert differences(world, persona, ((address, False) for address in cases)) == ""


@pytest.mark.parametrize("persona", [*GRANTED, "user", "unit_manager"])
def test_objects_of_others_are_absent_or_closed(persona, world, sent):
    """Whatever was shared or is owned opens nothing else, and no answer names what stays closed."""
    told = {}
    for address in OURS:
        if "<" not in address.route:
            continue
        answer = ask(world, persona, address, objects=world.foreign)
        if verdict(answer, address) not in (ABSENT, DENIED) or SECRET.encode() in answer.content:
            told[str(address)] = (answer.status_code, answer.content[:200])
    assert told == {}
    assert sent == []
