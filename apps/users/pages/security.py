"""The tabs Security and Sessions of the personal area."""

from __future__ import annotations

from allauth.account.decorators import reauthentication_required
from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from allauth.socialaccount.adapter import get_adapter as provider_adapter
from allauth.socialaccount.models import SocialAccount
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core.errors import DomainError
from apps.users import connections, second_factor, sessions
from apps.users.pages.base import PersonalPage, leave_to_providers
from apps.users.pages.forms import CodeForm

proven_again = method_decorator(reauthentication_required(app="allauth.mfa"), name="dispatch")
SECRET_KEY = "second_factor_secret"  # noqa: S105  (the session's name for it)


class Security(PersonalPage):
    def get(self, request: HttpRequest) -> HttpResponse:
        mine = {account.provider: account for account in SocialAccount.objects.filter(user=self.person)}
        providers = [
            {"provider": provider, "account": mine.get(provider.sub_id)}
            for provider in provider_adapter().list_providers(request)
        ]
        context = {
            "has_password": self.person.has_usable_password(),
            "is_on": second_factor.is_on(self.person),
            "codes_left": second_factor.codes_left(self.person),
            "is_demanded": self.person.is_staff and second_factor.gate(self.person) is not None,
            "providers": providers,
        }
        return leave_to_providers(request, render(request, "account/security.html", context))


@proven_again
class TurnOn(PersonalPage):
    """The secret waits in the session until a code has proved that the app holds it."""

    def get(self, request: HttpRequest) -> HttpResponse:
        if second_factor.is_on(self.person):
            return redirect("account-security")
        request.session[SECRET_KEY] = second_factor.new_secret()
        return self._show(CodeForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = CodeForm(request.POST)
        if SECRET_KEY not in request.session:
            return redirect("second-factor-on")
        if not form.is_valid():
            return self._show(form)
        try:
            codes = second_factor.turn_on(
                self.person, secret=request.session[SECRET_KEY], code=form.cleaned_data["code"]
            )
        except DomainError as refusal:
            form.add_error("code" if refusal.fields else None, refusal.fields.get("code", refusal.message))
            return self._show(form)
        del request.session[SECRET_KEY]
        return render(request, "account/recovery_codes.html", {"codes": codes, "is_new": True})

    def _show(self, form: CodeForm) -> HttpResponse:
        secret = self.request.session[SECRET_KEY]
        grouped = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
        context = {"form": form, "picture": second_factor.picture(self.person, secret), "secret": grouped}
        return render(self.request, "account/second_factor_on.html", context)


@proven_again
class TurnOff(PersonalPage):
    def get(self, request: HttpRequest) -> HttpResponse:
        if not second_factor.is_on(self.person):
            return redirect("account-security")
        return render(request, "account/second_factor_off.html")

    def post(self, request: HttpRequest) -> HttpResponse:
        second_factor.turn_off(self.person)
        messages.success(request, _("The second factor is off. The password alone signs you in."))
        return redirect("account-security")


@proven_again
class NewCodes(PersonalPage):
    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, "account/recovery_codes.html", {"codes": None})

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            codes = second_factor.new_codes(self.person)
        except DomainError as refusal:
            messages.error(request, refusal.message)
            return redirect("account-security")
        return render(request, "account/recovery_codes.html", {"codes": codes})


class Disconnect(PersonalPage):
    """GET asks, POST does: whoever has to prove himself in between comes back with GET."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return render(request, "account/disconnect.html", {"account": self._mine(pk)})

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        try:
            connections.disconnect(self._mine(pk), actor=self.person)
            messages.success(request, _("The account is not connected any more."))
        except DomainError as refusal:
            messages.error(request, refusal.message)
        return redirect("account-security")

    def _mine(self, pk: int) -> SocialAccount:
        account: SocialAccount = get_object_or_404(SocialAccount, user=self.person, pk=pk)
        raise_if_reauthentication_required(self.request, app="allauth.socialaccount")
        return account


class Sessions(PersonalPage):
    def get(self, request: HttpRequest) -> HttpResponse:
        places = sessions.places_of(self.person, current_session=request.session.session_key)
        others = [place for place in places if not place.is_current]
        return render(request, "account/sessions.html", {"places": places, "others": others})

    def post(self, request: HttpRequest) -> HttpResponse:
        """`place` names one as "kind:key"; without it everything ends but this session."""
        place = request.POST.get("place", "")
        if not place:
            current = request.session.session_key
            ended = sessions.end_everywhere(self.person, actor=self.person, except_session=current)
            said = ngettext("Signed out at %(count)s place.", "Signed out at %(count)s places.", ended)
            messages.success(request, said % {"count": ended})
        elif sessions.end_place(self.person, kind=place.partition(":")[0], key=place.partition(":")[2]):
            messages.success(request, _("Signed out there."))
        return redirect("account-sessions")
