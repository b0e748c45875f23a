"""Who may call what: one line for every address of the product. A new address without a line fails the test.

Personas: `anonymous` (not signed in), `user` (role user, owns the sample question), `other` (role user, owns nothing),
`administrator`, `may_use` and `may_manage` (role user, with a grant of that level on the sample objects and on no
others), `unit_manager` (role user, manages the unit that `user` is in), `deactivated` (an administrator until he was
switched off; brings a token and a session from before). What each must meet:

    OPEN      the gate lets the request through (2xx, 3xx within the product, or 400/409 about its content)
    SIGN_IN   sent to the sign-in page
    TOKEN     401, sign in first (API)
    DENIED    403
    ABSENT    404: the object does not exist for this person

Left out, the granted personas and the unit manager meet what `other` meets, the deactivated what `anonymous` meets.
Whoever holds a grant also asks for the objects that were not shared with him: these are ABSENT or DENIED, always.
"""

from __future__ import annotations

from typing import NamedTuple

OPEN, SIGN_IN, TOKEN, DENIED, ABSENT = "open", "sign in", "token", "denied", "absent"


class Rule(NamedTuple):
    anonymous: str
    user: str
    other: str
    administrator: str
    may_use: str = ""
    may_manage: str = ""
    unit_manager: str = ""
    deactivated: str = ""

    def of(self, persona: str) -> str:
        """Return what the persona must meet."""
        return getattr(self, persona) or (self.anonymous if persona == "deactivated" else self.other)


EVERYBODY = Rule(OPEN, OPEN, OPEN, OPEN)
ABSENT_TO_ALL = Rule(ABSENT, ABSENT, ABSENT, ABSENT)
SIGNED_IN_PAGE = Rule(SIGN_IN, OPEN, OPEN, OPEN)
SIGNED_IN_API = Rule(TOKEN, OPEN, OPEN, OPEN)
OWNER_PAGE = Rule(SIGN_IN, OPEN, ABSENT, OPEN)
ADMINISTRATOR_API = Rule(TOKEN, DENIED, DENIED, OPEN)
SHARED_TO_READ = ADMINISTRATOR_API._replace(may_use=OPEN, may_manage=OPEN)
SHARED_TO_USE = SHARED_TO_READ
SHARED_TO_CHANGE = ADMINISTRATOR_API._replace(may_manage=OPEN)
CONSOLE = Rule(SIGN_IN, DENIED, DENIED, OPEN)
NOBODY = Rule(SIGN_IN, DENIED, DENIED, DENIED)
NOT_THERE = Rule(SIGN_IN, DENIED, DENIED, ABSENT)
NOTHING_THERE_API = Rule(TOKEN, DENIED, DENIED, ABSENT, may_use=ABSENT, may_manage=ABSENT)
MAKER_API = Rule(TOKEN, DENIED, DENIED, ABSENT, may_manage=ABSENT)

