"""A minimal OCPI partner for the load run: registers with a platform and prints the token that it may use there.

    peer.py OPERATOR_URL OPERATOR_KEY ROLE PARTY

It asks the operator API for an invitation (token A), answers the call back to its versions, and exchanges credentials. It
offers no endpoints but credentials, so that nothing is pushed to it. Only the Python standard library is used.
"""

import base64
import json
import sys
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

OPERATOR, KEY, ROLE, PARTY = sys.argv[1:5]


def call(method, url, authorization, body=None):
    request = urllib.request.Request(url, method=method, data=None if body is None else json.dumps(body).encode())
    request.add_header("Authorization", authorization)
    request.add_header("Content-Type", "application/json")
    request.add_header("X-Request-ID", url[-30:])
    request.add_header("X-Correlation-ID", "bench")
    with urllib.request.urlopen(request, timeout=20) as response:
        return json.load(response)


def ocpi(method, url, token, body=None):
    answer = call(method, url, "Token " + base64.b64encode(token.encode()).decode(), body)
    if answer["status_code"] != 1000:
        sys.exit(f"{method} {url}: {answer['status_code']} {answer.get('status_message')}")
    return answer["data"]


class Versions(BaseHTTPRequestHandler):
    """Lists one version with the credentials endpoint, which is all that a handshake needs."""

    def do_GET(self):
        base = f"http://127.0.0.1:{self.server.server_port}"
        if self.path == "/versions":
            data = [{"version": "2.2.1", "url": base + "/2.2.1"}]
        else:
            credentials = {"identifier": "credentials", "role": "SENDER", "url": base + "/credentials"}
            data = {"version": "2.2.1", "endpoints": [credentials]}
        envelope = {"data": data, "status_code": 1000, "timestamp": "2026-01-01T00:00:00Z"}
        body = json.dumps(envelope).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Versions)
threading.Thread(target=server.serve_forever, daemon=True).start()

invitation = call("POST", OPERATOR + "/partners/invitations", "Bearer " + KEY, {"name": "Load run"})
token_a = invitation["token_a"]
versions = ocpi("GET", invitation["versions_url"], token_a)
details = ocpi("GET", next(v["url"] for v in versions if v["version"] == "2.2.1"), token_a)
credentials = next(e["url"] for e in details["endpoints"] if e["identifier"] == "credentials")
answer = ocpi("POST", credentials, token_a, {
    "token": "bench-" + ROLE + "-token-of-the-load-run",
    "url": f"http://127.0.0.1:{server.server_port}/versions",
    "roles": [{"role": ROLE, "country_code": PARTY[:2], "party_id": PARTY[3:],
               "business_details": {"name": "Load run"}}],
})
print(answer["token"])
