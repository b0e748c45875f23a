from django.urls import path

from apps.datasets.api import layouts, rows, uploads, views
from apps.datasets.models import Dataset
from apps.users.api.grants import GrantsView, GrantView

_versions = "<uuid:id>/versions"
_version = f"{_versions}/<int:number>"
_uploads = "<uuid:id>/uploads"
_VERBS = ("finalise", "activate", "cancel", "restore", "import_again")

urlpatterns = [
    path("", views.DatasetViewSet.as_view({"get": "list", "post": "create"}), name="datasets"),
    path("<uuid:id>/", views.DatasetViewSet.as_view({"get": "retrieve", "delete": "destroy"}), name="dataset"),
    path(_versions, views.VersionViewSet.as_view({"get": "list", "post": "create"}), name="dataset-versions"),
    path(
        _version,
        views.VersionViewSet.as_view({"get": "retrieve", "delete": "destroy"}),
        name="dataset-version",
    ),
    *(
        path(
            f"{_version}/{verb.replace('_', '-')}",
            views.VersionViewSet.as_view({"post": verb}),
            name=f"dataset-version-{verb.replace('_', '-')}",
        )
        for verb in _VERBS
    ),
    path(f"{_version}/records", rows.RecordsView.as_view(), name="dataset-version-records"),
    path(f"{_version}/issues", rows.IssuesView.as_view(), name="dataset-version-issues"),
    path(f"{_version}/issues.csv", rows.IssuesFileView.as_view(form="csv"), name="dataset-version-issues-csv"),
    path(f"{_version}/issues.xlsx", rows.IssuesFileView.as_view(form="xlsx"), name="dataset-version-issues-xlsx"),
    path(f"{_version}/layout", layouts.LayoutView.as_view(), name="dataset-version-layout"),
    path("<uuid:id>/schema", layouts.SchemaView.as_view(), name="dataset-schema"),
    path(f"{_version}/diff", rows.DifferenceView.as_view(), name="dataset-version-diff"),
    path(_uploads, uploads.UploadsView.as_view(), name="dataset-uploads"),
    path(f"{_uploads}/<uuid:upload>", uploads.OneUploadView.as_view(), name="dataset-upload"),
    path(f"{_uploads}/<uuid:upload>/complete", uploads.CompleteUploadView.as_view(), name="dataset-upload-complete"),
    path("<uuid:id>/grants", GrantsView.as_view(model=Dataset), name="dataset-grants"),
    path("<uuid:id>/grants/<str:kind>/<int:holder>", GrantView.as_view(model=Dataset), name="dataset-grant"),
]
