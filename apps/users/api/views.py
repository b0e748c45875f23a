"""Tokens over the API. The refresh token lives in an HttpOnly cookie and never in a body."""

from __future__ import annotations

from typing import cast

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.permissions import FromOurSite
from apps.users import passwords, sign_in, tokens
from apps.users.api.serializers import (
    AccessSerializer,
    LoginAnswerSerializer,
    LoginSerializer,
    PasswordSerializer,
    UserSerializer,
)
from apps.users.authentication import Nobody
from apps.users.models import User


def _with_cookie(response: Response, refresh: str) -> Response:
    cookie = settings.REFRESH_COOKIE
    response.set_cookie(
        cookie["name"],
        refresh,
        max_age=int(settings.SIMPLE_JWT["REFRESH_TOKEN_LIFETIME"].total_seconds()),
        path=cookie["path"],
        secure=cookie["secure"],
        httponly=True,
        samesite="Strict",
    )
    return response


def _refresh_of(request: Request) -> str:
    return str(request.COOKIES.get(settings.REFRESH_COOKIE["name"], ""))


class LoginView(APIView):
    authentication_classes = [Nobody]
    permission_classes = [FromOurSite]

    @extend_schema(request=LoginSerializer, responses=LoginAnswerSerializer)
    def post(self, request: Request) -> Response:
        """Exchange user name and password for an access token; the refresh token comes as a cookie."""
        form = LoginSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        user, given = sign_in.log_in(**form.validated_data)
        body = {"access": given.access, "expires_in": given.expires_in, "user": UserSerializer(user).data}
        return _with_cookie(Response(body), given.refresh)


class RefreshView(APIView):
    authentication_classes = [Nobody]
    permission_classes = [FromOurSite]

    @extend_schema(request=None, responses=AccessSerializer)
    def post(self, request: Request) -> Response:
        """Exchange the refresh cookie for a new access token; the cookie is rotated, the old one is worthless."""
        given = tokens.rotate(_refresh_of(request))
        return _with_cookie(Response({"access": given.access, "expires_in": given.expires_in}), given.refresh)


class LogoutView(APIView):
    authentication_classes = [Nobody]
    permission_classes = [FromOurSite]

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        """End this log-in with all its tokens and clear its cookie."""
        tokens.log_out(_refresh_of(request))
        response = Response(status=204)
        response.delete_cookie(settings.REFRESH_COOKIE["name"], path=settings.REFRESH_COOKIE["path"], samesite="Strict")
        return response


class MeView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(responses=UserSerializer)
    def get(self, request: Request) -> Response:
        """Return who the token belongs to."""
        return Response(UserSerializer(cast(User, request.user)).data)


class PasswordView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(request=PasswordSerializer, responses={204: None})
    def post(self, request: Request) -> Response:
        """Change one's own password; every token issued before becomes worthless."""
        form = PasswordSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        passwords.change_password(cast(User, request.user), **form.validated_data)
        return Response(status=204)
