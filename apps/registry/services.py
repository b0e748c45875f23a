"""Verbs of the registry: register what was trained, switch what answers, answer."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Max
from django.utils.text import slugify
from django.utils.translation import gettext as _

from apps.audit.services import record
from apps.core.errors import DomainError
from apps.registry import adapters
from apps.registry.answers import Answer, Plugin
from apps.registry.models import KINDS, Activation, ModelVersion, RegisteredModel, version_directory

QUESTION_LENGTH_MAX = 2000
_ACTS = {
    Activation.Kind.ACTIVATE: "model_version.activated",
    Activation.Kind.ROLLBACK: "model_version.rolled_back",
}


def model_for_dataset(dataset: Any, *, actor: Any) -> RegisteredModel:
    """Return the dataset's model, made at the first call."""
    with transaction.atomic():
        model, is_new = RegisteredModel.objects.get_or_create(
            dataset=dataset,
            kind="record_lookup",
            defaults={"name": dataset.name, "slug": _free_slug(dataset), "created_by": actor},
        )
        if is_new:
            record("registered_model.created", actor=actor, target=model, after={"dataset": dataset.name})
    return model


def register_version(*, adapter_dir: Path, **lineage: Any) -> ModelVersion:
    """Prepare a version and save it at once; for adapters that no training job brings. See `prepare_version`."""
    version = prepare_version(adapter_dir=adapter_dir, **lineage)
    with ExitStack() as undo:
        undo.callback(discard_version, version.pk)
        with transaction.atomic():
            save_version(version)
        undo.pop_all()
    return version


def prepare_version(
    *,
    model: RegisteredModel,
    dataset_version: Any,
    adapter_dir: Path,
    adapter_sha256: str,
    base_model: str,
    parameters: Mapping[str, Any],
    metrics: Mapping[str, Any],
    actor: Any,
    version_id: UUID | None = None,
) -> ModelVersion:
    """Copy a trained adapter into the registry and return its version, not saved yet: no transaction waits for files.

    The caller ends with `save_version` or, failing that, `discard_version`. `adapter_sha256` is of
    `adapter_model.safetensors`, as the trainer reported it; the copy must have it. Nothing is left behind on refusal.
    Raises DomainError: adapter_missing, adapter_changed, adapter_unsafe.
    """
    version = ModelVersion(
        id=version_id or uuid4(),
        model=model,
        dataset_version=dataset_version,
        base_model=base_model,
        adapter_sha256=adapter_sha256,
        parameters=dict(parameters),
        metrics=dict(metrics),
        created_by=actor,
    )
    with ExitStack() as undo:
        undo.callback(shutil.rmtree, version_directory(version.pk), ignore_errors=True)
        adapters.store(adapter_dir, target=version.adapter_directory, sha256=adapter_sha256)
        undo.pop_all()
    return version


def save_version(version: ModelVersion) -> None:
    """Give a prepared version its model's next number, in the caller's transaction. Safe to repeat after a rollback."""
    model = _locked(version.model_id)  # two registrations take two numbers
    version.number = (model.versions.aggregate(last=Max("number"))["last"] or 0) + 1
    version.save(force_insert=True)
    lineage = {"dataset_version": str(version.dataset_version), "base_model": version.base_model}
    facts = lineage | {"adapter_sha256": version.adapter_sha256}
    record("model_version.registered", actor=version.created_by, target=version, after=facts)


def discard_version(version_id: UUID) -> None:
    """Remove the files of a version that was never saved; those of a saved one stay."""
    if not ModelVersion.objects.filter(pk=version_id).exists():
        shutil.rmtree(version_directory(version_id), ignore_errors=True)


def activate(version: ModelVersion, *, actor: Any) -> RegisteredModel:
    """Let this version answer from the next question on, in every process.

    Raises DomainError: already_active, adapter_missing, adapter_changed.
    """
    adapters.check(version.adapter_directory, sha256=version.adapter_sha256)
    with transaction.atomic():
        model = _locked(version.model_id)
        if model.active_version_id == version.pk:
            raise DomainError("already_active", _("This version is active already."))
        _switch(model, to=version, kind=Activation.Kind.ACTIVATE, actor=actor)
    return model


