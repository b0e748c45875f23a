"""What the audit trail may name: every act has a code for programs and a label for people, in groups.

A code reads `thing.verb` ("dataset_version.finalised") and is never renamed: rows written long ago carry it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _


class Group(NamedTuple):
    """Acts that people look for together: the group's label, and code -> label of each act."""

    label: Any
    actions: dict[str, Any]


GROUPS: dict[str, Group] = {
    "people": Group(
        _("Sign-in and people"),
        {
            "user.superuser_made": _("superuser made on the command line"),
            "user.signed_in": _("signed in"),
            "user.sign_in_refused": _("sign-in refused"),
            "user.signed_out": _("signed out"),
            "user.session_ended": _("signed out from elsewhere"),
            "token_family.reused": _("a token was used twice: the log-in was ended"),
            "user.password_changed": _("password changed"),
            "user.password_reset": _("password set by a link"),
            "user.password_link_made": _("link for a new password made"),
            "user.second_factor_on": _("second factor switched on"),
            "user.second_factor_off": _("second factor switched off"),
            "user.second_factor_reset": _("second factor reset by an administrator"),
            "user.second_factor_used": _("second factor used"),
            "user.second_factor_refused": _("second factor refused"),
            "user.recovery_codes_made": _("recovery codes made"),
            "user.account_disconnected": _("outside account disconnected"),
            "user.account_connected": _("outside account connected"),
            "user.joined_by_provider": _("became a user by an outside account"),
            "user.asked_for_access": _("asked for access"),
            "user.approved": _("access approved"),
            "user.refused": _("access refused"),
            "invitation.made": _("invitation made"),
            "invitation.withdrawn": _("invitation withdrawn"),
            "invitation.used": _("invitation used"),
            "user.role_given": _("role given"),
            "user.roles_changed": _("roles changed"),
            "role.created": _("role made"),
            "role.changed": _("role changed"),
            "role.deleted": _("role deleted"),
            "unit.created": _("unit made"),
            "unit.changed": _("unit renamed or moved"),
            "unit.deleted": _("unit deleted"),
            "unit.member_added": _("person put in a unit"),
            "unit.member_removed": _("person taken out of a unit"),
            "grant.given": _("shared"),
            "grant.taken": _("sharing taken back"),
            "user.profile_changed": _("profile changed"),
            "api_key.made": _("API key made"),
            "api_key.used": _("API key used from an address for the first time that day"),
            "api_key.revoked": _("API key revoked"),
            "quota.changed": _("quota changed"),
        },
    ),
    "data": Group(
        _("Datasets"),
        {
            "dataset.created": _("dataset made"),
            "dataset_version.uploaded": _("file uploaded"),
            "dataset.deleted": _("dataset deleted"),
            "dataset_version.import_restarted": _("import started again"),
            "dataset_version.import_cancelled": _("import cancelled"),
            "dataset_version.restored": _("version restored"),
            "dataset_version.deleted": _("version deleted"),
            "dataset_version.expired": _("version removed by retention"),
            "dataset_version.rows_exported": _("rows exported"),
            "dataset_version.comparison_exported": _("comparison exported"),
            "dataset_version.finalised": _("version finalised"),
            "dataset_version.activated": _("data activated"),
            "dataset_version.layout_confirmed": _("columns of a file confirmed"),
            "dataset.schema_changed": _("schema changed"),
            "dataset_version.issues_downloaded": _("list of issues downloaded"),
        },
    ),
    "training": Group(
        _("Training"),
        {
            "training_job.submitted": _("training submitted"),
            "training_job.cancelled": _("training cancelled"),
        },
    ),
    "models": Group(
        _("Models"),
        {
            "registered_model.created": _("model made"),
            "model_version.registered": _("model version registered"),
            "model_version.activated": _("model version activated"),
            "model_version.rolled_back": _("model rolled back to this version"),
        },
    ),
    "console": Group(
        _("Forms of the console"),
        {
            "form.added": _("added in the console"),
            "form.changed": _("changed in the console"),
            "form.deleted": _("deleted in the console"),
        },
    ),
    "audit": Group(
        _("Audit trail"),
        {
            "audit.exported": _("audit trail exported"),
            "audit.archived": _("audit trail archived"),
            "audit.archive_downloaded": _("archive of the audit trail downloaded"),
        },
    ),
}

ACTIONS: dict[str, Any] = {code: label for group in GROUPS.values() for code, label in group.actions.items()}


def label_of(action: str) -> str:
    """Return what people call the act; a code that is no longer known stands for itself."""
    return str(ACTIONS.get(action, action))
