"""What screens and exports show of an entry: plain values for templates, so that these contain no rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any, NamedTuple

from django.apps import apps
from django.contrib import admin
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import Model
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from apps.audit.actions import label_of
from apps.audit.models import AuditEntry
from apps.core.words import listed

PIECE = 500
"""Entries read at once for an export."""


class Change(NamedTuple):
    """One line of the table of changes, in the reader's words."""

    label: str
    before: str
    after: str


def changes(entry: AuditEntry) -> list[Change]:
    """Return what the act changed, field by field: the fields of `before` and `after` in their order."""
    model = model_of(entry)
    names = list(dict.fromkeys([*entry.after, *entry.before]))
    return [
        Change(_label(model, name), _shown(model, name, entry.before), _shown(model, name, entry.after))
        for name in names
    ]


def kind_of(entry: AuditEntry) -> str:
    """Return what kind of object it was ("dataset version"), "" where the act had none."""
    model = model_of(entry)
    return str(model._meta.verbose_name) if model else entry.object_type


def model_of(entry: AuditEntry) -> type[Model] | None:
    try:
        return apps.get_model(entry.object_type) if entry.object_type else None
    except LookupError:  # an app of former days
        return None


def find_objects(entries: Iterable[AuditEntry], *, user: Any) -> dict[int, str]:
    """Return seq -> address of the object's screen, where it still exists and `user` may see it.

    One query for each kind of object, however many entries there are.
    """
    by_type = sorted(entries, key=lambda entry: entry.object_type)
    found: dict[int, str] = {}
    for _type, group in groupby(by_type, key=lambda entry: entry.object_type):
        alike = list(group)
        model = model_of(alike[0])
        if model is not None and admin.site.is_registered(model):
            visible = _visible(model, {entry.object_id for entry in alike}, user=user)
            name = f"admin:{model._meta.app_label}_{model._meta.model_name}_change"
            found |= {e.seq: reverse(name, args=[e.object_id]) for e in alike if e.object_id in visible}
    return found


def _visible(model: type[Model], ids: set[str], *, user: Any) -> set[str]:
    rows: Any = model._default_manager.all()
    if not hasattr(rows, "visible_to"):
        return set()
    keys = [key for key in (_key(model, text) for text in ids) if key is not None]
    return {str(key) for key in rows.visible_to(user).filter(pk__in=keys).values_list("pk", flat=True)}


def _key(model: type[Model], text: str) -> Any:
    try:
        return model._meta.pk.to_python(text)
    except ValidationError:
        return None


EXPORT_FIELDS = (
    "number", "when", "user_name", "action", "act", "object_type", "object_id", "object", "before", "after",
    "address", "request_id", "hash",
)  # fmt: skip


def export_header() -> list[str]:
    """Return the first line of the exported table, in the order of EXPORT_FIELDS."""
    return [
        _("number"), _("when"), _("user name"), _("code of the act"), _("act"), _("kind of object"),
        _("id of the object"), _("object"), _("before"), _("after"), _("address"), _("request"), _("hash"),
    ]  # fmt: skip


def export_values(entry: AuditEntry) -> dict[str, Any]:
    """Return an entry as it is exported; its keys are EXPORT_FIELDS, before and after stay mappings."""
    values = (
        entry.seq,
        timezone.localtime(entry.at).isoformat(timespec="seconds"),
        entry.actor_name,
        entry.action,
        label_of(entry.action),
        entry.object_type,
        entry.object_id,
        entry.object_name,
        entry.before,
        entry.after,
        entry.address,
        entry.request_id,
        entry.hash,
    )
    return dict(zip(EXPORT_FIELDS, values, strict=True))


def export_cells(entry: AuditEntry) -> list[Any]:
    """Return an entry as a line of the exported table."""
    return [_as_text(value) if isinstance(value, dict) else value for value in export_values(entry).values()]


def _field(model: type[Model] | None, name: str) -> Any:
    try:
        return model._meta.get_field(name) if model else None
    except FieldDoesNotExist:
        return None


def _label(model: type[Model] | None, name: str) -> str:
    field = _field(model, name)
    return str(capfirst(getattr(field, "verbose_name", "") or name.replace("_", " ")))


def _shown(model: type[Model] | None, name: str, values: Mapping[str, Any]) -> str:
    if name not in values:
        return "—"
    choices = dict(getattr(_field(model, name), "flatchoices", None) or [])
    value = values[name]
    is_choice = isinstance(value, str) and value in choices
    return str(choices[value]) if is_choice else _as_text(value)


def _as_text(value: Any) -> str:
    if value is None or value in ("", [], {}):
        return "—"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, dict):
        return "\n".join(f"{key}: {_as_text(item)}" for key, item in value.items())
    return listed(map(_as_text, value)) if isinstance(value, list) else str(value)


def in_pieces(entries: Any) -> Iterator[AuditEntry]:
    """Yield the entries of a queryset, the latest first, in queries of their own: nothing stays open in between."""
    entries = entries.order_by("-seq")
    piece = list(entries[:PIECE])
    while piece:
        yield from piece
        piece = list(entries.filter(seq__lt=piece[-1].seq)[:PIECE])
