"""A growing pause after failed attempts, per account and per address. One counter for pages, API, codes and resets.

An account is counted by the name that was typed, whether or not anybody is called so: the pause tells nothing.
"""

from __future__ import annotations

import hashlib
import ipaddress
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

from django.core.cache import cache
from django.utils.translation import ngettext

from apps.core.errors import TooManyRequests
from apps.core.origin import current_origin

FIRST_PAUSE, LONGEST_PAUSE = 30, 900
FORGOTTEN_AFTER = 3600
LONGEST_ATTEMPT = 60
AT_ONCE_WAIT = 1
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

    def enter(self) -> bool:
        """Begin an attempt; returns whether it may go on. `leave` ends it in either case."""
        cache.add(f"{self.key}:running", 0, timeout=LONGEST_ATTEMPT)
        running = cache.incr(f"{self.key}:running")
        return running <= max(1, self.free - (cache.get(f"{self.key}:failures") or 0))

    def leave(self) -> None:
        with suppress(ValueError):  # forgotten meanwhile
            cache.decr(f"{self.key}:running")

    def clear(self) -> None:
        cache.delete_many([f"{self.key}:failures", f"{self.key}:until"])


@contextmanager
def attempt(name: str) -> Iterator[None]:
    """What happens inside tries to get into this account. Raises TooManyRequests in a pause.

    Of attempts at the same time only so many get in as failures are left: a thousand at once are not a thousand free
    ones. Where none is left, one at a time is let in.
    """
    entered: list[Counter] = []
    try:
        for counter in (_of_account(name), *_of_address()):
            entered.append(counter)
            if not counter.enter():
                raise _refusal(AT_ONCE_WAIT)
        demand_patience(name)  # asked inside: who waited for his turn may have waited for the pause
        yield
    finally:
        for counter in entered:
            counter.leave()


def demand_patience(name: str) -> None:
    """Raise TooManyRequests("too_many_attempts") while this account or the caller's address is in a pause."""
    wait = max(counter.pause_left() for counter in (_of_account(name), *_of_address()))
    if wait:
        raise _refusal(wait)


def count_failure(name: str) -> None:
    """One more failure for this account and for the caller's address."""
    for counter in (_of_account(name), *_of_address()):
        counter.add()


def forget_failures(name: str) -> None:
    """The person has proved who he is. The address keeps its count: a thief has an account of his own, too."""
    _of_account(name).clear()


def _refusal(wait: int) -> TooManyRequests:
    sentence = ngettext(
        "Too many attempts. Try again in %(count)s minute.",
        "Too many attempts. Try again in %(count)s minutes.",
        minutes := -(-wait // 60),
    )
    return TooManyRequests("too_many_attempts", sentence % {"count": minutes}, wait=wait)


def _of_account(name: str) -> Counter:
    """Every way to write the name counts as one: the accounts are looked up by its NFKC form, addresses in any case.

    A person's user name and his address count apart: together they would tell that they belong together.
    """
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).strip()
    digest = hashlib.sha256(plain.encode()).hexdigest()
    return Counter(f"{KEY}:account:{digest[:32]}", free=5)


def _of_address() -> list[Counter]:
    address = current_origin().address
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return []
    ip = getattr(ip, "ipv4_mapped", None) or ip  # of a server that listens for both: not one network for everybody
    address = str(ip)
    if ip.version == 6:  # whoever has one has 2**64 of them
        address = str(ipaddress.ip_network((ip, 64), strict=False).network_address)
    return [Counter(f"{KEY}:address:{address}", free=20)]
