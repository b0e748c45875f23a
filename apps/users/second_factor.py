"""The second factor: codes of an authenticator app (TOTP), and recovery codes for the day when it is lost."""

from __future__ import annotations

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret, validate_totp_code
from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.utils.translation import gettext as _
from qrcode import QRCode
from qrcode.image.svg import SvgPathImage

from apps.audit.services import record
from apps.core.errors import DomainError
from apps.users import throttling
from apps.users.models import User

NEVER_AGAIN_SECONDS = 180  # longer than a code is good for


def is_on(user: User) -> bool:
    return bool(Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists())


def codes_left(user: User) -> int:
    """Return how many recovery codes have not been used."""
    row = Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).first()
    return len(row.wrap().get_unused_codes()) if row else 0


def new_secret() -> str:
    """Return a fresh secret in base32, to be shown to its owner and given back to `turn_on`."""
    return str(generate_totp_secret())


def picture(user: User, secret: str) -> str:
    """Return the QR code that an authenticator app reads: an SVG element without styles or scripts."""
    code = QRCode(border=2)
    code.add_data(get_adapter().build_totp_url(user, secret))
    code.make(fit=True)
    return str(code.make_image(image_factory=SvgPathImage).to_string(encoding="unicode"))


def turn_on(user: User, *, secret: str, code: str) -> list[str]:
    """Demand the second factor from now on; returns the recovery codes, which are shown this once.

    The code proves that the app holds the secret; DomainError with `fields` if it does not.
    """
    if not validate_totp_code(secret, _bare(code)):
        raise DomainError("wrong_code", _("The code is not right."), fields={"code": _("Not right. Try the next one.")})
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        if is_on(user):
            raise DomainError("already_on", _("The second factor is on already."))
        TOTP.activate(user, secret)
        codes = _fresh_codes(user)
        record("user.second_factor_on", actor=user, target=user)
    return codes


def turn_off(user: User) -> None:
    """Ask this person for the password alone; recovery codes go too."""
    _remove(user, actor=user, action="user.second_factor_off")


def reset(user: User, *, actor: User) -> None:
    """An administrator takes the second factor off an account whose owner has lost it.

    Raises DomainError("own_account"): his own he switches off himself, having proved who he is.
    """
    if user == actor:
        raise DomainError("own_account", _("This is your own account: change it in your personal area."))
    _remove(user, actor=actor, action="user.second_factor_reset")


def new_codes(user: User) -> list[str]:
    """Replace the recovery codes; returns the new ones, which are shown this once."""
    if not is_on(user):
        raise DomainError("not_on", _("The second factor is off."))
    with transaction.atomic():
        codes = _fresh_codes(user)
        record("user.recovery_codes_made", actor=user, target=user)
    return codes


def accepts(user: User, code: str) -> bool:
    """Return whether this is a code of the user's app or an unused recovery code, and use it up.

    Failures count like wrong passwords; raises TooManyRequests.
    """
    with throttling.attempt(user.username):
        if _use_up(user, _bare(code)):
            throttling.forget_failures(user.username)
            record("user.second_factor_used", actor=user, target=user, after={"recovery_codes_left": codes_left(user)})
            return True
        throttling.count_failure(user.username)
        record("user.second_factor_refused", target=user)
        return False


def gate(user: User) -> str | None:
    """Return the page that a person has to see before the console, or None: settings.CONSOLE_GATE."""
    return "account-security" if settings.REQUIRE_SECOND_FACTOR == "console" and not is_on(user) else None


def _use_up(user: User, bare: str) -> bool:
    """Return whether this is a good code; of two requests that bring the same one, only one hears so."""
    rows = Authenticator.objects.filter(user=user).order_by("-type")  # "totp" before "recovery_codes"
    if not bare or cache.get(_spent(user, bare)) or not any(row.wrap().validate_code(bare) for row in rows):
        return False
    return bool(cache.add(_spent(user, bare), 1, timeout=NEVER_AGAIN_SECONDS))


def _fresh_codes(user: User) -> list[str]:
    Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).delete()
    codes = RecoveryCodes.activate(user).get_unused_codes()
    return list(codes)


def _remove(user: User, *, actor: User, action: str) -> None:
    with transaction.atomic():
        removed, _rows = Authenticator.objects.filter(user=user).delete()
        if removed:
            record(action, actor=actor, target=user)


def _bare(code: str) -> str:
    return "".join(code.split())


def _spent(user: User, code: str) -> str:
    return f"second-factor:spent:{user.pk}:{code}"
