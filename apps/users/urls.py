"""Addresses of the pages. Names in the style account_login are those by which django-allauth looks for a page."""

from allauth.socialaccount.providers.github import views as github
from allauth.socialaccount.providers.google import views as google
from allauth.socialaccount.views import login_cancelled
from django.urls import path

from apps.users import providers
from apps.users.pages import account, joining, keys, passwords, security, sign_in, units

sign_in_page = sign_in.SignIn.as_view()
prove_again = sign_in.ProveAgain.as_view()

urlpatterns = [
    path("sign-in/", sign_in_page, name="account_login"),
    path("sign-in/", sign_in_page, name="sign-in"),
    path("sign-in/code/", sign_in.SecondStep.as_view(), name="mfa_authenticate"),
    path("sign-in/waiting/", sign_in.Inactive.as_view(), name="account_inactive"),
    path("sign-out/", sign_in.SignOut.as_view(), name="sign-out"),
    # elsewhere
    path("sign-in/google/", providers.if_configured(google.oauth2_login), name="google_login"),
    path("sign-in/google/back/", providers.if_configured(google.oauth2_callback), name="google_callback"),
    path("sign-in/github/", providers.if_configured(github.oauth2_login), name="github_login"),
    path("sign-in/github/back/", providers.if_configured(github.oauth2_callback), name="github_callback"),
    path("sign-in/cancelled/", login_cancelled, name="socialaccount_login_cancelled"),
    path("sign-in/<slug:provider_id>/", providers.login, name="openid_connect_login"),
    path("sign-in/<slug:provider_id>/back/", providers.callback, name="openid_connect_callback"),
    # passwords
    path("password/", passwords.ChangePassword.as_view(), name="password"),
    path("password/forgotten/", passwords.PasswordForgotten.as_view(), name="password-forgotten"),
    path("password/reset/<uidb64>/<token>/", passwords.PasswordReset.as_view(), name="password-reset"),
    # joining
    path("register/", joining.Register.as_view(), name="account_signup"),
    path("register/address/<key>/", joining.ConfirmAddress.as_view(), name="account_confirm_email"),
    path("invitation/<token>/", joining.AcceptInvitation.as_view(), name="invitation"),
    path("invitations/", joining.Invitations.as_view(), name="invitations"),
    path("invitations/<uuid:pk>/withdraw/", joining.WithdrawInvitation.as_view(), name="invitation-withdraw"),
    # units
    path("unit/", units.OwnUnits.as_view(), name="own-units"),
    path("unit/<int:pk>/members/", units.TakeIn.as_view(), name="unit-take-in"),
    path("unit/<int:pk>/members/<int:user>/remove/", units.LetGo.as_view(), name="unit-let-go"),
    # the personal area
    path("account/", account.Profile.as_view(), name="account-profile"),
    path("account/keys/", keys.Keys.as_view(), name="account-keys"),
    path("account/keys/new/", keys.NewKey.as_view(), name="account-key-new"),
    path("account/keys/<uuid:pk>/revoke/", keys.RevokeKey.as_view(), name="account-key-revoke"),
    path("account/usage/", account.Usage.as_view(), name="account-usage"),
    path("account/security/", security.Security.as_view(), name="account-security"),
    path("account/security/prove/", prove_again, name="mfa_reauthenticate"),
    path("account/security/prove/", prove_again, name="account_reauthenticate"),
    path("account/security/second-factor/", security.TurnOn.as_view(), name="second-factor-on"),
    path("account/security/second-factor/off/", security.TurnOff.as_view(), name="second-factor-off"),
    path("account/security/recovery-codes/", security.NewCodes.as_view(), name="recovery-codes"),
    path("account/security/connections/<int:pk>/", security.Disconnect.as_view(), name="disconnect"),
    path("account/sessions/", security.Sessions.as_view(), name="account-sessions"),
]
