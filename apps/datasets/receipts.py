"""The receipt of an import: what was found, sifted by reason and words, page by page, and as a file to take away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from itertools import islice

import polars as pl
from django.utils.translation import gettext as _
from openpyxl import Workbook

from apps.core.spreadsheets import cell, csv_chunks
from apps.datasets.issues import Issue, issues_of
from apps.datasets.listings import Listing
from apps.datasets.messages import issue_title
from apps.datasets.models import DatasetVersion

SHEET_ROWS_MAX = 1_048_575
"""What a sheet holds below its header."""
SEVERITIES = ("error", "warning")


@dataclass(frozen=True)
class Sieve:
    """Which issues of a receipt are wanted: of a code, of a severity ("error", "warning"), with words in them."""

    code: str = ""
    severity: str = ""
    search: str = ""

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> Sieve:
        """Read a sieve from the parameters `code`, `severity` and `search` of an address; nonsense counts as blank."""
        severity = query.get("severity", "")
        return cls(
            code=query.get("code", "")[:40],
            severity=severity if severity in SEVERITIES else "",
            search=query.get("search", "").strip()[:100],
        )

    def as_query(self) -> dict[str, str]:
        return {key: value for key, value in vars(self).items() if value}


@dataclass(frozen=True)
class Reason:
    """Issues of one kind: `count` of them in the receipt."""

    code: str
    severity: str
    count: int

    @property
    def title(self) -> str:
        return issue_title(self.code)


def reasons_of(version: DatasetVersion) -> list[Reason]:
    """Return the kinds of issues of a version, errors before warnings, the most frequent first."""
    frame = issues_of(version).frame
    if "code" not in frame.collect_schema():
        return []
    counted = frame.group_by("code", "is_warning").agg(pl.len())
    ranked = counted.sort("is_warning", "len", "code", descending=[False, True, False]).collect()
    return [Reason(code, SEVERITIES[is_warning], count) for code, is_warning, count in ranked.iter_rows()]


def sifted(version: DatasetVersion, sieve: Sieve) -> Listing[Issue]:
    """Return the issues that a sieve lets through, in the order of lines."""
    return issues_of(version, code=sieve.code, severity=sieve.severity, search=sieve.search)


def heading() -> list[str]:
    return [_("line"), _("severity"), _("reason"), _("column"), _("value"), _("what is wrong"), _("remedy")]


def cells_of(issue: Issue) -> list[str]:
    """Return one line of the list to take away."""
    message = issue.message
    title = issue_title(issue.code)
    return [str(issue.line), issue.severity_text, title, issue.column, issue.value, message.sentence, message.remedy]


def as_csv(issues: Listing[Issue]) -> Iterator[str]:
    """Yield the list as CSV: UTF-8 with a mark, so that spreadsheet programs read it."""
    return csv_chunks(heading(), map(cells_of, issues))


def as_workbook(issues: Listing[Issue]) -> bytes:
    """Return the list as an .xlsx of text cells; the first SHEET_ROWS_MAX where there are more."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_("issues")[:31])
    sheet.append(heading())
    for issue in islice(issues, SHEET_ROWS_MAX):
        sheet.append([cell(value) for value in cells_of(issue)])
    buffer = BytesIO()
    book.save(buffer)
    return buffer.getvalue()
