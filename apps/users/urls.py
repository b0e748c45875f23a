from django.urls import path

from apps.users import account, views

urlpatterns = [
    path("sign-in/", views.SignIn.as_view(), name="sign-in"),
    path("sign-out/", views.SignOut.as_view(), name="sign-out"),
    path("password/", views.ChangePassword.as_view(), name="password"),
    path("account/", account.Profile.as_view(), name="account-profile"),
]
