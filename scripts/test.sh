#!/usr/bin/env bash
# The project's one test command: formatting, lints, documentation and every test, on SQLite and on PostgreSQL.
#
#   scripts/test.sh
#
# It needs Rust and a C compiler, and gets itself a throw-away PostgreSQL server (see postgres.inc.sh). Where that cannot be
# had, everything else runs and the script says so, loudly. Environment:
#
#   TEST_POSTGRES_URL=postgres://…   use this server instead (an administrator's URL; each test makes its own database)
#   TEST_POSTGRES=skip               leave the PostgreSQL half out
#   TEST_POSTGRES=required           fail if the PostgreSQL half cannot run (CI does this)
#   TEST_BROWSER=skip                leave out the tests in a real browser (scripts/browser-test.sh)
#   TEST_BROWSER=required            fail if these cannot run
#   TEST_INSTALL=no                  never install anything
#   OCPI_REAL_DATA=DIR               also import the files nl-locations.json.gz and nl-tariffs.json.gz in DIR
set -uo pipefail
cd "$(dirname "$0")/.."
case "${1:-}" in
  '') ;;
  *) sed -n '2,/^set/s/^# \{0,1\}//p' "$0"; [ "$1" = --help ] || [ "$1" = -h ]; exit $(($? * 2)) ;;
esac
source scripts/postgres.inc.sh

LOG=$(mktemp "${TMPDIR:-/tmp}/test-log.XXXXXX")
NOT_RUN=() # what was left out, and why
cleanup() { stop_postgres; rm -f "$LOG"; }
trap cleanup EXIT
trap 'echo; echo "FAILED: interrupted"; exit 130' INT TERM

fail() { echo; echo "FAILED: $*"; exit 1; }
skip() { NOT_RUN+=("$*"); printf '   NOT RUN: %s\n' "$*"; }

# step NAME COMMAND…: runs one step and says how long it took; the first failure ends the run.
step() {
  local name=$1 began=$SECONDS
  shift
  printf '\n== %s\n' "$name"
  "$@" || fail "$name, after $((SECONDS - began)) s. To repeat this step: ${REPEAT:-$*}"
  printf -- '-- %s: %s s\n' "$name" $((SECONDS - began))
}

tools() {
  local tool needed have
  for tool in cargo rustc; do
    command -v $tool >/dev/null || { echo "$tool is missing: install Rust from https://rustup.rs"; return 1; }
  done
  command -v cc >/dev/null || { echo "cc is missing: install a C compiler (Debian: apt-get install gcc libc6-dev)"; return 1; }
  needed=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
  have=$(rustc --version | awk '{print $2}')
  echo "   rustc $have, $(nproc 2>/dev/null || sysctl -n hw.ncpu) cores"
  [ "$(printf '%s\n' "$needed" "$have" | sort -V | head -n 1)" = "$needed" ] || { echo "Rust $needed or newer is needed: rustup update"; return 1; }
  echo "   real data: ${OCPI_REAL_DATA:-none given (OCPI_REAL_DATA)}"
}

formatting() {
  cargo fmt --version >/dev/null 2>&1 || { skip "formatting: rustup component add rustfmt"; return 0; }
  cargo fmt --all --check
}

lints() {
  cargo clippy --version >/dev/null 2>&1 || { skip "lints: rustup component add clippy"; return 0; }
  cargo clippy --workspace --all-targets --locked -- -D warnings
}

documentation() {
  RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked --quiet
}

postgres() {
  if [ "${TEST_POSTGRES:-}" = skip ]; then
    unset TEST_POSTGRES_URL
    skip "the PostgreSQL half: TEST_POSTGRES=skip"
  elif [ -n "${TEST_POSTGRES_URL:-}" ]; then
    echo "   using the server of TEST_POSTGRES_URL"
  elif ! start_postgres; then
    skip "the PostgreSQL half: $POSTGRES_MISSING"
    [ "${TEST_POSTGRES:-}" != required ]
  fi
}

# The pages in a real browser, the OpenAPI documents in a linter, and a client generated from them.
browser() {
  if [ "${TEST_BROWSER:-}" = skip ]; then
    skip "the browser tests: TEST_BROWSER=skip"
    return 0
  fi
  local output=$LOG.browser status
  scripts/browser-test.sh 2>&1 | tee "$output"
  status=${PIPESTATUS[0]}
  if [ "$status" = 77 ]; then
    skip "the browser tests: $(sed -n 's/^ *CANNOT RUN: //p' "$output")"
    status=0
    [ "${TEST_BROWSER:-}" != required ] || status=1
  fi
  rm -f "$output"
  return "$status"
}

# Unit tests, integration tests and documentation tests of every crate.
tests() {
  cargo test --workspace --locked --no-fail-fast 2>&1 | tee "$LOG"
  local status=${PIPESTATUS[0]}
  echo "   Reports, for people and for machines:"
  cargo run --quiet --locked -- report --from "$LOG" | sed 's/^/   /'
  [ "$status" = 0 ]
}

step "Tools" tools
step "Dependencies" cargo fetch --locked --target "$(rustc -vV | sed -n 's/^host: //p')"
REPEAT="cargo fmt --all --check" step "Formatting" formatting
REPEAT="cargo clippy --workspace --all-targets -- -D warnings" step "Lints" lints
REPEAT='RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps' step "Documentation" documentation
step "Build" cargo test --workspace --no-run --locked
REPEAT="scripts/with-postgres.sh true" step "PostgreSQL" postgres
REPEAT="scripts/with-postgres.sh cargo test --workspace" step "Tests" tests
REPEAT="scripts/browser-test.sh" step "Browser" browser

echo
if [ ${#NOT_RUN[@]} -gt 0 ]; then
  echo "!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!"
  printf '!! NOT RUN: %s\n' "${NOT_RUN[@]}"
  echo "!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!"
fi
awk '/^test result:/ { passed += $4; failed += $6; skipped += $8 }
  END { printf "Tests: %d passed, %d failed, %d skipped\n", passed, failed, skipped; exit passed == 0 }' "$LOG" ||
  fail "no test ran"
echo "OK: everything that ran is well ($((SECONDS / 60)) min $((SECONDS % 60)) s)"
