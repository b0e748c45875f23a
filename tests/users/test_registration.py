"""Becoming a user: closed, by invitation, by asking; and the last administrator, who stays one."""

from __future__ import annotations

import re

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from apps.audit.models import AuditEntry
from apps.core.errors import DomainError
from apps.users import links, registration
from apps.users.guard import keeping_an_administrator
from apps.users.models import AccessRequest, Invitation, Role, User
from apps.users.roles import set_roles
from apps.users.units import add_member, create_unit
from tests.users.conftest import PASSWORD
from tests.users.test_passwords import link_in

SITE = "http://testserver/"
NEWCOMER = {"username": "dora", "display_name": "朵拉", "password": PASSWORD}
REQUEST = {"email": "dora@bank.example", "display_name": "朵拉", "password": PASSWORD, "reason": "counter 4"}


@pytest.fixture
def by_invitation(settings):
    settings.REGISTRATION = "invitation"


@pytest.fixture
def by_approval(settings):
    settings.REGISTRATION = "approval"


def role(name=Role.USER):
    return Group.objects.get(name=name)


def invite(actor, *, email="dora@bank.example", name=Role.USER, unit=None):
    return registration.invite(email=email, role=role(name), unit=unit, actor=actor, site=SITE)


@pytest.fixture
def shenzhen(administrator):
    return create_unit(name="Shenzhen", parent=None, actor=administrator)


@pytest.fixture
def manager(shenzhen, make_user, administrator):
    person = make_user("user", username="mia")
    add_member(shenzhen, person, actor=administrator, is_manager=True)
    return person


# --- closed ----------------------------------------------------------------------------------------------------------
def test_closed_installation_offers_nothing_and_says_so_in_plain_words(client, db):
    assert "/register/" not in client.get("/sign-in/").content.decode()
    answer = client.get("/register/")
    assert answer.status_code == 404
    assert "<h1>" in answer.content.decode()
    assert client.post("/register/", REQUEST).status_code == 404
    assert not User.objects.exists()


def test_invitation_made_before_does_not_work_once_registration_is_closed(settings, by_invitation, administrator):
    link = links.of_invitation(invite(administrator), site=SITE)
    settings.REGISTRATION = "closed"
    assert Client().post(link, NEWCOMER).status_code == 404
    assert not User.objects.filter(username="dora").exists()


# --- invitations -----------------------------------------------------------------------------------------------------
def test_invited_person_registers_from_the_letter_and_is_signed_in(by_invitation, client, administrator, letters):
    invite(administrator)
    link = link_in(letters[0])
    assert client.get(link).status_code == 200
    assert client.post(link, NEWCOMER).url == "/"
    dora = User.objects.get(username="dora")
    assert dora.role_names == ["user"]
    assert EmailAddress.objects.get(user=dora).verified
    assert client.get("/account/").wsgi_request.user == dora
    assert AuditEntry.objects.filter(action="invitation.used", actor=dora).exists()


def test_invitation_works_once(by_invitation, administrator):
    link = links.of_invitation(invite(administrator), site=SITE)
    Client().post(link, NEWCOMER)
    assert Client().get(link).status_code == 404
    assert Client().post(link, NEWCOMER | {"username": "eve"}).status_code == 404
    assert not User.objects.filter(username="eve").exists()


@pytest.mark.parametrize("change", [{"expires_at": timezone.now()}, {"withdrawn_at": timezone.now()}])
def test_invitation_that_expired_or_was_withdrawn_is_over(by_invitation, administrator, change):
    invitation = invite(administrator)
    Invitation.objects.update(**change)
    assert Client().get(links.of_invitation(invitation, site=SITE)).status_code == 404


def test_invitation_of_somebody_who_was_switched_off_since_is_over(by_invitation, administrator):
    invitation = invite(administrator)
    User.objects.update(is_active=False)
    assert Client().get(links.of_invitation(invitation, site=SITE)).status_code == 404


def test_link_cannot_be_guessed_or_changed(by_invitation, administrator):
    link = links.of_invitation(invite(administrator), site=SITE)
    assert Client().get(link.rstrip("/")[:-3] + "abc/").status_code == 404


