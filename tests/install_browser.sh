#!/bin/sh
# Make sure that this machine has a Chromium for the browser tests: Debian's package where we may install it, else the
# one that playwright downloads, else the sentence that says what to install. Nothing is started.
set -eu
cd "$(dirname "$0")/.."

has_browser() { .venv/bin/python tests/browser/chromium.py >/dev/null 2>&1; }

install_package() {
    command -v apt-get >/dev/null || return 1
    as_root=""
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null && sudo -n true 2>/dev/null || return 1
        as_root="sudo -n"
    fi
    echo "Installing Debian's Chromium for the browser tests …"
    $as_root env DEBIAN_FRONTEND=noninteractive sh -ec '
        apt-get update -qq
        apt-get install -qq --yes --no-install-recommends chromium-headless-shell ||
            apt-get install -qq --yes --no-install-recommends chromium
    ' </dev/null >.venv/apt.log 2>&1 || { cat .venv/apt.log >&2; return 1; }
}

download() {
    echo "Downloading Chromium for the browser tests …"
    .venv/bin/playwright install --with-deps chromium >.venv/browser.log 2>&1 || .venv/bin/playwright install chromium
}

has_browser && exit
install_package && has_browser && exit
download && has_browser && exit
exec .venv/bin/python tests/browser/chromium.py
