"""Schemathesis makes up requests from the API's own documentation: no server error, no answer beside the documentation.

In-process, on the test database; every example is taken back. Half of them go to objects that exist.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi import checks

from tests.architecture.addresses import section_of
from tests.architecture.test_access_matrix import Undone

pytestmark = pytest.mark.contract

EXAMPLES = 12
SEED = 20261120
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
    checks.unsupported_method,
]


@pytest.fixture(autouse=True)
def one_connection():
    """A request ends with the closing of its connection; here the test's own transaction is on it."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def operations() -> list[Any]:
    """Return every operation of the documentation as an administrator's schemathesis sees it."""
    from drf_spectacular.generators import SchemaGenerator

    schema = schemathesis.openapi.from_dict(SchemaGenerator().get_schema(public=True))
    schema.app = get_wsgi_application()
    return [result.ok() for result in schema.get_all_operations()]


def try_out(
    operation: Any, *, mode: GenerationMode, world: Any, headers: dict[str, str], counted: Counter[str]
) -> None:
    """Make up requests of one operation, none where nothing about it can be wrong; raises FailureGroup."""
    objects = world.granted
    pk = objects.ids.get(section_of(operation.path.lstrip("/")))

    @seed(SEED)
    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode), exists=st.booleans())
    def holds(case: Any, exists: bool) -> None:
        counted[operation.label] += 1
        if exists and mode is GenerationMode.POSITIVE:
            for name in case.path_parameters or {}:
                case.path_parameters[name] = objects.names.get(name) or pk or case.path_parameters[name]
        try:
            with transaction.atomic():
                answer = case.call(headers=headers)
                case.validate_response(answer, checks=CHECKS, headers=headers)
                raise Undone
        except Undone:
            pass

    with suppress(Unsatisfiable):
        holds()


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("persona", ["administrator", "user"])
def test_api_keeps_what_its_documentation_says(persona, mode, world, monkeypatch):
    monkeypatch.setattr("apps.core.queue._send", lambda *_: None)
    headers = {"Authorization": world.credentials[persona]["headers"]["HTTP_AUTHORIZATION"]}
    broken, counted = {}, Counter()
    for operation in operations():
        try:
            try_out(operation, mode=mode, world=world, headers=headers, counted=counted)
        except FailureGroup as problem:
            broken[operation.label] = str(problem)[:1500]
    assert broken == {}, "\n\n".join(f"{name}\n{told}" for name, told in broken.items())
    assert counted.total() > 3 * len(counted), counted
    print(f"{persona}, {mode.value}: {counted.total()} examples of {len(counted)} operations")
