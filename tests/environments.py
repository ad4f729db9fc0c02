"""Python environments that differ from the one of the tests in what they find first."""

from __future__ import annotations

import sysconfig
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]


def python_finding(first: Path, folder: Path) -> Path:
    """The interpreter of a new environment that finds `first` before the libraries of the tests.

    Jobs do not see ``PYTHONPATH``, so that other code has to be installed.

    Parameters
    ----------
    first
        Folder of packages or of their metadata.
    folder
        Where the environment is made.
    """
    venv.create(folder, symlinks=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    found = (first, ROOT / "src", Path(sysconfig.get_path("purelib")))
    (packages / "found.pth").write_text("".join(f"{path}\n" for path in found))
    return folder / "bin" / "python"
