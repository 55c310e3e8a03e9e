"""A small OpenID provider on loopback: discovery, keys, authorization, token; it checks client, redirect and PKCE."""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey

CLIENT, SECRET = "assay", "client-secret-of-the-test"


class IdentityProvider:
    """Signs in whoever `subject` names. `lies`: claims said wrongly; `header`, `signer`: somebody else's signature."""

    def __init__(self) -> None:
        self.issuer = ""
        self.subject = "u-1"
        self.extra: dict[str, Any] = {}
        self.lies: dict[str, Any] = {}
        self.discovery_lies: dict[str, Any] = {}
        self.header: dict[str, str] = {"alg": "RS256", "kid": "k1"}
        self.keys = {"k1": RSAKey.generate_key(2048, {"kid": "k1"})}
        self.signer: RSAKey | OctKey | None = None
        self.codes: dict[str, dict[str, str]] = {}
        self.refused: list[str] = []

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token", "jwks_uri": f"{self.issuer}/keys", **self.discovery_lies,
        }  # fmt: skip

    def authorize(self, asked: dict[str, str]) -> str:
        assert asked["response_type"] == "code"
        assert "openid" in asked["scope"].split()
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(12)
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, sent: dict[str, str], authorization: str) -> dict[str, Any] | None:
        """The answer, or None with the reason noted; a code works once."""
        asked = self.codes.pop(sent.get("code", ""), None)
        proof = base64.urlsafe_b64encode(hashlib.sha256(sent.get("code_verifier", "").encode()).digest())
        expected = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        checks = {
            "code": asked is not None,
            "client": authorization == f"Basic {expected}",
            "redirect": asked is not None and sent.get("redirect_uri") == asked["redirect_uri"],
            "pkce": asked is not None and proof.rstrip(b"=").decode() == asked["code_challenge"],
        }
        self.refused = [name for name, right in checks.items() if not right]
        if self.refused or asked is None:
            return None
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": CLIENT, "sub": self.subject, "iat": now, "exp": now + 300,
            "nonce": asked["nonce"], **self.extra, **self.lies,
        }  # fmt: skip
        signer = self.signer or self.keys[self.header["kid"]]
        algorithm = [self.header["alg"]]
        return {
            "token_type": "Bearer",
            "access_token": "x",
            "id_token": jwt.encode(self.header, claims, signer, algorithm),
        }


@contextmanager
def running() -> Iterator[IdentityProvider]:
    """The provider on a free port."""
    provider = IdentityProvider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, query = urlsplit(self.path).path, urlsplit(self.path).query
            if path == "/.well-known/openid-configuration":
                return self.say(200, provider.discovery())
            if path == "/keys":
                return self.say(200, KeySet(list(provider.keys.values())).as_dict(private=False))
            self.send_response(302)
            self.send_header("Location", provider.authorize(flat(query)))
            self.end_headers()
            return None

        def do_POST(self) -> None:
            sent = flat(self.rfile.read(int(self.headers["content-length"])).decode())
            answer = provider.token(sent, self.headers.get("authorization", ""))
            self.say(400 if answer is None else 200, answer or {"error": "invalid_grant"})

        def say(self, status: int, document: Any) -> None:
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def flat(query: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(query).items()}
