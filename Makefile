# `make help` lists the commands. Python 3.11 or newer is all that has to be there.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/sh

# The newest of the Pythons found here that is new enough; `make run PYTHON=/path/to/python` names another.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
PY := .venv/bin/python
# A change of the pinned requirements changes the stamp's name, so they are installed again.
RUN := .venv/.run-$(shell cksum < requirements.txt | cut -d' ' -f1)
DEV := .venv/.dev-$(shell cat requirements.txt requirements-dev.txt | cksum | cut -d' ' -f1)
DASHBOARD_HOME ?= .var
PIP := $(PY) -m pip install --quiet --disable-pip-version-check
PYTEST := $(PY) -m pytest
# Two workers: the suite is measured on two cores, and each browser wants one of its own.
WORKERS ?= 2
# How to become root for the package manager, without ever asking for a password.
ROOT := $(shell [ "$$(id -u)" = 0 ] || echo sudo -n)

.PHONY: help run demo test check lint bench pictures approve browser

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

run: $(RUN) demo ## set up everything and serve the demo on http://localhost:8501
	@$(PY) -m server

test: $(DEV) browser ## set up everything and run all tests
	@$(PYTEST) -n $(WORKERS) --dist loadfile

check: lint ## lint, types and unit tests, within a minute
	@$(PYTEST) -q -n $(WORKERS) --dist loadfile -m "not (browser or pages or postgres or slow)"

lint: $(DEV) ## lint and types
	@$(PY) -m ruff check .
	@$(PY) -m mypy

bench: $(DEV) browser ## the benchmarks: prints a table, writes bench.json
	@$(PY) -m tests.bench

pictures: $(DEV) browser ## every page as a picture, and a contact sheet, in docs/pictures/
	@$(PY) -m tests.browser.pictures

approve: $(DEV) browser ## take what the pages look like now as what the tests hold them to
	@$(PY) -m tests.browser.approving

# The first run fills the embedded database. It is made beside its place and moved there whole, so that a run
# that was broken off leaves no half demo behind. A configured database is never touched.
demo: $(RUN)
	@if [ -z "$$DASHBOARD_DATABASE_URL" ] && [ ! -e .streamlit/secrets.toml ] && [ ! -e $(DASHBOARD_HOME)/dashboard.db ]; then \
	  echo "Making the demo data ..." && rm -rf $(DASHBOARD_HOME)/first && \
	  DASHBOARD_HOME=$(DASHBOARD_HOME)/first $(PY) -m data demo --size small && \
	  mv $(DASHBOARD_HOME)/first/* $(DASHBOARD_HOME)/ && rmdir $(DASHBOARD_HOME)/first; fi

.venv/bin/python:
	@[ -n "$(PYTHON)" ] || { echo "Python 3.11 or newer is needed; none was found. Name it: make run PYTHON=/path/to/python" >&2; exit 1; }
	@echo "Making .venv with $$($(PYTHON) --version) ..."
	@rm -rf .venv; $(PYTHON) -m venv .venv >/dev/null 2>&1 || { command -v apt-get >/dev/null && $(ROOT) true 2>/dev/null && \
	  $(ROOT) apt-get update -qq && $(ROOT) apt-get install -y -qq --no-install-recommends python3-venv >/dev/null && \
	  rm -rf .venv && $(PYTHON) -m venv .venv; } || { rm -rf .venv; \
	  echo "This Python has no venv. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }

$(RUN): .venv/bin/python requirements.txt
	@echo "Installing what it runs on ..."
	@$(PIP) -r requirements.txt && rm -f .venv/.run-* && touch $@

$(DEV): .venv/bin/python requirements.txt requirements-dev.txt
	@echo "Installing what it is tested with ..."
	@$(PIP) -r requirements-dev.txt && rm -f .venv/.run-* .venv/.dev-* && touch $@ $(RUN)

# The browser tests want Chromium and a font with Chinese, the deployment tests nginx. Where they are missing and
# this may be done, the package manager installs them; else the tests say what to do, and with CI set they fail.
browser:
	@have() { command -v $$1 >/dev/null 2>&1; }; \
	{ [ -n "$$CHROMIUM" ] || have chromium || have chromium-browser || have google-chrome; } \
	  && have nginx && { have fc-list && [ -n "$$(fc-list :lang=zh family)" ] || [ "$$(uname)" != Linux ]; } && exit 0; \
	if have apt-get && $(ROOT) true 2>/dev/null; then echo "Installing Chromium, a Chinese font and nginx ..."; \
	  $(ROOT) apt-get update -qq && DEBIAN_FRONTEND=noninteractive $(ROOT) apt-get install -y -qq --no-install-recommends \
	    chromium fonts-noto-cjk fontconfig nginx-light >/dev/null; \
	elif have dnf && $(ROOT) true 2>/dev/null; then echo "Installing Chromium, a Chinese font and nginx ..."; \
	  $(ROOT) dnf install -y -q chromium google-noto-sans-cjk-fonts fontconfig nginx; \
	elif have brew; then echo "For the browser tests: brew install --cask chromium font-noto-sans-cjk; brew install nginx"; \
	else echo "For the browser tests install Chromium, a Chinese font (Noto Sans CJK) and nginx, or name a browser: CHROMIUM=/path"; \
	fi || echo "The package manager did not install them; the browser tests will say what is missing."
