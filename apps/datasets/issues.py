"""What the import of a version has found, complete and for ever: one entry for every skipped row and every warning."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl
from django.utils.translation import gettext_lazy as _

from apps.datasets.listings import Listing, holds
from apps.datasets.messages import Message, issue_message
from apps.datasets.models import DatasetVersion

VALUE_LENGTH_MAX = 200
ISSUE_COLUMNS: dict[str, Any] = {
    "line": pl.UInt32,
    "code": pl.String,
    "column": pl.String,
    "value": pl.String,
    "is_warning": pl.Boolean,
    "params": pl.String,
}
"""The columns of issues.arrow, in the order of lines; `params` is a JSON object."""

ERROR, WARNING = "error", "warning"
SEVERITIES = {ERROR: _("error"), WARNING: _("warning")}


@dataclass(frozen=True)
class Issue:
    """Something the import found on one line: an error (the row was skipped) or a warning (the row was taken).

    `column` is the label people know, `value` the cell, or the whole row where the issue is about no single cell.
    """

    line: int
    code: str
    column: str = ""
    value: str = ""
    is_warning: bool = False
    params: dict[str, Any] = field(default_factory=dict)

    @property
    def severity(self) -> str:
        return severity_of(is_warning=self.is_warning)

    @property
    def severity_text(self) -> str:
        return str(SEVERITIES[self.severity])

    @property
    def message(self) -> Message:
        params = {"column": self.column, "value": self.value, **self.params}
        return issue_message(self.code, params, is_warning=self.is_warning)


def severity_of(*, is_warning: bool) -> str:
    return WARNING if is_warning else ERROR


def issues_of(version: DatasetVersion, *, code: str = "", severity: str = "", search: str = "") -> Listing[Issue]:
    """Return all issues of a version in the order of lines, those only of a code or severity where one is given, and
    those that hold `search` in their column or value, or as their line.

    A listing: `len()`, pages by slices, iteration in bounded memory over all of them.
    """
    wanted = [pl.col("code") == code] if code else []
    wanted += [pl.col("is_warning") == (severity == WARNING)] if severity else []
    found = holds(search, ("column", "value"))
    wanted += [] if found is None else [found | (pl.col("line").cast(pl.String) == search.strip())]
    return Listing(version.issues_file, _issue, where=pl.all_horizontal(wanted) if wanted else None)


def issue_table(issues: Sequence[Issue]) -> pl.DataFrame:
    """Return issues as a table of ISSUE_COLUMNS."""
    rows = (
        (
            issue.line,
            issue.code,
            issue.column,
            issue.value[:VALUE_LENGTH_MAX],
            issue.is_warning,
            json.dumps(issue.params) if issue.params else "",
        )
        for issue in issues
    )
    return pl.DataFrame(list(rows), schema=ISSUE_COLUMNS, orient="row")


def _issue(values: Sequence[Any]) -> Issue:
    line, code, column, value, is_warning, params = values
    return Issue(line, code, column, value, is_warning, json.loads(params) if params else {})
