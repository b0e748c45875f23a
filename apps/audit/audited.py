"""Screens of the console whose forms record themselves: what was added, changed or deleted, with before and after."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.db.models import Model, QuerySet
from django.forms import ModelChoiceField
from django.http import HttpRequest

from apps.audit.services import record
from apps.core.admin import ConsoleAdmin


class AuditedAdmin(ConsoleAdmin):
    """A screen whose saved forms, inlines and deletions stand in the audit trail.

    A screen whose form calls a service that records says so in `recorded_by_service` ("added", "changed"). A field that
    a service saves is taken out of the form's cleaned_data by the screen, and so is not recorded here either.
    """

    recorded_by_service: frozenset[str] = frozenset()

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        """Django asks this once for every form that it has saved, with all that was in it: so here it is recorded."""
        if ("added" if add else "changed") not in self.recorded_by_service:
            _record_form(form, is_new=add, actor=request.user)
        for formset in formsets or []:
            _record_formset(formset, actor=request.user)
        return super().construct_change_message(request, form, formsets, add)

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        with transaction.atomic():
            _record_deletion(obj, actor=request.user)
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        with transaction.atomic():
            for obj in queryset:
                _record_deletion(obj, actor=request.user)
            super().delete_queryset(request, queryset)


def _record_form(form: Any, *, is_new: bool, actor: Any) -> None:
    given, fields = form.cleaned_data, form.fields
    after = {name: _readable(form, name, given.get(name)) for name in form.changed_data if _is_saved(form, name)}
    row = getattr(form, "instance", None) or form.user  # Django's form of a new password is not a ModelForm
    if is_new:
        record("form.added", actor=actor, target=row, after=after)
    elif after:
        initial = {name: form.get_initial_for_field(fields[name], name) for name in after if name in fields}
        before = {name: _readable(form, name, initial.get(name)) for name in after}
        record("form.changed", actor=actor, target=row, before=before, after=after)


def _is_saved(form: Any, name: str) -> bool:
    """A field that a service has taken over is gone from cleaned_data; a new password was never a field by its name."""
    return name in form.cleaned_data or name not in form.fields


def _record_formset(formset: Any, *, actor: Any) -> None:
    for form in formset.forms:
        if form in formset.deleted_forms and form.initial:
            before = {name: _readable(form, name, value) for name, value in form.initial.items()}
            record("form.deleted", actor=actor, target=form.instance, before=before)
        elif form.has_changed() and form not in formset.deleted_forms:
            _record_form(form, is_new=not form.initial, actor=actor)


def _record_deletion(obj: Model, *, actor: Any) -> None:
    record("form.deleted", actor=actor, target=obj, before=dict(_fields_of(obj)))


def _fields_of(obj: Model) -> Iterator[tuple[str, Any]]:
    for field in obj._meta.concrete_fields:
        value = getattr(obj, field.name)
        yield field.name, str(value) if isinstance(value, Model) else value


def _readable(form: Any, name: str, value: Any) -> Any:
    """Return a form's value for people: the names of rows instead of their numbers."""
    if isinstance(value, Model):
        return str(value)
    if isinstance(value, QuerySet | list | tuple):
        return [_readable(form, name, item) for item in value]
    field = form.fields.get(name)
    if isinstance(field, ModelChoiceField) and value not in field.empty_values:
        rows: Any = field.queryset.model._default_manager  # type: ignore[union-attr]
        return str(rows.filter(**{field.to_field_name or "pk": value}).first() or value)
    return value
