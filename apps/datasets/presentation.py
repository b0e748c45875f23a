"""What pages show of a dataset: plain values for templates, so that these contain no rules."""

from __future__ import annotations

from typing import Any

from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.core.access import allows
from apps.datasets.models import Dataset, DatasetVersion
from apps.datasets.retention import goes_at
from workers.inference.lookup.schema import Column, TableSchema

PREVIEW_ROWS = 100
_Status = DatasetVersion.Status
STATUS_COLOURS = {
    _Status.UPLOADED.value: "info",
    _Status.IMPORTING.value: "primary",
    _Status.CONFIRMING.value: "warning",
    _Status.DRAFT.value: "warning",
    _Status.FINALISED.value: "success",
    _Status.FAILED.value: "danger",
    _Status.CANCELLED.value: "info",
}


def number(count: int) -> str:
    """Return a count with its thousands apart."""
    return f"{count:,}"


def size(count: int) -> str:
    return str(filesizeformat(count))


def columns(schema: TableSchema) -> list[dict[str, Any]]:
    """Return for each column what people need to know before they prepare a file."""
    return [{"label": column.label, "required": column.required, "rule": _rule(column)} for column in schema.columns]


def _rule(column: Column) -> str:
    if column.digits:
        return _("%(count)s digits") % {"count": column.digits}
    return _("text") if not column.pattern else column.pattern


def progress(version: DatasetVersion) -> dict[str, Any]:
    """Return what the progress bar polls: {"moving", "percent", "text"}."""
    moving = version.is_moving or version.is_indexing
    return {"moving": moving, "percent": version.progress, "text": version.progress_text}


def version_row(version: DatasetVersion, *, dataset: Dataset, user: Any) -> dict[str, Any]:
    """Return one line of a dataset's table of versions."""
    return {
        "version": version,
        "colour": STATUS_COLOURS[version.status],
        "is_active": dataset.active_version_id == version.pk,
        "size": size(version.source_bytes),
        "accepted": number(version.rows_accepted),
        "skipped": number(version.rows_skipped),
        "warnings": number(version.warning_count),
        "goes_at": goes_at(version),
        "url": reverse("admin:datasets_datasetversion_change", args=[version.pk]),
        **buttons(version, is_active=dataset.active_version_id == version.pk, user=user),
    }


def buttons(version: DatasetVersion, *, is_active: bool, user: Any) -> dict[str, bool]:
    """Which buttons to offer; the services judge again when one is pressed."""
    may_change = allows(user, "datasets.change_datasetversion", version)
    may_activate = allows(user, "datasets.change_dataset", version)
    return {
        "can_finalise": may_change and version.can_move_to(_Status.FINALISED),
        "can_activate": may_activate and version.status == _Status.FINALISED and not is_active,
        "can_import_again": may_change and version.is_given_up,
        "can_confirm": may_change and version.status == _Status.CONFIRMING,
        "can_cancel": may_change and version.can_move_to(_Status.CANCELLED),
        "can_restore": may_activate and version.status == _Status.FINALISED and not is_active,
        "can_delete": allows(user, "datasets.delete_datasetversion", version) and version.status != _Status.FINALISED,
        "has_rows": version.has_rows,
    }
