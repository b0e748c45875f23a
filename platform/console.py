"""Settings of the console: the panels of its dashboard, its menu, its colours (django-unfold)."""

from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

DASHBOARD_PANELS = [
    "apps.training.dashboard.panel",
    "apps.registry.dashboard.panel",
    "apps.qa.dashboard.panel",
    "apps.datasets.dashboard.panel",
]


def _link(title: str, icon: str, url_name: str) -> dict[str, object]:
    def is_shown(request: object) -> bool:
        return bool(import_string("apps.core.console.sees_link")(request, url_name))

    return {"title": title, "icon": icon, "link": reverse_lazy(url_name), "permission": is_shown}


UNFOLD = {
    "SITE_TITLE": "Mozhu 模铸",
    "SITE_HEADER": "Mozhu 模铸",
    "SITE_SUBHEADER": _("Small models, cast on your own premises"),
    "SITE_URL": "/",
    "SITE_SYMBOL": "deployed_code",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("brand/mark.svg")}],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": True,
    "SHOW_BACK_BUTTON": True,
    "BORDER_RADIUS": "8px",
    "STYLES": [lambda request: static("console/console.css")],
    "SCRIPTS": [
        lambda request: static("console/confirm.js"),
        lambda request: static("console/shares.js"),
    ],
    "ACCOUNT": {"navigation": [{"title": _("My account"), "link": reverse_lazy("account-profile")}]},
    "DASHBOARD_CALLBACK": "apps.core.console.dashboard",
    "COLORS": {
        "base": {
            "50": "oklch(98.2% .005 84)",
            "100": "oklch(95.4% .009 86)",
            "200": "oklch(91% .01 86)",
            "300": "oklch(85% .012 85)",
            "400": "oklch(71% .015 82)",
            "500": "oklch(56% .016 80)",
            "600": "oklch(45% .015 78)",
            "700": "oklch(37.5% .014 76)",
            "800": "oklch(27% .01 70)",
            "900": "oklch(22.5% .009 68)",
            "950": "oklch(18.5% .008 66)",
        },
        "primary": {
            "50": "oklch(97.6% .014 190)",
            "100": "oklch(94.4% .036 190)",
            "200": "oklch(89.2% .062 190)",
            "300": "oklch(82% .088 190)",
            "400": "oklch(72.5% .103 191)",
            "500": "oklch(62.3% .102 193)",
            "600": "oklch(52.4% .088 195)",
            "700": "oklch(44.6% .074 197)",
            "800": "oklch(38.1% .061 199)",
            "900": "oklch(32.9% .05 201)",
            "950": "oklch(24.3% .04 203)",
        },
    },
    "SIDEBAR": {
        "show_search": True,
        "command_search": True,
        "navigation": [
            {"items": [_link(_("Dashboard"), "space_dashboard", "admin:index")]},
            {
                "title": _("Work"),
                "separator": True,
                "items": [
                    _link(_("Datasets"), "dataset", "admin:datasets_dataset_changelist"),
                    _link(_("Dataset versions"), "history", "admin:datasets_datasetversion_changelist"),
                    _link(_("Training jobs"), "model_training", "admin:training_trainingjob_changelist"),
                    _link(_("Models"), "deployed_code", "admin:registry_registeredmodel_changelist"),
                    _link(_("Model versions"), "conversion_path", "admin:registry_modelversion_changelist"),
                    _link(_("Questions"), "forum", "admin:qa_question_changelist"),
                ],
            },
            {
                "title": _("People"),
                "separator": True,
                "items": [
                    _link(_("Users"), "person", "admin:users_user_changelist"),
                    _link(_("Roles"), "shield_person", "admin:users_role_changelist"),
                    _link(_("Units"), "account_tree", "admin:users_unit_changelist"),
                    _link(_("API keys"), "key", "admin:users_apikey_changelist"),
                    _link(_("Quotas"), "speed", "admin:users_quota_changelist"),
                ],
            },
            {
                "title": _("System"),
                "separator": True,
                "items": [
                    _link(_("Audit trail"), "policy", "admin:audit_auditentry_changelist"),
                    _link(_("Audit archives"), "inventory_2", "admin:audit_auditarchive_changelist"),
                    _link(_("Task results"), "task_alt", "admin:django_celery_results_taskresult_changelist"),
                    _link(_("API documentation"), "api", "api-docs"),
                ],
            },
        ],
    },
}
