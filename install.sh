#!/bin/sh
# Installs kustomer-sync: picks the archive for this machine, checks its sum, and puts the program into
# ~/.local/bin. All of it is between two braces: a shell runs none of it before it has read the last one, so that
# half a download does nothing.
#
#   curl -fsSL https://github.com/kustomer-sync/kustomer-sync/releases/latest/download/install.sh | sh
#
# KUSTOMER_SYNC_VERSION      a version such as 0.1.0; else the newest
# KUSTOMER_SYNC_INSTALL_DIR  where to put it; else ~/.local/bin
# KUSTOMER_SYNC_BASE_URL     a folder on the web that holds the files of a release, instead of GitHub

{

set -eu

fail() {
  printf 'error: install: %s\n' "$1" >&2
  [ $# -lt 2 ] || printf '  try: %s\n' "$2" >&2
  exit 1
}

has() {
  command -v "$1" >/dev/null 2>&1
}

# linux-x64, darwin-arm64, linux-arm64-musl...
target_name() {
  case "$(uname -s)" in
    Linux) os=linux ;;
    Darwin) os=darwin ;;
    *) fail "there is no program for $(uname -s) here" "on Windows, unpack kustomer-sync-windows-x64.zip" ;;
  esac
  case "$(uname -m)" in
    x86_64 | amd64) arch=x64 ;;
    arm64 | aarch64) arch=arm64 ;;
    *) fail "there is no program for $(uname -m) processors" ;;
  esac
  # A terminal under Rosetta calls an Apple processor an Intel one.
  if [ "$os-$arch" = darwin-x64 ] && [ "$(sysctl -n sysctl.proc_translated 2>/dev/null || echo 0)" = 1 ]; then
    arch=arm64
  fi
  libc=
  if [ "$os" = linux ] && is_musl; then libc=-musl; fi
  printf '%s-%s%s\n' "$os" "$arch" "$libc"
}

is_musl() {
  if has ldd && ldd --version 2>&1 | grep -qi musl; then return 0; fi
  for loader in "${KUSTOMER_SYNC_LIB:-/lib}"/ld-musl-*; do
    if [ -e "$loader" ] && ! has ldd; then return 0; fi
  done
  return 1
}

# download URL FILE
download() {
  if has curl; then
    curl -fsSL --retry 3 -o "$2" "$1"
  else
    wget -q -O "$2" "$1"
  fi || fail "$1 could not be downloaded" "see whether that version exists, and whether the network is there"
}

sum_of() {
  if has sha256sum; then
    sha256sum "$1"
  else
    shasum -a 256 "$1"
  fi | cut -d ' ' -f 1
}

main() {
  version=${KUSTOMER_SYNC_VERSION:-latest}
  releases=https://github.com/kustomer-sync/kustomer-sync/releases
  if [ "$version" = latest ]; then
    default_base=$releases/latest/download
  else
    default_base=$releases/download/v${version#v}
  fi
  base=${KUSTOMER_SYNC_BASE_URL:-$default_base}
  elsewhere="another folder, in KUSTOMER_SYNC_INSTALL_DIR"
  [ -n "${KUSTOMER_SYNC_INSTALL_DIR:-${HOME:-}}" ] || fail "HOME is not set" "a folder, in KUSTOMER_SYNC_INSTALL_DIR"
  folder=${KUSTOMER_SYNC_INSTALL_DIR:-${HOME:-}/.local/bin}
  archive=kustomer-sync-$(target_name).tar.gz
  has curl || has wget || fail "neither curl nor wget is here" "install one of them"
  has sha256sum || has shasum ||
    fail "neither sha256sum nor shasum is here, and nothing is installed unchecked" "install one of them"

  # Whole, for it is what the PATH is told; CDPATH would take another, and print it.
  mkdir -p -- "$folder" && whole=$(CDPATH='' cd -- "$folder" && pwd) ||
    fail "the folder $folder cannot be made" "$elsewhere"
  folder=$whole
  # A program that is moved to where a folder is ends up in it.
  [ ! -d "$folder/kustomer-sync" ] || fail "$folder/kustomer-sync is a folder" "$elsewhere"
  # In the same folder, so that the program gets its name in one step.
  temporary=$(mktemp -d "$folder/.kustomer-sync.XXXXXX") ||
    fail "nothing can be written to $folder" "$elsewhere"
  trap 'rm -rf "$temporary"' EXIT
  trap 'exit 130' HUP INT TERM

  download "$base/SHA256SUMS" "$temporary/SHA256SUMS"
  expected=$(grep "  $archive\$" "$temporary/SHA256SUMS" | cut -d ' ' -f 1) || expected=
  [ -n "$expected" ] || fail "$base/SHA256SUMS does not name $archive"
  download "$base/$archive" "$temporary/$archive"
  actual=$(sum_of "$temporary/$archive")
  [ "$actual" = "$expected" ] ||
    fail "$archive is not what SHA256SUMS says ($actual, not $expected); nothing was installed" "again, later"

  tar -xzf "$temporary/$archive" -C "$temporary" kustomer-sync || fail "$archive cannot be unpacked"
  chmod 755 "$temporary/kustomer-sync"
  installed=$("$temporary/kustomer-sync" --version) ||
    fail "the program does not run on this machine" "on Alpine: apk add libstdc++"
  mv -f "$temporary/kustomer-sync" "$folder/kustomer-sync"

  printf '%s is in %s\n' "$installed" "$folder/kustomer-sync"
  case ":${PATH:-}:" in
    *":$folder:"*) ;;
    *) printf 'that folder is not on the PATH: export PATH="%s:$PATH"\n' "$folder" ;;
  esac
}

main "$@"

}
