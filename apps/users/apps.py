from allauth.socialaccount.signals import social_account_added
from django.apps import AppConfig, apps
from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class UsersConfig(AppConfig):
    name = "apps.users"
    verbose_name = _("People")

    def ready(self) -> None:
        from apps.users.api import openapi  # noqa: F401  (registers itself)
        from apps.users.connections import note_connected
        from apps.users.pages.account import choose_language
        from apps.users.roles import sync_roles

        user_logged_in.connect(choose_language, dispatch_uid="users.choose_language")
        social_account_added.connect(note_connected, dispatch_uid="users.note_connected")
        last = [app for app in apps.get_app_configs() if app.models_module][-1]  # by then every permission is made
        post_migrate.connect(sync_roles, sender=last, dispatch_uid="users.sync_roles")
