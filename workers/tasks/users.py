"""People: a thin bridge from the queue to the mail."""

from __future__ import annotations

from celery import shared_task

from apps.users import mails


@shared_task(name="users.mail", ignore_result=True)
def mail(kind: str, about: str, site: str, language: str) -> None:
    mails.deliver(kind, about, site=site, language=language)
