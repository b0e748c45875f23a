"""What the pages about people share."""

from __future__ import annotations

from typing import Any, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.generic import FormView

from apps.core.errors import DomainError
from apps.core.headers import policy_for
from apps.core.pages import SignedInPage
from apps.users.models import User

FORM_METHODS = ["get", "head", "post", "options"]  # Django's form views would answer PUT too


class PersonalPage(SignedInPage):
    """A page about the person who looks at it."""

    @property
    def person(self) -> User:
        return cast(User, self.request.user)


def refused(answer: HttpResponse, refusal: DomainError | None) -> HttpResponse:
    """Return the page that says a refusal, with its status and headers: 429 and Retry-After in a pause."""
    if refusal is not None:
        answer.status_code = refusal.status
        for name, value in refusal.headers.items():
            answer.headers[name] = value
    return answer


class RefusingForm(FormView):  # type: ignore[type-arg]
    """A page whose form may meet a refusal that is no fault of what was typed."""

    http_method_names = FORM_METHODS

    def form_refused(self, form: Any, refusal: DomainError) -> HttpResponse:
        form.add_error(None, refusal.message)
        return refused(self.form_invalid(form), refusal)


def leave_to_providers(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Allow this page's forms to lead to the sign-in pages of the configured providers."""
    allowed = " ".join(["form-action 'self'", *settings.PROVIDER_ORIGINS])
    response.headers["Content-Security-Policy"] = policy_for(request).replace("form-action 'self'", allowed)
    return response
