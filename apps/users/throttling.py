"""A growing pause after failed attempts, per account and per address. One counter for pages, API, codes and resets.

An account is counted by the name that was typed, whether or not anybody is called so: the pause tells nothing.
"""

from __future__ import annotations

import hashlib
import ipaddress
import time
from typing import NamedTuple

from django.core.cache import cache
from django.utils.translation import ngettext

from apps.core.errors import TooManyRequests
from apps.core.origin import current_origin

FIRST_PAUSE, LONGEST_PAUSE = 30, 900
FORGOTTEN_AFTER = 3600
KEY = "attempts"


class Counter(NamedTuple):
    """Failures of one account or one address; the pause begins with failure number `free`."""

    key: str
    free: int

    def pause_left(self) -> int:
        """Return how many seconds remain, 0 when attempts are welcome."""
        until = cache.get(f"{self.key}:until")
        return max(0, round(until - time.time())) if until else 0

    def add(self) -> None:
        cache.add(f"{self.key}:failures", 0, timeout=FORGOTTEN_AFTER)
        failures = cache.incr(f"{self.key}:failures")
        cache.touch(f"{self.key}:failures", FORGOTTEN_AFTER)
        if failures >= self.free:
            pause = min(FIRST_PAUSE * 2 ** min(failures - self.free, 10), LONGEST_PAUSE)
            cache.set(f"{self.key}:until", time.time() + pause, timeout=pause)

    def clear(self) -> None:
        cache.delete_many([f"{self.key}:failures", f"{self.key}:until"])


def demand_patience(name: str) -> None:
    """Raise TooManyRequests("too_many_attempts") while this account or the caller's address is in a pause."""
    wait = max(counter.pause_left() for counter in (_of_account(name), *_of_address()))
    if wait:
        sentence = ngettext(
            "Too many attempts. Try again in %(count)s minute.",
            "Too many attempts. Try again in %(count)s minutes.",
            minutes := -(-wait // 60),
        )
        raise TooManyRequests("too_many_attempts", sentence % {"count": minutes}, wait=wait)


def count_failure(name: str) -> None:
    """One more failure for this account and for the caller's address."""
    for counter in (_of_account(name), *_of_address()):
        counter.add()


def forget_failures(name: str) -> None:
    """The person has proved who he is. The address keeps its count: a thief has an account of his own, too."""
    _of_account(name).clear()


def _of_account(name: str) -> Counter:
    digest = hashlib.sha256(name.strip().casefold().encode()).hexdigest()
    return Counter(f"{KEY}:account:{digest[:32]}", free=5)


def _of_address() -> list[Counter]:
    address = current_origin().address
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return []
    if ip.version == 6:  # whoever has one has 2**64 of them
        address = str(ipaddress.ip_network((ip, 64), strict=False).network_address)
    return [Counter(f"{KEY}:address:{address}", free=20)]
