#!/bin/sh
# install.sh core|dev|bench: creates .venv and installs the packages of the lock that are not installed yet.
# Set VENV for another folder and PYTHON for another interpreter than the newest one found.
set -eu
cd "$(dirname "$0")/.."
unset PYTHONPATH PYTHONHOME PIP_TARGET PIP_PREFIX
export PIP_USER=0 PIP_DISABLE_PIP_VERSION_CHECK=1

venv=${VENV:-.venv}
python=$venv/bin/python
wanted=${1:-core}
case $wanted in
core) lock=requirements.lock ;;
dev) lock=requirements-dev.lock ;;
bench) lock=requirements-bench.lock ;;
*) echo "install.sh: unknown argument '$wanted'. Use core, dev or bench." >&2; exit 2 ;;
esac

say() { printf '%s\n' "$*" >&2; }
has_uv() { command -v uv >/dev/null 2>&1; }
new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        new_enough "$PYTHON" || { say "$PYTHON is not Python 3.11 or newer. Set PYTHON to one that is."; exit 1; }
        command -v "$PYTHON"
        return
    fi
    for name in python3.14 python3.13 python3.12 python3.11 python3 python; do
        new_enough "$name" && { command -v "$name"; return; }
    done
    has_uv && { echo 3.13; return; }
    say "Python 3.11 or newer not found. Install Python or uv, then rerun make."
    exit 1
}

make_venv() {
    found=$(find_python)
    rm -rf "$venv"
    say "Creating $venv with $found"
    if has_uv; then
        uv venv --quiet --python "$found" "$venv"
    elif "$found" -c 'import ensurepip, venv' 2>/dev/null; then
        "$found" -m venv "$venv"
    else
        say "$found has no venv module. Install it (Debian: apt install python3-venv) or uv, then rerun make."
        exit 1
    fi
    pwd >"$venv/.place"
}

pip_install() {
    if has_uv; then
        uv pip install --quiet --python "$python" "$@"
    else
        "$python" -m pip --version >/dev/null 2>&1 || "$python" -m ensurepip >/dev/null
        "$python" -m pip install -qq --no-compile "$@"
    fi
}

install_lock() {
    cmp -s "$lock" "$venv/.$lock" && return
    say "Installing up to $(grep -c "==" "$lock") packages from $lock; this takes about a minute."
    pip_install --require-hashes -r "$lock"
    cp "$lock" "$venv/.$lock"
    # each lock includes the previous one
    if [ "$wanted" != core ]; then cp requirements.lock "$venv/.requirements.lock"; fi
    if [ "$wanted" = bench ]; then cp requirements-dev.lock "$venv/.requirements-dev.lock"; fi
}

# Compiled code lies beside its source; .compiled says when. Another processor makes the first sweep compile again.
compile_ahead() {
    if [ -e "$venv/.compiled" ]; then
        changed=$(find skills_lib/backtest/kernel skills_lib/backtest/margin.py skills_lib/domain/rounding.py \
            skills_lib/market/depth/book -name '*.py' -newer "$venv/.compiled" | head -1)
        [ -z "$changed" ] && return
    fi
    "$venv/bin/twokey" compile >/dev/null
    touch "$venv/.compiled"
}

install_twokey() {
    cmp -s pyproject.toml "$venv/.pyproject.toml" && return
    pip_install --no-index --no-deps --no-build-isolation --editable .
    cp pyproject.toml "$venv/.pyproject.toml"
}

# The scripts of an environment contain its path, so recreate one that was created in another folder.
if ! new_enough "$python" || { [ -f "$venv/.place" ] && [ "$(cat "$venv/.place")" != "$(pwd)" ]; }; then make_venv; fi
install_lock
install_twokey
compile_ahead
