# Everything a newcomer needs: `make run` and `make test`. Only Python >= 3.11 and make are required.

PYTHON ?= python3
# Given on the command line they win over CHIMERA_SERVER__HOST and so on.
HOST   ?=
PORT   ?=
DATA   ?=
BENCH  ?=
SEEDS  ?=
MINUTES ?=
KILLS  ?=

BIN    := .venv/bin
# Named in full, so that nobody's activated environment gets our packages.
UV     := VIRTUAL_ENV=$(CURDIR)/.venv $(BIN)/uv
STAMPS := .stamps
DOOR   := $(if $(HOST),--host "$(HOST)") $(if $(PORT),--port "$(PORT)") $(if $(DATA),--data-dir "$(DATA)")
# Without compiled modules every start takes twice as long.
unexport PYTHONDONTWRITEBYTECODE
export PATH := $(CURDIR)/$(BIN):$(PATH)

WEB_SOURCES := $(shell find web/src web/public web/scripts web/index.html web/vite.config.ts \
                 web/tsconfig.json -type f 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help run test setup dev check gen bench soak cluster lock clean servers

help:  ## show this page
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

# -- set-up -----------------------------------------------------------------------------------

$(STAMPS)/venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Chimera needs Python 3.11 or newer; name one with: make PYTHON=python3.12 …"; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "Python's venv module is missing; on Debian: apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/python: $(STAMPS)/venv requirements.lock pyproject.toml
	@echo "Installing Python packages …"
	@$(UV) pip install --quiet --compile-bytecode --require-hashes -r requirements.lock
	@$(UV) pip install --quiet --no-deps --editable .
	@$(BIN)/python scripts/link_node.py
	@touch $@

$(STAMPS)/python-dev: $(STAMPS)/python requirements-dev.lock
	@echo "Installing Python packages for tests …"
	@$(UV) pip install --quiet --compile-bytecode --require-hashes -r requirements-dev.lock
	@touch $@

$(STAMPS)/web: $(STAMPS)/python web/package-lock.json web/package.json
	@echo "Installing web packages …"
	@cd web && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

$(STAMPS)/build: $(STAMPS)/web $(WEB_SOURCES)
	@echo "Building the web app …"
	@cd web && npm run --silent build
	@touch $@

setup: $(STAMPS)/python-dev $(STAMPS)/web  ## install what run and test need

# -- the two commands -------------------------------------------------------------------------

run: $(STAMPS)/python $(STAMPS)/build  ## set up, build, migrate and serve on http://127.0.0.1:8000
	@exec $(BIN)/chimera serve $(DOOR)

test: $(STAMPS)/python-dev $(STAMPS)/build servers  ## everything CI runs
	@$(BIN)/python scripts/test_all.py

servers: $(STAMPS)/python-dev
	@$(BIN)/python scripts/test_servers.py

# -- for those who change it ------------------------------------------------------------------

dev: setup  ## server with reload and the Vite dev server
	@$(BIN)/python scripts/dev.py $(DOOR)

check: setup  ## format, lint, types, layers
	@$(BIN)/python scripts/check.py

gen: setup  ## openapi.json and the client generated from it
	@$(BIN)/chimera openapi > contracts/openapi.json
	@cd web && npm run --silent gen

cluster: $(STAMPS)/python-dev $(STAMPS)/build servers  ## web × 2, workers × 2, PostgreSQL and Redis on this machine
	@exec $(BIN)/python scripts/cluster.py $(DOOR)

bench: $(STAMPS)/python-dev $(STAMPS)/build servers  ## the tables of figures; BENCH=T6,pacing selects
	@$(BIN)/python -m benchmarks "$(BENCH)"

soak: $(STAMPS)/python-dev servers  ## thousands of simulated seeds, 200 kills; SEEDS=, MINUTES=, KILLS=
	@SEEDS="$(SEEDS)" MINUTES="$(MINUTES)" KILLS="$(KILLS)" $(BIN)/python scripts/soak.py

lock: $(STAMPS)/venv  ## write both requirement locks anew, without any index address
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-header --no-emit-find-links --extra node pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-header --no-emit-find-links --extra dev --extra node -c requirements.lock pyproject.toml -o requirements-dev.lock

clean:  ## remove what was built; conversations in DATA stay
	rm -rf .venv $(STAMPS) web/node_modules web/dist
