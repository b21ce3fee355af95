"""Loaded when this folder is collected, which is before the first test of the whole suite runs."""

from tests.gates.loopback import pytest_configure

__all__ = ["pytest_configure"]
