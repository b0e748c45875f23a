"""Switching while people ask: no question fails, and no answer mixes two versions."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from apps.datasets.models import Dataset
from apps.qa import services
from apps.qa.models import Question
from apps.registry import services as registry

ASKERS = 4
SWITCHES = 12


@pytest.mark.django_db(transaction=True)
def test_no_question_fails_and_none_mixes_versions_while_models_and_data_switch(
    make_data, make_version, make_user, administrator, engine
):
    """Each data version gives the branch another code, so an answer shows from which data it came."""
    codes = ["102584000001", "102584000002"]
    datas = [make_data([("中国工商银行股份有限公司深圳南山支行", code, "")]) for code in codes]
    code_of = {version.pk: code for version, code in zip(datas, codes, strict=True)}
    versions = [make_version(dataset_version=datas[0]), make_version(dataset_version=datas[0])]
    registry.activate(versions[0], actor=administrator)
    users = [make_user("user") for _ in range(ASKERS)]
    problems: list[BaseException] = []
    stop = threading.Event()

    def keep_asking(user) -> None:
        try:
            while not stop.is_set():
                services.ask("工行深圳南山支行的联行号", user=user)
        except Exception as error:  # noqa: BLE001  (shown by the assertion below)
            problems.append(error)
        finally:
            connection.close()

    askers = [threading.Thread(target=keep_asking, args=(user,)) for user in users]
    for asker in askers:
        asker.start()
    for turn in range(SWITCHES):
        registry.activate(versions[(turn + 1) % 2], actor=administrator)
        Dataset.objects.filter(pk=datas[0].dataset_id).update(active_version=datas[turn % 2])
    stop.set()
    for asker in askers:
        asker.join(30)

    assert problems == []
    answers = Question.objects.all()
    assert answers.count() >= ASKERS
    assert {answer.outcome for answer in answers} == {"answered"}
    for answer in answers:
        assert answer.records[0]["code"] == code_of[answer.dataset_version_id]
    assert services.ask("工行深圳南山支行", user=users[0]).model_version == versions[SWITCHES % 2]
