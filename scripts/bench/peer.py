"""A minimal OCPI partner: registers with a platform and gets a token with which the load may be sent.

It asks the operator API for an invitation (token A), answers the call back to its versions, and exchanges credentials. It
offers no endpoints but credentials, so that nothing is pushed to it.
"""

import base64
import json
import secrets
import threading
import urllib.error
import urllib.request
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def call(method, url, authorization, body=None):
    """One JSON request; the answer's JSON, also when it is an error."""
    request = urllib.request.Request(url, method=method, data=None if body is None else json.dumps(body).encode())
    request.add_header("Authorization", authorization)
    request.add_header("Content-Type", "application/json")
    request.add_header("X-Request-ID", str(uuid.uuid4()))
    request.add_header("X-Correlation-ID", str(uuid.uuid4()))
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        raise SystemExit(f"{method} {url}: HTTP {error.code} {error.read().decode()[:500]}") from error


def operator(method, base, key, path, body=None):
    """A request to the operator API."""
    return call(method, base + "/operator/v1" + path, "Bearer " + key, body)


def header(token):
    """The value of the Authorization header of OCPI."""
    return "Token " + base64.b64encode(token.encode()).decode()


def ocpi(method, url, token, body=None):
    """An OCPI request that must succeed; its `data`."""
    answer = call(method, url, header(token), body)
    if answer["status_code"] != 1000:
        raise SystemExit(f"{method} {url}: {answer['status_code']} {answer.get('status_message')}")
    return answer.get("data")


class Versions(BaseHTTPRequestHandler):
    """Lists one version with the credentials endpoint, which is all that a handshake needs."""

    def do_GET(self):
        base = f"http://127.0.0.1:{self.server.server_port}"
        if self.path == "/versions":
            data = [{"version": "2.2.1", "url": base + "/2.2.1"}]
        else:
            credentials = {"identifier": "credentials", "role": "SENDER", "url": base + "/credentials"}
            data = {"version": "2.2.1", "endpoints": [credentials]}
        body = json.dumps({"data": data, "status_code": 1000, "timestamp": "2026-01-01T00:00:00Z"}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def register(base, key, role, party):
    """Registers `party` (such as `US/BEN`) in `role` with the platform at `base`; the token that it may use there."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Versions)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    invitation = operator("POST", base, key, "/partners/invitations", {"name": "Load run"})
    token_a = invitation["token_a"]
    versions = ocpi("GET", invitation["versions_url"], token_a)
    details = ocpi("GET", next(v["url"] for v in versions if v["version"] == "2.2.1"), token_a)
    credentials = next(e["url"] for e in details["endpoints"] if e["identifier"] == "credentials")
    country, party_id = party.split("/")
    answer = ocpi("POST", credentials, token_a, {
        "token": secrets.token_urlsafe(32),
        "url": f"http://127.0.0.1:{server.server_port}/versions",
        "roles": [{"role": role, "country_code": country, "party_id": party_id, "business_details": {"name": "Load run"}}],
    })
    return answer["token"]
