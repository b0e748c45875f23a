from __future__ import annotations

import hashlib

import pytest

from apps.audit.models import AuditEntry
from apps.core.errors import DomainError
from apps.datasets import services as datasets
from apps.registry import services
from apps.registry.models import Activation, ModelVersion, RegisteredModel
from apps.registry.plugins import record_lookup

pytestmark = pytest.mark.django_db


def code_of(problem) -> str:
    return problem.value.code


def test_a_dataset_has_one_model_which_is_made_at_the_first_call(data, administrator):
    first = services.model_for_dataset(data.dataset, actor=administrator)
    again = services.model_for_dataset(data.dataset, actor=administrator)
    assert first == again
    assert (first.name, first.created_by) == ("联行号目录", administrator)
    assert first.slug == "model"  # nothing of a Chinese name is left in a slug


def test_two_datasets_whose_names_give_the_same_slug_get_two(make_data, administrator):
    slugs = {
        services.model_for_dataset(make_data(name=name).dataset, actor=administrator).slug
        for name in ("Bank branches", "bank  branches")
    }
    assert len(slugs) == 2
    assert "bank-branches" in slugs


def test_registering_copies_the_adapter_and_counts_up(make_version):
    first, second = make_version(b"one"), make_version(b"two")
    assert (first.number, second.number) == (1, 2)
    assert (second.adapter_directory / "adapter_model.safetensors").read_bytes() == b"two"
    assert sorted(path.name for path in second.adapter_directory.iterdir()) == [
        "README.md",
        "adapter_config.json",
        "adapter_model.safetensors",
    ]
    assert second.adapter_sha256 == hashlib.sha256(b"two").hexdigest()


def register(data, administrator, folder, sha256):
    return services.register_version(
        model=services.model_for_dataset(data.dataset, actor=administrator),
        dataset_version=data,
        adapter_dir=folder,
        adapter_sha256=sha256,
        base_model="mozhu-tiny",
        parameters={},
        metrics={},
        actor=administrator,
    )


def nothing_is_left(settings) -> bool:
    folder = settings.VAR_DIR / "models"
    return not ModelVersion.objects.exists() and not (folder.exists() and any(folder.iterdir()))


def test_an_adapter_with_another_hash_is_refused_and_leaves_nothing(data, administrator, make_adapter, settings):
    folder, _sha256 = make_adapter()
    with pytest.raises(DomainError) as problem:
        register(data, administrator, folder, "0" * 64)
    assert code_of(problem) == "adapter_changed"
    assert nothing_is_left(settings)


@pytest.mark.parametrize("name", ["adapter_model.bin", "payload.pt", "run.py", "optimizer.pkl"])
def test_anything_that_could_run_is_refused(data, administrator, make_adapter, settings, name):
    folder, sha256 = make_adapter()
    (folder / name).write_bytes(b"x")
    with pytest.raises(DomainError) as problem:
        register(data, administrator, folder, sha256)
    assert code_of(problem) == "adapter_unsafe"
    assert nothing_is_left(settings)


def test_a_link_out_of_the_folder_is_refused(data, administrator, make_adapter, settings, tmp_path):
    folder, sha256 = make_adapter()
    (tmp_path / "secret.json").write_text("{}")
    (folder / "extra.json").symlink_to(tmp_path / "secret.json")
    with pytest.raises(DomainError) as problem:
        register(data, administrator, folder, sha256)
    assert code_of(problem) == "adapter_unsafe"


@pytest.mark.parametrize("name", ["adapter_model.safetensors", "adapter_config.json"])
def test_an_incomplete_adapter_is_refused(data, administrator, make_adapter, settings, name):
    folder, sha256 = make_adapter()
    (folder / name).unlink()
    with pytest.raises(DomainError) as problem:
        register(data, administrator, folder, sha256)
    assert code_of(problem) == "adapter_missing"
    assert nothing_is_left(settings)


def test_activating_is_logged_with_what_was_before(make_version, administrator, engine):
    first, second = make_version(), make_version()
    services.activate(first, actor=administrator)
    model = services.activate(second, actor=administrator)
    assert model.active_version == second
    last = Activation.objects.first()
    assert (last.version, last.previous, last.kind, last.actor) == (second, first, "activate", administrator)


def test_the_active_version_cannot_be_activated_again(live, administrator):
    with pytest.raises(DomainError) as problem:
        services.activate(live, actor=administrator)
    assert code_of(problem) == "already_active"
    assert Activation.objects.count() == 1


