from __future__ import annotations

import pytest
from guardian.shortcuts import assign_perm

from apps.training.models import TrainingEvent, TrainingJob
from workers.trainers.configs import PRESETS

pytestmark = pytest.mark.django_db

JOBS = "/api/v1/jobs/"


def test_a_job_is_submitted_from_a_preset_with_own_values_on_top(api, administrator, dataset_version):
    wanted = {"dataset_version": str(dataset_version.pk), "preset": "demo", "parameters": {"r": 4}, "seed": 3}
    answer = api(administrator).post(JOBS, wanted, format="json")
    assert answer.status_code == 201, answer.json()
    body = answer.json()
    assert (body["status"], body["seed"], body["created_by"]) == ("queued", 3, administrator.username)
    assert body["parameters"]["r"] == 4
    assert body["parameters"]["learning_rate"] == PRESETS["demo"].values["learning_rate"]
    assert TrainingJob.objects.get().pk.hex == body["id"].replace("-", "")


def test_a_parameter_outside_its_limits_is_a_400_that_names_it(api, administrator, dataset_version):
    wanted = {"dataset_version": str(dataset_version.pk), "parameters": {"r": 0}}
    answer = api(administrator).post(JOBS, wanted, format="json")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert "r" in str(answer.json()["fields"]["parameters"])


@pytest.mark.parametrize("base", ["/etc", "../../..", "evil-org/evil-model"])
def test_a_base_model_that_is_not_offered_is_a_400_that_names_it(api, administrator, dataset_version, base):
    wanted = {"dataset_version": str(dataset_version.pk), "base_model": base}
    answer = api(administrator).post(JOBS, wanted, format="json")
    assert answer.status_code == 400
    assert "BASE_MODELS" in answer.json()["fields"]["base_model"][0]


def test_every_base_model_of_the_offer_is_accepted_the_default_first(api, administrator, dataset_version, settings):
    offered = api(administrator).get(f"{JOBS}presets").json()["base_models"]
    assert offered[0] == {"value": settings.BASE_MODEL, "label": "mozhu-tiny"}
    assert offered[1] == {"value": "some/base", "label": "some/base"}
    for base in offered:
        wanted = {"dataset_version": str(dataset_version.pk), "base_model": base["value"]}
        assert api(administrator).post(JOBS, wanted, format="json").status_code == 201


def test_a_seed_beyond_what_trainers_take_is_a_400(api, administrator, dataset_version):
    wanted = {"dataset_version": str(dataset_version.pk), "seed": 5_000_000_000}
    answer = api(administrator).post(JOBS, wanted, format="json")
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["seed"])


def test_data_whose_file_vanished_is_a_409(api, administrator, dataset_version):
    dataset_version.rows_file.unlink()
    answer = api(administrator).post(JOBS, {"dataset_version": str(dataset_version.pk)}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "dataset_files_missing")


@pytest.mark.parametrize("body", [{}, {"dataset_version": "no"}, {"dataset_version": None}])
def test_a_job_without_data_is_a_400(api, administrator, body):
    answer = api(administrator).post(JOBS, body, format="json")
    assert answer.status_code == 400
    assert "dataset_version" in answer.json()["fields"]


def test_somebody_who_may_submit_but_does_not_see_the_data_cannot_train_on_it(api, stranger, dataset_version):
    from django.contrib.auth.models import Permission

    stranger.user_permissions.add(Permission.objects.get(codename="add_trainingjob"))
    answer = api(stranger).post(JOBS, {"dataset_version": str(dataset_version.pk)}, format="json")
    assert answer.status_code == 400
    assert not TrainingJob.objects.exists()


def test_jobs_are_listed_newest_first_and_by_status(api, administrator, make_job):
    old, new = make_job("failed", name="old"), make_job(name="new")
    listed = api(administrator).get(JOBS).json()["results"]
    assert [job["id"] for job in listed] == [str(new.pk), str(old.pk)]
    failed = api(administrator).get(JOBS, {"status": "failed"}).json()["results"]
    assert [job["id"] for job in failed] == [str(old.pk)]


def test_a_list_costs_the_same_number_of_queries_whatever_its_length(
    api, administrator, make_job, django_assert_max_num_queries
):
    for _ in range(20):
        make_job("running", step=1, total_steps=2)
    client = api(administrator)
    with django_assert_max_num_queries(8):
        assert len(client.get(JOBS).json()["results"]) == 20


