# Unrolled.  `make help` explains the targets; GNU Make 3.81 (macOS) is enough.
#
#   PYTHON          the interpreter that creates .venv: Python 3.11 or later
#   PIP_TORCH_ARGS  more arguments for the installation of PyTorch alone.  On Linux the default
#                   wheel carries CUDA (several GB).  For the small CPU build, look up its index on
#                   PyTorch's own installation page ("Get started", compute platform: CPU) and say
#                       make book PIP_TORCH_ARGS="--index-url ADDRESS-FROM-THAT-PAGE"
#   PORT            where `make serve` listens
#   ARGS            more arguments for pytest:  make test ARGS="tests/cells -x"

PYTHON ?= python3
PIP_TORCH_ARGS ?=
PORT ?= 8000
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
# pip would turn 20 000 files into bytecode on one core, for a minute; compileall takes all cores
PIP := $(BIN)/python -m pip --disable-pip-version-check
PACKAGES := install --quiet --no-compile
INSTALLED := $(VENV)/.installed
JB := $(BIN)/jupyter-book
NOTEBOOKS := _build/lowered
# on all cores; neighbours stay on one worker, so that what a file's tests share is made once
CORES := -n auto --maxprocesses 4 --dist worksteal
SPREAD := $(BIN)/python -m pytest $(CORES)
VERSIONS := oldest colab

# A chapter or a test that runs on two cores does not gain from more threads of its own.
export OMP_NUM_THREADS ?= 1

.DEFAULT_GOAL := help
.PHONY: help install book pdf test test-all test-versions versions test-colab bench bench-goals bench-page bench-grading bench-gpu notebooks derive lint release serve clean
.NOTPARALLEL:  # `make -j` is welcome; the targets share _build, so they take turns

help: ## explain the targets
	@echo "usage: make TARGET [PYTHON=python3.12] [PIP_TORCH_ARGS=\"--index-url ...\"]"
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-13s %s\n", $$1, $$2}' Makefile
	@echo
	@echo "Everything is installed into $(VENV) on first use.  The head of the Makefile explains"
	@echo "the variables, among them the one that takes PyTorch's small CPU build on Linux."

install: $(INSTALLED) ## create .venv and install everything into it (the others do this first)

# Torch by itself: its index may not hold the other packages.  The stamp makes the next run free.
$(INSTALLED): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or later is needed; $(PYTHON) is: $$($(PYTHON) --version 2>&1)."; \
		echo "Say, for example:  make PYTHON=python3.12 book"; exit 1; }
	@test -x $(BIN)/python || { echo "creating $(VENV)"; $(PYTHON) -m venv $(VENV); }
	@echo "installing PyTorch"
	@$(PIP) $(PACKAGES) $(PIP_TORCH_ARGS) "$$(grep '^torch==' requirements.txt)"
	@echo "installing the rest"
	@$(PIP) $(PACKAGES) -r requirements.txt
	@$(BIN)/python -m compileall -qq -j 0 $(VENV)/lib || true  # templates in packages are no Python
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

book: $(INSTALLED) ## build the book: _build/html/index.html
	@$(BIN)/python book/_ext/execute.py
	@$(JB) clean . > /dev/null  # an incremental build forgets the warnings of pages it does not read
	@$(JB) build . -W -n --keep-going --quiet
	@$(BIN)/python book/_ext/address.py
	@echo "The book is at $(CURDIR)/_build/html/index.html"

pdf: $(INSTALLED) ## print the built book as one file: _build/unrolled.pdf (needs Chromium)
	@$(BIN)/python book/_ext/pdf.py

test: $(INSTALLED) ## the default tests (minutes): not the slow ones, not the built book
	@$(SPREAD) -m "not slow and not site and not browser and not gpu and not colab" $(ARGS)

test-all: $(INSTALLED) ## what CI runs besides `test`: slow tests, notebooks, the site in a browser
	@$(SPREAD) -m "(slow or site or browser) and not gpu" --ignore tests/grading $(ARGS)
	@$(SPREAD) -m "slow and not gpu" tests/grading $(ARGS)  # beside nothing else: it has limits of time
	@$(SPREAD) --dist loadfile --nbval-lax -p no:cacheprovider -W default notebooks

