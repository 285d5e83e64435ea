# A throw-away PostgreSQL server: sourced by test.sh and with-postgres.sh.
#
#   start_postgres   sets TEST_POSTGRES_URL and returns 0, or sets POSTGRES_MISSING (why not) and returns 1
#   stop_postgres    stops the server and removes its files; harmless when none runs
#
# The server belongs to this run alone: its files are in a temporary directory, it listens on a free port of 127.0.0.1 with
# a password of its own, and it writes nothing safely to disk (fsync off), which makes the tests several times faster.
#
# Where the server's programs are missing they are installed from the distribution's packages, if that is Debian or Ubuntu
# and if we are root or may use sudo without a password. TEST_INSTALL=no forbids that.

POSTGRES_DIR=
POSTGRES_BIN=
POSTGRES_MISSING=

# Runs a command as root, if we may.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

# Runs a command as the user that owns the server: initdb refuses root.
as_postgres() {
  if [ "$(id -u)" != 0 ]; then
    "$@"
  elif command -v runuser >/dev/null; then
    (cd / && runuser -u "$POSTGRES_USER" -- "$@")
  else
    (cd / && su -s /bin/sh "$POSTGRES_USER" -c "$(printf '%q ' "$@")")
  fi
}

# Sets POSTGRES_BIN to the directory with initdb and pg_ctl; the newest version wins.
find_postgres() {
  local dir
  for dir in $(ls -d /usr/lib/postgresql/*/bin /usr/pgsql-*/bin 2>/dev/null | sort -Vr) \
    "$(dirname "$(command -v initdb || echo /nowhere/initdb)")"; do
    if [ -x "$dir/initdb" ] && [ -x "$dir/pg_ctl" ] && [ -x "$dir/postgres" ]; then
      POSTGRES_BIN=$dir
      return 0
    fi
  done
  return 1
}

install_postgres() {
  if [ "${TEST_INSTALL:-}" = no ]; then
    POSTGRES_MISSING="PostgreSQL is not installed, and TEST_INSTALL=no forbids installing it"
    return 1
  fi
  if ! command -v apt-get >/dev/null; then
    POSTGRES_MISSING="PostgreSQL is not installed, and this is not Debian; install its server (initdb, pg_ctl)"
    return 1
  fi
  if [ "$(id -u)" != 0 ] && ! sudo -n true 2>/dev/null; then
    POSTGRES_MISSING="PostgreSQL is not installed; run: sudo apt-get install postgresql"
    return 1
  fi
  echo "   PostgreSQL is missing: installing Debian's package"
  if ! apt_install_postgres >"$POSTGRES_DIR/apt.log" 2>&1; then
    tail -n 5 "$POSTGRES_DIR/apt.log" | sed 's/^/   | /'
    POSTGRES_MISSING="apt-get could not install PostgreSQL"
    return 1
  fi
}

# Installs the server without the cluster that Debian's package would create and start.
apt_install_postgres() {
  local conf=/etc/postgresql-common/createcluster.conf
  local apt=(as_root env DEBIAN_FRONTEND=noninteractive apt-get -qy -o Acquire::Retries=3)
  "${apt[@]}" update || return 1
  "${apt[@]}" install --no-install-recommends postgresql-common || return 1
  as_root cp -a "$conf" "$conf.before-tests" || return 1
  as_root sh -c "echo 'create_main_cluster = false' >>$conf" || return 1
  local status=0
  "${apt[@]}" install --no-install-recommends postgresql || status=1
  as_root mv "$conf.before-tests" "$conf"
  return $status
}

start_postgres() {
  local base=${TMPDIR:-/tmp}
  [ "$(id -u)" != 0 ] || base=/tmp # another user must get there
  POSTGRES_DIR=$(mktemp -d "$base/pg-test.XXXXXX")
  if ! find_postgres; then
    install_postgres || return 1
    find_postgres || { POSTGRES_MISSING="the PostgreSQL server cannot be found after installing it"; return 1; }
  fi
  POSTGRES_USER=$(id -un)
  if [ "$(id -u)" = 0 ]; then
    if id postgres >/dev/null 2>&1; then POSTGRES_USER=postgres; else POSTGRES_USER=nobody; fi
    chown "$POSTGRES_USER" "$POSTGRES_DIR"
  fi

  local password port try
  password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  (umask 077 && echo "$password" >"$POSTGRES_DIR/password")
  [ "$(id -u)" != 0 ] || chown "$POSTGRES_USER" "$POSTGRES_DIR/password"
  # `password` on the wire of 127.0.0.1 only: SCRAM in an unoptimised client costs 0.1 s for each connection.
  if ! as_postgres "$POSTGRES_BIN/initdb" -D "$POSTGRES_DIR/data" -U postgres --pwfile="$POSTGRES_DIR/password" \
    --auth-local=reject --auth-host=password -E UTF8 --locale=C --no-sync >"$POSTGRES_DIR/initdb.log" 2>&1; then
    sed 's/^/   | /' "$POSTGRES_DIR/initdb.log" | tail -n 5
    POSTGRES_MISSING="initdb failed (as user $POSTGRES_USER)"
    return 1
  fi
  cat >>"$POSTGRES_DIR/data/postgresql.conf" <<CONF
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 400
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
CONF
  for try in 1 2 3 4 5 6 7 8; do
    port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000)) # below the ports that systems hand out themselves
    if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then continue; fi
    if as_postgres "$POSTGRES_BIN/pg_ctl" start -w -t 60 -D "$POSTGRES_DIR/data" -l "$POSTGRES_DIR/server.log" -o "-p $port" \
      >/dev/null 2>&1 </dev/null; then
      export TEST_POSTGRES_URL="postgres://postgres:$password@127.0.0.1:$port/postgres"
      echo "   $("$POSTGRES_BIN/postgres" --version) on port $port, files in $POSTGRES_DIR"
      return 0
    fi
  done
  tail -n 5 "$POSTGRES_DIR/server.log" 2>/dev/null | sed 's/^/   | /'
  POSTGRES_MISSING="the PostgreSQL server does not start"
  return 1
}

stop_postgres() {
  [ -n "$POSTGRES_DIR" ] || return 0
  if [ -f "$POSTGRES_DIR/data/postmaster.pid" ]; then
    as_postgres "$POSTGRES_BIN/pg_ctl" stop -m immediate -D "$POSTGRES_DIR/data" >/dev/null 2>&1 || true
  fi
  rm -rf "$POSTGRES_DIR"
  POSTGRES_DIR=
}