def test_one_job_tells_its_progress(api, administrator, make_job):
    job = make_job("running", step=5, total_steps=10, last_loss=0.25)
    body = api(administrator).get(f"{JOBS}{job.pk}/").json()
    assert (body["percent"], body["last_loss"], body["cancelling"]) == (50, 0.25, False)


def test_cancel_over_the_api(api, administrator, make_job):
    job = make_job()
    answer = api(administrator).post(f"{JOBS}{job.pk}/cancel")
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    again = api(administrator).post(f"{JOBS}{job.pk}/cancel")
    assert (again.status_code, again.json()["code"]) == (409, "already_ended")


def test_events_are_read_page_by_page_with_a_cursor(api, administrator, make_job):
    job = make_job("failed", last_seq=700)
    TrainingEvent.objects.bulk_create(TrainingEvent(job=job, seq=n, kind="log") for n in range(1, 701))
    client, got, after = api(administrator), [], 0
    while True:
        page = client.get(f"{JOBS}{job.pk}/events", {"after": after}).json()
        got += [event["seq"] for event in page["events"]]
        after = page["cursor"]
        if page["ended"]:
            break
    assert got == list(range(1, 701))


@pytest.mark.parametrize("after", ["-1", "soon", "9999999999"])
def test_a_cursor_that_is_no_number_is_a_400(api, administrator, make_job, after):
    assert api(administrator).get(f"{JOBS}{make_job().pk}/events", {"after": after}).status_code == 400


@pytest.mark.parametrize("status", ["unheard-of", "Queued"])
def test_a_status_that_does_not_exist_is_a_400_that_names_it(api, administrator, make_job, status):
    make_job()
    answer = api(administrator).get(JOBS, {"status": status})
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["status"])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("model", "\x00"), ("model", {"slug": "x"}), ("model", ["x"]), ("dataset_version", "\x00"), ("name", "a\x00b"),
        ("base_model", "\x00"), ("preset", "\x00"), ("parameters", {"r": "\x00"}), ("parameters", {"\x00": 1}),
        ("parameters", {"target_modules": ["\x00"]}), ("seed", "\x00"), ("priority", "\x00"),
    ],
)  # fmt: skip
def test_characters_that_no_database_stores_are_a_400_in_every_field(api, administrator, dataset_version, field, value):
    wanted = {"dataset_version": str(dataset_version.pk), field: value}
    answer = api(administrator).post(JOBS, wanted, format="json")
    assert (answer.status_code, list(answer.json()["fields"])) == (400, [field])


def test_a_job_that_was_granted_to_a_user_is_the_only_one_that_he_sees(api, user, make_job):
    granted, other = make_job(), make_job()
    assign_perm("training.view_trainingjob", user, granted)
    client = api(user)
    assert [job["id"] for job in client.get(JOBS).json()["results"]] == [str(granted.pk)]
    assert client.get(f"{JOBS}{granted.pk}/events").status_code == 200
    assert [client.get(f"{JOBS}{other.pk}{verb}").status_code for verb in ("/", "/events")] == [404, 404]
    assert client.post(f"{JOBS}{granted.pk}/cancel").status_code == 403


def test_presets_tell_labels_limits_and_complete_values(api, administrator):
    body = api(administrator).get(f"{JOBS}presets").json()
    rank = next(item for item in body["parameters"] if item["key"] == "r")
    assert (rank["type"], rank["minimum"], rank["maximum"]) == ("integer", 1, 256)
    assert {preset["key"] for preset in body["presets"]} == set(PRESETS)
    assert all(set(preset["values"]) == {item["key"] for item in body["parameters"]} for preset in body["presets"])


@pytest.mark.parametrize(("method", "path"), [
    ("get", ""), ("post", ""), ("get", "presets"), ("get", "{id}/"), ("post", "{id}/cancel"), ("get", "{id}/events"),
])  # fmt: skip
def test_nobody_else_gets_in(api, user, make_job, method, path):
    address = JOBS + path.format(id=make_job().pk)
    assert getattr(api(), method)(address).status_code == 401
    assert getattr(api(user), method)(address).status_code == 403


@pytest.mark.parametrize(("method", "path"), [("get", "/"), ("post", "/cancel"), ("get", "/events")])
def test_a_job_that_one_may_not_see_is_a_404_even_with_the_permission_for_the_view(api, administrator, method, path):
    address = f"{JOBS}00000000-0000-0000-0000-000000000000{path}"
    assert getattr(api(administrator), method)(address).status_code == 404
