"""A reference that takes over a second to import: only a worker that compares with it does."""

from __future__ import annotations

import importlib
from typing import Any

import pytest


@pytest.fixture(scope="session")
def sm() -> Any:
    """statsmodels, which has no types that say what its results are."""
    return importlib.import_module("statsmodels.api")