def test_copied_link_proves_no_address(by_invitation, administrator, letters):
    invitation = invite(administrator)
    letters.clear()
    Client().post(links.of_invitation(invitation, site=SITE), NEWCOMER)
    assert not EmailAddress.objects.get(email="dora@bank.example").verified
    Client().post(link_in(letters[0]))
    assert EmailAddress.objects.get(email="dora@bank.example").verified


@pytest.mark.parametrize("name", ["anna@bank.example", "ANNA"])
def test_newcomer_is_not_called_like_somebody_else(by_invitation, administrator, name):
    link = links.of_invitation(invite(administrator), site=SITE)
    answer = Client().post(link, NEWCOMER | {"username": name})
    assert answer.context["form"].errors["username"]


def test_weak_password_makes_no_account_and_leaves_the_invitation_open(by_invitation, administrator):
    link = links.of_invitation(invite(administrator), site=SITE)
    assert Client().post(link, NEWCOMER | {"password": "short"}).context["form"].errors["password"]
    assert Client().get(link).status_code == 200


def test_administrator_invites_on_the_page_and_sees_the_link_to_copy(by_invitation, page, administrator, letters):
    client = page(administrator)
    client.post("/invitations/", {"email": "", "role": role("administrator").pk, "unit": ""})
    assert letters == []
    shown = client.get("/invitations/").content.decode()
    link = re.search(r'data-copy="([^"]+)"', shown)[1]
    Client().post(link, NEWCOMER)
    assert User.objects.get(username="dora").role_names == ["administrator"]


def test_manager_invites_into_his_unit_as_a_user(by_invitation, page, manager, shenzhen):
    answer = page(manager).post("/invitations/", {"email": "", "role": role().pk, "unit": shenzhen.pk})
    assert answer.status_code == 302
    Client().post(links.of_invitation(Invitation.objects.get(), site=SITE), NEWCOMER)
    assert User.objects.get(username="dora").units.get() == shenzhen


@pytest.mark.parametrize("wish", [{"name": "administrator"}, {"unit": None}, {"unit": "other"}])
def test_manager_invites_nobody_elsewhere_and_no_administrator(by_invitation, manager, shenzhen, administrator, wish):
    other = create_unit(name="Elsewhere", parent=None, actor=administrator)
    given = {"unit": shenzhen} | wish
    if given["unit"] == "other":
        given["unit"] = other
    with pytest.raises(DomainError) as refusal:
        invite(manager, **given)
    assert refusal.value.code == "not_allowed"
    assert not Invitation.objects.exists()


def test_ordinary_user_invites_nobody(by_invitation, page, user):
    assert page(user).get("/invitations/").status_code == 403
    with pytest.raises(DomainError):
        invite(user)


def test_manager_sees_and_withdraws_his_own_invitations_only(by_invitation, page, manager, administrator, shenzhen):
    theirs, mine = invite(administrator), invite(manager, unit=shenzhen)
    client = page(manager)
    assert [entry["row"] for entry in client.get("/invitations/").context["open"]] == [mine]
    assert client.post(f"/invitations/{theirs.pk}/withdraw/").status_code == 404
    client.post(f"/invitations/{mine.pk}/withdraw/")
    assert list(Invitation.objects.open()) == [theirs]


# --- asking ----------------------------------------------------------------------------------------------------------
def test_somebody_asks_confirms_the_address_is_approved_and_signs_in(
    by_approval, client, page, administrator, letters, django_capture_on_commit_callbacks
):
    client.post("/register/", REQUEST)
    dora = User.objects.get(email="dora@bank.example")
    credentials = {"username": "dora@bank.example", "password": PASSWORD}
    assert not dora.is_active
    client.post("/sign-in/", credentials)
    assert client.get("/account/").status_code == 302
    link = link_in(letters[0])
    client.get(link)
    assert not EmailAddress.objects.get().verified  # a mail filter that opens links confirms nothing
    client.post(link)
    console = page(administrator)
    waiting = console.get("/admin/users/user/?access=waiting")
    assert "dora" in waiting.content.decode()
    console.post("/admin/users/user/", {"action": "approve_chosen", "_selected_action": [dora.pk]})
    dora.refresh_from_db()
    assert dora.is_active
    assert dora.role_names == ["user"]
    assert letters[1].to == ["dora@bank.example"]
    assert Client().post("/sign-in/", credentials).url == "/"
    assert AuditEntry.objects.get(action="user.approved").actor == administrator


