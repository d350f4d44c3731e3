#!/usr/bin/env bash
# Prints the first fitting interpreter: 3.13 as in the cloud, else anything from 3.12 on.
for candidate in "${PYTHON:-}" python3.13 /usr/bin/python3.13 python3.14 python3.12 python3; do
  [ -n "$candidate" ] || continue
  path="$(command -v "$candidate")" && path="$("$path" -c "import sys; print(sys.executable)" 2>/dev/null)" || continue
  if "$path" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 12))' 2>/dev/null; then
    echo "$path"; exit 0
  fi
done
echo "Tipline needs Python 3.12 or later with venv (3.13 is best): install it, or name it with PYTHON=/path/to/python." >&2
exit 1
