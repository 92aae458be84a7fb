# The commands of CONTRIBUTING.md by name; `just` lists them.

_list:
    @just --list --unsorted

# Install the package and what its checks need
install:
    pip install --constraint constraints.txt '.[dev]'

# Format, then lint, check types and import contracts
check:
    ruff format .
    ruff check .
    pyright
    lint-imports

# Tests on all cores, those left out that take long: just test tests/rules
test *arguments:
    pytest -n auto -m 'not slow' {{ arguments }}

# All tests on all cores
test-all *arguments:
    pytest -n auto {{ arguments }}

# Exactly what CI runs
ci:
    bash .ci/run

# Regenerate schemas/
schemas:
    provena-mcp tools --json schemas

# What people ask: how much is right, in how many calls and tokens
evals *arguments:
    python -m evals {{ arguments }}
