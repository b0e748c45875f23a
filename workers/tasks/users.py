"""People: thin bridges from the queue to the mail."""

from __future__ import annotations

from celery import shared_task

from apps.users import mails


@shared_task(name="users.mail", ignore_result=True)
def mail(letter_id: str) -> None:
    mails.deliver(letter_id)


@shared_task(name="users.tick", ignore_result=True)
def tick() -> None:
    mails.send_waiting()