def roll_back(model: RegisteredModel, *, actor: Any) -> RegisteredModel:
    """Return to what answered before the present version was activated.

    Rolling back twice goes two steps back, not forth and back. Raises DomainError: nothing_before, adapter_missing,
    adapter_changed.
    """
    with transaction.atomic():
        model = _locked(model.pk)
        before = live_before(model)
        if before is None:
            raise DomainError(
                "nothing_before", _("No other version was active before: there is nothing to roll back to.")
            )
        adapters.check(before.adapter_directory, sha256=before.adapter_sha256)
        _switch(model, to=before, kind=Activation.Kind.ROLLBACK, actor=actor)
    return model


def live_before(model: RegisteredModel) -> ModelVersion | None:
    """Return the version that a rollback leads to: the log is replayed, an activation pushes, a rollback pops."""
    stack: list[Any] = []
    for kind, version_id in model.activations.order_by("id").values_list("kind", "version_id"):
        if kind == Activation.Kind.ROLLBACK:
            stack.pop()
        else:
            stack.append(version_id)
    return ModelVersion.objects.get(pk=stack[-2]) if len(stack) > 1 else None


def checked_question(text: str) -> str:
    """Return the question without what no database keeps; raises DomainError("invalid") for an empty or endless one."""
    text = text.replace("\x00", "").strip()
    if not text:
        raise _invalid_question(_("Please type a question."))
    if len(text) > QUESTION_LENGTH_MAX:
        raise _invalid_question(
            _("The question has %(length)s characters; at most %(limit)s are possible. Please ask shorter.")
            % {"length": f"{len(text):,}", "limit": f"{QUESTION_LENGTH_MAX:,}"}
        )
    return text


def _invalid_question(sentence: str) -> DomainError:
    return DomainError("invalid", sentence, fields={"question": sentence})


def answer(question: str, *, model: RegisteredModel | None = None, version: ModelVersion | None = None) -> Answer:
    """Answer with the model's active version, or with a given version (the test screen).

    Exactly one of the two is given. A `model` that comes from `RegisteredModel.objects.live()` costs no further query:
    version and data of the answer are those of that one row, so an answer never mixes two versions.
    """
    question = checked_question(question)
    version = version or _active_version_of(model)
    dataset_version = version.model.dataset.active_version
    if dataset_version is None:
        raise DomainError("no_active_data", _("The model's dataset has no active version. Activate one first."))
    return plugin_of(version.model).answer(question, version=version, dataset_version=dataset_version)


def prepare_live() -> None:
    """Make this process ready for every live model: to be called when a web process starts, before its first question.

    Reads the database. What fails is logged and done with the first question instead.
    """
    for model in RegisteredModel.objects.live():
        plugin_of(model).prepare(_active_version_of(model))


def _active_version_of(model: RegisteredModel | None) -> ModelVersion:
    version = model.active_version if model else None
    if model is None or version is None:
        raise DomainError("no_active_version", _("No version of this model is active. Activate one first."))
    version.model = model  # the same row: reading it again could find another version active
    return version


def plugin_of(model: RegisteredModel) -> Plugin:
    """Return the module that answers for the model's kind."""
    return cast(Plugin, import_module(KINDS[model.kind]))


def _free_slug(dataset: Any) -> str:
    """Return a name for addresses and the API: from the dataset's name, or "model" where that has no Latin letters."""
    slug = slugify(dataset.name)[:60] or "model"
    taken = RegisteredModel.objects.filter(slug=slug).exists()
    return f"{slug}-{dataset.pk.hex[:8]}" if taken else slug


def _locked(model_id: Any) -> RegisteredModel:
    return cast(RegisteredModel, RegisteredModel.objects.select_for_update().get(pk=model_id))


def _switch(model: RegisteredModel, *, to: ModelVersion, kind: str, actor: Any) -> None:
    before = model.active_version
    Activation.objects.create(model=model, version=to, previous=before, kind=kind, actor=actor)
    model.active_version = to
    model.save(update_fields=["active_version", "updated_at"])
    transaction.on_commit(partial(plugin_of(model).prepare, to))
    record(
        _ACTS[Activation.Kind(kind)],
        actor=actor,
        target=to,
        before={"active_version": str(before) if before else None},
        after={"active_version": str(to)},
    )
