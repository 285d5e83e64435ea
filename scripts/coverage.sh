#!/usr/bin/env bash
# How much of the code the tests reach: a figure for each crate, and target/reports/coverage.xml (Cobertura) and .html.
#
# Takes cargo-llvm-cov where it is installed (rustup component add llvm-tools; cargo install cargo-llvm-cov), else
# cargo-tarpaulin, which is installed from crates.io if it is missing. The PostgreSQL half runs where a server can be had.
set -euo pipefail
cd "$(dirname "$0")/.."
case "${1:-}" in -h | --help) sed -n '2,/^set/s/^# \{0,1\}//p' "$0"; exit 0 ;; esac

out=target/reports
mkdir -p "$out"
run=()
status=0
if (source scripts/postgres.inc.sh && find_postgres); then run=(scripts/with-postgres.sh); fi

if cargo llvm-cov --version >/dev/null 2>&1; then
  "${run[@]}" cargo llvm-cov --workspace --locked --html --output-dir "$out/coverage" >&2
  cargo llvm-cov report --cobertura --output-path "$out/coverage.xml" >&2
  cargo llvm-cov report --summary-only
else
  cargo tarpaulin --version >/dev/null 2>&1 || cargo install --locked cargo-tarpaulin >&2
  # It builds no examples, and the lessons are tested as programs.
  cargo build --workspace --examples --locked >&2
  mkdir -p target/coverage/debug/examples
  cp -a target/debug/examples/[0-9][0-9]_* target/coverage/debug/examples/
  "${run[@]}" cargo tarpaulin --workspace --locked --engine llvm --follow-exec --skip-clean --target-dir target/coverage \
    --exclude-files '*/tests/*' --out Xml --out Html --output-dir "$out" --no-fail-fast --timeout 900 >&2 || status=$?
  mv -f "$out/cobertura.xml" "$out/coverage.xml"
  mv -f "$out/tarpaulin-report.html" "$out/coverage.html"
  python3 scripts/coverage.py "$out/coverage.xml"
fi
# A test that failed makes the figure a lower bound, and the run a failure.
exit "$status"