RULES: dict[tuple[str, str], Rule] = {
    ("GET", "healthz"): EVERYBODY,
    ("POST", "language/"): EVERYBODY,
    # pages
    ("GET", "sign-in/"): EVERYBODY,
    ("POST", "sign-in/"): EVERYBODY,
    ("POST", "sign-out/"): Rule(SIGN_IN, SIGN_IN, SIGN_IN, SIGN_IN),  # where one lands
    ("GET", "sign-in/code/"): SIGNED_IN_PAGE,  # nobody is between the two steps: back to the first, or on
    ("POST", "sign-in/code/"): SIGNED_IN_PAGE,
    ("GET", "sign-in/waiting/"): EVERYBODY,
    ("GET", "sign-in/cancelled/"): EVERYBODY,
    # no provider is configured
    ("GET", "sign-in/google/"): ABSENT_TO_ALL,
    ("GET", "sign-in/google/back/"): ABSENT_TO_ALL,
    ("GET", "sign-in/github/"): ABSENT_TO_ALL,
    ("GET", "sign-in/github/back/"): ABSENT_TO_ALL,
    ("GET", "sign-in/<slug:provider_id>/"): ABSENT_TO_ALL,
    ("GET", "sign-in/<slug:provider_id>/back/"): ABSENT_TO_ALL,
    ("GET", "password/"): SIGNED_IN_PAGE,
    ("POST", "password/"): SIGNED_IN_PAGE,
    ("GET", "password/forgotten/"): EVERYBODY,
    ("POST", "password/forgotten/"): EVERYBODY,
    ("GET", "password/reset/<uidb64>/<token>/"): ABSENT_TO_ALL,
    ("POST", "password/reset/<uidb64>/<token>/"): ABSENT_TO_ALL,
    # registration is closed, and no link is good
    ("GET", "register/"): ABSENT_TO_ALL,
    ("POST", "register/"): ABSENT_TO_ALL,
    ("GET", "register/address/<key>/"): ABSENT_TO_ALL,
    ("POST", "register/address/<key>/"): ABSENT_TO_ALL,
    ("GET", "invitation/<token>/"): ABSENT_TO_ALL,
    ("POST", "invitation/<token>/"): ABSENT_TO_ALL,
    ("GET", "invitations/"): NOBODY,
    ("POST", "invitations/"): NOBODY,
    ("POST", "invitations/<uuid:pk>/withdraw/"): Rule(SIGN_IN, ABSENT, ABSENT, ABSENT),
    ("GET", "account/security/"): SIGNED_IN_PAGE,
    ("GET", "account/security/prove/"): SIGNED_IN_PAGE,
    ("POST", "account/security/prove/"): SIGNED_IN_PAGE,
    ("GET", "account/security/second-factor/"): SIGNED_IN_PAGE,
    ("POST", "account/security/second-factor/"): SIGNED_IN_PAGE,
    ("GET", "account/security/second-factor/off/"): SIGNED_IN_PAGE,
    ("POST", "account/security/second-factor/off/"): SIGNED_IN_PAGE,
    ("GET", "account/security/recovery-codes/"): SIGNED_IN_PAGE,
    ("POST", "account/security/recovery-codes/"): SIGNED_IN_PAGE,
    ("GET", "account/security/connections/<int:pk>/"): Rule(SIGN_IN, ABSENT, ABSENT, ABSENT),
    ("POST", "account/security/connections/<int:pk>/"): Rule(SIGN_IN, ABSENT, ABSENT, ABSENT),
    ("GET", "account/sessions/"): SIGNED_IN_PAGE,
    ("POST", "account/sessions/"): SIGNED_IN_PAGE,
    ("GET", "account/"): SIGNED_IN_PAGE,
    ("POST", "account/"): SIGNED_IN_PAGE,
    ("GET", "account/keys/"): SIGNED_IN_PAGE,
    ("GET", "account/keys/new/"): SIGNED_IN_PAGE,
    ("POST", "account/keys/new/"): SIGNED_IN_PAGE,
    ("POST", "account/keys/<uuid:pk>/revoke/"): Rule(SIGN_IN, ABSENT, ABSENT, ABSENT),  # everybody's own, and only his
    ("GET", "account/usage/"): SIGNED_IN_PAGE,
    ("GET", ""): SIGNED_IN_PAGE,
    ("POST", ""): SIGNED_IN_PAGE,
    ("GET", "history/"): SIGNED_IN_PAGE,
    ("GET", "answers/<uuid:pk>/"): OWNER_PAGE,
    # units: the administrator is sent to the console
    ("GET", "unit/"): Rule(SIGN_IN, DENIED, DENIED, OPEN, unit_manager=OPEN),
    ("POST", "unit/<int:pk>/members/"): Rule(SIGN_IN, ABSENT, ABSENT, OPEN, unit_manager=OPEN),
    ("POST", "unit/<int:pk>/members/<int:user>/remove/"): Rule(SIGN_IN, ABSENT, ABSENT, ABSENT, unit_manager=ABSENT),
    # tokens
    ("POST", "api/v1/auth/login"): EVERYBODY,
    ("POST", "api/v1/auth/refresh"): EVERYBODY,
    ("POST", "api/v1/auth/logout"): EVERYBODY,
    ("GET", "api/v1/auth/me"): SIGNED_IN_API,
    ("POST", "api/v1/auth/password"): SIGNED_IN_API,
    # the personal area
    ("GET", "api/v1/account/"): SIGNED_IN_API,
    ("PATCH", "api/v1/account/"): SIGNED_IN_API,
    ("GET", "api/v1/account/usage"): SIGNED_IN_API,
    ("GET", "api/v1/account/keys"): SIGNED_IN_API,
    ("POST", "api/v1/account/keys"): SIGNED_IN_API,
    ("DELETE", "api/v1/account/keys/<uuid:id>"): Rule(TOKEN, ABSENT, ABSENT, ABSENT),  # everybody's own, and only his
    # documentation
    ("GET", "api/schema/"): SIGNED_IN_API,
    ("GET", "api/docs/"): SIGNED_IN_API,
    # questions
    ("POST", "api/v1/qa/ask"): SIGNED_IN_API,
    ("GET", "api/v1/qa/history"): SIGNED_IN_API,
    # datasets
    ("GET", "api/v1/datasets/"): SHARED_TO_READ,
    ("POST", "api/v1/datasets/"): ADMINISTRATOR_API,
    ("GET", "api/v1/datasets/<uuid:id>/"): SHARED_TO_READ,
    ("DELETE", "api/v1/datasets/<uuid:id>/"): ADMINISTRATOR_API,
    ("GET", "api/v1/datasets/<uuid:id>/versions"): SHARED_TO_READ,
    ("POST", "api/v1/datasets/<uuid:id>/versions"): SHARED_TO_CHANGE,
    ("GET", "api/v1/datasets/<uuid:id>/versions/<int:number>"): SHARED_TO_READ,
    ("DELETE", "api/v1/datasets/<uuid:id>/versions/<int:number>"): SHARED_TO_CHANGE,
    ("POST", "api/v1/datasets/<uuid:id>/versions/<int:number>/finalise"): SHARED_TO_CHANGE,
    ("POST", "api/v1/datasets/<uuid:id>/versions/<int:number>/cancel"): SHARED_TO_CHANGE,
    ("POST", "api/v1/datasets/<uuid:id>/versions/<int:number>/import-again"): SHARED_TO_CHANGE,
    ("POST", "api/v1/datasets/<uuid:id>/versions/<int:number>/restore"): SHARED_TO_CHANGE,
    ("POST", "api/v1/datasets/<uuid:id>/versions/<int:number>/activate"): SHARED_TO_CHANGE,
    ("GET", "api/v1/datasets/<uuid:id>/versions/<int:number>/records"): SHARED_TO_READ,
    ("GET", "api/v1/datasets/<uuid:id>/versions/<int:number>/issues"): SHARED_TO_READ,
    ("GET", "api/v1/datasets/<uuid:id>/versions/<int:number>/issues.csv"): SHARED_TO_READ,
    ("GET", "api/v1/datasets/<uuid:id>/versions/<int:number>/issues.xlsx"): SHARED_TO_READ,
    ("GET", "api/v1/datasets/<uuid:id>/versions/<int:number>/layout"): SHARED_TO_READ,
    ("POST", "api/v1/datasets/<uuid:id>/versions/<int:number>/layout"): SHARED_TO_CHANGE,
    ("GET", "api/v1/datasets/<uuid:id>/schema"): SHARED_TO_READ,
    ("PUT", "api/v1/datasets/<uuid:id>/schema"): SHARED_TO_CHANGE,
    ("GET", "api/v1/datasets/<uuid:id>/versions/<int:number>/diff"): NOTHING_THERE_API,
    ("POST", "api/v1/datasets/<uuid:id>/uploads"): SHARED_TO_CHANGE,
    # the sample has one version, so nothing to compare with, and no upload: those belong to their maker alone
    ("GET", "api/v1/datasets/<uuid:id>/uploads/<uuid:upload>"): MAKER_API,
    ("PUT", "api/v1/datasets/<uuid:id>/uploads/<uuid:upload>"): MAKER_API,
    ("DELETE", "api/v1/datasets/<uuid:id>/uploads/<uuid:upload>"): MAKER_API,
    ("POST", "api/v1/datasets/<uuid:id>/uploads/<uuid:upload>/complete"): MAKER_API,
    ("GET", "api/v1/datasets/<uuid:id>/grants"): SHARED_TO_CHANGE,
    ("POST", "api/v1/datasets/<uuid:id>/grants"): SHARED_TO_CHANGE,
    (
        "DELETE",
        "api/v1/datasets/<uuid:id>/grants/<str:kind>/<int:holder>",
    ): MAKER_API,  # shared with nobody of that name
    # jobs
    ("GET", "api/v1/jobs/"): SHARED_TO_READ,
    ("POST", "api/v1/jobs/"): ADMINISTRATOR_API,
    ("GET", "api/v1/jobs/presets"): SHARED_TO_READ,
    ("GET", "api/v1/jobs/<uuid:id>/"): SHARED_TO_READ,
    ("GET", "api/v1/jobs/<uuid:id>/events"): SHARED_TO_READ,
    ("POST", "api/v1/jobs/<uuid:id>/cancel"): SHARED_TO_CHANGE,
    ("GET", "api/v1/jobs/<uuid:id>/grants"): SHARED_TO_CHANGE,
    ("POST", "api/v1/jobs/<uuid:id>/grants"): SHARED_TO_CHANGE,
    ("DELETE", "api/v1/jobs/<uuid:id>/grants/<str:kind>/<int:holder>"): MAKER_API,  # shared with nobody of that name
    # models
    ("GET", "api/v1/models/"): SHARED_TO_READ,
    ("GET", "api/v1/models/<slug:slug>/"): SHARED_TO_READ,
    ("GET", "api/v1/models/<slug:slug>/versions"): SHARED_TO_READ,
    ("POST", "api/v1/models/<slug:slug>/activate"): SHARED_TO_CHANGE,
    ("POST", "api/v1/models/<slug:slug>/rollback"): SHARED_TO_CHANGE,
    ("POST", "api/v1/models/<slug:slug>/test"): SHARED_TO_USE,
    ("GET", "api/v1/models/<slug:slug>/grants"): SHARED_TO_CHANGE,
    ("POST", "api/v1/models/<slug:slug>/grants"): SHARED_TO_CHANGE,
    (
        "DELETE",
        "api/v1/models/<slug:slug>/grants/<str:kind>/<int:holder>",
    ): MAKER_API,  # shared with nobody of that name
}

