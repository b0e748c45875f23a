"""What every refusal must have in common: a status that fits, a sentence, and nothing left behind."""

from __future__ import annotations

import pytest
from django.conf import settings

from tests.datasets.conftest import dataset, imported, own_files, upload  # noqa: F401

BAD_WORDS = ("Traceback", "Exception", "/work/", "site-packages", "None", "Errno")


def is_a_sentence(text: str) -> bool:
    """Return whether a person can read this: long enough, ends as a sentence does, shows nothing from the inside."""
    return len(text) >= 4 and text.rstrip()[-1] in "。.!?!?)”" and not any(word in text for word in BAD_WORDS)


def refused(answer, status: int = 400, *, field: str = "", code: str = "") -> dict:
    """Assert that the API refuses in its one shape; return the body."""
    assert answer.status_code == status, (answer.status_code, answer.content[:300])
    body = answer.json()
    assert set(body) <= {"code", "detail", "fields", "values"}, body
    assert is_a_sentence(body["detail"]), body
    if field:
        assert is_a_sentence(str(first(body["fields"][field]))), body
    if code:
        assert body["code"] == code, body
    return body


def first(said):
    """Return what is said of a field first: a rule of ours says one sentence, a serializer a list of them."""
    return first(said[0]) if isinstance(said, list) else said


def files_of_versions() -> set[str]:
    """Return the names of all files that versions have on the disk."""
    root = settings.VAR_DIR / "datasets"
    return {path.name for path in root.rglob("*") if path.is_file()} if root.exists() else set()


@pytest.fixture
def nothing_left(dataset):  # noqa: F811
    """After the test there is neither a row nor a file nor a folder of a version."""
    yield
    from apps.datasets.models import DatasetVersion

    root = settings.VAR_DIR / "datasets"
    assert not DatasetVersion.objects.exists()
    assert not root.exists() or list(root.iterdir()) == []
