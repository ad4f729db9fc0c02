"""Programs that some tests compare with, which a machine may lack."""

from __future__ import annotations

import os
import shutil

import pytest


def needs(program: str) -> pytest.MarkDecorator:
    """Skips a test where the program is missing; with ``CI=true`` it is run and fails without."""
    absent = shutil.which(program) is None and os.environ.get("CI") != "true"
    return pytest.mark.skipif(absent, reason=f"{program} is not installed")
