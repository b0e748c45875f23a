"""Long tables on screens: one page of a listing, and the same query for its neighbours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest
from django.utils.http import urlencode

from apps.datasets.listings import Listing

ROWS_PER_PAGE = 50
SEARCH_LENGTH_MAX = 100


def page_of(listing: Listing[Any], request: HttpRequest) -> dict[str, Any]:
    """Return {"page", "page_numbers", "count"}: the page that the address asks for, the nearest one for nonsense."""
    page: Page[Any] = Paginator(listing, ROWS_PER_PAGE).get_page(request.GET.get("page"))
    numbers: Iterator[Any] = page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1)
    return {"page": page, "page_numbers": list(numbers), "count": f"{page.paginator.count:,}"}


def searched(request: HttpRequest) -> str:
    return request.GET.get("search", "").strip()[:SEARCH_LENGTH_MAX]


def query_of(**parameters: Any) -> str:
    """Return the part of an address after "?", without what is blank."""
    return urlencode({key: value for key, value in parameters.items() if value})