# Each in an environment of its own, with what a reader may have; torch as PIP_TORCH_ARGS gives it.
# Triton is in neither (`test` has run its tests), so nothing is UNROLLED_REQUIREd here.
test-versions: $(INSTALLED) versions ## the package's laws with the oldest versions it takes, and with Colab's
	@for versions in $(VERSIONS); do \
		echo "with requirements-$$versions.txt"; \
		UNROLLED_REQUIRE= PYTHONPATH=src .venv-$$versions/bin/python -m pytest $(CORES) -q -p no:cacheprovider \
			-m "not slow and not site and not browser and not gpu" \
			tests/cells tests/core tests/figures tests/lab tests/tasks || exit 1; \
	done

versions: $(VERSIONS:%=.venv-%/.installed) ## install what test-versions needs

.venv-%/.installed: requirements-%.txt requirements.txt
	@test -x .venv-$*/bin/python || $(PYTHON) -m venv .venv-$*
	@echo "installing requirements-$*.txt"
	@.venv-$*/bin/python -m pip --disable-pip-version-check $(PACKAGES) $(PIP_TORCH_ARGS) \
		"$$(grep '^torch==' requirements.txt)"
	@.venv-$*/bin/python -m pip --disable-pip-version-check $(PACKAGES) -r requirements-$*.txt
	@touch $@

# One at a time, for it holds each notebook's seconds against those that the notebook states.
test-colab: $(INSTALLED) .venv-colab/.notebooks ## every notebook and exercise with Colab's versions (a quarter of an hour)
	@$(BIN)/python -m pytest -v -p no:cacheprovider tests/notebooks/test_on_colab.py $(ARGS)

.venv-colab/.notebooks: .venv-colab/.installed requirements-colab-notebooks.txt tests/support/colab.py
	@echo "installing requirements-colab-notebooks.txt"
	@.venv-colab/bin/python -m pip --disable-pip-version-check $(PACKAGES) \
		-r requirements-colab-notebooks.txt
	@$(BIN)/python -m compileall -qq -j 0 .venv-colab/lib || true
	@$(BIN)/python tests/support/colab.py
	@touch $@

bench: $(INSTALLED) ## measure this machine's speed (minutes): a table, and benchmarks/results/
	@$(BIN)/python benchmarks/bench.py

bench-goals: $(INSTALLED) ## measure how near the compiler is to its goals, and what bounds it (minutes): a table, and a file
	@$(BIN)/python benchmarks/bench.py --goals

bench-page: $(INSTALLED) ## measure what an update costs in the page that trains, in Chromium and Firefox
	@PYTHONPATH=book/_ext $(BIN)/python benchmarks/page.py

bench-grading: $(INSTALLED) ## grade a class by this course, nbgrader, nbval and otter (a quarter of an hour; stopped, it goes on)
	@$(BIN)/python benchmarks/grading.py --otter

bench-gpu: ## test and measure on a GPU, in eight minutes: _build/gpu/ (head of benchmarks/gpu.sh)
	@benchmarks/gpu.sh $(ARGS)

notebooks: $(INSTALLED) ## write notebooks/ anew from the chapters (commit the result)
	@rm -rf $(NOTEBOOKS)
	@$(BIN)/python book/_ext/lower.py $(NOTEBOOKS) notebooks

derive: $(INSTALLED) ## write exercises/ anew from solutions/, and what the README counts (commit both)
	@$(BIN)/course derive
	@$(BIN)/python book/_ext/cover.py
	@$(BIN)/python book/_ext/readme.py

lint: $(INSTALLED) ## check the style of the code
	@$(BIN)/ruff check .

release: $(INSTALLED) ## check everything, pin the notebooks to a tag, write the notes: VERSION=1.2.3
	@$(BIN)/python book/_ext/release.py "$(VERSION)"

serve: ## show the built book at http://127.0.0.1:$(PORT)
	@test -f _build/html/index.html || { echo "there is no book yet; run: make book"; exit 1; }
	@echo "http://127.0.0.1:$(PORT)/  (Ctrl-C stops)"
	@$(PYTHON) -m http.server $(PORT) --bind 127.0.0.1 --directory _build/html

clean: ## remove what was built; executed chapters stay in the cache
	@test ! -d _build || find _build -mindepth 1 -maxdepth 1 ! -name .jupyter_cache -exec rm -rf {} +
