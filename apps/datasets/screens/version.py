"""What the page of a version shows: plain values for its template, so that this contains no rules."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from apps.core.access import allows
from apps.core.words import listed
from apps.datasets.confirming import can_choose_layout
from apps.datasets.layouts import CONFIRMED, RECOGNISED, REMEMBERED
from apps.datasets.models import DatasetVersion
from apps.datasets.presentation import PREVIEW_ROWS, STATUS_COLOURS, buttons, number, size
from apps.datasets.retention import goes_at
from apps.datasets.rows import rows_of
from apps.datasets.screens.base import CHANGE_VERSION
from apps.datasets.screens.receipt import receipt_section


def version_page(version: DatasetVersion, *, user: Any, query: Any) -> dict[str, Any]:
    """Return the context of a version's page; the caller has checked that `user` may see it."""
    may_choose = can_choose_layout(version) and allows(user, CHANGE_VERSION, version)
    return {
        "version": version,
        "colour": STATUS_COLOURS[version.status],
        "is_active": version.is_active,
        "goes_at": goes_at(version),
        "cards": _cards(version),
        "facts": _facts(version),
        "layout_facts": _layout_facts(version),
        "can_choose_layout": may_choose,
        "labels": [column.label for column in version.table_schema.columns],
        "preview": rows_of(version)[:PREVIEW_ROWS],
        **receipt_section(version, query),
        **buttons(version, is_active=version.is_active, user=user),
    }


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
        (_("Made by"), "" if version.origin == DatasetVersion.Origin.UPLOAD else _origin(version)),
        (_("Time taken"), _("%(seconds)s s") % receipt if "seconds" in receipt else ""),
        (_("Uploaded by"), version.created_by),
        (_("Uploaded"), version.created_at),
        (_("Finalised by"), version.finalised_by),
        (_("Finalised"), version.finalised_at),
    ]
    return [{"title": title, "value": value} for title, value in facts if value]


def _origin(version: DatasetVersion) -> str:
    if version.derived_from is None:
        return str(version.get_origin_display())
    words = {"what": version.get_origin_display(), "version": f"v{version.derived_from.number}"}
    return _("%(what)s, from %(version)s") % words


def _layout_facts(version: DatasetVersion) -> list[dict[str, Any]]:
    """How the file was read: as what, which column where, who said so."""
    layout = version.layout
    if not layout.get("columns"):
        return []
    facts = [
        (_("Read as"), _read_as(layout)),
        (_("Columns"), _places(version, layout)),
        (_("Ignored columns"), listed(layout.get("ignored", []))),
        (_("Decided"), _decided(layout)),
    ]
    return [{"title": title, "value": value} for title, value in facts if value]


def _read_as(layout: dict[str, Any]) -> str:
    words = {"comma": _("comma"), "tab": _("tab"), "semicolon": _("semicolon"), "bar": _("vertical bar")}
    parts = [layout.get("encoding", ""), words.get(layout.get("delimiter", ""), "")]
    if layout.get("sheet"):
        parts.append(_("sheet “%(sheet)s”") % layout)
    above = layout.get("rows_above", 0)
    parts.append(_("with header") if above else _("without header"))
    if above > 1:
        parts.append(_("%(count)s rows above the data") % {"count": above})
    return " · ".join(filter(None, parts))


def _places(version: DatasetVersion, layout: dict[str, Any]) -> str:
    labels = {column.key: column.label for column in version.table_schema.columns}
    columns = [(labels.get(key, key), place) for key, place in layout["columns"].items()]
    return " · ".join(f"{label} ← {'—' if place is None else place + 1}" for label, place in columns)


def _decided(layout: dict[str, Any]) -> str:
    words = {
        RECOGNISED: _("recognised by the platform"),
        REMEMBERED: _("as confirmed for an earlier file of this kind"),
        CONFIRMED: _("confirmed by people"),
    }
    return words.get(layout.get("decided_by", ""), "")
