"""The other ways to something that is closed: what names it, counts it, finds it, keeps its history.

The world (conftest.py) holds objects called SECRET, which concern nobody but administrators. Here people who hold a
grant on others, or look into the console with a grant alone, walk every page and look for that word.
"""

from __future__ import annotations

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Permission

from tests.architecture.addresses import CONSOLES, OURS, fill
from tests.architecture.conftest import QUESTION, SECRET
from tests.architecture.test_access_matrix import ask

NOSY = ["user", "other", "may_use", "may_manage", "unit_manager"]
GUESTS = ["may_use", "may_manage", "unit_manager"]
PAGES = [address for address in OURS if address.method == "GET"]
SCREENS = [address for address in CONSOLES if address.method == "GET"]
LISTS = [address for address in PAGES if address.is_api and "<" not in address.route]
RAW = ["/var/db.sqlite3", "/datasets/", "/media/", "/models/", "/jobs/", "/secret_key", "/.env"]
RAW += ["/static/../db.sqlite3", "/static/%2e%2e/secret_key"]


@pytest.fixture
def guests(world):
    """The granted personas may also enter the console: their grants alone decide what they find there."""
    entry = Permission.objects.get(codename="enter_console")
    for persona in GUESTS:
        world.users[persona].user_permissions.add(entry)
    return world


def text_of(answer) -> str:
    return content_of(answer).decode(errors="replace")


def content_of(answer) -> bytes:
    if not answer.streaming:
        return answer.content
    return async_to_sync(collected)(answer) if answer.is_async else b"".join(answer.streaming_content)


async def collected(answer) -> bytes:
    return b"".join([part async for part in answer.streaming_content])


def naming(word: str, world, persona: str, addresses, *, objects=None) -> list[str]:
    """Return the addresses whose answers hold the word."""
    return [str(one) for one in addresses if word in text_of(ask(world, persona, one, objects=objects))]


@pytest.mark.parametrize("persona", NOSY)
def test_no_page_and_no_list_of_ours_names_what_is_secret(persona, world):
    assert naming(SECRET, world, persona, PAGES) == []


@pytest.mark.parametrize("persona", GUESTS)
def test_console_shows_a_guest_nothing_of_what_was_not_shared(persona, guests):
    """Dashboard, lists, filters, forms, histories, downloads: of the objects shared and of the others."""
    assert naming(SECRET, guests, persona, SCREENS) == []
    assert naming(SECRET, guests, persona, SCREENS, objects=guests.foreign) == []


@pytest.mark.parametrize("persona", ["may_use", "may_manage"])
def test_who_shares_a_model_never_reads_the_questions_of_others(persona, guests):
    """Also not on the model's screen, in its history, its versions or its figures."""
    assert naming(QUESTION, guests, persona, [*PAGES, *SCREENS]) == []


def test_administrator_and_asker_find_what_the_others_must_not(world):
    """So that the tests before this one can fail."""
    assert len(naming(SECRET, world, "administrator", [*LISTS, *SCREENS])) > 5
    assert naming(QUESTION, world, "user", PAGES)


@pytest.mark.parametrize("query", ["q={word}", "status__exact=queued", "created_by__id__exact=1", "o=-1", "all="])
def test_search_filters_and_order_of_the_console_find_nothing_secret(query, guests):
    client = guests.caller("may_manage", SCREENS[0])
    for model in admin.site._registry:
        path = f"/admin/{model._meta.app_label}/{model._meta.model_name}/?{query.format(word=SECRET)}"
        shown = text_of(client.get(path, follow=True))
        assert f"{SECRET}.csv" not in shown
        assert f">{SECRET}<" not in shown, path
        assert str(guests.foreign.job.pk) not in shown


@pytest.mark.parametrize("persona", GUESTS)
def test_search_of_the_whole_console_suggests_nothing_secret(persona, guests):
    client = guests.caller(persona, SCREENS[0])
    for words in (SECRET, SECRET[:4]):
        shown = text_of(client.get("/admin/search/", {"s": words, "q": words, "extended": "1"}))
        assert str(guests.foreign.job.pk) not in shown
        assert f"{SECRET}.csv" not in shown


@pytest.mark.parametrize("persona", GUESTS)
def test_autocomplete_completes_nothing_secret(persona, guests):
    client = guests.caller(persona, SCREENS[0])
    for model in admin.site._registry:
        for field in (one for one in model._meta.get_fields() if one.is_relation and one.concrete):
            wanted = {"app_label": model._meta.app_label, "model_name": model._meta.model_name, "term": SECRET[:4]}
            assert SECRET not in text_of(client.get("/admin/autocomplete/", wanted | {"field_name": field.name}))


@pytest.mark.parametrize("persona", ["may_use", "may_manage"])
def test_history_of_a_row_names_no_other(persona, guests):
    actor = guests.users["administrator"].pk
    LogEntry.objects.log_actions(actor, [guests.foreign.job], CHANGE, change_message=SECRET, single_object=True)
    histories = [address for address in SCREENS if address.route.endswith("history/")]
    assert naming(SECRET, guests, persona, histories) == []
    assert naming(SECRET, guests, persona, histories, objects=guests.foreign) == []


@pytest.mark.parametrize("persona", ["user", "may_use", "may_manage"])
def test_filter_by_what_is_hidden_tells_nothing(persona, world):
    hidden = {"dataset__name": SECRET, "created_by": "1", "asked_by": "1", "ordering": "dataset__name", "model": "x"}
    for address in LISTS:
        for query in ({key: value} for key, value in (hidden | {"fields": "password", "expand": "owner"}).items()):
            text = text_of(world.caller(persona, address).get(world.granted.path(address.route), query))
            assert SECRET not in text, address
            assert "md5$" not in text, address


def test_refusals_do_not_tell_what_is_hidden_from_what_there_is_not(world):
    """The same words for an object of others and for none at all."""
    for address in (one for one in PAGES if one.is_api and "<" in one.route):
        client = world.caller("may_use", address)
        hidden = client.get(world.foreign.path(address.route))
        nothing = client.get(fill(address.route, given={}, pk=None))
        if "<str:" not in address.route:
            assert (hidden.status_code, hidden.content) == (nothing.status_code, nothing.content), address


@pytest.mark.parametrize("path", RAW)
def test_files_of_the_product_are_never_served_raw(path, page, administrator):
    assert not settings.MEDIA_ROOT
    assert page(administrator).get(path).status_code == 404
