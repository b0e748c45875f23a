from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.utils.translation import gettext_lazy as _


class CoreConfig(AppConfig):
    name = "apps.core"
    verbose_name = _("Core")


class ConsoleConfig(AdminConfig):
    """The Django admin with Mozhu's own site: one sign-in page, entry by permission, dashboard first."""

    default_site = "apps.core.console.ConsoleSite"
