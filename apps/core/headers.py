"""What the browser is told about every answer: what may run, what may frame us, what may be kept.

Four kinds of answers, four policies. Our own pages and the API allow no inline script, no inline style and no `eval`.
The console is drawn by a theme whose attributes are expressions (Alpine.js compiles them: 'unsafe-eval') and which
writes its colours and widths inline ('unsafe-inline' for styles alone). Scripts come from our own files everywhere.
"""

from __future__ import annotations

from collections.abc import MutableMapping

from django.http import HttpRequest, HttpResponse

from apps.core.middleware import middleware

NOTHING = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"
PAGE = f"{NOTHING}; object-src 'none'; form-action 'self'; font-src 'self'; connect-src 'self' %(sockets)s"
PAGES = f"{PAGE}; script-src 'self'; style-src 'self'; img-src 'self'"
DOCUMENTATION = f"{PAGE}; script-src 'self'; style-src 'self'; img-src 'self' data:"
CONSOLE = f"{PAGE}; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self'"
POLICIES = {"/admin/": CONSOLE, "/api/docs/": DOCUMENTATION, "/api/": f"{NOTHING}; form-action 'none'"}

UNUSED = ["accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "magnetometer", "microphone"]
UNUSED += ["midi", "payment", "usb", "xr-spatial-tracking"]
FIXED = {
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in UNUSED),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store, private",
}
"""Also: what Django's own SecurityMiddleware sends (HSTS, nosniff, Referrer-Policy, opener policy), X-Frame-Options.
Nothing that a view answers is kept by a browser or a proxy: static files, which may be, do not come through here."""


def policy_for(request: HttpRequest) -> str:
    """Return the Content-Security-Policy for the answer to this request."""
    policy = next((policy for prefix, policy in POLICIES.items() if request.path_info.startswith(prefix)), PAGES)
    scheme = "wss" if request.is_secure() else "ws"
    return policy % {"sockets": f"{scheme}://{request.get_host()}"}


def _protect(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    for name, value in FIXED.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Content-Security-Policy", policy_for(request))
    return response


def protect_file(headers: MutableMapping[str, str], path: str, url: str) -> None:
    """Add what a static file needs: it is what its name says, and no page of others takes it in."""
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Cross-Origin-Resource-Policy"] = FIXED["Cross-Origin-Resource-Policy"]


protective_headers = middleware(after=_protect)
"""Adds the headers above; a view that knows better (a download that may be kept) sets its own first."""
