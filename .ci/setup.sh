#!/usr/bin/env bash
# Brings what `make test` needs onto a Debian or Ubuntu machine: a C compiler
# for the race detector, Node.js for the dashboard, a Chromium for the browser
# tests, the sqlite3 command, and two exporters that are not ours. Go itself has
# to be there.
#
# What is there already stays as it is. Where something is missing that may not
# be installed from here, the script says what to install and fails.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly oldest_node=20.19.0 # of the dashboard's tools
readonly newer_node=24       # fetched where Debian's is older than that
readonly node_prefix=bin/nodejs # the Makefile has it on its PATH, too
export PATH="$PWD/$node_prefix/node_modules/.bin:$PATH"

fail() {
  printf 'setup: %s\n' "$*" >&2
  exit 1
}

has() {
  command -v "$1" >/dev/null 2>&1
}

# root runs a command as root, without ever asking for a password.
root() {
  if [[ $(id -u) -eq 0 ]]; then
    "$@"
  else
    sudo -n "$@"
  fi
}

check_go() {
  has go || fail "Go is missing: install Go $(sed -n 's/^go //p' go.mod) or newer, see https://go.dev/doc/install"
  # Fails, and says so itself, where Go is too old and may not fetch a newer one.
  go list -m >/dev/null || fail "this Go is too old: install Go $(sed -n 's/^go //p' go.mod) or newer, see https://go.dev/doc/install"
}

# has_browser tries each name, since on Ubuntu a chromium may be a stub that
# only asks for a snap.
has_browser() {
  local name
  for name in chromium chromium-browser google-chrome google-chrome-stable; do
    if has "$name" && "$name" --version >/dev/null 2>&1; then
      return 0
    fi
  done
  return 1
}

has_node() {
  has node && has npm && printf '%s\n' "$oldest_node" "$(node --version | tr -d v)" | sort --version-sort --check=silent
}

# missing_packages prints the Debian packages that are to be installed.
missing_packages() {
  has gcc || echo gcc libc6-dev
  has node || echo nodejs
  has npm || echo npm
  has_browser || echo chromium
  has prometheus || echo prometheus
  has prometheus-node-exporter || echo prometheus-node-exporter
  has sqlite3 || echo sqlite3
}

install() {
  local by_hand="apt-get install --no-install-recommends $*"
  has apt-get || fail "this is no Debian or Ubuntu; install what these packages hold: $*"
  root true 2>/dev/null || fail "not allowed to install packages; run as root: $by_hand"
  if [[ " $* " == *" chromium "* ]] && grep -q '^ID=ubuntu' /etc/os-release; then
    fail "no browser; Ubuntu's chromium package is a stub for a snap, so install google-chrome-stable, or run: snap install chromium"
  fi
  echo "setup: installing $*"
  local services_off=""
  [[ -e /usr/sbin/policy-rc.d ]] || services_off=yes
  [[ -z $services_off ]] || keep_services_off
  root apt-get update -qq </dev/null >/dev/null || echo "setup: apt-get update failed, trying with the lists as they are" >&2
  root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" </dev/null >/dev/null ||
    fail "apt-get failed; when its reason is mended, run as root: $by_hand"
  [[ -z $services_off ]] || let_services_be
  if [[ -d /run/systemd/system ]]; then
    disable_services "$@"
  fi
}

# Debian starts a package's daemons as it installs them, and again at the next
# boot. The tests start their own, on ports of their own; ours would only keep
# :9090 and :9100 busy on somebody's machine.
keep_services_off() {
  printf '#!/bin/sh\nexit 101\n' | root tee /usr/sbin/policy-rc.d >/dev/null
  root chmod +x /usr/sbin/policy-rc.d
  trap let_services_be EXIT
}

let_services_be() {
  trap - EXIT
  root rm -f /usr/sbin/policy-rc.d
}

disable_services() {
  local package
  for package in prometheus prometheus-node-exporter; do
    if [[ " $* " == *" $package "* ]]; then
      root systemctl --quiet disable "$package"
    fi
  done
}

# install_newer_node puts a Node.js beside the system's, for this project alone.
install_newer_node() {
  local machine
  case "$(uname -m)" in
    x86_64) machine=x64 ;;
    aarch64) machine=arm64 ;;
    *) fail "Node.js is older than $oldest_node: install a newer one" ;;
  esac
  echo "setup: Node.js is older than $oldest_node, fetching $newer_node into $node_prefix"
  npm install --silent --prefix "$node_prefix" "node-linux-$machine@$newer_node" </dev/null ||
    fail "npm could not fetch Node.js $newer_node: install Node.js $oldest_node or newer"
}

check_go
mapfile -t packages < <(missing_packages | tr ' ' '\n')
if [[ ${#packages[@]} -gt 0 ]]; then
  install "${packages[@]}"
fi
has_node || install_newer_node
# Somebody else's packages have the last word: look again.
still_missing=$(missing_packages | tr '\n' ' ')
[[ -z $still_missing ]] || fail "still missing after the installation: $still_missing"
