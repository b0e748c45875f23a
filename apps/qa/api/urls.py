from django.urls import path

from apps.qa.api import views

urlpatterns = [
    path("ask", views.AskView.as_view(), name="qa-ask"),
    path("history", views.HistoryView.as_view(), name="qa-history"),
]
