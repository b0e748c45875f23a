"""A small OpenID Connect provider over HTTP: discovery, keys, authorization code with PKCE, a signed id_token."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

CLIENT_ID, CLIENT_SECRET = "mozhu", "s3cret"


@dataclass
class Provider:
    """Signs whoever `person` describes in, without asking. `spoil` changes a token before it is signed."""

    person: dict = field(default_factory=lambda: {"sub": "42", "preferred_username": "kate", "name": "凯特"})
    spoil: dict = field(default_factory=dict)
    signing_key: rsa.RSAPrivateKey = None
    published_key: rsa.RSAPrivateKey = None
    codes: dict = field(default_factory=dict)
    requests: list = field(default_factory=list)
    discovery: dict = field(default_factory=dict)
    url: str = ""

    def __post_init__(self):
        self.published_key = self.signing_key = new_key()

    def authorize(self, address: str) -> str:
        """What the browser meets: return the address it is sent back to."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT_ID
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(8)
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?code={code}&state={asked['state']}"

    def exchange(self, form: dict[str, str]) -> tuple[int, dict]:
        asked = self.codes.pop(form.get("code", ""), None)
        verifier = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).rstrip(b"=").decode()
        right = asked and challenge == asked["code_challenge"] and form["redirect_uri"] == asked["redirect_uri"]
        if not right or (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT_ID, "iat": now, "exp": now + 60, "jti": secrets.token_hex(8)}
        claims |= self.person | self.spoil
        token = jwt.encode(claims, self.signing_key, algorithm="RS256", headers={"kid": "1"})
        return 200, {"access_token": secrets.token_hex(8), "token_type": "Bearer", "id_token": token}

    def answer(self, method: str, path: str, form: dict[str, str]) -> tuple[int, dict]:
        self.requests.append((method, path))
        if path == "/.well-known/openid-configuration":
            return 200, {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "userinfo_endpoint": f"{self.url}/userinfo",
                "jwks_uri": f"{self.url}/keys",
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
            } | self.discovery
        if path == "/keys":
            key = json.loads(RSAAlgorithm.to_jwk(self.published_key.public_key()))
            return 200, {"keys": [key | {"kid": "1", "alg": "RS256", "use": "sig"}]}
        if path == "/token" and method == "POST":
            return self.exchange(form)
        if path == "/userinfo":
            return 200, self.person
        return 404, {}


def new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@contextmanager
def serving(provider: Provider) -> Iterator[Provider]:
    """It listens on a free local port, which `provider.url` names."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            status, answer = provider.answer(self.command, urlsplit(self.path).path, form)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_args) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
