#!/usr/bin/env bash
# Looks at the pages as people do: starts the pair and opens /inspect and /docs of both parties in Chromium. Also lints the
# OpenAPI documents, tries each of their examples, and calls both parties with a client that is generated from them.
#
#   scripts/browser-test.sh
#
# It needs Node.js 18 or newer, npm and Chromium. Where they are missing they are installed from the distribution's packages,
# if that is Debian or Ubuntu and if we are root or may use sudo without a password. Exit codes: 0 all is well, 1 something
# is not, 77 it cannot run here and says why. Environment:
#
#   TEST_INSTALL=no    never install anything
#   CHROMIUM=PATH      the browser
#   SCREENSHOTS=DIR    keep pictures of the pages there
set -uo pipefail
cd "$(dirname "$0")/.."
case "${1:-}" in
  '') ;;
  *) sed -n '2,/^set/s/^# \{0,1\}//p' "$0" | sed '$d'; [ "$1" = --help ] || [ "$1" = -h ]; exit $(($? * 2)) ;;
esac

WORK=$(mktemp -d "${TMPDIR:-/tmp}/browser-test.XXXXXX")
PAIR=
cleanup() {
  [ -z "$PAIR" ] || { kill -INT "$PAIR" 2>/dev/null; wait "$PAIR" 2>/dev/null; }
  rm -rf "$WORK"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

cannot() { echo "   CANNOT RUN: $*"; exit 77; }
fail() { echo "   FAILED: $*"; exit 1; }

find_chromium() {
  local name
  for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome; do
    [ -n "$name" ] && CHROMIUM=$(command -v "$name") && export CHROMIUM && return 0
  done
  return 1
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

# Installs what is missing, as far as we may.
tools() {
  local missing=()
  command -v node >/dev/null || missing+=(nodejs)
  command -v npm >/dev/null || missing+=(npm)
  find_chromium || missing+=(chromium)
  [ ${#missing[@]} -gt 0 ] || return 0
  [ "${TEST_INSTALL:-}" != no ] || cannot "missing: ${missing[*]}, and TEST_INSTALL=no forbids installing"
  command -v apt-get >/dev/null || cannot "missing: ${missing[*]}, and this is not Debian; install them"
  [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null || cannot "run: sudo apt-get install ${missing[*]}"
  echo "   installing Debian's packages: ${missing[*]}"
  local apt=(as_root env DEBIAN_FRONTEND=noninteractive apt-get -qy -o Acquire::Retries=3)
  { "${apt[@]}" update && "${apt[@]}" install --no-install-recommends "${missing[@]}"; } >"$WORK/apt.log" 2>&1 || {
    tail -n 5 "$WORK/apt.log" | sed 's/^/   | /'
    cannot "apt-get could not install ${missing[*]}"
  }
  find_chromium || cannot "Chromium cannot be found after installing it"
}

packages() {
  local major
  major=$(node --version | sed 's/^v\([0-9]*\).*/\1/')
  [ "$major" -ge 18 ] || cannot "Node.js $(node --version) is too old: 18 or newer is needed"
  [ scripts/browser/node_modules/.package-lock.json -nt scripts/browser/package-lock.json ] && return 0
  (cd scripts/browser && npm ci --no-audit --no-fund) >"$WORK/npm.log" 2>&1 || {
    tail -n 5 "$WORK/npm.log" | sed 's/^/   | /'
    cannot "npm could not install the packages of scripts/browser/package-lock.json"
  }
}

free_port() {
  local port
  for _ in 1 2 3 4 5 6 7 8 9; do
    port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo $port; return 0; }
  done
  return 1
}

# Starts the pair, lets it tell its story, and waits until it is told.
start_pair() {
  local program emsp_port cpo_port
  cargo build --quiet --locked --package roaming-pair --bin roaming-pair || fail "cargo build"
  program=${CARGO_TARGET_DIR:-target}/debug/roaming-pair
  emsp_port=$(free_port) && cpo_port=$(free_port) || cannot "no free port"
  export EMSP_URL=http://127.0.0.1:$emsp_port CPO_URL=http://127.0.0.1:$cpo_port
  "$program" --fast --emsp-port "$emsp_port" --cpo-port "$cpo_port" --data "$WORK/data" >"$WORK/pair.log" 2>&1 </dev/null &
  PAIR=$!
  for _ in $(seq 600); do
    grep -q "Both stay up" "$WORK/pair.log" && return 0
    kill -0 "$PAIR" 2>/dev/null || break
    sleep 0.2
  done
  tail -n 20 "$WORK/pair.log"
  fail "the pair did not come up"
}

# run NAME COMMAND…
run() {
  local name=$1
  shift
  if (cd scripts/browser && "$@") >"$WORK/out.log" 2>&1; then
    echo "   ok: $name"
  else
    sed 's/^/   | /' "$WORK/out.log" | tail -n 120
    fail "$name"
  fi
}

tools
packages
echo "   node $(node --version), $("$CHROMIUM" --version 2>/dev/null)"
run "the OpenAPI documents pass the linter" node lint.mjs ../../openapi/emsp.json ../../openapi/cpo.json
run "a client is generated for the EMSP" npx --no-install openapi-typescript ../../openapi/emsp.json -o generated/emsp.d.ts
run "a client is generated for the CPO" npx --no-install openapi-typescript ../../openapi/cpo.json -o generated/cpo.d.ts
run "the generated client compiles" npx --no-install tsc
start_pair
run "the generated client works" node generated/client.js
run "/inspect in the browser" node --test inspect.test.mjs
run "/docs in the browser" node --test docs.test.mjs
run "every example works at the first click" node --test examples.test.mjs
kill -INT "$PAIR" && wait "$PAIR" || fail "the pair did not stop in good order"
PAIR=
