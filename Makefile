# Needs make and Python 3.11 or newer; everything else goes into .venv. uv is used where it is installed, else pip.
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo setup test test-oldest study study-exchange study-fills study-daemon study-defects study-oracle study-schedules study-torture study-bots study-soak study-mutation coverage lint docs tools bench lock wheel clean

# The bytecode of what is used stays in .venv: the second start is twice as quick.
unexport PYTHONDONTWRITEBYTECODE

VENV ?= .venv
export VENV
BIN := $(VENV)/bin
NEW_CASES := --hypothesis-profile new-cases
PYTHON_FILES := skills_lib strategies mcp_servers live scripts tests docs
LOCK := pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-annotate --no-header --group build

help: ## show what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | sort

demo: ## a search that looks splendid on the embedded sample, and why it is luck; the second time it needs no network
	@sh scripts/install.sh core
	@$(BIN)/twokey demo

setup: ## install everything that developing needs into .venv
	@sh scripts/install.sh dev

test: setup ## run the whole suite, on all cores
	$(BIN)/pytest --numprocesses auto --dist worksteal

test-oldest: ## run the suite on the oldest supported Python too, in .venv-oldest; nothing to do where one is found
	@newest=; oldest=; for version in 3.11 3.12 3.13 3.14; do \
		python$$version -c "" 2>/dev/null && newest=$$version && oldest=$${oldest:-$$version}; done; \
	if [ "$$newest" = "$$oldest" ]; then echo "One supported Python is on PATH ($${newest:-none by version}); make test runs on it."; \
	else $(MAKE) test VENV=.venv-oldest PYTHON=python$$oldest; fi

study: setup ## the verdict's calibration, 200,000 markets and 100,000 bad lines, new property cases; takes long
	$(BIN)/twokey calibrate --markets 1200 --planted 100 $(addprefix --data-dir ,$(wildcard ../shared/data/candles))
	TWOKEY_IDENTITY_CASES=200000 $(BIN)/pytest $(NEW_CASES) tests/backtest/kernel/test_identity.py -k "anything or compiled or real_candles"
	TWOKEY_DEPTH_CASES=100000 $(BIN)/pytest $(NEW_CASES) tests/market/depth/test_schedules.py tests/market/depth/test_paths.py \
		tests/market/depth/test_judge.py
	$(BIN)/pytest $(NEW_CASES) -m hypothesis --numprocesses auto --dist worksteal

study-oracle: setup ## both executors against the oracle on 20,000 drawn markets; `make study-oracle FROM=7000` resumes
	@set -e; for first in $$(seq $(or $(FROM),0) 1000 19999); do \
		echo "Seeds $$first to $$((first + 999)) of 20,000"; \
		TWOKEY_ORACLE_FIRST=$$first TWOKEY_ORACLE_CASES=1000 \
			$(BIN)/pytest tests/oracle/test_executors.py --numprocesses auto --dist worksteal; done

study-fills: setup ## how market orders and stops fill on recordings, under each fill model; TAPES="FILE ..." names others
	nice $(BIN)/python -m tests.live.fills.study $(TAPES)

study-exchange: setup ## 100,000 sequences of API calls on the local exchange; the same command resumes, CASES=1000 runs fewer
	nice $(BIN)/python -m tests.live.sequences.study --cases $(or $(CASES),100000)

study-schedules: setup ## 100,000 schedules of faults on the engine; the same command resumes after 40 minutes, CASES=1000 runs fewer
	nice $(BIN)/python -m tests.live.schedules.study --cases $(or $(CASES),100000)

study-defects: setup ## plant 21 defects in the engine, one at a time, and show which schedule finds each
	nice $(BIN)/python -m tests.live.schedules.plant

study-daemon: setup ## a client dies at every record of its journal, on 20 schedules; the same command resumes after 40 minutes
	nice $(BIN)/python -m tests.live.daemon.study --seeds $(or $(CASES),20) --start $(or $(FROM),1)

