"""Why a job failed, as people read it: on the page, in the list, and in what the script of the page is given."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation

from apps.training import failures, screens
from apps.training.queue import HEARTBEAT_LOST
from workers.trainers import errors

ROOT = Path(__file__).resolve().parents[2]
LIST = "/admin/training/trainingjob/"


def codes_of_the_source() -> set[str]:
    found = {HEARTBEAT_LOST} | {error.code for error in errors.TrainerError.__subclasses__()}
    for name in ("workers/tasks/supervisor.py", "workers/tasks/training.py", "workers/trainers/__main__.py"):
        found |= set(re.findall(r'(?:"code": |code=)"(\w+)"', (ROOT / name).read_text(encoding="utf-8")))
    return found


def test_every_code_that_a_job_can_fail_with_is_explained_and_no_other():
    assert codes_of_the_source() == set(failures.FAILURES)


@pytest.mark.parametrize("code", failures.FAILURES)
def test_every_failure_has_a_title_and_a_remedy(code):
    with translation.override("en"):
        assert failures.title(code).endswith(".")
        assert failures.remedy(code).endswith(".")


@pytest.mark.django_db
def test_a_code_of_a_later_trainer_is_named_and_its_own_remedy_shown(make_job):
    job = make_job("failed", error_code="new_kind", remedy="Do this.")
    assert screens.live_context(job)["problem"] == {"title": "new_kind", "remedy": "Do this."}


@pytest.mark.django_db
@pytest.mark.parametrize("language", [code for code, _name in settings.LANGUAGES])
def test_page_list_and_script_say_the_same_in_the_reader_s_language(page, administrator, make_job, language):
    job = make_job("failed", error_code="out_of_memory", error_message="memory ran out", remedy="An English remedy.")
    client = page(administrator)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    with translation.override(language):
        title, remedy = failures.title(job.error_code), failures.remedy(job.error_code)
        assert screens.live_words()["problems"][job.error_code] == {"title": title, "remedy": remedy}
    html = client.get(job.get_absolute_url()).content.decode()
    assert f'<b data-live="problem-title">{title}</b>' in html
    assert f'<span data-live="problem-remedy">{remedy}</span>' in html
    assert '<code data-live="problem-detail">memory ran out</code>' in html
    assert "An English remedy." not in html
    assert title in client.get(LIST).content.decode()


@pytest.mark.parametrize("name", ["workers/tasks", "apps/training/queue.py", "apps/training/ending.py"])
def test_what_a_worker_writes_into_a_row_is_in_no_reader_s_language(name):
    path = ROOT / name
    for file in [path] if path.is_file() else path.glob("*.py"):
        assert "gettext" not in file.read_text(encoding="utf-8")
