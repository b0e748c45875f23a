"""Letters to people. They are written by a worker from the number of a row, so that no link passes through the queue
and a page answers in the same time whether or not there is anybody to write to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.mail import send_mail
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from apps.core.queue import enqueue
from apps.users import links
from apps.users.models import Invitation, User


class Letter(NamedTuple):
    to: str
    context: dict[str, Any]


def send(kind: str, about: object, *, site: str) -> None:
    """Have a letter written once the transaction commits. `about` is the row's number or an address, `site` the
    product's own address as the reader's browser knows it. A queue that is away loses the letter; it can be asked for
    again."""
    enqueue("users.mail", kind, str(about), site, translation.get_language() or settings.LANGUAGE_CODE)


def deliver(kind: str, about: str, *, site: str, language: str) -> None:
    """Write and send the letters of this kind: none where the row has gone or nobody has the address."""
    with translation.override(language):
        for letter in LETTERS[kind](about, site.rstrip("/")):
            text = render_to_string(f"users/mail/{kind}.txt", {**letter.context, "site": site})
            subject, _blank, body = text.strip().partition("\n")
            send_mail(subject.strip(), body.strip() + "\n", None, [letter.to])


def has_server() -> bool:
    """Return whether mail leaves this machine; False while it is only written to files."""
    return not settings.EMAIL_BACKEND.endswith(("filebased.EmailBackend", "console.EmailBackend"))


def _password_reset(email: str, site: str) -> Iterator[Letter]:
    proven = Q(emailaddress__email=email.lower(), emailaddress__verified=True)
    people = User.objects.filter(Q(email__iexact=email) | proven, is_active=True).distinct()
    for person in people:
        yield Letter(email, {"person": person, "link": links.of_reset(person, site=site)})


def _confirm_address(pk: str, site: str) -> Iterator[Letter]:
    for row in EmailAddress.objects.filter(pk=pk, verified=False):
        yield Letter(row.email, {"link": links.of_address(row, site=site)})


def _already_registered(email: str, site: str) -> Iterator[Letter]:
    yield Letter(email, {"link": site + reverse("password-forgotten")})


def _invitation(pk: str, site: str) -> Iterator[Letter]:
    for row in Invitation.objects.open().filter(pk=pk).exclude(email="").select_related("invited_by"):
        yield Letter(row.email, {"invitation": row, "link": links.of_invitation(row, site=site, by_mail=True)})


def _decision(pk: str, site: str) -> Iterator[Letter]:
    for person in User.objects.filter(pk=pk).exclude(email="").select_related("access_request"):
        yield Letter(person.email, {"person": person, "link": site + reverse("sign-in")})


LETTERS: dict[str, Callable[[str, str], Iterator[Letter]]] = {
    "password_reset": _password_reset,
    "confirm_address": _confirm_address,
    "already_registered": _already_registered,
    "invitation": _invitation,
    "approved": _decision,
    "refused": _decision,
}
