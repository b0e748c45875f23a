from __future__ import annotations

import pytest
from guardian.shortcuts import assign_perm

from apps.qa.models import Question
from apps.registry import services

pytestmark = pytest.mark.django_db


def url(model, verb: str = "") -> str:
    return f"/api/v1/models/{model.slug}/{verb}"


def test_models_and_their_versions_are_listed(api, administrator, live):
    client = api(administrator)
    listed = client.get("/api/v1/models/").json()["results"]
    assert [(row["slug"], row["active_version"]["number"]) for row in listed] == [(live.model.slug, 1)]
    assert client.get(url(live.model)).json()["kind"] == "record_lookup"
    version = client.get(url(live.model, "versions")).json()["results"][0]
    assert version["is_active"] is True
    assert version["metrics"]["tuned"]["slot_exact_match"] == 0.965
    assert version["dataset_version"]["sha256"] == live.dataset_version.content_sha256
    assert version["adapter_sha256"] == live.adapter_sha256


def test_activate_and_roll_back(api, administrator, make_version, engine):
    first, second = make_version(), make_version()
    client = api(administrator)
    for number in (1, 2):
        answer = client.post(url(first.model, "activate"), {"version": number}, format="json")
        assert answer.json()["active_version"]["number"] == number
    assert client.post(url(first.model, "rollback")).json()["active_version"]["id"] == str(first.pk)
    assert second.number == 2


def test_refusals_have_a_code(api, administrator, live):
    client = api(administrator)
    again = client.post(url(live.model, "activate"), {"version": 1}, format="json")
    assert (again.status_code, again.json()["code"]) == (409, "already_active")
    back = client.post(url(live.model, "rollback"))
    assert (back.status_code, back.json()["code"]) == (409, "nothing_before")
    assert client.post(url(live.model, "activate"), {"version": 7}, format="json").status_code == 404
    assert client.post(url(live.model, "activate"), {}, format="json").json()["fields"].keys() == {"version"}


def test_a_version_is_tested_without_touching_history(api, administrator, live, make_version):
    idle = make_version()
    body = {"question": "工行深圳南山支行", "version": idle.number}
    answer = api(administrator).post(url(live.model, "test"), body, format="json").json()
    assert (answer["outcome"], answer["model_version"]) == ("answered", 2)
    assert answer["records"][0]["code"] == "102584002451"
    assert (
        api(administrator).post(url(live.model, "test"), {"question": "x"}, format="json").json()["model_version"] == 1
    )
    assert not Question.objects.exists()


@pytest.mark.parametrize(
    ("method", "verb"),
    [("get", ""), ("get", "versions"), ("post", "activate"), ("post", "rollback"), ("post", "test")],
)
def test_users_and_nobody_are_refused(api, user, live, method, verb):
    assert getattr(api(user), method)(url(live.model, verb)).status_code == 403
    assert getattr(api(), method)(url(live.model, verb)).status_code == 401


def test_an_unknown_model_is_404(api, administrator, live):
    assert api(administrator).get("/api/v1/models/nothing/").status_code == 404


@pytest.mark.parametrize(
    ("verb", "body", "field"),
    [
        ("activate", {"version": "\x00"}, "version"),
        ("test", {"question": "a\x00b"}, "question"),
        ("test", {"question": "x", "version": "\x00"}, "version"),
    ],
)
def test_characters_that_no_database_stores_are_a_400(api, administrator, live, verb, body, field):
    answer = api(administrator).post(url(live.model, verb), body, format="json")
    assert (answer.status_code, list(answer.json()["fields"])) == (400, [field])


def test_a_number_beyond_every_database_is_no_version(api, administrator, live):
    answer = api(administrator).post(url(live.model, "activate"), {"version": 10**30}, format="json")
    assert answer.status_code == 404


def test_a_model_that_was_granted_to_a_user_is_the_only_one_that_he_sees(api, user, make_data, administrator):
    granted, other = (
        services.model_for_dataset(make_data(name=name).dataset, actor=administrator) for name in ("one", "two")
    )
    assign_perm("registry.view_registeredmodel", user, granted)
    client = api(user)
    assert [row["slug"] for row in client.get("/api/v1/models/").json()["results"]] == [granted.slug]
    assert client.get(url(granted)).status_code == 200
    assert client.get(url(other)).status_code == 404
    assert client.post(url(granted, "rollback")).status_code == 403


def test_the_panel_shows_what_is_live(administrator, user, live, make_version):
    from apps.registry.dashboard import panel

    line = panel(administrator)["models"][0]
    assert (line["name"], line["number"], line["slot_exact_match"]) == ("联行号目录", 1, 0.965)
    assert line["activated_at"] == services.RegisteredModel.objects.get().activations.get().created_at
    assert panel(user) == {}
