"""Who may call what: one line for every address of the product. A new address without a line fails the test.

Personas: `anonymous` (not signed in), `user` (role user, owns the sample question), `other` (role user, owns nothing),
`administrator`. What each must meet:

    OPEN      the gate lets the request through (2xx, 3xx within the product, or 400/409 about its content)
    SIGN_IN   sent to the sign-in page
    TOKEN     401, sign in first (API)
    DENIED    403
    ABSENT    404: the object does not exist for this person
"""

from __future__ import annotations

from typing import NamedTuple

OPEN, SIGN_IN, TOKEN, DENIED, ABSENT = "open", "sign in", "token", "denied", "absent"


class Rule(NamedTuple):
    anonymous: str
    user: str
    other: str
    administrator: str


EVERYBODY = Rule(OPEN, OPEN, OPEN, OPEN)
SIGNED_IN_PAGE = Rule(SIGN_IN, OPEN, OPEN, OPEN)
SIGNED_IN_API = Rule(TOKEN, OPEN, OPEN, OPEN)
OWNER_PAGE = Rule(SIGN_IN, OPEN, ABSENT, OPEN)
ADMINISTRATOR_API = Rule(TOKEN, DENIED, DENIED, OPEN)
MAKER_API = Rule(TOKEN, DENIED, DENIED, ABSENT)
CONSOLE = Rule(SIGN_IN, DENIED, DENIED, OPEN)

RULES: dict[tuple[str, str], Rule] = {
    ("GET", "healthz"): EVERYBODY,
    ("POST", "language/"): EVERYBODY,
    # pages
    ("GET", "sign-in/"): EVERYBODY,
    ("POST", "sign-in/"): EVERYBODY,
    ("POST", "sign-out/"): Rule(SIGN_IN, SIGN_IN, SIGN_IN, SIGN_IN),  # where one lands
    ("GET", "password/"): SIGNED_IN_PAGE,
    ("POST", "password/"): SIGNED_IN_PAGE,
    ("GET", "account/"): SIGNED_IN_PAGE,
    ("POST", "account/"): SIGNED_IN_PAGE,
    ("GET", ""): SIGNED_IN_PAGE,
    ("POST", ""): SIGNED_IN_PAGE,
    ("GET", "history/"): SIGNED_IN_PAGE,
    ("GET", "answers/<uuid:pk>/"): OWNER_PAGE,
    # tokens
    ("POST", "api/v1/auth/login"): EVERYBODY,
    ("POST", "api/v1/auth/refresh"): EVERYBODY,
    ("POST", "api/v1/auth/logout"): EVERYBODY,
    ("GET", "api/v1/auth/me"): SIGNED_IN_API,
    ("POST", "api/v1/auth/password"): SIGNED_IN_API,
    # documentation
    ("GET", "api/schema/"): SIGNED_IN_API,
    ("GET", "api/docs/"): SIGNED_IN_API,
    # questions
    ("POST", "api/v1/qa/ask"): SIGNED_IN_API,
    ("GET", "api/v1/qa/history"): SIGNED_IN_API,
    # datasets
    ("GET", "api/v1/datasets/"): ADMINISTRATOR_API,
    ("POST", "api/v1/datasets/"): ADMINISTRATOR_API,
    ("GET", "api/v1/datasets/<uuid:id>/"): ADMINISTRATOR_API,
    ("DELETE", "api/v1/datasets/<uuid:id>/"): ADMINISTRATOR_API,
    ("GET", "api/v1/datasets/<uuid:id>/versions"): ADMINISTRATOR_API,
    ("POST", "api/v1/datasets/<uuid:id>/versions"): ADMINISTRATOR_API,
    ("GET", "api/v1/datasets/<uuid:id>/versions/<int:number>"): ADMINISTRATOR_API,
    ("DELETE", "api/v1/datasets/<uuid:id>/versions/<int:number>"): ADMINISTRATOR_API,
    ("POST", "api/v1/datasets/<uuid:id>/versions/<int:number>/finalise"): ADMINISTRATOR_API,
    ("POST", "api/v1/datasets/<uuid:id>/versions/<int:number>/cancel"): ADMINISTRATOR_API,
    ("POST", "api/v1/datasets/<uuid:id>/versions/<int:number>/import-again"): ADMINISTRATOR_API,
    ("POST", "api/v1/datasets/<uuid:id>/versions/<int:number>/restore"): ADMINISTRATOR_API,
    ("POST", "api/v1/datasets/<uuid:id>/versions/<int:number>/activate"): ADMINISTRATOR_API,
    ("GET", "api/v1/datasets/<uuid:id>/versions/<int:number>/records"): ADMINISTRATOR_API,
    ("GET", "api/v1/datasets/<uuid:id>/versions/<int:number>/issues"): ADMINISTRATOR_API,
    ("POST", "api/v1/datasets/<uuid:id>/uploads"): ADMINISTRATOR_API,
    # an upload belongs to its maker: administrators, too, meet nothing where it is another's
    ("GET", "api/v1/datasets/<uuid:id>/uploads/<uuid:upload>"): MAKER_API,
    ("PUT", "api/v1/datasets/<uuid:id>/uploads/<uuid:upload>"): MAKER_API,
    ("DELETE", "api/v1/datasets/<uuid:id>/uploads/<uuid:upload>"): MAKER_API,
    ("POST", "api/v1/datasets/<uuid:id>/uploads/<uuid:upload>/complete"): MAKER_API,
    # jobs
    ("GET", "api/v1/jobs/"): ADMINISTRATOR_API,
    ("POST", "api/v1/jobs/"): ADMINISTRATOR_API,
    ("GET", "api/v1/jobs/presets"): ADMINISTRATOR_API,
    ("GET", "api/v1/jobs/<uuid:id>/"): ADMINISTRATOR_API,
    ("GET", "api/v1/jobs/<uuid:id>/events"): ADMINISTRATOR_API,
    ("POST", "api/v1/jobs/<uuid:id>/cancel"): ADMINISTRATOR_API,
    # models
    ("GET", "api/v1/models/"): ADMINISTRATOR_API,
    ("GET", "api/v1/models/<slug:slug>/"): ADMINISTRATOR_API,
    ("GET", "api/v1/models/<slug:slug>/versions"): ADMINISTRATOR_API,
    ("POST", "api/v1/models/<slug:slug>/activate"): ADMINISTRATOR_API,
    ("POST", "api/v1/models/<slug:slug>/rollback"): ADMINISTRATOR_API,
    ("POST", "api/v1/models/<slug:slug>/test"): ADMINISTRATOR_API,
}

CONSOLE_PREFIX = "admin/"
"""Every address of the console has the rule CONSOLE, whatever app or package it comes from."""

SOCKETS = {"ws/training/jobs/<uuid:job_id>/"}
"""Tested for every persona in tests/training/test_consumers.py."""
