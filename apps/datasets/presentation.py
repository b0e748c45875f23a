"""What pages show of a dataset: plain values for templates, so that these contain no rules."""

from __future__ import annotations

import re
from typing import Any

from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.core.access import allows
from apps.core.words import listed
from apps.datasets.checking import DIGITS
from apps.datasets.messages import issue_title
from apps.datasets.models import Dataset, DatasetVersion, ImportIssue
from workers.inference.lookup.schema import Column, TableSchema

PREVIEW_ROWS = 100
ISSUES_SHOWN = 100
_Status = DatasetVersion.Status
STATUS_COLOURS = {
    _Status.UPLOADED.value: "info",
    _Status.IMPORTING.value: "primary",
    _Status.DRAFT.value: "warning",
    _Status.FINALISED.value: "success",
    _Status.FAILED.value: "danger",
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
    digits = re.fullmatch(DIGITS, column.pattern)
    if digits:
        return _("%(count)s digits") % {"count": digits[1]}
    return _("text") if not column.pattern else column.pattern


def progress(version: DatasetVersion) -> dict[str, Any]:
    """Return what the progress bar polls: {"moving", "percent", "text"}."""
    return {"moving": version.is_moving, "percent": version.progress, "text": version.progress_text}


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
        "url": reverse("admin:datasets_datasetversion_change", args=[version.pk]),
        **_buttons(version, is_active=dataset.active_version_id == version.pk, user=user),
    }


def version_page(version: DatasetVersion, *, user: Any) -> dict[str, Any]:
    """Return the context of a version's page; the caller has checked that `user` may see it."""
    issues = list(version.issues.all()[:ISSUES_SHOWN])
    return {
        "version": version,
        "colour": STATUS_COLOURS[version.status],
        "is_active": version.is_active,
        "cards": _cards(version),
        "facts": _facts(version),
        "codes": [{"title": issue_title(code), "count": number(count)} for code, count in _codes(version)],
        "issues": issues,
        "issues_stored": len(issues) if len(issues) < ISSUES_SHOWN else version.issues.count(),
        "labels": [column.label for column in version.table_schema.columns],
        "preview": list(version.records.order_by("line")[:PREVIEW_ROWS]),
        **_buttons(version, is_active=version.is_active, user=user),
    }


def issue_cells(issue: ImportIssue) -> list[str]:
    """Return one line of the downloadable list; text that a spreadsheet would run as a formula is quoted."""
    message = issue.message
    value = f"'{issue.value}" if issue.value[:1] in tuple("=+-@") else issue.value
    severity = str(issue.get_severity_display())
    return [str(issue.line), severity, issue.column, value, message.sentence, message.remedy]


def _buttons(version: DatasetVersion, *, is_active: bool, user: Any) -> dict[str, bool]:
    """Which buttons to offer; the services judge again when one is pressed."""
    may_change = allows(user, "datasets.change_datasetversion", version)
    may_activate = allows(user, "datasets.change_dataset", version)
    return {
        "can_finalise": may_change and version.can_move_to(_Status.FINALISED),
        "can_activate": may_activate and version.status == _Status.FINALISED and not is_active,
        "can_import_again": may_change and version.status == _Status.FAILED,
    }


def _codes(version: DatasetVersion) -> list[tuple[str, int]]:
    return list(version.receipt.get("codes", {}).items())


def _cards(version: DatasetVersion) -> list[dict[str, Any]]:
    figures = [
        (_("Rows read"), version.rows_read, ""),
        (_("Accepted"), version.rows_accepted, "good"),
        (_("Skipped"), version.rows_skipped, "bad" if version.rows_skipped else ""),
        (_("Warnings"), version.warning_count, "doubtful" if version.warning_count else ""),
    ]
    return [{"title": title, "value": number(value), "mood": mood} for title, value, mood in figures]


def _facts(version: DatasetVersion) -> list[dict[str, Any]]:
    receipt = version.receipt
    facts = [
        (_("File"), f"{version.source_name} · {size(version.source_bytes)}"),
        (_("Read as"), _read_as(receipt)),
        (_("Columns"), _column_places(receipt)),
        (_("Ignored columns"), listed(receipt.get("ignored_columns", []))),
        (_("Time taken"), _("%(seconds)s s") % receipt if "seconds" in receipt else ""),
        (_("Uploaded by"), version.created_by),
        (_("Uploaded"), version.created_at),
        (_("Finalised by"), version.finalised_by),
        (_("Finalised"), version.finalised_at),
    ]
    return [{"title": title, "value": value} for title, value in facts if value]


def _read_as(receipt: dict[str, Any]) -> str:
    source = receipt.get("source", {})
    words = {"comma": _("comma"), "tab": _("tab"), "semicolon": _("semicolon"), "bar": _("vertical bar")}
    parts = [source.get("encoding", ""), words.get(source.get("delimiter", ""), "")]
    if "sheet" in source:
        parts.append(_("sheet “%(sheet)s”") % source)
    if receipt:
        parts.append(_("with header") if receipt.get("has_header") else _("without header"))
    return " · ".join(filter(None, parts))


def _column_places(receipt: dict[str, Any]) -> str:
    return " · ".join(f"{column['label']} ← {column['at'] or '—'}" for column in receipt.get("columns", []))
