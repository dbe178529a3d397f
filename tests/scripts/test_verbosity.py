"""`--verbose`, `--debug` and TWOKEY_LOG: what is done, on standard error only, and never a secret."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from skills_lib import log
from skills_lib.settings import Settings
from tests.command import Command
from tests.repository import ROOT
from tests.scripts.verbs import SPAN, VERBS, Verb

RUN = ("test-strategy", "BTC", "1h", "sma_crossover", *SPAN, "--json")


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_every_verb_takes_both_options(verb: Verb) -> None:
    names = {name for option in VERBS[verb].params for name in option.opts}
    assert names >= {"--verbose", "--debug"}


def test_verbose_says_what_is_done_and_keeps_standard_output(twokey: Command) -> None:
    twokey(*RUN)  # says what it draws; afterwards the run is stored
    quiet = twokey(*RUN)
    verbose = twokey(*RUN, "--verbose")
    assert verbose.out == quiet.out
    assert quiet.err == ""
    for text in ("started", "workspace", "candles", "finished", "exit_code=0"):
        assert text in verbose.err


def test_the_option_is_taken_before_and_after_the_verb(twokey: Command) -> None:
    for words in (("--verbose", "runs"), ("runs", "--verbose")):
        assert "finished" in twokey(*words).err


def test_debug_shows_where_an_error_comes_from_and_ends_with_its_line(twokey: Command) -> None:
    plain = twokey("compare", "a", "b")
    found = twokey("compare", "a", "b", "--debug")
    assert plain.err.count("\n") == 1
    assert "Traceback (most recent call last)" in found.err
    assert found.err.endswith(plain.err)
    assert "Traceback" not in twokey("compare", "a", "b", "--verbose").err


def test_the_environment_asks_for_it_too_and_a_wrong_level_is_refused(
    twokey: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(log.VARIABLE, "INFO")
    assert "finished" in twokey("runs").err
    monkeypatch.setenv(log.VARIABLE, "loud")
    done = twokey("runs")
    assert (done.code, done.out) == (2, "")
    assert done.err == "TWOKEY_LOG=loud is no level. Allowed: info, debug.\n"


def test_the_source_that_failed_is_told_with_its_reason(twokey: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("EXCHANGE_URL", "ARCHIVE_URL"):
        monkeypatch.setenv(f"TWOKEY_{name}", "http://nowhere.invalid")
    done = twokey("test-strategy", "BTC", "1h", "sma_crossover", "--since", "2023-01-01", "--verbose")
    assert "the exchange did not answer" in done.err
    assert "source='sample (synthetic" in done.err


SECRETS = {
    "a key in the environment": ({"BINANCE_API_KEY": "k3y-of-mine"}, ("--faults", "k3y-of-mine"), "k3y-of-mine"),
    "a secret on the command line": ({}, ("--api-secret", "s3cret-of-mine"), "s3cret-of-mine"),
    "a secret joined to its option": ({}, ("--api-secret=s3cret-of-mine",), "s3cret-of-mine"),
    "a password in an address": ({}, ("--exchange-info", "http://me:hunter2@127.0.0.1:9"), "hunter2"),
}


@pytest.mark.parametrize(("variables", "options", "secret"), SECRETS.values(), ids=SECRETS)
def test_no_secret_is_shown(
    twokey: Command, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], options: tuple[str, ...], secret: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    done = twokey("simulate", "--tape", "no-such-tape", "--session", "x", *options, "--debug")
    assert done.code == 2
    assert "started" in done.err
    assert "Traceback" in done.err
    assert secret not in done.err


def test_the_workspace_is_no_secret_though_its_variable_has_key_in_its_name(
    twokey: Command, workspace: Settings
) -> None:
    assert f"home={workspace.home}" in twokey("runs", "--verbose").err


def test_addresses_and_signatures_are_hidden() -> None:
    log.start(None)
    text = "GET https://me:pw@host/x?symbol=BTC&signature=abcdef&apiKey=xyz and ws://u:p@h"
    assert log.without_secrets(text) == ("GET https://***@host/x?symbol=BTC&signature=***&apiKey=*** and ws://***@h")


def test_nothing_is_imported_to_say_nothing() -> None:
    loaded = "print('structlog' in sys.modules, 'rich' in sys.modules, file=sys.stderr)"
    program = f"import sys; from scripts.cli import main\ntry:\n main()\nexcept SystemExit:\n {loaded}"
    for option, wanted in ((), "False False"), (("--verbose",), "True"):
        done = subprocess.run(
            [sys.executable, "-c", program, "runs", *option], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.stderr.splitlines()[-1].startswith(wanted)


def test_json_stays_one_object_while_a_search_tells_its_steps(twokey: Command, tmp_path: Path) -> None:
    done = twokey("optimize", "sma_crossover", "BTC", "1h", *SPAN, "--param", "fast=5,10", "--json", "--debug")
    assert json.loads(done.out)["evaluated"] > 0
    assert "done=" in done.err
