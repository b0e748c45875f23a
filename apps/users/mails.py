"""Letters to people. They are written by a worker from the number of a row, so that no link passes through the queue
and a page answers in the same time whether or not there is anybody to write to.

A letter that is asked for is a row (Letter) until it has left, so that neither a queue nor a mail server that is away
for a while loses it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, NamedTuple

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from apps.core.queue import enqueue
from apps.users import links
from apps.users.models import Invitation, Letter, User

logger = logging.getLogger(__name__)

TRIED_AGAIN_AFTER = timedelta(minutes=2)
GIVEN_UP_AFTER = timedelta(hours=24)


class Written(NamedTuple):
    to: str
    context: dict[str, Any]


def send(kind: str, about: object, *, site: str) -> None:
    """Have a letter written once the transaction commits. `about` is the row's number or an address, `site` the
    product's own address as the reader's browser knows it."""
    language = translation.get_language() or settings.LANGUAGE_CODE
    letter = Letter.objects.create(kind=kind, about=str(about), site=site, language=language)
    enqueue("users.mail", str(letter.pk))


def deliver(pk: str) -> None:
    """Write and send a letter, to nobody where its row has gone or nobody has the address; of two workers one does.

    Raises what the mail server raises; the letter stays, and `send_waiting` sends it again.
    """
    mine = Letter.objects.filter(pk=pk).exclude(tried_at__gt=timezone.now() - TRIED_AGAIN_AFTER)
    if not mine.update(tried_at=timezone.now()):
        return
    letter = Letter.objects.get(pk=pk)
    with translation.override(letter.language):
        for written in LETTERS[letter.kind](letter.about, letter.site.rstrip("/")):
            text = render_to_string(f"users/mail/{letter.kind}.txt", {**written.context, "site": letter.site})
            subject, _blank, body = text.strip().partition("\n")
            send_mail(subject.strip(), body.strip() + "\n", None, [written.to])
    letter.delete()


def send_waiting() -> None:
    """Wake a worker for every letter that has not left, and give up those that are a day old."""
    now = timezone.now()
    late, _rows = Letter.objects.filter(asked_at__lt=now - GIVEN_UP_AFTER).delete()
    if late:
        logger.error("%s letters could not be sent within %s and were given up", late, GIVEN_UP_AFTER)
    waiting = Letter.objects.filter(asked_at__lt=now - TRIED_AGAIN_AFTER)
    for pk in waiting.exclude(tried_at__gt=now - TRIED_AGAIN_AFTER).values_list("pk", flat=True):
        enqueue("users.mail", str(pk))


def has_server() -> bool:
    """Return whether mail leaves this machine; False while it is only written to files."""
    return not settings.EMAIL_BACKEND.endswith(("filebased.EmailBackend", "console.EmailBackend"))


def _password_reset(email: str, site: str) -> Iterator[Written]:
    """To the address that is stored, never to the one that was typed: a database's "equal but for the case" takes
    letters for equal (ı and I) that make two mailboxes."""
    given = {person: person.email for person in User.objects.filter(email__iexact=email, is_active=True)}
    proven = EmailAddress.objects.filter(email=email.lower(), verified=True, user__is_active=True)
    known = given | {row.user: row.email for row in proven.select_related("user")}
    for person, address in known.items():
        yield Written(address, {"person": person, "link": links.of_reset(person, site=site)})


def _confirm_address(pk: str, site: str) -> Iterator[Written]:
    for row in EmailAddress.objects.filter(pk=pk, verified=False):
        yield Written(row.email, {"link": links.of_address(row, site=site)})


def _already_registered(email: str, site: str) -> Iterator[Written]:
    yield Written(email, {"link": site + reverse("password-forgotten")})


def _invitation(pk: str, site: str) -> Iterator[Written]:
    for row in Invitation.objects.open().filter(pk=pk).exclude(email="").select_related("invited_by"):
        yield Written(row.email, {"invitation": row, "link": links.of_invitation(row, site=site, by_mail=True)})


def _decision(pk: str, site: str) -> Iterator[Written]:
    for person in User.objects.filter(pk=pk).exclude(email="").select_related("access_request"):
        yield Written(person.email, {"person": person, "link": site + reverse("sign-in")})


LETTERS: dict[str, Callable[[str, str], Iterator[Written]]] = {
    "password_reset": _password_reset,
    "confirm_address": _confirm_address,
    "already_registered": _already_registered,
    "invitation": _invitation,
    "approved": _decision,
    "refused": _decision,
}
