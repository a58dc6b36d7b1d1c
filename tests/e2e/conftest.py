"""What every end-to-end test may ask for, and their order."""

import pytest

from harness import Stack

# What makes the table stand still, and what looks at what was called, come after all else.
LAST = ["test_restore", "test_permissions"]


@pytest.fixture(scope="session")
def stack():
    """The deployed stack."""
    return Stack()


def pytest_collection_modifyitems(items):
    """What was called is known when all others have run; a part of the tests does not call everything."""
    names = {name: place for place, name in enumerate(LAST, start=1)}
    items.sort(key=lambda item: names.get(item.module.__name__, 0))
    modules = {item.module.__name__ for item in items}
    if not {"test_audit", "test_changes", "test_door", "test_imports", "test_reminders"} <= modules:
        items[:] = [item for item in items if item.module.__name__ != LAST[-1]]
