#!/bin/sh
# Installs kustomer-sync: picks the archive for this machine, checks its sum and what is in it, and puts the program
# into ~/.local/bin. Everything comes over https. All of it is between two braces: a shell runs none of it before it
# has read the last one, so that half a download does nothing.
#
#   curl --proto '=https' --tlsv1.2 -fsSL https://github.com/kustomer-sync/kustomer-sync/releases/latest/download/install.sh | sh
#
# KUSTOMER_SYNC_VERSION      a version such as 0.1.0; else the newest
# KUSTOMER_SYNC_INSTALL_DIR  where to put it; else ~/.local/bin
# KUSTOMER_SYNC_BASE_URL     an https address of a folder that holds the files of a release, instead of GitHub

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

# The protocol that everything comes by. The tests of a release serve it from this machine, without a certificate:
# they say so in a second variable, and no other machine is reached that way.
scheme_of() {
  case "$1" in
    https://*) echo https && return ;;
    http://127.0.0.1:*)
      port=${1#http://127.0.0.1:}
      case "$port" in
        '' | *[!0-9]*) ;;
        *) if [ "${KUSTOMER_SYNC_TRY_LOCAL:-}" = http ]; then echo http && return; fi ;;
      esac
      ;;
  esac
  fail "KUSTOMER_SYNC_BASE_URL is $1, which is not https" "an address that begins with https://"
}

# download URL FILE
download() {
  if has curl; then
    curl --proto "=$scheme" --tlsv1.2 -fsSL --retry 3 -o "$2" "$1"
  else
    wget_securely "$1" "$2"
  fi || fail "$1 could not be downloaded" "see whether that version exists, and whether the network is there"
}

# wget follows a redirect away from https, and a small one may not look at certificates: both can be read in what it
# says of the answers, before anything is done with the file.
wget_securely() {
  tls=
  if wget --help 2>&1 | grep -q secure-protocol; then tls=--secure-protocol=TLSv1_2; fi
  said=$temporary/answers
  LC_ALL=C wget -q -S $tls -O "$2" "$1" 2>"$said" || { cat "$said" >&2 && return 1; }
  if grep -i '^ *location: *[a-z]*:' "$said" | grep -qiv '^ *location: *https:'; then
    fail "$1 leads away from https" "install curl"
  fi
  if grep -q 'certificate validation not implemented' "$said"; then
    fail "the wget of this machine does not look at certificates" "install curl"
  fi
}

sum_of() {
  if has sha256sum; then
    sha256sum "$1"
  else
    shasum -a 256 "$1"
  fi | cut -d ' ' -f 1
}

# Throws the archive out unless its members are plain files that a release has, and the program is one of them: a link
# or a second program would be something else than what it looks like. Every tar marks a link in one way or another.
check_members() {
  tar -tzf "$1" >"$temporary/names" && LC_ALL=C tar -tvzf "$1" >"$temporary/kinds" ||
    fail "$archive cannot be unpacked"
  programs=0
  while IFS= read -r name; do
    case "$name" in
      kustomer-sync) programs=$((programs + 1)) ;;
      README.md | LICENSE | CHANGELOG.md) ;;
      *) fail "$archive holds $name, which is no part of a release; nothing was installed" ;;
    esac
  done <"$temporary/names"
  [ "$programs" = 1 ] || fail "$archive holds $programs programs, not one; nothing was installed"
  while IFS= read -r line; do
    case "$line" in
      *' -> '* | *' link to '*) ;;
      -*) continue ;;
    esac
    fail "$archive holds what is no plain file ($line); nothing was installed"
  done <"$temporary/kinds"
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
  scheme=$(scheme_of "$base")
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

  check_members "$temporary/$archive"
  # Into a file that is made here: tar makes none, whatever the archive says.
  tar -xzOf "$temporary/$archive" kustomer-sync >"$temporary/kustomer-sync" || fail "$archive cannot be unpacked"
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
