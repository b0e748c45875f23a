"""Secrets at rest: encrypted, readable after keys were changed, useless without them."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

from apps.core.secrets import SecretUnreadable, decrypt, encrypt

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


def test_secret_comes_back_and_cannot_be_read_on_the_way(settings):
    written = encrypt("JBSWY3DPEHPK3PXP")
    assert "JBSWY3DPEHPK3PXP" not in written
    assert decrypt(written) == "JBSWY3DPEHPK3PXP"


def test_new_key_writes_and_the_old_one_still_reads(settings):
    settings.SECRETS_KEYS = [OLD]
    written = encrypt("geheim")
    settings.SECRETS_KEYS = [NEW, OLD]
    assert decrypt(written) == "geheim"
    assert Fernet(NEW).decrypt(encrypt("geheim").encode()) == b"geheim"


def test_installation_that_names_keys_later_reads_what_it_wrote_before(settings):
    settings.SECRETS_KEYS = []
    written = encrypt("geheim")
    settings.SECRETS_KEYS = [NEW]
    assert decrypt(written) == "geheim"


def test_without_its_key_a_secret_is_lost_and_says_so(settings):
    settings.SECRETS_KEYS = [OLD]
    written = encrypt("geheim")
    settings.SECRETS_KEYS = [NEW]
    with pytest.raises(SecretUnreadable):
        decrypt(written)


def test_key_of_the_wrong_shape_is_named(settings):
    settings.SECRETS_KEYS = ["hunter2"]
    with pytest.raises(ImproperlyConfigured, match="SECRETS_KEYS"):
        encrypt("geheim")


def test_secret_is_read_after_the_product_got_another_key(settings):
    settings.SECRETS_KEYS = []
    kept = encrypt("seed")
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key " * 5
    assert decrypt(kept) == "seed"
