#!/usr/bin/env bash
# Print the first fitting interpreter on the path: 3.13 as in the cloud, else anything from 3.12 on.
# PYTHON=… names one.
# A name may stand for several on the path, and the first may lack what the second has.
while read -r candidate; do
  path="$("$candidate" -c 'import sys, venv, ensurepip; print(sys.executable if sys.version_info >= (3, 12) else "")' 2>/dev/null)"
  if [ -n "$path" ]; then
    echo "$path"
    exit 0
  fi
done < <(type -ap ${PYTHON:+"$PYTHON"} python3.13 python3.14 python3.12 python3 2>/dev/null)
echo "Tipline needs Python 3.12 or later with venv (3.13 is best): install it, or name it with PYTHON=/path/to/python." >&2
exit 1
