"""What every end-to-end test may ask for."""

import pytest

from harness import Stack


@pytest.fixture(scope="session")
def stack():
    """The deployed stack."""
    return Stack()
