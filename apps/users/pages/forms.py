"""Forms of the pages on which people come in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import password_validation
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import AuthenticationFailed

from apps.core.errors import DomainError
from apps.users import registration, sign_in
from apps.users.models import Role, Unit, User

PASSWORD_LENGTH_MAX = 1024


class SignInForm(AuthenticationForm):
    username = forms.CharField(
        label=_("User name or e-mail address"),
        max_length=254,
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "username", "autocapitalize": "none"}),
    )

    refusal: DomainError | None = None
    """Why nothing was even tried: a pause. The page answers with its status."""

    def clean(self) -> dict[str, Any]:
        name, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if name and password:
            try:
                self.user_cache = sign_in.check_credentials(name, password)
            except AuthenticationFailed as refusal:
                raise ValidationError(str(refusal.detail)) from refusal
            except DomainError as refusal:
                self.refusal = refusal
                raise ValidationError(refusal.message) from refusal
        return self.cleaned_data


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Code"),
        max_length=20,
        widget=forms.TextInput(
            attrs={"autofocus": True, "autocomplete": "one-time-code", "inputmode": "numeric", "class": "code-field"}
        ),
    )


class ProofForm(forms.Form):
    """The password once more, or a code of the second factor."""

    proof = forms.CharField(
        label=_("Password, or code of the second factor"),
        max_length=PASSWORD_LENGTH_MAX,
        strip=False,
        widget=forms.PasswordInput(attrs={"autofocus": True, "autocomplete": "current-password"}),
    )


class AddressForm(forms.Form):
    email = forms.EmailField(
        label=_("E-mail address"), widget=forms.EmailInput(attrs={"autofocus": True, "autocomplete": "email"})
    )


class NewPersonForm(forms.Form):
    """What everybody says of himself who becomes a user."""

    display_name = forms.CharField(
        label=_("Your name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    email = forms.EmailField(label=_("E-mail address"), widget=forms.EmailInput(attrs={"autocomplete": "email"}))
    password = forms.CharField(
        label=_("Password"),
        max_length=PASSWORD_LENGTH_MAX,
        strip=False,
        help_text=password_validation.password_validators_help_text_html,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        said = self.cleaned_data
        if said.get("password"):
            person = User(
                username=said.get("username", ""),
                email=said.get("email", ""),
                display_name=said.get("display_name", ""),
            )
            try:
                password_validation.validate_password(said["password"], person)
            except ValidationError as weak:
                self.add_error("password", weak)
        return said


class RequestForm(NewPersonForm):
    reason = forms.CharField(
        label=_("What do you need access for?"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class AcceptForm(NewPersonForm):
    username = forms.CharField(
        label=_("User name"),
        max_length=150,
        validators=User._meta.get_field("username").validators,
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "username", "autocapitalize": "none"}),
    )
    field_order = ["username", "display_name", "email", "password"]

    def __init__(self, *args: Any, address: str, **options: Any) -> None:
        super().__init__(*args, **options)
        if address:
            del self.fields["email"]
        else:
            self.fields["email"].required = False

    def clean_username(self) -> str:
        name: str = User.normalize_username(self.cleaned_data["username"])
        if "@" in name:  # nobody may be called like somebody else's address
            raise ValidationError(_("A user name has no “@”."))
        if User.objects.filter(username__iexact=name).exists():
            raise ValidationError(_("A user with that name exists already."))
        return name


class InviteForm(forms.Form):
    email = forms.EmailField(
        label=_("E-mail address"),
        required=False,
        help_text=_("The link is sent there. Without an address you copy it and hand it over yourself."),
    )
    role = forms.ModelChoiceField(queryset=Role.objects.none(), label=_("Role"))
    unit = forms.ModelChoiceField(
        queryset=Unit.objects.none(), label=_("Unit"), required=False, empty_label=_("No unit")
    )

    def __init__(self, *args: Any, actor: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["role"].queryset = registration.roles_to_give(actor)  # type: ignore[attr-defined]
        self.fields["role"].initial = Role.objects.filter(name=Role.USER).first()
        self.fields["unit"].queryset = Unit.objects.managed_by(actor)  # type: ignore[attr-defined]
        self.fields["unit"].required = not actor.has_perm("users.add_user")
