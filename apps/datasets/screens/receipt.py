"""The receipt on a version's page, and as a file to take away."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import urlencode

from apps.audit.services import record
from apps.core.spreadsheets import download
from apps.datasets.models import DatasetVersion
from apps.datasets.receipts import Sieve, as_csv, as_workbook, reasons_of, sifted
from apps.datasets.screens.base import VersionScreen, actor_of

ISSUES_PER_PAGE = 25
WORKBOOK_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class ReceiptScreen(VersionScreen):
    def issues_csv_view(self, request: HttpRequest, pk: Any) -> HttpResponseBase:
        return issues_file(self.visible(request, pk), request, form="csv")

    def issues_xlsx_view(self, request: HttpRequest, pk: Any) -> HttpResponseBase:
        return issues_file(self.visible(request, pk), request, form="xlsx")


def issues_file(version: DatasetVersion, request: Any, *, form: str) -> HttpResponseBase:
    """Answer with the issues of a version, all or as the address sifts them, as "csv" or "xlsx"."""
    sieve = Sieve.from_query(request.GET)
    issues = sifted(version, sieve)
    record(
        "dataset_version.issues_downloaded",
        actor=actor_of(request),
        target=version,
        after={"form": form, "issues": len(issues), **sieve.as_query()},
    )
    name = f"issues-v{version.number}.{form}"
    if form == "xlsx":
        disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
        return HttpResponse(as_workbook(issues), content_type=WORKBOOK_TYPE, headers=disposition)
    return download(as_csv(issues), name=name, content_type="text/csv")


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
