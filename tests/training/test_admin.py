from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from apps.training.dashboard import panel
from apps.training.forms import FIELDSETS
from apps.training.models import TrainingJob
from workers.trainers.configs import PRESETS

pytestmark = pytest.mark.django_db

LIST = "/admin/training/trainingjob/"
ADD = f"{LIST}add/"


@pytest.fixture
def order(dataset_version):
    """What the form sends when only the data is chosen: the demo preset's values, as a browser fills them in."""
    from apps.training.parameters import presets

    values = next(preset["values"] for preset in presets() if preset["key"] == "demo")
    return {
        **values,
        "dataset_version": str(dataset_version.pk),
        "name": "",
        "base_model": "some/base",
        "seed": 42,
        "priority": 0,
        "preset": "demo",
    }


def test_the_form_has_a_field_with_label_and_limits_for_every_parameter(page, administrator, dataset_version):
    html = page(administrator).get(ADD).content.decode()
    for names in FIELDSETS:
        for line in names[1]["fields"]:
            for name in line if isinstance(line, tuple) else (line,):
                assert f'name="{name}"' in html
    assert 'max="256"' in html
    assert "Branches v1" in html
    assert "<textarea" not in html


def test_an_order_from_the_form_becomes_a_job_of_the_preset(page, administrator, order, sent):
    answer = page(administrator).post(ADD, order)
    job = TrainingJob.objects.get()
    assert answer.headers["Location"] == job.get_absolute_url()
    assert job.parameters["learning_rate"] == PRESETS["demo"].values["learning_rate"]
    assert (job.created_by, job.base_model, job.seed) == (administrator, "some/base", 42)
    assert "Branches v1" in job.name


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("r", "0"),
        ("learning_rate", "0"),
        ("learning_rate", "nan"),
        ("target_modules", []),
        ("max_length", "x"),
        ("seed", "-1"),
        ("seed", "5000000000"),
        ("priority", "101"),
        ("base_model", "/etc"),
        ("base_model", "evil-org/evil-model"),
    ],
)
def test_a_wrong_value_is_shown_at_its_field_and_makes_no_job(page, administrator, order, field, value):
    answer = page(administrator).post(ADD, order | {field: value})
    assert answer.status_code == 200
    assert field in answer.context["adminform"].form.errors
    assert not TrainingJob.objects.exists()


def test_base_models_are_offered_by_name_and_a_refusal_names_the_setting(page, administrator, order, settings):
    settings.BASE_MODEL = "/srv/bases/small-one"
    client = page(administrator)
    chooser = client.get(ADD).context["adminform"].form["base_model"]
    assert chooser.value() == "/srv/bases/small-one"
    assert chooser.field.choices == [("/srv/bases/small-one", "small-one"), ("some/base", "some/base")]
    answer = client.post(ADD, order | {"base_model": "/etc"})
    assert "BASE_MODELS" in str(answer.context["adminform"].form.errors["base_model"])


def test_a_job_s_page_shows_the_base_model_by_name(page, administrator, make_job):
    job = make_job(base_model="/srv/bases/small-one")
    assert ">small-one</span>" in page(administrator).get(job.get_absolute_url()).content.decode()


def test_a_draft_is_not_offered(page, administrator, order, dataset_version):
    type(dataset_version).objects.update(status="draft")
    answer = page(administrator).post(ADD, order)
    assert "dataset_version" in answer.context["adminform"].form.errors


def test_data_whose_file_vanished_is_a_message(page, administrator, order, dataset_version):
    dataset_version.rows_file.unlink()
    answer = page(administrator).post(ADD, order, follow=True)
    assert ["Branches v1" in str(message) for message in answer.context["messages"]] == [True]
    assert not TrainingJob.objects.exists()


@pytest.mark.parametrize("status", ["queued", "starting", "running", "succeeded", "failed", "cancelled"])
def test_the_live_page_opens_in_every_status_and_has_no_field_to_edit(page, administrator, make_job, status):
    job = make_job(status, error_code="x" if status == "failed" else "", error_message="Broken <b>here</b>")
    html = page(administrator).get(job.get_absolute_url()).content.decode()
    assert f'data-socket="/ws/training/jobs/{job.pk}/"' in html
    assert "<b>here</b>" not in html
    assert 'name="_save"' not in html
    assert 'name="base_model"' not in html


def test_the_live_page_costs_few_queries(page, administrator, make_job, django_assert_max_num_queries):
    job, client = make_job("running"), page(administrator)
    with django_assert_max_num_queries(12):
        client.get(job.get_absolute_url())


def test_the_list_costs_the_same_number_of_queries_whatever_its_length(
    page, administrator, make_job, django_assert_max_num_queries
):
    for n in range(20):
        make_job("running", name=f"job {n}", step=n, total_steps=20)
    client = page(administrator)
    with django_assert_max_num_queries(16):
        html = client.get(LIST).content.decode()
    assert "job 19" in html
    assert "95 %" in html


@pytest.mark.parametrize("query", ["?q=Branches", "?status__exact=running", "?created_at__year=2026"])
def test_the_list_is_searched_and_filtered(page, administrator, make_job, query):
    make_job("running")
    assert page(administrator).get(LIST + query).status_code == 200


def test_cancel_is_a_button_that_posts_and_is_logged(page, administrator, make_job):
    job = make_job()
    address = reverse("admin:training_trainingjob_cancel", args=[job.pk])
    client = page(administrator)
    assert client.get(address).status_code == 405
    assert client.post(address).headers["Location"] == job.get_absolute_url()
    job.refresh_from_db()
    assert job.status == "cancelled"
    assert LogEntry.objects.filter(object_id=job.pk, user=administrator).exists()


def test_cancelling_an_ended_job_is_a_message(page, administrator, make_job):
    job = make_job("succeeded")
    answer = page(administrator).post(reverse("admin:training_trainingjob_cancel", args=[job.pk]), follow=True)
    assert answer.status_code == 200
    assert [message.level_tag for message in answer.context["messages"]] == ["error"]


def test_nothing_can_be_changed_or_deleted(page, administrator, make_job):
    job = make_job()
    client = page(administrator)
    assert client.post(job.get_absolute_url(), {"name": "other"}).status_code == 403
    assert client.post(f"{LIST}{job.pk}/delete/", {"post": "yes"}).status_code == 403
    job.refresh_from_db()
    assert job.name == "a job"


@pytest.mark.parametrize("address", [LIST, ADD, "{job}", "{cancel}"])
def test_an_ordinary_user_gets_nowhere(page, user, make_job, address):
    job = make_job()
    cancel = reverse("admin:training_trainingjob_cancel", args=[job.pk])
    answer = page(user).post(address.format(job=job.get_absolute_url(), cancel=cancel))
    assert answer.status_code in {302, 403}
    job.refresh_from_db()
    assert job.status == "queued"


def test_the_dashboard_counts_and_lists(administrator, make_job):
    assert panel(administrator)["training"]["is_empty"]
    running = make_job("running", step=1, total_steps=4, eta_seconds=9.0)
    for _ in range(6):
        make_job("failed")
    told = panel(administrator)["training"]
    assert (told["counts"]["running"], told["counts"]["failed"], told["counts"]["queued"]) == (1, 6, 0)
    assert told["running"] == [
        {
            "name": running.name,
            "percent": 25,
            "eta_seconds": 9.0,
            "url": running.get_absolute_url(),
            "status": "running",
        }
    ]
    assert len(told["recent"]) == 5
    assert not told["is_empty"]


def test_the_dashboard_tells_an_ordinary_user_nothing(user, make_job):
    make_job()
    assert panel(user) == {}
