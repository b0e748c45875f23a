"""The receipt on a version's page, and as a file to take away."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.http import urlencode

from apps.datasets.exporting import CSV, WORKBOOK, Table, export_issues
from apps.datasets.models import DatasetVersion
from apps.datasets.receipts import Sieve, reasons_of, sifted
from apps.datasets.screens.base import VersionScreen, actor_of

ISSUES_PER_PAGE = 25


class ReceiptScreen(VersionScreen):
    def issues_csv_view(self, request: HttpRequest, pk: Any) -> HttpResponseBase:
        return self._issues_file(request, pk, form=CSV)

    def issues_xlsx_view(self, request: HttpRequest, pk: Any) -> HttpResponseBase:
        return self._issues_file(request, pk, form=WORKBOOK)

    def _issues_file(self, request: HttpRequest, pk: Any, *, form: str) -> HttpResponseBase:
        version, actor = self.visible(request, pk), actor_of(request)

        def export() -> Table:
            return export_issues(version, Sieve.from_query(request.GET), form=form, actor=actor)

        return self.file_or_reason(request, version, export, form=form, back_to="change")


def receipt_section(version: DatasetVersion, query: Any) -> dict[str, Any]:
    """Return what the receipt shows: a bar, the reasons with their counts, one page of the sifted issues."""
    sieve = Sieve.from_query(query)
    reasons = reasons_of(version)
    page = Paginator(sifted(version, sieve), ISSUES_PER_PAGE).get_page(query.get("page"))
    return {
        "sieve": sieve,
        "sieve_query": urlencode(sieve.as_query()),
        "is_sifted": bool(sieve.as_query()),
        "reasons": [
            {
                "reason": reason,
                "count": f"{reason.count:,}",
                "share": _share(reason.count, version.rows_read),
                "query": urlencode({"code": reason.code, "severity": reason.severity}),
                "is_chosen": sieve.code == reason.code,
            }
            for reason in reasons
        ],
        "shares": {
            "accepted": _share(version.rows_accepted, version.rows_read),
            "skipped": _share(version.rows_skipped, version.rows_read),
        },
        "issue_page": page,
        "issue_count": f"{page.paginator.count:,}",
    }


def _share(part: int, whole: int) -> float:
    """Percent, never so small that it cannot be seen."""
    return max(0.5, round(100 * part / whole, 2)) if part and whole else 0
