"""Tables to take away: the rows of a version, its issues, the differences of two. Every one is in the audit trail."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from apps.audit.services import record
from apps.core.errors import DomainError
from apps.core.workbooks import ROWS_MAX
from apps.datasets.diffing import ADDED, CHANGED, REMOVED, Change, Comparison
from apps.datasets.issues import Issue
from apps.datasets.messages import issue_title
from apps.datasets.models import DatasetVersion
from apps.datasets.receipts import Sieve, sifted
from apps.datasets.rows import rows_of
from apps.users.models import User

CSV, WORKBOOK = FORMS = ("csv", "xlsx")


@dataclass(frozen=True)
class Table:
    """`rows` are made while they are read, in bounded memory; `name` is the file's name without its ending."""

    name: str
    title: str
    header: Sequence[str]
    rows: Iterable[Sequence[Any]]


def export_rows(version: DatasetVersion, *, search: str, form: str, actor: User) -> Table:
    """Return the rows of a version, those only that hold `search`; raises DomainError("too_many_rows") for a sheet."""
    rows = rows_of(version, search=search)
    _refuse_beyond_sheet(len(rows), form)
    facts = {"form": form, "rows": len(rows), **({"search": search} if search else {})}
    record("dataset_version.rows_exported", actor=actor, target=version, after=facts)
    header = [_("line"), *(column.label for column in version.table_schema.columns)]
    lines = ([row.line, *row.cells] for row in rows)
    return Table(name=f"rows-v{version.number}", title=_("rows"), header=header, rows=lines)


def export_issues(version: DatasetVersion, sieve: Sieve, *, form: str, actor: User) -> Table:
    """Return the issues of a version that the sieve lets through; raises DomainError as above."""
    issues = sifted(version, sieve)
    _refuse_beyond_sheet(len(issues), form)
    facts = {"form": form, "issues": len(issues), **sieve.as_query()}
    record("dataset_version.issues_downloaded", actor=actor, target=version, after=facts)
    return Table(
        name=f"issues-v{version.number}",
        title=_("issues"),
        header=[_("line"), _("severity"), _("reason"), _("column"), _("value"), _("what is wrong"), _("remedy")],
        rows=map(_issue_cells, issues),
    )


def export_changes(comparison: Comparison, *, form: str, actor: User, **wanted: str) -> Table:
    """Return the differences, all or as `wanted` sifts them (see Comparison.changes); raises DomainError as above."""
    changes = comparison.changes(**wanted)
    _refuse_beyond_sheet(len(changes), form)
    old, new = comparison.old, comparison.new
    facts = {"compared_with": old.number, "form": form, "rows": len(changes)}
    sifted = {key: value for key, value in wanted.items() if value}
    record("dataset_version.comparison_exported", actor=actor, target=new, after=facts | sifted)
    sides = [f"v{old.number}", f"v{new.number}"]
    header = [_("change"), *(f"{_('line')} {side}" for side in sides)]
    header += [f"{column.label} {side}" for column in comparison.columns for side in sides]
    words = kind_words()
    return Table(
        name=f"changes-v{old.number}-v{new.number}",
        title=_("changes"),
        header=header,
        rows=(_change_cells(change, words) for change in changes),
    )


def kind_words() -> dict[str, str]:
    """Return what people call the kinds of differences."""
    return {ADDED: _("added"), REMOVED: _("removed"), CHANGED: _("changed")}


def _issue_cells(issue: Issue) -> list[Any]:
    message, title = issue.message, issue_title(issue.code)
    return [issue.line, issue.severity_text, title, issue.column, issue.value, message.sentence, message.remedy]


def _change_cells(change: Change, words: dict[str, str]) -> list[Any]:
    lines = [change.old_line, change.new_line]
    return [words[change.kind], *lines, *(cell for pair in change.pairs for cell in pair)]


def _refuse_beyond_sheet(count: int, form: str) -> None:
    if form == WORKBOOK and count > ROWS_MAX:
        message = _("A sheet holds at most %(limit)s rows. Take the CSV instead, or search for fewer.")
        raise DomainError("too_many_rows", message % {"limit": f"{ROWS_MAX:,}"})
