#!/usr/bin/env bash
# Create the virtual environment $1 and install the packages of requirements-dev.txt into it.
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
"$venv/bin/python" -u -m pip install --disable-pip-version-check --progress-bar off \
  -r requirements-dev.txt | show_progress
echo "Installed." >&2
