from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RegistryConfig(AppConfig):
    name = "apps.registry"
    verbose_name = _("Models")

    def ready(self) -> None:
        """Load what answers at the start of the process, not with its first question."""
        from apps.registry.models import KINDS

        for module in KINDS.values():
            import_module(module)
