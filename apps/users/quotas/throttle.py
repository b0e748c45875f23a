"""The quota of requests per minute, asked for every request of the API."""

from __future__ import annotations

from typing import Any

from rest_framework.throttling import BaseThrottle

from apps.users.models.quotas import Metric
from apps.users.quotas.verbs import spend


class RequestsPerMinute(BaseThrottle):
    """Raises QuotaExceeded itself: it knows more than DRF's refusal can say. Limited answers tell what is left."""

    def allow_request(self, request: Any, view: Any) -> bool:
        if request.user.is_authenticated:
            standing = spend(request.user, Metric.REQUESTS)
            if standing is not None:
                request._request.answer_headers = standing.headers
        return True
