"""Every address of the product, taken from the URL table, and one of each object to fill the addresses with."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from typing import Any, NamedTuple

from django.urls import URLPattern, get_resolver

CONSOLE_PREFIX = "admin/"
CONSOLE_OBJECT = re.compile(r"admin/(\w+)/(\w+)/")
PARAMETER = re.compile(r"\(\?P<(?P<group>\w+)>[^)]*\)|<(?:(?P<kind>\w+):)?(?P<name>\w+)>")
BODY_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
FUNCTIONS = {"language/": ["POST"]}
"""What plain functions answer to, where it is not GET."""


class Address(NamedTuple):
    method: str
    route: str

    def __str__(self) -> str:
        return f"{self.method} /{self.route}"

    @property
    def is_api(self) -> bool:
        return self.route.startswith("api/v1/")


def addresses(patterns: Any = None, prefix: str = "") -> Iterator[Address]:
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield from (Address(method, route) for method in methods_of(pattern.callback, route))
        else:
            yield from addresses(pattern.url_patterns, route)


def methods_of(view: Any, route: str) -> list[str]:
    """Which methods a view answers: from a viewset's actions, a class's handlers, or both common ones of a function."""
    if route.startswith(CONSOLE_PREFIX):
        return ["GET", "POST"]
    if getattr(view, "actions", None):
        return [method.upper() for method in view.actions if method != "head"]
    handlers = getattr(view, "view_class", None) or getattr(view, "cls", None)
    if handlers:
        allowed = [method for method in BODY_METHODS if method.lower() in handlers.http_method_names]
        return [method for method in allowed if hasattr(handlers, method.lower())]
    return FUNCTIONS.get(route, ["GET"])


ALL = sorted(set(addresses()))
OURS = [address for address in ALL if not address.route.startswith(CONSOLE_PREFIX)]
CONSOLES = [address for address in ALL if address.route.startswith(CONSOLE_PREFIX)]


def section_of(route: str) -> Any:
    """Return what an address is about: ("datasets", "dataset") in the console, "datasets" in the API and on pages."""
    console = CONSOLE_OBJECT.match(route)
    return console.groups() if console else route.removeprefix("api/v1/").split("/")[0]


def fill(route: str, *, given: dict[str, Any], pk: Any) -> str:
    """Return the path of a route: parameters from `given` by name, every other one is the `pk` (None: of nothing)."""

    def value(match: re.Match[str]) -> str:
        name, kind = match["group"] or match["name"], match["kind"]
        if name in given:
            return str(given[name])
        return str(pk if pk is not None else 987_654 if kind == "int" else uuid.uuid4())

    return "/" + PARAMETER.sub(value, route).replace("^", "").replace("$", "").replace("\\Z", "")
