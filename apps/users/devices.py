"""A User-Agent in words that its owner recognises."""

from __future__ import annotations

from django.utils.translation import gettext as _

BROWSERS = {
    "MicroMessenger": "微信",
    "Edg": "Edge",
    "OPR/": "Opera",
    "Firefox": "Firefox",
    "Chrome": "Chrome",
    "Safari": "Safari",
}
SYSTEMS = {
    "HarmonyOS": "HarmonyOS",
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "Linux": "Linux",
}


def device_of(agent: str) -> str:
    """Return "Firefox · Windows", or the name of the program ("curl/8.5.0"), or that it is not known."""
    browser = next((name for mark, name in BROWSERS.items() if mark in agent), "")
    system = next((name for mark, name in SYSTEMS.items() if mark in agent), "")
    if browser or system:
        return " · ".join(filter(None, [browser, system]))
    return agent.split(" ", maxsplit=1)[0][:40] or _("unknown device")
