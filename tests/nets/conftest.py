"""One thread and one seed for all of these, and no word from torch about its own insides."""

from __future__ import annotations

import pytest
import torch

torch.set_num_threads(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "nets" in item.path.parts:  # torch.func's forward mode compiles its rules with torch.jit
            item.add_marker(pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning"))


@pytest.fixture(autouse=True)
def _no_luck() -> None:
    """What torch draws by itself, a module's first weights above all, is the same every time."""
    torch.manual_seed(0)
