"""People say which column is which: what they are shown, how it is judged, and the verb that sends the version on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.audit.services import record
from apps.core.errors import DomainError
from apps.core.words import listed
from apps.datasets.columns import ignored_words, width_of
from apps.datasets.layouts import BY_PEOPLE, CONFIRMED, HEADER_WITHIN, Layout, LayoutError, refit, signature
from apps.datasets.messages import layout_message
from apps.datasets.models import Dataset, DatasetVersion
from apps.datasets.readers.head import Head, TableHead
from apps.datasets.services import send_again
from apps.datasets.settling import propose_layout
from apps.users.models import User


def can_choose_layout(version: DatasetVersion) -> bool:
    """Whether the columns of this version may be chosen (again): it waits for it, or it has ended and is not final."""
    status = DatasetVersion.Status
    return version.status in {status.CONFIRMING, status.DRAFT, status.FAILED}


def head_of(version: DatasetVersion) -> Head:
    """Return the first rows of the version's file; raises DomainError("no_head") where the import never got there."""
    head = Head.load(version.head_file)
    if head is None or not head.tables:
        raise DomainError("no_head", _("The first rows of this file are not known. Import it again first."))
    return head


def current_layout(version: DatasetVersion, head: Head, *, sheet: str = "") -> Layout:
    """Return the layout that is proposed or was used; for another `sheet` than its own, what is recognised there."""
    schema = version.table_schema
    try:
        layout = Layout.from_dict(refit(version.layout, schema), schema)
    except LayoutError:
        return propose_layout(head, schema, sheet=sheet)
    is_known = head.table(layout.sheet) is not None and (not sheet or sheet == layout.sheet)
    return layout if is_known else propose_layout(head, schema, sheet=sheet)


def chosen_layout(version: DatasetVersion, head: Head, choice: Mapping[str, Any]) -> Layout:
    """Return the layout that people chose: {"sheet"?: name, "rows_above": count, "columns": {key: place or None}};
    it may still lack required columns.

    Raises DomainError("invalid_layout") with `fields`: "sheet", "rows_above", "columns" or the key of a column.
    """
    table = head.table(str(choice.get("sheet") or ""))
    if table is None:
        raise _invalid(sheet=_("There is no sheet of this name in the file."))
    rows_above = choice.get("rows_above")
    if not isinstance(rows_above, int) or not 0 <= rows_above <= min(HEADER_WITHIN, len(table.rows) - 1):
        raise _invalid(
            rows_above=_("Choose the first row of data among the first %(count)s.") % {"count": HEADER_WITHIN}
        )
    data = {"width": width_of(table.rows, rows_above), "rows_above": rows_above, "columns": choice.get("columns")}
    try:
        layout = Layout.from_dict(data, version.table_schema)
    except LayoutError as error:
        raise _invalid(**{error.params.get("key", "columns"): layout_message(error.code, error.params)}) from error
    return _as_chosen(layout, version, head, table)


def what_is_missing(layout: Layout, version: DatasetVersion) -> str:
    """Return which required columns have no place, as a sentence; "" where none lacks."""
    missing = layout.missing(version.table_schema)
    return _("Required, but not chosen: %(columns)s.") % {"columns": listed(missing)} if missing else ""


def confirm_layout(version: DatasetVersion, choice: Mapping[str, Any], *, actor: User) -> None:
    """Read the version's file by the layout that `actor` chose (see `chosen_layout`), from now on also files like it.

    For a version that waits to be asked, or one that was read wrongly and is not final. Raises DomainError:
    "wrong_status", "no_head", "invalid_layout" with `fields`.
    """
    if not can_choose_layout(version):
        raise DomainError("wrong_status", _("The columns of this version can no longer be chosen."))
    head = head_of(version)
    layout = chosen_layout(version, head, choice)
    if sentence := what_is_missing(layout, version):
        raise _invalid(columns=sentence)
    with transaction.atomic():
        _remember(version, head, layout)
        before = {"layout": version.layout}
        send_again(version, layout=layout.to_dict())
        record("dataset_version.layout_confirmed", actor=actor, target=version, before=before, after=layout.to_dict())


def _remember(version: DatasetVersion, head: Head, layout: Layout) -> None:
    """Whatever else was remembered for this kind of file was wrong: people have just said so."""
    table = head.table(layout.sheet)
    assert table is not None  # noqa: S101  (chosen_layout has looked)
    dataset = Dataset.objects.select_for_update().get(pk=version.dataset_id)
    outdated = {signature(table.rows, rows_above=above, kind=head.kind) for above in range(HEADER_WITHIN + 1)}
    kept = {key: data for key, data in dataset.layouts.items() if key not in outdated}
    dataset.layouts = {
        **kept,
        signature(table.rows, rows_above=layout.rows_above, kind=head.kind): layout.to_dict(),
    }
    dataset.save(update_fields=["layouts", "updated_at"])


def _as_chosen(layout: Layout, version: DatasetVersion, head: Head, table: TableHead) -> Layout:
    """Complete a chosen layout; what was recognised and left as it was keeps its reason."""
    proposal = propose_layout(head, version.table_schema, sheet=table.name)
    places = zip(layout.positions, proposal.positions, proposal.found_by, strict=True)
    reasons = (reason if place == proposed else BY_PEOPLE for place, proposed, reason in places)
    return replace(
        layout,
        sheet=table.name,
        encoding=head.details.get("encoding", ""),
        delimiter=head.details.get("delimiter", ""),
        found_by=tuple(
            reason if place is not None else "" for place, reason in zip(layout.positions, reasons, strict=True)
        ),
        ignored=ignored_words(table.rows, layout.rows_above, layout.positions),
        decided_by=CONFIRMED,
    )


def _invalid(**fields: str) -> DomainError:
    return DomainError("invalid_layout", _("The choice of columns is not complete."), fields=fields)
