#!/bin/sh
# Makes this machine and this clone ready to run: Debian packages, then the virtual environment.
# Asks nothing, does nothing that is already done, and may be interrupted or run twice at once.
# Plain sh: on a bare machine there is no Python yet.
#
# usage: tools/setup.sh [--fresh]      --fresh: also what only `make fresh` needs, and no .venv

set -u
cd "$(dirname "$0")/.." || exit 1
LC_ALL=C.UTF-8
DEBIAN_FRONTEND=noninteractive
NEEDRESTART_SUSPEND=1
APT_LISTCHANGES_FRONTEND=none
export LC_ALL DEBIAN_FRONTEND NEEDRESTART_SUSPEND APT_LISTCHANGES_FRONTEND

LIST=images/host-packages.txt
LOCK=requirements.lock
VENV=.venv
STAMP=$VENV/.pagelab-stamp
FRESH=no

say() { printf 'set-up: %s\n' "$*" >&2; }
die() { say "$*"; exit 23; }

# ---- Debian packages -------------------------------------------------------------------------

wanted_packages() {
	arch=$(dpkg --print-architecture)
	release=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	while read -r package only _; do
		case $package in '' | '#'*) continue ;; esac
		case $only in
		- | "$arch" | "$release") echo "$package" ;;
		fresh) [ $FRESH = no ] || echo "$package" ;;
		esac
	done <$LIST
}

missing_packages() {
	for package in $(wanted_packages); do
		status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)
		[ "$status" = installed ] || echo "$package"
	done
}

# Runs a command as root, with what it needs of our environment (sudo drops the rest).
as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@" </dev/null
		return
	fi
	for name in DEBIAN_FRONTEND NEEDRESTART_SUSPEND APT_LISTCHANGES_FRONTEND LC_ALL \
		http_proxy https_proxy ftp_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do
		eval "value=\${$name-}"
		[ -z "$value" ] || set -- "$name=$value" "$@"
	done
	sudo $SUDO_FLAGS env "$@"
}

# Without a terminal sudo must not wait for a password that nobody can give.
check_root() {
	[ "$(id -u)" != 0 ] || return 0
	SUDO_FLAGS=
	[ -t 0 ] || SUDO_FLAGS=-n
	command -v sudo >/dev/null && as_root true 2>/dev/null && return
	die "these Debian packages are missing and installing them needs root; as root, run" \
		"'apt-get install --no-install-recommends $*', then run this again"
}

apt_get() {
	as_root apt-get -q -y -o DPkg::Lock::Timeout=900 -o Dpkg::Use-Pty=0 -o Acquire::Retries=3 \
		-o Dpkg::Options::=--force-confold --no-install-recommends "$@" >&2
}

# DPkg::Lock::Timeout does not cover the lock on the lists, so another apt is waited for here.
apt_update() {
	tries=0
	until apt_get update; do
		tries=$((tries + 1))
		[ $tries -lt 6 ] || return 1
		say "apt-get update failed; trying again in 10 s"
		sleep 10
	done
}

install_packages() {
	command -v dpkg-query >/dev/null && command -v apt-get >/dev/null ||
		die "this is not a Debian system: install what $LIST names, and make .venv by hand (docs/troubleshooting.md)"
	missing=$(missing_packages | tr '\n' ' ')
	[ -n "$missing" ] || return 0
	check_root $missing
	say "installing Debian packages: $missing"
	# Lists that are there are tried first: a machine without a network may have all it needs.
	apt-get -qq -s --no-install-recommends install $missing >/dev/null 2>&1 || apt_update ||
		die "apt-get update failed: see above; check the network, the proxy and /etc/apt"
	if ! apt_get install $missing; then
		say "trying once more with new lists"
		as_root dpkg --configure -a >&2
		apt_update && apt_get install $missing ||
			die "apt-get install failed: see above; check the network, the disk and /etc/apt"
	fi
}

# ---- virtual environment ---------------------------------------------------------------------

# Debian's own interpreter is the one that python3-venv serves; PYTHON= names another.
find_python() {
	for python in ${PYTHON:-} /usr/bin/python3 python3; do
		if "$python" -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
			command -v "$python"
			return
		fi
	done
	die "needs Python 3.11 or newer with venv (Debian 12 or newer has it); PYTHON=/path/to/python3 names one"
}

# What the environment is made from; a clone that was moved needs a new one, since scripts name it.
recipe() {
	echo "$1"
	"$1" -c 'import sys; print(sys.version)'
	pwd -P
	cat $LOCK pyproject.toml
}

# Names and sizes of what was installed, so that a damaged environment is told from a whole one.
inventory() {
	find $VENV/bin $VENV/lib -name __pycache__ -prune -o \( -type f -o -type l \) -printf '%s %p\n' | sort
}

venv_is_whole() {
	[ "$(head -n 1 $STAMP 2>/dev/null)" = "$1" ] || return 1
	$VENV/bin/python -c '' 2>/dev/null || return 1
	inventory >"$SCRATCH/now"
	tail -n +2 $STAMP | LC_ALL=C.UTF-8 comm -23 - "$SCRATCH/now" >"$SCRATCH/lost"
	[ ! -s "$SCRATCH/lost" ]
}

# What the command says is shown when it fails, and not when it is interrupted.
quietly() {
	"$@" </dev/null >"$SCRATCH/log" 2>&1 && return
	status=$?
	tail -n 20 "$SCRATCH/log" >&2
	return $status
}

pip_install() {
	# The host's own pip settings (index, proxy, certificates) hold, but for the one that would
	# install outside of the environment.
	quietly env PIP_USER=0 PIP_NO_INPUT=1 PIP_DISABLE_PIP_VERSION_CHECK=1 \
		$VENV/bin/python -m pip install -qq --retries 5 "$@" ||
		die "pip could not fill .venv: see above; check the network, the disk and pip's settings" \
			"(docs/troubleshooting.md), then run this again"
}

make_venv() {
	SCRATCH=$(mktemp -d) || die "no room for temporary files in ${TMPDIR:-/tmp}: free some, or set TMPDIR"
	trap 'rm -rf "$SCRATCH"' EXIT
	trap 'exit 130' INT TERM HUP
	unset PYTHONHOME PYTHONPATH
	python=$(find_python) || exit 23
	digest=$(recipe "$python" | sha256sum | cut -d' ' -f1)
	# One lock a clone, on a file that is always there; the kernel drops it when we end, however.
	exec 9<tools/setup.sh
	flock -n 9 || { say "waiting for another set-up of this clone" && flock 9; }
	venv_is_whole "$digest" && return
	say "making .venv from $LOCK ($("$python" --version))"
	rm -rf $VENV && quietly "$python" -m venv $VENV ||
		die "could not make .venv: see above; is the disk full?"
	pip_install --require-hashes --only-binary=:all: --requirement $LOCK
	pip_install --no-deps --no-build-isolation --no-index --editable .
	# Until pagelab's own code takes them, signals wait: see harness/interrupts.py.
	sed -i '1s|^#!\(/[^ ]*\)$|#!/usr/bin/env -S --block-signal=INT,TERM,HUP \1|' $VENV/bin/pagelab
	{ echo "$digest" && inventory; } >$STAMP.new && mv $STAMP.new $STAMP ||
		die "could not finish .venv: see above; is the disk full?"
	say ".venv is ready"
}

case ${1:-} in
'') install_packages && make_venv ;;
--fresh) FRESH=yes && install_packages ;;
*) die "unknown argument $1; usage: tools/setup.sh [--fresh]" ;;
esac
