"""The personal area of a signed-in person: who one is here, one's API keys, what one has used."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views import View

from apps.core.pages import redirect_to_sign_in
from apps.users import services
from apps.users.models import Role, User


class AccountPage(LoginRequiredMixin, View):
    """A page about the person who looks at it: being signed in is enough."""

    def handle_no_permission(self) -> HttpResponse:  # type: ignore[override]
        return redirect_to_sign_in(self.request)

    @property
    def person(self) -> User:
        return cast(User, self.request.user)


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = ["display_name", "email"]


class Profile(AccountPage):
    def get(self, request: HttpRequest) -> HttpResponse:
        return self._show(ProfileForm(instance=self.person))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = ProfileForm(request.POST, instance=User.objects.get(pk=self.person.pk))
        if not form.is_valid():
            return self._show(form, status=400)
        services.change_profile(self.person, **form.cleaned_data)
        messages.success(request, _("Your profile has been saved."))
        return redirect("account-profile")

    def _show(self, form: ProfileForm, *, status: int = 200) -> HttpResponse:
        context: dict[str, Any] = {
            "form": form,
            "roles": [str(role) for role in Role.objects.filter(user=self.person)],
            "units": self.person.units.all(),
        }
        return render(self.request, "account/profile.html", context, status=status)
