"""A world with two of each object, and everybody who may come to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from guardian.shortcuts import assign_perm

from tests.architecture.addresses import Address, fill, section_of
from tests.training.conftest import dataset_version, make_job, model, sent  # noqa: F401

SECRET = "Geheimsache"
"""Stands in everything that nobody but its owner and administrators may ever read."""

QUESTION = "Vertrauliche Frage"
"""What `user` asked the model that was shared with others."""


@dataclass
class Objects:
    """One of each: what the addresses name. `ids` by section of the URL table, `names` by name of the parameter."""

    job: Any
    ids: dict[Any, Any]
    names: dict[str, Any]

    def path(self, route: str) -> str:
        return fill(route, given=self.names, pk=self.ids.get(section_of(route)))


@dataclass
class World:
    """`granted` is what was shared with the granted personas and what `user` owns, `foreign` concerns none of them."""

    users: dict[str, Any]
    granted: Objects
    foreign: Objects
    credentials: dict[str, dict[str, Any]]

    def caller(self, persona: str, address: Address, *, by_session: bool = False) -> Client:
        """Return a client of this persona: with a token for the API (or, if wished, a session), else with a session."""
        held = self.credentials[persona]
        caller = Client(raise_request_exception=False)
        if address.is_api and not by_session:
            caller.defaults |= held["headers"]
        else:
            caller.cookies.load(held["cookies"])
        return caller


@pytest.fixture
def world(dataset_version, make_job, model, administrator, make_user, user, stranger, sent, api):  # noqa: F811
    from apps.datasets.models import Dataset, DatasetVersion
    from apps.registry.services import model_for_dataset
    from apps.users.units import add_member, create_unit

    Dataset.objects.filter(pk=dataset_version.dataset_id).update(active_version=dataset_version)
    users = {
        "anonymous": None,
        "user": user,
        "other": stranger,
        "administrator": administrator,
        "may_use": make_user("user", username="uma"),
        "may_manage": make_user("user", username="max"),
        "unit_manager": make_user("user", username="uli"),
        "deactivated": make_user("administrator", username="dora"),
    }
    unit = create_unit(name="Branch", parent=None, actor=administrator)
    add_member(unit, users["unit_manager"], is_manager=True, actor=administrator)
    add_member(unit, user, actor=administrator)

    secret = Dataset.objects.create(name=SECRET, schema=dataset_version.dataset.schema, created_by=administrator)
    secret_version = DatasetVersion.objects.create(
        dataset=secret, number=7, source_name=f"{SECRET}.csv", source_bytes=1, source_sha256="1" * 64,
        created_by=administrator,
    )  # fmt: skip
    secret_model = model_for_dataset(secret, actor=administrator)
    secret_job = make_job(dataset_version=secret_version, model=secret_model, name=SECRET)
    granted = objects_of(dataset_version, model, make_job(), person=user, unit=unit, question=QUESTION)
    foreign = objects_of(
        secret_version, secret_model, secret_job, person=administrator, question=SECRET,
        unit=create_unit(name=SECRET, parent=None, actor=administrator),
    )  # fmt: skip
    for number, persona in enumerate(("may_use", "may_manage")):
        for row in (dataset_version.dataset, model, granted.job):
            for codename in row.LEVELS[number].permissions:
                assign_perm(f"{row._meta.app_label}.{codename}", users[persona], row)
    credentials = {persona: credentials_of(person, api) for persona, person in users.items()}
    users["deactivated"].is_active = False
    users["deactivated"].save()
    sent.clear()
    return World(users, granted, foreign, credentials)


def credentials_of(person: Any, api: Any) -> dict[str, Any]:
    """Return what proves who somebody is: the header of a program, the cookies of a browser."""
    browser = Client()
    if person is not None:
        browser.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return {"headers": dict(api(person)._credentials), "cookies": browser.cookies.output(header="", sep=";")}


def objects_of(version: Any, registered: Any, job: Any, *, person: Any, unit: Any, question: str) -> Objects:
    from apps.qa.models import Question
    from apps.registry.models import ModelVersion
    from apps.users.keys import make_key
    from apps.users.models import Role

    model_version = ModelVersion.objects.create(
        model=registered, number=1, base_model="b", dataset_version=version, adapter_sha256="0" * 64,
        created_by=version.created_by,
    )  # fmt: skip
    asked = Question.objects.create(
        asked_by=person, text=question, outcome="not_found", decided_by="rules", model=registered,
        model_version=model_version, dataset_version=version, latency_ms=1.0,
    )  # fmt: skip
    return Objects(
        job=job,
        names={
            "slug": registered.slug,
            "number": version.number,
            "app_label": version._meta.app_label,
            "kind": "person",
            "holder": 999_999,
            "user": 999_999,
        },
        ids={
            "datasets": version.dataset.pk,
            "jobs": job.pk,
            "answers": asked.pk,
            "unit": unit.pk,
            ("datasets", "dataset"): version.dataset.pk,
            ("datasets", "datasetversion"): version.pk,
            ("training", "trainingjob"): job.pk,
            ("registry", "registeredmodel"): registered.pk,
            ("registry", "modelversion"): model_version.pk,
            ("qa", "question"): asked.pk,
            ("users", "user"): person.pk,
            ("users", "unit"): unit.pk,
            ("users", "apikey"): make_key(name=question, scopes=["ask"], days=1, owner=person)[0].pk,
            ("users", "role"): Role.objects.get(name=Role.USER).pk,
        },
    )
