from django.urls import path

from apps.qa import views

app_name = "qa"
urlpatterns = [
    path("", views.Ask.as_view(), name="ask"),
    path("answers/<uuid:pk>/", views.ShowAnswer.as_view(), name="answer"),
    path("history/", views.History.as_view(), name="history"),
]
