#!/usr/bin/env bash
# Create the virtual environment $1 and install into it what the lock files name, each by its hash.
# First the wheels; then, with the setuptools that came with them, what is published as source only.
# All output goes to standard error: what a command such as `make -s token` prints stays its own.
set -euo pipefail
venv="$1"
python="$(bash infra/python.sh)"

# In a terminal one line shows where it is; elsewhere each package has a line.
line='     %s\n'
if [ -t 2 ]; then line='\r\033[K     %s'; fi

show_progress() {
  local word name count=0
  while read -r word name _; do
    case "$word" in
      Collecting)
        count=$((count + 1))
        # shellcheck disable=SC2059
        printf "$line" "$count  ${name%%[<>=~!,]*}" >&2 ;;
      Installing)
        # shellcheck disable=SC2059
        printf "$line" "Unpacking $count packages ..." >&2 ;;
    esac
  done
  if [ -t 2 ] && [ "$count" -gt 0 ]; then echo >&2; fi
}

echo "Installing what Tipline needs into $venv, with $("$python" --version)." >&2
echo "This happens once, and takes a minute or two." >&2
echo "1/2  Creating the environment ..." >&2
"$python" -m venv "$venv"
echo "2/2  Downloading packages ..." >&2
install() {
  "$venv/bin/python" -u -m pip install --disable-pip-version-check --progress-bar off \
    --require-hashes --no-deps "$@" | show_progress
}
install --only-binary=:all: -r requirements.lock
install --no-build-isolation --use-pep517 -r requirements-source.lock
# The lock files are whole: nothing was installed that needs what is not there.
"$venv/bin/python" -m pip check --disable-pip-version-check --quiet >&2
echo "Installed." >&2
