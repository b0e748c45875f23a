"""Settings of the sign-in: who may become a user, second factors, outside providers, and the mail that it takes."""

from mozhu.env import VAR_DIR, env, one_of, sign_in_providers

REGISTRATION = one_of("REGISTRATION", "closed", "invitation", "approval")
"""Who may become a user: nobody alone ("closed"), who was invited ("invitation"), or whoever asks, once an
administrator has approved ("approval"; invitations work then too)."""
REQUIRE_SECOND_FACTOR = one_of("REQUIRE_SECOND_FACTOR", "off", "console")
"""Where a second factor is a must: nowhere ("off"), or for everybody who enters the console ("console")."""
CONSOLE_GATE = "apps.users.second_factor.gate"
"""Asked before every screen of the console: returns None, or the name of the page that the person has to see first."""
PASSWORD_RESET_TIMEOUT = 24 * 3600
INVITATION_DAYS = env.int("INVITATION_DAYS", default=7)
"""How long a link for a new password (seconds) and an invitation (days) let somebody in."""
ACCOUNT_ADAPTER = "apps.users.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"  # who has to prove an address is decided in users/registration.py
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
MFA_ADAPTER = "apps.users.adapters.SecondFactorAdapter"
MFA_TOTP_TOLERANCE = 1  # phones' clocks are off by seconds; second_factor.py sees to it that no code works twice
SOCIALACCOUNT_ADAPTER = "apps.users.adapters.ProviderAdapter"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False  # an e-mail address proves nothing: people connect accounts themselves
SOCIALACCOUNT_REQUESTS_TIMEOUT = 10
SOCIALACCOUNT_PROVIDERS, PROVIDER_ORIGINS = sign_in_providers()
"""Where else people may sign in, and the only addresses (scheme, host, port) that are called for it."""
OIDC_CREATES_USERS = env.bool("OIDC_CREATES_USERS", default=False)
"""True: whom the OIDC provider knows becomes a user (role "user") at the first sign-in, whatever REGISTRATION says."""

vars().update(env.email_url("EMAIL_URL", default="filemail:///"))
EMAIL_FILE_PATH = str(VAR_DIR / "mail")
"""Where mail goes while EMAIL_URL names no server (smtp+tls://user:password@host:587): one file per message."""
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("MAIL_FROM", default="mozhu@localhost")
