"""Errors whose reader is the user: they say what is wrong and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class DomainError(Exception):
    """A rule of the domain forbids this now. API: 409 with `code`; admin and pages: a message.

    `code` is stable English for programs, `message` a translated sentence for people, `fields` names the inputs at
    fault, where there are any (then the API answers 400). `values` are JSON-safe facts that a program needs to go on.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        fields: Mapping[str, str] | None = None,
        values: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.fields = dict(fields or {})
        self.values = dict(values or {})

    @property
    def status(self) -> int:
        return 400 if self.fields else 409

    @property
    def headers(self) -> dict[str, str]:
        """What the API answers besides the body."""
        return {}


class TooManyRequests(DomainError):
    """Not now. API: 429; `wait` (seconds, at least 1) becomes Retry-After, None says that time alone does not help."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        wait: int | None,
        values: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.wait = None if wait is None else max(1, wait)
        super().__init__(code, message, values=values or {"wait": self.wait})
        self._headers = dict(headers or {})

    @property
    def status(self) -> int:
        return 429

    @property
    def headers(self) -> dict[str, str]:
        return self._headers | ({} if self.wait is None else {"Retry-After": str(self.wait)})


class QuotaExceeded(TooManyRequests):
    """Somebody's share of something is used up; `values` say of what, how much, and whose share it is."""

    def __init__(
        self, message: str, *, values: Mapping[str, Any], headers: Mapping[str, str], wait: int | None
    ) -> None:
        super().__init__("quota_exceeded", message, wait=wait, values=values, headers=headers)
