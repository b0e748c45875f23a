"""People in the console, a module per screen. What third parties bring along is not shown: it has no say here."""

from django.contrib import admin

from apps.users.admin import keys, people, quotas, roles, units

__all__ = ["keys", "people", "quotas", "roles", "units"]

NOT_SHOWN = {"auth", "account", "socialaccount", "mfa", "usersessions"}

admin.site.unregister([model for model in admin.site._registry if model._meta.app_label in NOT_SHOWN])
