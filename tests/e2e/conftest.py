"""What every end-to-end test may ask for, and their order."""

import pytest

from harness import Stack

LAST = "test_permissions"


@pytest.fixture(scope="session")
def stack():
    """The deployed stack."""
    return Stack()


def pytest_collection_modifyitems(items):
    """What was called is known when all others have run; a part of the tests does not call everything."""
    items.sort(key=lambda item: item.module.__name__ == LAST)
    modules = {item.module.__name__ for item in items}
    if not {"test_changes", "test_door", "test_imports", "test_reminders"} <= modules:
        items[:] = [item for item in items if item.module.__name__ != LAST]
