"""Every address of the product."""

from functools import cache

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.utils.module_loading import import_string
from django.views.decorators.http import require_safe
from django.views.i18n import set_language
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView


@cache
def warm_up() -> None:
    """Once per process: open what answers, so that the first question does not wait for it."""
    import_string("apps.registry.services.prepare_live")()


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Say that the process answers and is warm; open to anyone, tells nothing else."""
    warm_up()
    return HttpResponse("ok", content_type="text/plain")


api_v1 = [
    path("account/", include("apps.users.api.account")),
    path("auth/", include("apps.users.api.urls")),
    path("datasets/", include("apps.datasets.api.urls")),
    path("jobs/", include("apps.training.api.urls")),
    path("models/", include("apps.registry.api.urls")),
    path("qa/", include("apps.qa.api.urls")),
]

urlpatterns = [
    path("", include("apps.users.urls")),
    path("", include("apps.qa.urls")),
    path("admin/", admin.site.urls),
    path("api/v1/", include((api_v1, "api"))),
    path("api/schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path(
        "api/docs/",
        SpectacularSwaggerSplitView.as_view(url_name="api-schema", template_name="api/docs.html"),
        name="api-docs",
    ),
    path("language/", set_language, name="set_language"),
    path("healthz", healthz, name="healthz"),
]

handler403 = "apps.core.pages.forbidden"
handler404 = "apps.core.pages.not_found"
handler500 = "apps.core.pages.server_error"
