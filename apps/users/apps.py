from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class UsersConfig(AppConfig):
    name = "apps.users"
    verbose_name = _("People")

    def ready(self) -> None:
        from apps.users.api import openapi  # noqa: F401  (registers itself)
        from apps.users.roles import sync_roles

        post_migrate.connect(sync_roles, dispatch_uid="users.sync_roles")