def test_a_version_whose_file_was_changed_on_disk_is_not_activated(make_version, administrator):
    version = make_version()
    (version.adapter_directory / "adapter_model.safetensors").write_bytes(b"other")
    with pytest.raises(DomainError) as problem:
        services.activate(version, actor=administrator)
    assert code_of(problem) == "adapter_changed"
    assert RegisteredModel.objects.get().active_version is None


def test_rolling_back_twice_goes_two_steps_back(make_version, administrator, engine):
    first, second, third = make_version(), make_version(), make_version()
    for version in (first, second, third):
        services.activate(version, actor=administrator)
    assert services.roll_back(first.model, actor=administrator).active_version == second
    assert services.roll_back(first.model, actor=administrator).active_version == first
    kinds = list(Activation.objects.order_by("id").values_list("kind", flat=True))
    assert kinds == ["activate"] * 3 + ["rollback"] * 2


def test_after_a_rollback_another_activation_can_be_rolled_back_too(make_version, administrator, engine):
    first, second, third = make_version(), make_version(), make_version()
    services.activate(first, actor=administrator)
    services.activate(second, actor=administrator)
    services.roll_back(first.model, actor=administrator)
    services.activate(third, actor=administrator)
    assert services.roll_back(first.model, actor=administrator).active_version == first


def test_the_first_version_cannot_be_rolled_back(live, administrator):
    with pytest.raises(DomainError) as problem:
        services.roll_back(live.model, actor=administrator)
    assert code_of(problem) == "nothing_before"


def test_the_next_question_is_answered_by_the_new_version(make_version, administrator, engine):
    first, second = make_version(), make_version()
    services.activate(first, actor=administrator)
    assert services.answer("工行深圳南山支行", model=RegisteredModel.objects.live().get()).model_version == first
    services.activate(second, actor=administrator)
    assert services.answer("工行深圳南山支行", model=RegisteredModel.objects.live().get()).model_version == second


def test_the_next_question_is_answered_from_the_new_data(live, make_data, administrator):
    def answered():
        found = services.answer("工行深圳南山支行", model=RegisteredModel.objects.live().get())
        return found.records[0]["code"], found.dataset_version.number

    assert answered() == ("102584002451", 1)
    newer = make_data([("中国工商银行股份有限公司深圳南山支行", "102584009999", "")])
    datasets.activate(newer, actor=administrator)
    assert answered() == ("102584009999", 2)


def test_a_model_without_an_active_version_does_not_answer(make_version):
    version = make_version()
    with pytest.raises(DomainError) as problem:
        services.answer("工行深圳南山支行", model=version.model)
    assert code_of(problem) == "no_active_version"


def test_a_damaged_index_is_said_in_words(live, data):
    (data.index_directory / "cells.npy").write_bytes(b"")
    with pytest.raises(DomainError) as problem:
        services.answer("工行深圳南山支行", model=RegisteredModel.objects.live().get())
    assert code_of(problem) == "index_damaged"


def test_answering_with_a_live_row_costs_no_further_query(live, django_assert_num_queries):
    model = RegisteredModel.objects.live().get()
    with django_assert_num_queries(0):
        services.answer("工行深圳南山支行", model=model)


def test_a_process_can_be_made_ready_before_its_first_question(live, engine):
    engine.known.clear()
    record_lookup.open_index.cache_clear()
    services.prepare_live()
    assert record_lookup.open_index.cache_info().currsize == 1
    assert str(live.pk) in engine.known


def test_what_answers_and_who_decided_it_stands_in_the_audit_trail(make_version, administrator, user):
    first, second = make_version(b"one"), make_version(b"two")
    services.activate(first, actor=administrator)
    services.activate(second, actor=administrator)
    services.roll_back(second.model, actor=user)
    entries = AuditEntry.objects.filter(object_type="registry.modelversion").order_by("seq")
    assert [(entry.action, entry.object_id) for entry in entries] == [
        ("model_version.registered", str(first.pk)),
        ("model_version.registered", str(second.pk)),
        ("model_version.activated", str(first.pk)),
        ("model_version.activated", str(second.pk)),
        ("model_version.rolled_back", str(first.pk)),
    ]
    last = entries.last()
    assert (last.actor, last.before, last.after) == (
        user,
        {"active_version": str(second)},
        {"active_version": str(first)},
    )