MACHINE_MADE = "(audit/\\w+|datasets/datasetversion|django_celery_results/\\w+|qa/question|registry/\\w+|users/apikey)"
IN_THE_CONSOLE = {
    f"admin/{MACHINE_MADE}/add/": NOBODY,
    r"admin/(audit|datasets|django_celery_results|qa|registry|training|users/(role|apikey)).*/delete/": NOBODY,
    r"admin/\(\?P<url>.*": NOT_THERE,  # the catch-all
    r"admin/audit/auditarchive/.*/file/": NOT_THERE,  # nothing has been archived
    r"admin/r/.*": NOT_THERE,  # "view on site" of a content type that does not exist
    r"admin/users/user/invite/": NOBODY,  # registration is closed
    r"admin/(autocomplete|login)/": NOBODY,  # nothing to complete; signed in already
    r"admin/logout/": EVERYBODY,
}
"""Addresses of the console (GET) by pattern, where they have another rule than CONSOLE."""

SOCKETS = {"ws/training/jobs/<uuid:job_id>/": Rule(TOKEN, ABSENT, ABSENT, OPEN, may_use=OPEN, may_manage=OPEN)}
"""TOKEN: closed with 4401, ABSENT: closed with 4404."""

ACTIONS = {"users.user": {"delete_selected", "approve_chosen", "refuse_chosen"}}
"""What an administrator may do to several rows of a list at once."""
INLINES: dict[str, set[str]] = {}
"""What is edited on the screen of another row."""

WORK = {
    "apps.datasets.importing._become_draft",
    "apps.datasets.indexing.demand_index",
    "apps.datasets.indexing.wake_waiting_indexes",
    "apps.datasets.schema_changes._read_again",
    "apps.datasets.services._add",
    "apps.datasets.services.send_again",
    "apps.datasets.services.wake_waiting_imports",
    "apps.training.queue._start",
    "apps.users.mails.send",
    "apps.users.mails.send_waiting",
}
"""Functions that send work to the queue; test_access_parts.py sees who can set them off."""
