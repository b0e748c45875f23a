"""The audit trail in the console: to be searched, read and taken away, never to be changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import display

from apps.audit import presentation
from apps.audit.actions import label_of
from apps.audit.filters import DaysFilter, GroupFilter
from apps.audit.models import AuditArchive, AuditEntry
from apps.audit.services import record
from apps.core import spreadsheets
from apps.core.admin import MachineMadeAdmin, demand

VIEW = "audit.view_auditentry"


class Entries(ChangeList):
    """One page of the list, with the addresses of the objects that the reader may open."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        addresses = presentation.find_objects(self.result_list, user=request.user)
        for entry in self.result_list:
            entry.object_address = addresses.get(entry.seq, "")


@admin.register(AuditEntry)
class AuditEntryAdmin(MachineMadeAdmin):
    list_display = ["seq", "show_at", "show_actor", "show_act", "show_object", "address"]
    list_display_links = ["seq", "show_at"]
    list_filter = [GroupFilter, ("actor", AutocompleteSelectFilter), ("at", DaysFilter)]
    list_filter_submit = True
    search_fields = ["actor_name", "object_name", "request_id", "address"]
    search_help_text = _("User name, object, request number or address")
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_before_template = "admin/audit/auditentry/_exports.html"
    change_form_template = "admin/audit/auditentry/change_form.html"

    class Media:
        css = {"all": ["audit/audit.css"]}

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return Entries

    def get_urls(self) -> list[URLPattern]:
        return [
            path("export.csv", self.admin_site.admin_view(self.export_csv), name="audit_auditentry_csv"),
            path("export.json", self.admin_site.admin_view(self.export_json), name="audit_auditentry_json"),
            *super().get_urls(),
        ]

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        entry = self.get_object(request, object_id)
        if entry is not None:
            extra_context = (extra_context or {}) | {
                "entry": entry,
                "act": label_of(entry.action),
                "kind": presentation.kind_of(entry),
                "object_address": presentation.find_objects([entry], user=request.user).get(entry.seq),
                "changes": presentation.changes(entry),
            }
        return super().change_view(request, object_id, form_url, extra_context)

    def export_csv(self, request: HttpRequest) -> HttpResponseBase:
        rows = (presentation.export_cells(entry) for entry in self._exported(request, "csv"))
        chunks = spreadsheets.csv_chunks(presentation.export_header(), rows)
        return spreadsheets.download(chunks, name=_file_name("csv"), content_type="text/csv")

    def export_json(self, request: HttpRequest) -> HttpResponseBase:
        rows = (presentation.export_values(entry) for entry in self._exported(request, "json"))
        return spreadsheets.download(_json_array(rows), name=_file_name("json"), content_type="application/json")

    def _exported(self, request: HttpRequest, file_format: str) -> Iterator[AuditEntry]:
        """Return the entries of the list as it is filtered now; that somebody took them away is recorded too."""
        demand(request, VIEW)
        entries = self.get_changelist_instance(request).queryset
        last = AuditEntry.objects.values_list("seq", flat=True).first() or 0
        record("audit.exported", actor=request.user, after={"format": file_format, "filter": request.GET.dict()})
        return presentation.in_pieces(entries.filter(seq__lte=last))

    @display(description=_("when"), ordering="at")
    def show_at(self, entry: AuditEntry) -> str:
        return f"{timezone.localtime(entry.at):%Y-%m-%d %H:%M:%S}"

    @display(description=_("who"), ordering="actor_name")
    def show_actor(self, entry: AuditEntry) -> str:
        return entry.actor_name or "—"

    @display(description=_("act"), ordering="action")
    def show_act(self, entry: AuditEntry) -> str:
        return label_of(entry.action)

    @display(description=_("object"), ordering="object_name")
    def show_object(self, entry: Any) -> str:
        if not entry.object_address:
            return entry.object_name or "—"
        return format_html('<a class="text-link" href="{}">{}</a>', entry.object_address, entry.object_name)


@admin.register(AuditArchive)
class AuditArchiveAdmin(MachineMadeAdmin):
    """Archives are read with `verify_audit --archives`; here they are listed, and taken away to a safer place."""

    list_display = ["show_entries", "made_at", "show_file", "sha256"]
    ordering = ["-last_seq"]

    def get_urls(self) -> list[URLPattern]:
        download = self.admin_site.admin_view(self.download)
        return [path("<int:pk>/file/", download, name="audit_auditarchive_file"), *super().get_urls()]

    def download(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        made = self.get_object(request, str(pk))
        if made is None or not made.path.is_file():
            raise Http404
        demand(request, "audit.view_auditarchive", made)
        record("audit.archive_downloaded", actor=request.user, target=made)
        return FileResponse(made.path.open("rb"), as_attachment=True, filename=made.file)

    @display(description=_("entries"), ordering="last_seq")
    def show_entries(self, made: AuditArchive) -> str:
        return str(made)

    @display(description=_("file"))
    def show_file(self, made: AuditArchive) -> str:
        if not made.path.is_file():
            return _("%(name)s (not on this server)") % {"name": made.file}
        address = reverse("admin:audit_auditarchive_file", args=[made.pk])
        return format_html('<a class="text-link" href="{}">{}</a>', address, made.file)


def _file_name(ending: str) -> str:
    return f"audit-{timezone.localtime():%Y%m%d-%H%M}.{ending}"


def _json_array(rows: Iterator[dict[str, Any]]) -> Iterator[str]:
    before = "[\n"
    for row in rows:
        yield before + json.dumps(row, ensure_ascii=False)
        before = ",\n"
    yield "\n]\n" if before == ",\n" else "[]\n"
