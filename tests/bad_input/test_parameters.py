"""Hyperparameters that no training survives, over the API and in the console's form.

Tested elsewhere: one value outside its limits, the base model that is not offered, the seed (tests/training).
"""

from __future__ import annotations

import json

import pytest

from apps.registry.models import RegisteredModel
from apps.training.models import TrainingJob
from apps.training.parameters import parameters
from tests.bad_input.conftest import refused
from tests.training.conftest import base_models, dataset_version, sent  # noqa: F401

pytestmark = pytest.mark.usefixtures("sent")

JOBS = "/api/v1/jobs/"
ABSURD = {
    "not a number": "NaN",
    "infinite": "Infinity",
    "infinite the other way": "-Infinity",
    "1e308": "1e308",
    "beyond every float": "1e400",
    "negative": "-1",
    "a huge integer": "9" * 400,
    "text": '"abc"',
    "text that is a number": '"nan"',
    "a list": "[1]",
    "an object": '{"a": 1}',
    "nothing": "null",
    "yes": "true",
}
NAMES = [one.key for one in parameters()]
NUMBERS = [one.key for one in parameters() if one.type != "choices"]


@pytest.mark.parametrize("value", ABSURD.values(), ids=ABSURD)
def test_absurd_value_is_refused_for_every_parameter(value, api, administrator, dataset_version):  # noqa: F811
    for name in NAMES:
        body = json.dumps({"dataset_version": str(dataset_version.pk), "parameters": {name: "?"}}).replace('"?"', value)
        answer = api(administrator).generic("POST", JOBS, body, content_type="application/json")
        assert answer.status_code == 400, (name, value, answer.content[:200])
        refused(answer)
    assert not TrainingJob.objects.exists()
    assert not RegisteredModel.objects.exists()


@pytest.mark.parametrize(
    "value", ["NaN", "Infinity", "-1", "1e308", "9" * 400, "abc", "", "[1]", "１２e", "0x10", "--1"]
)
def test_absurd_value_stays_in_the_form_with_a_sentence(value, page, administrator, dataset_version):  # noqa: F811
    client = page(administrator)
    opened = client.get("/admin/training/trainingjob/add/")
    good = {name: field.initial for name, field in opened.context["adminform"].form.fields.items()}
    good = {name: value for name, value in good.items() if value is not None}
    good |= {"dataset_version": str(dataset_version.pk), "name": "job"}
    for name in NUMBERS:
        answer = client.post("/admin/training/trainingjob/add/", good | {name: value})
        assert answer.status_code == 200, f"{name}={value!r} was taken"
        assert answer.context["adminform"].form.errors[name], name
    assert not TrainingJob.objects.exists()


@pytest.mark.parametrize(
    "extra",
    [
        {"parameters": {"no_such_parameter": 1}}, {"parameters": {"__class__": "x"}}, {"parameters": []},
        {"parameters": "x"}, {"preset": "nothing"}, {"preset": ["quick"]}, {"seed": "NaN"}, {"seed": 10**400},
        {"seed": -1}, {"priority": 10**30}, {"priority": "high"}, {"name": "x" * 10_000}, {"name": "a\x00b"},
        {"base_model": "../../etc"}, {"base_model": "https://evil.example/model"}, {"base_model": "/etc/passwd"},
        {"dataset_version": "x"}, {"dataset_version": 1}, {"dataset_version": [1]}, {"model": {"a": 1}},
    ],
    ids=str,
)  # fmt: skip
def test_order_for_a_job_that_makes_no_sense_is_refused(extra, api, administrator, dataset_version):  # noqa: F811
    order = {"dataset_version": str(dataset_version.pk), **extra}
    answer = api(administrator).generic("POST", JOBS, json.dumps(order), content_type="application/json")
    refused(answer)
    assert not TrainingJob.objects.exists()
