#!/usr/bin/env bash
# A load run against release builds of both servers, on SQLite, over loopback.
#
#   scripts/bench.sh [LOCATIONS_FILE [TARIFFS_FILE]]
#
# Imports the files (default: those in OCPI_REAL_DATA, else the 40 stations of examples/data), starts both servers in a
# temporary directory, registers them with each other, measures, and prints a Markdown table. The load comes from wrk on the
# same machine, so both share its cores. Environment: BENCH_SECONDS (10), BENCH_CONNECTIONS (32), BENCH_THREADS (2) for each measurement;
# BENCH_DIR for the databases (a directory on the disk that counts).
set -euo pipefail
cd "$(dirname "$0")/.."

case "${1:-}" in -h | --help) sed -n '2,/^set/s/^# \{0,1\}//p' "$0"; exit 0 ;; esac
for tool in wrk python3; do
  command -v $tool >/dev/null || { echo "$tool is missing (Debian: apt-get install $tool)"; exit 1; }
done

if [ $# -gt 0 ]; then
  locations=$1 tariffs=${2:-}
elif [ -n "${OCPI_REAL_DATA:-}" ]; then
  locations=$OCPI_REAL_DATA/nl-locations.json.gz tariffs=$OCPI_REAL_DATA/nl-tariffs.json.gz
else
  locations=examples/data/locations.json tariffs=examples/data/tariffs.json
  echo "note: only 40 stations; give a larger file for figures that mean something"
fi

cargo build --release --locked -p emsp -p cpo-mock
exec python3 scripts/bench/run.py "${CARGO_TARGET_DIR:-target}/release" "$locations" "$tariffs"
