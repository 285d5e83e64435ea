#!/usr/bin/env bash
# Runs a command with a throw-away PostgreSQL server, for example:
#   scripts/with-postgres.sh cargo test -p ocpi-party
# The command finds the server's address in TEST_POSTGRES_URL. The server is gone afterwards.
set -uo pipefail
[ $# -gt 0 ] || { sed -n '2,4s/^# \{0,1\}//p' "$0" >&2; exit 2; }
source "$(dirname "$0")/postgres.inc.sh"

trap stop_postgres EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
start_postgres || { echo "No PostgreSQL: $POSTGRES_MISSING" >&2; exit 1; }
"$@"
