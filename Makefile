# Two commands for newcomers: `make demo` and `make test`. Needs Python >= 3.11 and make, nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test check bench peers docs lock seeded-bugs clean

demo: $(READY)
	$(BIN)/rahdari demo $(ARGS)

# A worker that dies ends the run: the tests that it held would be waited for without end.
test: $(READY)
	$(BIN)/pytest -n 2 --dist loadfile --max-worker-restart 0 $(ARGS)

# Everything that .ci/run checks beside the tests.
check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

bench: $(READY)
	@for claim in $$(grep -l __main__ benchmarks/*.py); do \
	  $(BIN)/python -m benchmarks.$$(basename $$claim .py) || exit 1; done

# Plants one-line bugs and sees the tests catch them.
seeded-bugs: $(READY)
	$(BIN)/python -m tests.plant_bugs

# The second environment: judges and rivals whose pins we cannot share.
peers: .venv-peers/.ready

docs: $(READY)
	$(BIN)/python docs/generate.py

lock:
	$(BIN)/uv lock
	$(BIN)/uv export --all-extras --all-groups --no-emit-project --no-header --no-annotate -q -o requirements.lock

clean:
	rm -rf $(VENV) .venv-peers rahdari-demo

# uv installs the locked packages in seconds where pip takes most of a minute; pip is what every Python has.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Rahdari needs Python 3.11 or later; try: make PYTHON=python3.12") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	@awk '/^uv==/ {on = 1} on {print} on && !/\\$$/ {exit}' requirements.lock > $(VENV)/uv.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(VENV)/uv.lock
	$(BIN)/uv pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $(READY)

.venv-peers/.ready: peers.lock $(READY)
	$(PYTHON) -m venv .venv-peers
	$(BIN)/uv pip sync --quiet --python .venv-peers/bin/python --require-hashes peers.lock
	@touch .venv-peers/.ready