def test_nobody_is_approved_whose_address_is_not_proven(by_approval, client, page, administrator, letters):
    client.post("/register/", REQUEST)
    dora = User.objects.get(email="dora@bank.example")
    page(administrator).post(f"/admin/users/user/{dora.pk}/approve/")
    dora.refresh_from_db()
    assert not dora.is_active
    assert AccessRequest.objects.get().status == "waiting"


def test_refused_person_gets_a_letter_and_may_be_approved_later(by_approval, client, page, administrator, letters):
    client.post("/register/", REQUEST)
    EmailAddress.objects.update(verified=True)
    dora = User.objects.get(email="dora@bank.example")
    page(administrator).post(f"/admin/users/user/{dora.pk}/refuse/")
    assert AccessRequest.objects.get().status == "refused"
    assert len(letters) == 2
    page(administrator).post(f"/admin/users/user/{dora.pk}/approve/")
    dora.refresh_from_db()
    assert dora.is_active


@pytest.mark.parametrize("known", [True, False])
def test_page_says_the_same_whether_or_not_the_address_has_an_account(by_approval, client, make_user, letters, known):
    make_user("user", username="ben", email="ben@bank.example")
    address = "Ben@bank.example" if known else "new@bank.example"
    answer = client.post("/register/", REQUEST | {"email": address})
    assert answer.context["sent_to"] == address
    assert "form" not in answer.context or not answer.context["form"].errors
    assert len(letters) == 1
    assert User.objects.count() == (1 if known else 2)


def test_user_has_no_say_in_requests(by_approval, client, page, user, letters):
    client.post("/register/", REQUEST)
    dora = User.objects.get(email="dora@bank.example")
    page(user).post(f"/admin/users/user/{dora.pk}/approve/")
    dora.refresh_from_db()
    assert not dora.is_active


# --- the last administrator ------------------------------------------------------------------------------------------
def change(client, person, **form):
    base = {"username": person.username, "display_name": "", "email": "", "is_active": "on"}
    given = {name: value for name, value in (base | form).items() if value is not None}
    return client.post(f"/admin/users/user/{person.pk}/change/", given)


@pytest.mark.parametrize(
    "form", [{"is_active": None, "groups": ["administrator"]}, {"groups": []}], ids=["switched off", "without the role"]
)
def test_last_administrator_stays_one_in_the_console(page, administrator, user, form):
    given = form | {"groups": [role(name).pk for name in form["groups"]]}
    change(page(administrator), administrator, **given)
    administrator.refresh_from_db()
    assert administrator.is_active
    assert administrator.role_names == ["administrator"]


def test_last_administrator_is_not_deleted(page, make_user):
    clerk = make_user("user", username="clerk")
    clerk.user_permissions.set(Group.objects.get(name="administrator").permissions.all())
    anna = make_user("administrator", username="anna")
    client = page(clerk)
    client.post(f"/admin/users/user/{anna.pk}/delete/", {"post": "yes"})
    client.post("/admin/users/user/", {"action": "delete_selected", "_selected_action": [anna.pk], "post": "yes"})
    assert User.objects.filter(pk=anna.pk).exists()


def test_last_administrator_keeps_the_role_in_services(administrator):
    with pytest.raises(DomainError) as refusal:
        set_roles(administrator, [], actor=administrator)
    assert refusal.value.code == "last_administrator"


def test_one_of_two_may_go(page, administrator, make_user):
    other = make_user("administrator", username="otto")
    change(page(administrator), other, groups=[])
    assert other.role_names == []


def test_switched_off_administrator_does_not_count(administrator, make_user):
    make_user("administrator", username="otto", is_active=False)
    with pytest.raises(DomainError), keeping_an_administrator():
        administrator.groups.clear()
    assert administrator.role_names == ["administrator"]


def test_superuser_counts(administrator, make_user):
    make_user(is_superuser=True)
    with keeping_an_administrator():
        administrator.groups.clear()
    assert administrator.role_names == []


def test_installation_without_an_administrator_can_still_be_changed(user):
    with keeping_an_administrator():
        user.groups.clear()
    assert user.role_names == []
