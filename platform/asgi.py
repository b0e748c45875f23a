"""The web process: HTTP, static files and WebSockets, `daphne mozhu.asgi:application`."""

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from asgiref.sync import ThreadSensitiveContext, sync_to_async

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mozhu.settings")

import django

django.setup(set_prefix=False)

from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.handlers.asgi import ASGIHandler  # noqa: E402
from django.http import HttpRequest  # noqa: E402
from django.utils.module_loading import import_string  # noqa: E402
from servestatic import ServeStaticASGI  # noqa: E402


class PooledASGIHandler(ASGIHandler):
    """Django's handler, with a bounded pool of view threads.

    Plain ASGI gives every request a new thread and with it a new database connection. Here a request borrows one of
    `ORM_THREADS` single-thread executors, so connections are kept and their number is bounded; more requests wait.
    The whole chain of middleware and view runs there in one go: asked asynchronously, every middleware of Django's
    would change threads twice.
    """

    def __init__(self) -> None:
        super().__init__()
        self._executors = [ThreadPoolExecutor(1, thread_name_prefix=f"view-{n}") for n in range(settings.ORM_THREADS)]
        self._load = [0] * len(self._executors)

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)

    async def get_response_async(self, request: HttpRequest) -> Any:
        return await sync_to_async(self.get_response)(request)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        slot = min(range(len(self._load)), key=self._load.__getitem__)
        self._load[slot] += 1
        try:
            async with ThreadSensitiveContext(executor=self._executors[slot]):
                await self.handle(scope, receive, send)
        finally:
            self._load[slot] -= 1


def _websocket_routes() -> list[Any]:
    return list(import_string("apps.training.routing.websocket_urlpatterns"))


http = ServeStaticASGI(
    PooledASGIHandler(),
    root=str(settings.STATIC_ROOT),
    prefix=settings.STATIC_URL,
    max_age=3600,
    autorefresh=settings.DEBUG,
    allow_all_origins=False,
    add_headers_function=import_string("apps.core.headers.protect_file"),
)
application = ProtocolTypeRouter(
    {
        "http": http,
        "websocket": AllowedHostsOriginValidator(AuthMiddlewareStack(URLRouter(_websocket_routes()))),
    }
)
