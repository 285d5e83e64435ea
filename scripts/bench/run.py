"""The load run; see bench.sh."""

import gzip
import json
import os
import platform
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import quote
from urllib.request import urlopen

import peer

PROGRAMS, LOCATIONS, TARIFFS = Path(sys.argv[1]).resolve(), sys.argv[2], sys.argv[3]
HERE = Path(__file__).parent
SECONDS = os.environ.get("BENCH_SECONDS", "10")
CONNECTIONS = os.environ.get("BENCH_CONNECTIONS", "32")
THREADS = os.environ.get("BENCH_THREADS", "2")
KEY = secrets.token_hex(24)
ROWS = []


def say(text):
    print(text, file=sys.stderr, flush=True)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """One of the two programs, with its database and its log in `directory`."""

    def __init__(self, name, directory, *options):
        port = free_port()
        self.log = open(directory / f"{name}.log", "w", encoding="utf-8")
        self.name = name
        self.url = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            [PROGRAMS / name, "serve", "--port", str(port), "--operator-key", KEY, "--allow-private-urls",
             "--allow-http-urls", "--log", "warn", "--database", f"sqlite:{directory / name}.db", *options],
            stdout=self.log, stderr=self.log)
        for _ in range(400):
            if self.process.poll() is not None:
                break
            try:
                urlopen(self.url + "/ready", timeout=1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise SystemExit(f"{name} does not start; see {self.log.name}:\n{Path(self.log.name).read_text()[-2000:]}")

    def memory(self, what="VmRSS"):
        """Memory in MiB: VmRSS is now, VmHWM the most so far."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(what + r":\s+(\d+)", status)[1]) / 1024

    def statuses(self):
        """How many OCPI requests were answered with which status_code."""
        text = urlopen(self.url + "/metrics", timeout=10).read().decode()
        counts = {}
        for labels, count in re.findall(r"^ocpi_requests_total\{(.*)\} (\d+)$", text, re.M):
            ocpi = re.search(r'ocpi(?:_status)?="([^"]*)"', labels)
            counts[ocpi[1] if ocpi else "?"] = counts.get(ocpi[1] if ocpi else "?", 0) + int(count)
        return counts

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


def read_objects(path):
    data = gzip.open(path).read() if path.endswith(".gz") else Path(path).read_bytes()
    objects = json.loads(data)
    return objects if isinstance(objects, list) else objects["data"]


def measure(title, server, case, path, token, expected="1000", **environment):
    """Sends load for a while, and demands that every single answer was a success."""
    before = server.statuses()
    env = dict(os.environ, BENCH_CASE=case, BENCH_PATH=path, BENCH_TOKEN=peer.header(token), **environment)
    command = ["wrk", "-t", THREADS, "-c", CONNECTIONS, "-d", SECONDS + "s", "--latency", "-s", str(HERE / "load.lua"), server.url]
    text = subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout
    after = server.statuses()
    answers = {status: count - before.get(status, 0) for status, count in after.items()}
    others = {status: count for status, count in answers.items() if count and status not in (expected, "")}
    if others or "Non-2xx" in text or "Socket errors" in text or not answers.get(expected):
        raise SystemExit(f"{title}: not all answers were {expected}: {answers}\n{text}")
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])
    half, most = (re.search(rf"\n\s+{p}%\s+(\S+)", text)[1] for p in (50, 99))
    ROWS.append((title, f"{rate:,.0f} /s", f"{half} / {most}"))
    say(f"{title}: {rate:,.0f} /s, {half} / {most}")


def pull(emsp, partner, module, since):
    """Waits until a list has been pulled completely after `since` (a DateTime or None); how many objects it had."""
    while True:
        view = peer.operator("GET", emsp.url, KEY, f"/partners/{partner}")
        state = next((p for p in view["pulls"] if p["module"] == module), {})
        if state.get("last_error"):
            raise SystemExit(f"pull of {module}: {state['last_error']}")
        if state.get("last_success") and state["last_success"] != since:
            return state
        time.sleep(0.02)


def run(directory):
    say("importing …")
    for kind, path in (("tariffs", TARIFFS), ("locations", LOCATIONS)):
        if path:
            began = time.monotonic()
            done = subprocess.run([PROGRAMS / "cpo-mock", "import", kind, path, "--database", f"sqlite:{directory / 'cpo-mock'}.db"],
                                  capture_output=True, text=True, check=False)
            if done.returncode not in (0, 6):  # 6: some objects were faulty
                raise SystemExit(done.stdout + done.stderr)
            say(f"  {kind}: {time.monotonic() - began:.1f} s")
    objects = read_objects(LOCATIONS)

    cpo = Server("cpo-mock", directory)
    emsp = Server("emsp", directory, "--demo-data")
    try:
        time.sleep(1)
        idle = (emsp.memory(), cpo.memory())

        say("registering the pair and pulling …")
        invitation = peer.operator("POST", cpo.url, KEY, "/partners/invitations", {"name": "EMSP"})
        began = time.monotonic()
        partner = peer.operator("POST", emsp.url, KEY, "/partners", {
            "name": "CPO", "versions_url": invitation["versions_url"], "token_a": invitation["token_a"]})["id"]
        registered = time.monotonic()
        pull(emsp, partner, "tariffs", None)
        tariffs_done = time.monotonic()
        state = pull(emsp, partner, "locations", None)
        done = time.monotonic()
        count, seconds = state["objects"], done - tariffs_done
        ROWS.append((f"full pull of {count:,} locations into an empty database", f"{count / seconds:,.0f} locations/s", f"{seconds:.2f} s"))
        say(f"registered in {registered - began:.2f} s, tariffs in {tariffs_done - registered:.2f} s, locations in {seconds:.2f} s")
        for module in ("sessions", "cdrs"):
            pull(emsp, partner, module, None)

        peer.operator("POST", emsp.url, KEY, f"/partners/{partner}/sync", {"full": True})
        began = time.monotonic()
        again = pull(emsp, partner, "locations", state["last_success"])
        seconds = time.monotonic() - began
        ROWS.append((f"the same again, nothing new", f"{again['objects'] / seconds:,.0f} locations/s", f"{seconds:.2f} s"))
        time.sleep(1)
        pulled = (emsp.memory(), cpo.memory())

        at_cpo = peer.register(cpo.url, KEY, "EMSP", "US/BEN")
        at_emsp = peer.register(emsp.url, KEY, "CPO", "US/BEN")
        ids = directory / "ids"
        ids.write_text("\n".join(quote(o["id"], safe="") for o in objects))
        total = {"BENCH_TOTAL": str(len(objects)), "BENCH_IDS": str(ids)}
        v = "/ocpi/2.2.1"
        measure("GET versions", cpo, "plain", "/ocpi/versions", at_cpo)
        measure("GET a page of 50 locations, as in a pull", cpo, "page", v + "/cpo/locations", at_cpo, **total)
        measure("GET a page of 50 locations, any offset", cpo, "any_page", v + "/cpo/locations", at_cpo, **total)
        measure("GET one location", cpo, "one", v + "/cpo/locations", at_cpo, **total)
        now = int(time.time()) - 86400
        measure("PUT session (durable)", emsp, "put_session", v + "/emsp/sessions", at_emsp, BENCH_NOW=str(now))
        measure("PATCH session (durable)", emsp, "patch_session", v + "/emsp/sessions", at_emsp, BENCH_NOW=str(now + 7200))
        measure("POST authorize", emsp, "authorize", v + "/emsp/tokens/04DE5000000002/authorize", at_emsp)
        loaded = (emsp.memory("VmHWM"), cpo.memory("VmHWM"))
        memory = [("after start", idle), ("after the pull", pulled), ("the most, under all of this load", loaded)]
        report(memory)
    finally:
        cpo.stop()
        emsp.stop()


def report(memory):
    cores = os.cpu_count()
    model = next((l.split(":")[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name")), platform.machine())
    print(f"\n{cores} cores ({model}), shared with wrk -t{THREADS} -c{CONNECTIONS} -d{SECONDS}s; SQLite, synchronous=FULL\n")
    print("| what | rate | latency 50 % / 99 % |\n|---|---:|---:|")
    for row in ROWS:
        print("| " + " | ".join(row) + " |")
    print("\n| memory (MiB) | emsp | cpo-mock |\n|---|---:|---:|")
    for when, (emsp, cpo) in memory:
        print(f"| {when} | {emsp:.0f} | {cpo:.0f} |")


workdir = Path(tempfile.mkdtemp(prefix="ocpi-bench.", dir=os.environ.get("BENCH_DIR")))
try:
    run(workdir)
finally:
    shutil.rmtree(workdir)