study-torture: setup ## the daemon under 10,000 schedules of faults and deaths of its process; the same command resumes after 40 minutes
	nice -n 10 $(BIN)/python -m tests.live.schedules.study --daemon --cases $(or $(CASES),10000)

study-soak: setup ## 24 hours of a drawn tape at speed 20 under random faults, in parts of 9 minutes; the same command resumes after 40 minutes
	nice $(BIN)/python -m tests.live.soak.study --speed $(or $(SPEED),20)

study-bots: setup ## three bots under every fault into docs/torture.md: `make study-bots FREQTRADE=PATH`; 35 minutes
	@test -n "$(FREQTRADE)" || { echo "Name freqtrade's program: make study-bots FREQTRADE=PATH" >&2; exit 2; }
	@mkdir -p backtests/answers; port='{port}'; for bot in careless careful; do \
		$(BIN)/twokey torture --bot "$(CURDIR)/$(BIN)/python tests/live/torture/bots/$${bot}_bot.py $$port" \
			--port 0 --jobs 3 --speed 1 --seconds 15 --seed 1 --json > backtests/answers/torture-$$bot.json; done
	@port='{port}'; $(BIN)/twokey torture --bot "sh tests/live/torture/bots/freqtrade/start.sh $(FREQTRADE) $$port" \
		--port 0 --jobs 3 --speed 1 --seconds 30 --seed 1 --json > backtests/answers/torture-freqtrade.json
	$(BIN)/python -m tests.live.torture.publish $(foreach bot,careless careful freqtrade,$(bot)=backtests/answers/torture-$(bot).json)

study-mutation: ## change limits and risk in some 2,000 ways, one at a time: a test fails, or explained.toml says why not
	@sh scripts/install.sh bench
	nice $(BIN)/python -m tests.live.engine.mutation.study

coverage: setup ## every branch of limits, risk, orders, gate, stops and exits is taken by the engine's unit tests
	$(BIN)/coverage run -m pytest tests/live/engine --ignore tests/live/engine/test_interleavings.py
	$(BIN)/coverage report

lint: setup ## style, types, who may import whom, and the agent's files
	$(BIN)/ruff check $(PYTHON_FILES)
	$(BIN)/ruff format --check $(PYTHON_FILES)
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/agnix .

docs: setup ## build the documentation as a site into site/; nothing in it is fetched
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

tools: ## install the Node tools that the workspace's own tests use (needs node 20 or newer)
	@command -v npm >/dev/null || { echo "The Node tools need npm, which is not on PATH. Install Node 20 or newer." >&2; exit 1; }
	@cmp -s package-lock.json node_modules/.twokey-lock || \
		{ npm ci --loglevel=error && cp package-lock.json node_modules/.twokey-lock; }

bench: ## time runs and sweeps against backtesting.py and vectorbt, which it installs
	@sh scripts/install.sh bench
	@set -e; for script in tests/benchmarks/bench_*.py; do echo "$$script"; $(BIN)/python "$$script"; done

lock: setup ## resolve the dependencies anew; `make lock UPGRADE=--upgrade` takes newer versions
	@test -x $(BIN)/uv || command -v uv >/dev/null || $(BIN)/python -m pip install --quiet uv
	PATH="$(CURDIR)/$(BIN):$$PATH" uv $(LOCK) $(UPGRADE) pyproject.toml -o requirements.lock
	PATH="$(CURDIR)/$(BIN):$$PATH" uv $(LOCK) $(UPGRADE) pyproject.toml \
		--extra dev --extra yahoo -c requirements.lock -o requirements-dev.lock
	PATH="$(CURDIR)/$(BIN):$$PATH" uv $(LOCK) $(UPGRADE) pyproject.toml \
		--extra dev --extra yahoo --extra bench -c requirements-dev.lock -o requirements-bench.lock

wheel: ## build the wheel into dist/, to install anywhere: `uvx --from dist/twokey-*.whl twokey init`
	@sh scripts/install.sh core
	$(BIN)/python -m hatchling build --target wheel --directory dist

clean: ## remove the environment and every cache; data and backtests stay
	rm -rf .venv .venv-oldest .coverage dist node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
