from django.urls import path

from apps.datasets.api import views

_versions = "<uuid:id>/versions"

urlpatterns = [
    path("", views.DatasetViewSet.as_view({"get": "list", "post": "create"}), name="datasets"),
    path("<uuid:id>/", views.DatasetViewSet.as_view({"get": "retrieve"}), name="dataset"),
    path(_versions, views.VersionViewSet.as_view({"get": "list", "post": "create"}), name="dataset-versions"),
    path(
        f"{_versions}/<int:number>",
        views.VersionViewSet.as_view({"get": "retrieve"}),
        name="dataset-version",
    ),
    path(
        f"{_versions}/<int:number>/finalise",
        views.VersionViewSet.as_view({"post": "finalise"}),
        name="dataset-version-finalise",
    ),
    path(
        f"{_versions}/<int:number>/activate",
        views.VersionViewSet.as_view({"post": "activate"}),
        name="dataset-version-activate",
    ),
    path(f"{_versions}/<int:number>/records", views.RecordsView.as_view(), name="dataset-version-records"),
    path(f"{_versions}/<int:number>/issues", views.IssuesView.as_view(), name="dataset-version-issues"),
]
