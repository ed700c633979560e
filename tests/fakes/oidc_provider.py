"""A small OpenID Connect provider on loopback that signs in whoever `person` names, without asking.

It speaks what a relying party needs: discovery, the code flow, a signed identity token and its public key.
"""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT = "second-pass"


class OidcProvider:
    """`person` is the subject of the next sign-in; change it between sign-ins."""

    def __init__(self, person: str) -> None:
        self.person = person
        self._key = RSAKey.generate_key(2048, {"kid": "1", "use": "sig", "alg": "RS256"})
        self._codes: dict[str, tuple[str, str]] = {}
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider._get(self)

            def do_POST(self) -> None:
                provider._token(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _get(self, request: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(request.path)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/.well-known/openid-configuration":
            _reply(
                request,
                {
                    "issuer": self.url,
                    "authorization_endpoint": f"{self.url}/authorize",
                    "token_endpoint": f"{self.url}/token",
                    "jwks_uri": f"{self.url}/keys",
                    "response_types_supported": ["code"],
                    "subject_types_supported": ["public"],
                    "id_token_signing_alg_values_supported": ["RS256"],
                },
            )
        elif parts.path == "/keys":
            _reply(request, {"keys": [self._key.as_dict(private=False)]})
        elif parts.path == "/authorize":
            code = f"code-{len(self._codes)}"
            self._codes[code] = (self.person, asked.get("nonce", ""))
            request.send_response(302)
            query = urlencode({"code": code, "state": asked["state"]})
            request.send_header("Location", f"{asked['redirect_uri']}?{query}")
            request.end_headers()
        else:
            request.send_error(404)

    def _token(self, request: BaseHTTPRequestHandler) -> None:
        form = parse_qs(request.rfile.read(int(request.headers["Content-Length"])).decode())
        person, nonce = self._codes[form["code"][0]]
        now = int(time.time())
        claims = {
            "iss": self.url,
            "sub": person,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 600,
            "name": person.title(),
            "email": f"{person}@example.org",
            "nonce": nonce,
        }
        token = jwt.encode({"alg": "RS256", "kid": "1"}, claims, self._key)
        _reply(request, {"access_token": "opaque", "token_type": "Bearer", "expires_in": 600, "id_token": token})


def _reply(request: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
    data = json.dumps(body).encode()
    request.send_response(200)
    request.send_header("Content-Type", "application/json")
    request.send_header("Content-Length", str(len(data)))
    request.end_headers()
    request.wfile.write(data)
