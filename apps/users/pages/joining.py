"""Pages on which somebody becomes a user, and the one on which others invite him."""

from __future__ import annotations

from typing import Any, cast

from allauth.account.internal.flows import login as login_flow
from allauth.account.models import EmailAddress, EmailConfirmationHMAC, Login
from allauth.socialaccount.adapter import get_adapter as provider_adapter
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views import View
from django.views.generic import FormView

from apps.core.errors import DomainError
from apps.core.pages import site_of
from apps.users import addresses, links, mails, registration
from apps.users.adapters import INVITATION_KEY
from apps.users.models import Invitation, Role
from apps.users.pages.base import FORM_METHODS, PersonalPage, RefusingForm, leave_to_providers
from apps.users.pages.forms import AcceptForm, InviteForm, RequestForm

SHOWN_MAX = 100


class Register(RefusingForm):
    """Asking for an account. Where that is not possible the page says who can help."""

    template_name = "users/register.html"
    form_class = RequestForm

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if not registration.is_open_to_all():
            return render(request, "users/register_closed.html", status=404)
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: RequestForm) -> HttpResponse:
        try:
            registration.ask_for_account(**form.cleaned_data, site=site_of(self.request))
        except DomainError as refusal:
            return self.form_refused(form, refusal)
        return self.render_to_response(self.get_context_data(sent_to=form.cleaned_data["email"]))


class ConfirmAddress(View):
    """The link of a letter. Opening it changes nothing yet: mail filters open links, too."""

    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        return self._show(request, EmailConfirmationHMAC.from_key(key))

    def post(self, request: HttpRequest, key: str) -> HttpResponse:
        confirmation = EmailConfirmationHMAC.from_key(key)
        row: EmailAddress | None = confirmation.email_address if confirmation else None
        if row is None or not addresses.adopt(row):
            return self._show(request, None)
        waits = not row.user.is_active
        return render(request, "users/address_confirmed.html", {"address": row.email, "waits": waits})

    def _show(self, request: HttpRequest, confirmation: Any) -> HttpResponse:
        address = confirmation.email_address.email if confirmation else ""
        return render(request, "users/confirm_address.html", {"address": address}, status=200 if address else 404)


class AcceptInvitation(FormView):  # type: ignore[type-arg]
    http_method_names = FORM_METHODS
    template_name = "users/invitation.html"
    form_class = AcceptForm

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            self.invitation = registration.invitation_of(self.kwargs["token"])
        except DomainError as over:
            return render(request, "users/invitation_over.html", {"message": over.message}, status=404)
        return super().dispatch(request, *args, **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"address": self.invitation.email}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.request.session[INVITATION_KEY] = self.kwargs["token"]
        providers = provider_adapter().list_providers(self.request)
        return super().get_context_data(invitation=self.invitation, providers=providers, **kwargs)

    def render_to_response(self, context: dict[str, Any], **options: Any) -> HttpResponse:
        return leave_to_providers(self.request, super().render_to_response(context, **options))

    def form_valid(self, form: AcceptForm) -> HttpResponse:
        said = {"email": "", **form.cleaned_data}
        try:
            user = registration.accept(self.kwargs["token"], **said, site=site_of(self.request))
        except DomainError as over:
            return render(self.request, "users/invitation_over.html", {"message": over.message}, status=404)
        self.request.session.pop(INVITATION_KEY, None)
        return cast(HttpResponse, login_flow.perform_login(self.request, Login(user=user)))


class Invitations(PersonalPage):
    """Invite people; copy or withdraw what is still open."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.user.is_authenticated and not registration.may_invite(self.person):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._show(InviteForm(actor=self.person, initial={"unit": request.GET.get("unit")}))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = InviteForm(request.POST, actor=self.person)
        if not form.is_valid():
            return self._show(form, status=400)
        try:
            made = registration.invite(**form.cleaned_data, actor=self.person, site=site_of(request))
        except DomainError as refusal:
            form.add_error(None, refusal.message)
            return self._show(form, status=400)
        sent = _("The invitation is on its way to %(address)s.") % {"address": made.email}
        messages.success(request, sent if made.email else _("The invitation is made. Copy its link below."))
        return redirect("invitations")

    def _show(self, form: InviteForm, *, status: int = 200) -> HttpResponse:
        rows = Invitation.objects.open().visible_to(self.person).select_related("role", "unit", "invited_by")
        site = site_of(self.request)
        still_open = [
            {
                "row": row,
                "role": Role.LABELS.get(row.role.name, row.role.name),
                "link": links.of_invitation(row, site=site),
            }
            for row in rows[:SHOWN_MAX]
        ]
        context = {"form": form, "open": still_open, "has_mail_server": mails.has_server()}
        return render(self.request, "users/invitations.html", context, status=status)


class WithdrawInvitation(PersonalPage):
    def post(self, request: HttpRequest, pk: Any) -> HttpResponse:
        invitation = get_object_or_404(Invitation.objects.visible_to(self.person), pk=pk)
        registration.withdraw(invitation, actor=self.person)
        messages.success(request, _("The invitation is withdrawn; its link does not work any more."))
        return redirect("invitations")
