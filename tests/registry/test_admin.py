from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from apps.qa.models import Question
from apps.registry import services
from apps.registry.models import Activation, ModelVersion

pytestmark = pytest.mark.django_db
MODELS, VERSIONS = "admin:registry_registeredmodel_changelist", "admin:registry_modelversion_changelist"


def activate_url(version) -> str:
    return reverse("admin:registry_modelversion_activate", args=[version.pk])


def rollback_url(model) -> str:
    return reverse("admin:registry_registeredmodel_rollback", args=[model.pk])


def test_lists_open(page, administrator, live):
    client = page(administrator)
    assert "v1" in client.get(reverse(MODELS)).content.decode()
    assert "1.5% → 96.5%" in client.get(reverse(VERSIONS)).content.decode()


def test_a_version_s_base_model_is_read_by_name(page, administrator, live):
    ModelVersion.objects.update(base_model="/srv/bases/small-one")
    client = page(administrator)
    for address in (reverse(VERSIONS), live.get_absolute_url()):
        assert ">small-one</span>" in client.get(address).content.decode()


def test_the_list_of_versions_takes_the_same_queries_however_long(
    page, administrator, make_version, django_assert_max_num_queries
):
    for _ in range(8):
        make_version()
    client = page(administrator)
    with django_assert_max_num_queries(14):
        client.get(reverse(VERSIONS))


def test_a_button_activates_and_the_change_is_logged(page, administrator, make_version, engine):
    version = make_version()
    answer = page(administrator).post(activate_url(version), follow=True)
    version.model.refresh_from_db()
    assert version.is_active
    assert answer.status_code == 200
    assert LogEntry.objects.filter(object_id=str(version.model_id)).exists()
    assert Activation.objects.get().actor == administrator


def test_the_page_of_a_model_offers_the_way_back(page, administrator, make_version, engine):
    first, second = make_version(), make_version()
    for version in (first, second):
        services.activate(version, actor=administrator)
    client = page(administrator)
    html = client.get(first.model.get_absolute_url()).content.decode()
    assert rollback_url(first.model) in html
    assert activate_url(first) in html
    assert activate_url(second) not in html
    client.post(rollback_url(first.model))
    first.model.refresh_from_db()
    assert first.model.active_version == first


def test_a_refusal_is_a_sentence_on_the_page(page, administrator, live):
    answer = page(administrator).post(rollback_url(live.model), follow=True)
    assert [message.level_tag for message in answer.context["messages"]] == ["error"]
    assert Activation.objects.count() == 1


def test_switching_is_a_post(page, administrator, make_version):
    version = make_version()
    client = page(administrator)
    assert client.get(activate_url(version)).status_code == 405
    assert client.get(rollback_url(version.model)).status_code == 405


def test_who_may_only_look_cannot_switch(page, make_user, make_version):
    from django.contrib.auth.models import Permission

    version = make_version()
    auditor = make_user()
    names = ["enter_console", "view_registeredmodel", "view_modelversion"]
    auditor.user_permissions.set(Permission.objects.filter(codename__in=names))
    client = page(auditor)
    assert activate_url(version) not in client.get(version.get_absolute_url()).content.decode()
    assert client.post(activate_url(version)).status_code == 403
    assert client.post(rollback_url(version.model)).status_code == 403
    version.model.refresh_from_db()
    assert not version.is_active


def test_a_user_does_not_enter(page, user, make_version):
    version = make_version()
    assert page(user).get(version.get_absolute_url()).status_code in (302, 403)
    assert page(user).post(activate_url(version)).status_code in (302, 403)
    version.model.refresh_from_db()
    assert not version.is_active


def test_the_page_of_a_version_shows_figures_parameters_and_lineage(page, administrator, live):
    html = page(administrator).get(live.get_absolute_url()).content.decode()
    assert "96.5%" in html
    assert "0.004" in html
    assert live.adapter_sha256 in html
    assert live.dataset_version.content_sha256 in html
    assert reverse("admin:datasets_datasetversion_change", args=[live.dataset_version_id]) in html


def test_a_version_is_read_only(page, administrator, live):
    assert page(administrator).post(live.get_absolute_url(), {"number": 7}).status_code == 403


def test_the_test_screen_answers_through_an_idle_version_and_keeps_nothing(page, administrator, make_version):
    version = make_version()
    answer = page(administrator).get(version.get_absolute_url(), {"question": "工行深圳南山支行"})
    assert "102584002451" in answer.content.decode()
    assert answer.context["test"].model_version == version
    assert not Question.objects.exists()


def test_the_test_screen_shows_what_was_typed_as_text(page, administrator, live):
    html = (
        page(administrator).get(live.get_absolute_url(), {"question": '"><script>alert(1)</script>'}).content.decode()
    )
    assert "<script>alert(1)" not in html


def test_examples_of_the_evaluation_are_shown_as_text(page, administrator, make_version):
    example = {"question": "<i>x</i>", "expected": "{}", "base": "", "tuned": "{}"}
    version = make_version(base={}, tuned={"slot_exact_match": 1}, examples=[example])
    html = page(administrator).get(version.get_absolute_url()).content.decode()
    assert "&lt;i&gt;x&lt;/i&gt;" in html
