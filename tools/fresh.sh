#!/bin/bash
# Proves that a bare Debian machine is enough: for each release makes a minimal root with
# debootstrap, puts a clean clone of HEAD into it, installs git and make and nothing else, and runs
# `make check` and `make test` there with an empty cache. Leaves nothing behind but its logs.
#
# usage: tools/fresh.sh [--setup|--check|--test] [--user] [-v] [RELEASE...]
#   --setup, --check, --test   only that step (as asked; default: check and test)
#   --user                     inside, work as a user who has sudo, not as root
#   -v                         show everything as it happens, not only the closing lines
#   RELEASE                    bookworm, trixie; default both
# TMPDIR (default /var/tmp) chooses the disk: a root takes up to 12 GB. KERNELS and ARCHES narrow.

set -euo pipefail
set -m # each release in a process group of its own, with Ctrl-C not ignored in it
cd "$(dirname "$0")/.."

REPO=$PWD
STEPS=()
INSIDE_USER=root
VERBOSE=no
RELEASES=()
NEEDED_MB=12000
CHILD=
WORK=

say() { printf 'fresh: %s\n' "$*"; }
die() { say "$*" >&2; exit 23; }

parse_arguments() {
	for argument; do
		case $argument in
		--setup | --check | --test) STEPS+=("${argument#--}") ;;
		--user) INSIDE_USER=dev ;;
		-v) VERBOSE=yes ;;
		-*) die "unknown option $argument; usage: tools/fresh.sh [--setup|--check|--test] [--user] [-v] [RELEASE...]" ;;
		*) RELEASES+=("$argument") ;;
		esac
	done
	[ ${#STEPS[@]} -gt 0 ] || STEPS=(check test)
	[ ${#RELEASES[@]} -gt 0 ] || RELEASES=(bookworm trixie)
}

# ---- what the root gets of the host ----------------------------------------------------------

# The mirror that the host's apt uses for a suite of its own, whatever way its sources are written.
# PAGELAB_MIRROR names another.
host_mirror() { # SUFFIX ("" or "-security")
	local host found
	host=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	# --no-release-info: also those whose lists were never fetched
	found=$(apt-get indextargets --no-release-info --format '$(RELEASE) $(REPO_URI)' 'Identifier: Packages' 2>/dev/null |
		awk -v suite="$host$1" '$1 == suite { print $2; exit }')
	[ -z "${PAGELAB_MIRROR:-}" ] || found=$PAGELAB_MIRROR$1
	[ -n "$found" ] || die "this machine's apt names no mirror for Debian: set PAGELAB_MIRROR to one"
	echo "$found"
}

carry_apt() { # ROOT RELEASE
	local main security
	main=$(host_mirror "")
	security=$(host_mirror -security)
	printf 'deb %s %s main\n' "$main" "$2" "$main" "$2-updates" "$security" "$2-security" \
		>"$1/etc/apt/sources.list"
	# Proxies, certificates, leniency with old mirrors: but no hook that calls a program of the host.
	apt-config dump | grep -E '^Acquire::(https?(::[^ ]*)?::?(Proxy|CaInfo|CaPath|Verify-Peer|Verify-Host|Timeout)|Retries|Check-Valid-Until|Check-Date) ' \
		>"$1/etc/apt/apt.conf.d/90host" || true
}

carry_file() { # ROOT FILE
	[ -f "$2" ] && [ ! -e "$1$2" ] || return 0
	mkdir -p "$1$(dirname "$2")"
	cp -L "$2" "$1$2"
}

carry_network() { # ROOT
	local file
	cp -L /etc/resolv.conf /etc/hosts "$1/etc/"
	# The bundle as it is for the time before ca-certificates is installed, which then makes it
	# anew from Debian's and these local ones.
	mkdir -p "$1/usr/local/share/ca-certificates"
	cp -RL /usr/local/share/ca-certificates/. "$1/usr/local/share/ca-certificates/" 2>/dev/null || true
	for file in /etc/ssl/certs/ca-certificates.crt "${SSL_CERT_FILE:-}" "${PIP_CERT:-}" \
		"${REQUESTS_CA_BUNDLE:-}" "${CURL_CA_BUNDLE:-}" "${GIT_SSL_CAINFO:-}"; do
		carry_file "$1" "$file"
	done
}

# pip's own files, and the local folders and certificates that they or the environment name.
carry_pip() { # ROOT HOME
	local place
	for place in "${XDG_CONFIG_HOME:-$HOST_HOME/.config}/pip/pip.conf" "$HOST_HOME/.pip/pip.conf" "${PIP_CONFIG_FILE:-}"; do
		[ ! -f "$place" ] || cat "$place" >>"$WORK/pip.conf"
	done
	carry_file "$1" /etc/pip.conf
	if [ -f "$WORK/pip.conf" ]; then
		mkdir -p "$1$2/.config/pip"
		cp "$WORK/pip.conf" "$1$2/.config/pip/pip.conf"
	fi
	for place in $( (cat /etc/pip.conf "$WORK/pip.conf" 2>/dev/null
		echo "${PIP_INDEX_URL:-} ${PIP_EXTRA_INDEX_URL:-} ${PIP_FIND_LINKS:-} ${PIP_CERT:-}") |
		grep -oE '(^|[[:space:]=]|file://)/[^[:space:],]+' | sed -E 's,^[^/]*,,; s,^file://,,; s,^//,,' | sort -u); do
		# An index at .../simple links to its files beside it.
		[ "$(basename "$place")" != simple ] || place=$(dirname "$place")
		if [ -f "$place" ]; then
			carry_file "$1" "$place"
		elif [ -d "$place" ] && [ ! -e "$1$place" ]; then
			mkdir -p "$1$place"
			mount --bind -o ro "$place" "$1$place"
		fi
	done
}

# Runs a command in the root with nothing of our environment but what reaches the network.
enter() { # ROOT USER HOME COMMAND...
	local root=$1 user=$2 home=$3 name keep=()
	shift 3
	for name in $(compgen -e | grep -E '^(PIP_|SSL_CERT_)|^(REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|GIT_SSL_CAINFO|KERNELS|ARCHES|TERM)$|_proxy$|_PROXY$'); do
		[ "$name" = PIP_CONFIG_FILE ] || keep+=("$name=${!name}")
	done
	chroot "$root" env -i "${keep[@]}" HOME="$home" USER="$user" LOGNAME="$user" \
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		setpriv --reuid "$user" --regid "$user" --init-groups -- "$@" </dev/null
}

# ---- one release, inside its own mount and process namespaces -----------------------------------

phase() { # NAME COMMAND...
	local name=$1 start=$SECONDS status=0
	shift
	say "$RELEASE: $name ..."
	# A job of its own: in a command before || a failure would not end it.
	if [ $VERBOSE = yes ]; then
		("$@") > >(tee -a "$LOG") 2>&1 &
		wait $! || status=$?
	else
		local from
		from=$(($(stat -c %s "$LOG") + 1))
		("$@") >>"$LOG" 2>&1 &
		wait $! || status=$?
		case $name in make* | *failed) tail -c "+$from" "$LOG" | tail -n 12 | sed 's/^/    /' ;; esac
		[ $status = 0 ] || tail -c "+$from" "$LOG" | tail -n 60 | sed 's/^/    /'
	fi
	say "$RELEASE: $name: exit status $status after $((SECONDS - start)) s"
	return $status
}

bootstrap() { # ROOT
	debootstrap --variant=minbase "$RELEASE" "$1" "$(host_mirror "")"
}

furnish() { # ROOT HOME
	mount -t proc proc "$1/proc"
	mount --rbind /sys "$1/sys"
	mount --rbind /dev "$1/dev"
	carry_apt "$1" "$RELEASE"
	carry_network "$1"
	local packages="git make"
	[ "$INSIDE_USER" = root ] || packages="$packages sudo"
	enter "$1" root /root sh -euc "export DEBIAN_FRONTEND=noninteractive
		apt-get -q update && apt-get -q -y --no-install-recommends install $packages"
	if [ "$INSIDE_USER" != root ]; then
		chroot "$1" useradd --create-home --shell /bin/sh "$INSIDE_USER"
		echo "$INSIDE_USER ALL=(ALL) NOPASSWD: ALL" >"$1/etc/sudoers.d/$INSIDE_USER"
	fi
	carry_pip "$1" "$2"
	cp "$WORK/head.bundle" "$1/tmp/"
	[ "$INSIDE_USER" = root ] || chroot "$1" chown -R "$INSIDE_USER:" "$2"
	enter "$1" "$INSIDE_USER" "$2" git clone -q /tmp/head.bundle "$2/pagelab"
}

run_release() { # inside the namespaces
	RELEASE=$1 LOG=$2 WORK=$3
	local root=$WORK/root home=/root step
	[ "$INSIDE_USER" = root ] || home=/home/$INSIDE_USER
	mkdir "$root"
	# unshare(1), which a test uses inside, wants / to be a mount.
	mount --bind "$root" "$root"
	phase "minimal root" bootstrap "$root"
	phase "git and make alone, clone of HEAD" furnish "$root" "$home"
	for step in "${STEPS[@]}"; do
		phase "make $step" enter "$root" "$INSIDE_USER" "$home" make -C "$home/pagelab" --no-print-directory "$step"
	done
}

# ---- outside ---------------------------------------------------------------------------------

# The mounts live and die with the namespace, so what is left here are plain files.
clean_up() {
	trap '' INT TERM HUP
	if [ -n "$CHILD" ]; then
		kill -KILL "$CHILD" 2>/dev/null || true
		wait "$CHILD" 2>/dev/null || true
		CHILD=
	fi
	[ -n "$WORK" ] || return 0
	for _ in 1 2 3 4 5; do # processes that were just killed may still be writing
		rm -rf --one-file-system "$WORK" 2>/dev/null && break
		sleep 1
	done
	WORK=
}

one_release() { # RELEASE
	local log status=0
	WORK=$(mktemp -d "${TMPDIR:-/var/tmp}/pagelab-fresh-XXXXXX")
	chmod 755 "$WORK"
	git -c safe.directory="$REPO" bundle create -q "$WORK/head.bundle" HEAD
	mkdir -p runs
	log=$REPO/runs/fresh-$1-$(date +%Y%m%dT%H%M%S).log
	: >"$log"
	local free
	free=$(df --output=avail -m "$WORK" | tail -n 1)
	[ "$free" -ge $NEEDED_MB ] || die "only $free MB free in $WORK, a root needs $NEEDED_MB: choose another disk with TMPDIR="
	unshare --mount --propagation private --pid --fork --kill-child -- \
		"$0" --inside "$1" "$log" "$WORK" "$INSIDE_USER" "$VERBOSE" "${STEPS[@]}" </dev/null &
	CHILD=$!
	wait "$CHILD" || status=$?
	say "$1: the root grew to $(du -sm "$WORK" | cut -f1) MB; log: ${log#"$REPO/"}"
	clean_up
	return $status
}

main() {
	parse_arguments "$@"
	if [ "$(id -u)" != 0 ]; then
		command -v sudo >/dev/null || die "needs root: debootstrap and mounts"
		exec sudo --preserve-env HOST_HOME="$HOME" "$0" "$@"
	fi
	tools/setup.sh --fresh
	git -c safe.directory="$REPO" diff --quiet HEAD || say "note: changes that are not committed are not in HEAD's clone"
	trap clean_up EXIT
	trap 'exit 130' INT TERM HUP
	local release failed=()
	for release in "${RELEASES[@]}"; do
		one_release "$release" || failed+=("$release")
	done
	[ ${#failed[@]} = 0 ] || die "failed: ${failed[*]}"
	say "all well: ${RELEASES[*]} (${STEPS[*]})"
}

HOST_HOME=${HOST_HOME:-$HOME}
if [ "${1:-}" = --inside ]; then
	INSIDE_USER=$5 VERBOSE=$6 STEPS=("${@:7}")
	run_release "$2" "$3" "$4"
else
	main "$@"
fi
