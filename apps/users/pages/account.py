"""The personal area of a signed-in person: who one is here, and what one has used. (Keys: keys.py.)"""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.errors import DomainError
from apps.core.pages import site_of
from apps.users import addresses, mails, quotas, services
from apps.users.models import Role, User
from apps.users.pages.base import PersonalPage
from apps.users.pages.usage_chart import chart_of


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        choices=[("", gettext_lazy("As chosen in the menu")), *settings.LANGUAGES],
        required=False,
        help_text=gettext_lazy("Used from every sign-in on, on every device."),
    )

    class Meta:
        model = User
        fields = ["display_name", "email", "language"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].disabled = not mails.has_server()
        self.fields["email"].help_text = (
            _("Changes when you open the link that is sent to the new address.")
            if mails.has_server()
            else _("An administrator changes it: this installation sends no mail.")
        )


class Profile(PersonalPage):
    def get(self, request: HttpRequest) -> HttpResponse:
        return self._show(ProfileForm(instance=self.person))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = ProfileForm(request.POST, instance=User.objects.get(pk=self.person.pk))
        if not form.is_valid():
            return self._show(form, status=400)
        address = form.cleaned_data.pop("email")
        if address and address.lower() != self.person.email.lower():
            raise_if_reauthentication_required(request, app="allauth.account")  # a password can be reset through it
        person = services.change_profile(self.person, **form.cleaned_data)
        messages.success(request, _("Your profile has been saved."))
        if address and address.lower() != person.email.lower():
            self._change_address(address)
        choose_language(request, person)
        return redirect("account-profile")

    def _change_address(self, address: str) -> None:
        try:
            addresses.request_change(self.person, address, site=site_of(self.request))
        except DomainError as refusal:
            messages.error(self.request, refusal.message)
        else:
            told = _("A link is on its way to %(address)s. Your address changes when you open it.")
            messages.info(self.request, told % {"address": address})

    def _show(self, form: ProfileForm, *, status: int = 200) -> HttpResponse:
        context: dict[str, Any] = {
            "form": form,
            "roles": [str(role) for role in Role.objects.filter(user=self.person)],
            "units": self.person.units.all(),
        }
        return render(self.request, "account/profile.html", context, status=status)


class Usage(PersonalPage):
    def get(self, request: HttpRequest) -> HttpResponse:
        asked = import_string(settings.USAGE_OF_QUESTIONS)(self.person)
        context = {
            "chart": chart_of(asked),
            "tokens": sum(day.tokens for day in asked.days),
            "standings": quotas.standings_of(self.person),
        }
        return render(request, "account/usage.html", context)


def choose_language(request: HttpRequest | None, user: User, **_signal: Any) -> None:
    """Let the language that a person chose win over the browser's cookie; connected to Django's user_logged_in."""
    if request is not None and user.language:
        request.new_language = user.language  # type: ignore[attr-defined]
