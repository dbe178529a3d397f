#!/bin/sh
# run-module.sh MODULE [ARGUMENTS]: runs a module of Twokey with the first interpreter that has it: $TWOKEY_PYTHON, the
# project's .venv, the .venv of the checkout that this file lies in, or that of the `twokey` command on PATH.
set -u
here=$(cd "$(dirname "$0")" && pwd)
project=${CLAUDE_PROJECT_DIR:-$PWD}

has_twokey() { [ -x "$1" ] && "$1" -P -c 'import importlib.util as u, sys; sys.exit(not u.find_spec("mcp_servers"))' 2>/dev/null; }

of_command() {
    command=$(command -v twokey) || return 0
    sed -n '1s/^#! *//p' "$command"
}

[ -n "${TWOKEY_PYTHON:-}" ] && exec "$TWOKEY_PYTHON" -P -m "$@"
for python in "$project/.venv/bin/python" "$here/../../.venv/bin/python" "$(of_command)"; do
    has_twokey "$python" && exec "$python" -P -m "$@"
done
echo "No Python with Twokey found. Run make demo in a checkout, install the package, or set TWOKEY_PYTHON." >&2
exit 1
