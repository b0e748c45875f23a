"""A letter that was asked for leaves, even where the queue or the mail server is away for a while."""

from __future__ import annotations

import smtplib
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.users import mails
from apps.users.models import Letter
from workers.tasks import users as tasks

SITE = "https://mozhu.example/"


@pytest.fixture
def sent(monkeypatch):
    """The messages for the queue; nobody takes them."""
    messages: list[tuple[str, ...]] = []
    monkeypatch.setattr(mails, "enqueue", lambda *message: messages.append(message))
    return messages


@pytest.fixture
def letter(sent, make_user):
    person = make_user("user", username="ben", email="ben@bank.example")
    mails.send("approved", person.pk, site=SITE)
    return Letter.objects.get()


def grow_older(**span) -> None:
    age = timezone.now() - timedelta(**span)
    Letter.objects.update(asked_at=age)
    Letter.objects.exclude(tried_at=None).update(tried_at=age)


def test_row_goes_when_the_letter_has_left(letter, sent, mailoutbox):
    assert sent == [("users.mail", str(letter.pk))]
    tasks.mail(str(letter.pk))
    assert [message.to for message in mailoutbox] == [["ben@bank.example"]]
    assert not Letter.objects.exists()


def test_of_two_workers_one_sends(letter, mailoutbox):
    Letter.objects.update(tried_at=timezone.now())
    tasks.mail(str(letter.pk))
    assert mailoutbox == []


def test_tick_sends_again_what_the_queue_has_lost(letter, sent):
    sent.clear()
    tasks.tick()
    assert sent == [], "it may be on its way"
    grow_older(minutes=5)
    tasks.tick()
    assert sent == [("users.mail", str(letter.pk))]


def test_mail_server_that_is_away_costs_time_and_not_the_letter(letter, mailoutbox, monkeypatch):
    def refuse(*letter):
        raise smtplib.SMTPServerDisconnected

    with monkeypatch.context() as away:
        away.setattr(mails, "send_mail", refuse)
        with pytest.raises(smtplib.SMTPServerDisconnected):
            tasks.mail(str(letter.pk))
    assert Letter.objects.exists()
    grow_older(minutes=5)
    tasks.mail(str(letter.pk))
    assert len(mailoutbox) == 1


def test_letter_of_yesterday_is_given_up_and_said_so(letter, sent, caplog):
    grow_older(hours=25)
    sent.clear()
    tasks.tick()
    assert sent == []
    assert not Letter.objects.exists()
    assert "given up" in caplog.text


def test_row_holds_no_link(letter):
    assert letter.about.isdigit()
    assert (letter.kind, letter.site) == ("approved", SITE)
