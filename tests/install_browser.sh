#!/usr/bin/env bash
# The browser tests drive Chromium's headless shell if there is one, else the Chromium or Chrome of the machine.
# Without any, Debian's package is installed: the shell, or Chromium where the release has no shell.
set -euo pipefail
for name in chromium-headless-shell chromium chromium-browser google-chrome; do
  command -v "$name" >/dev/null && exit 0
done
[ -d "/Applications/Google Chrome.app" ] && exit 0
if command -v apt-get >/dev/null; then
  sudo=""
  [ "$(id -u)" -eq 0 ] || sudo="sudo"
  install() {
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$1" fonts-noto-cjk
  }
  $sudo apt-get update -qq
  install chromium-headless-shell || install chromium
else
  echo "No Chromium was found. Install Chromium or Google Chrome; the browser tests need it." >&2
  exit 1
fi
