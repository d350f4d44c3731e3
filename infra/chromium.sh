#!/usr/bin/env bash
# Install the system's Chromium and a Chinese font, for the tests in tests/browser, where this may be done without asking.
# Whoever has a Chromium or Chrome needs nothing. Elsewhere the tests are skipped, with a word.
set -euo pipefail
for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable; do
  if [ -n "$name" ] && command -v "$name" >/dev/null; then exit 0; fi
done
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "There is no Chromium, and it cannot be installed from here: the tests in a browser are skipped." >&2
  exit 0
fi
echo "Installing Chromium ..." >&2
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq >&2
apt-get install -y -qq --no-install-recommends chromium fonts-wqy-zenhei >&2
