#!/usr/bin/env bash
# The browser tests drive the Chromium of the machine; without one, Debian's package is installed.
set -euo pipefail
for name in chromium chromium-browser google-chrome; do
  command -v "$name" >/dev/null && exit 0
done
[ -d "/Applications/Google Chrome.app" ] && exit 0
if command -v apt-get >/dev/null; then
  sudo=""
  [ "$(id -u)" -eq 0 ] || sudo="sudo"
  $sudo apt-get update -qq
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk
else
  echo "No Chromium was found. Install Chromium or Google Chrome; the browser tests need it." >&2
  exit 1
fi
