"""Makes the gallery of the documentation site: `make site`.

The demo study is analysed at its final cut-off, and the first page of every table, figure and
listing of its documents becomes a picture in ``dist/gallery``, beside the page that shows them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pypdfium2
from PIL import ImageOps
from pypdf import PdfReader
from pypdf.generic import Destination

from durable.contents import NUMBERS

ROOT = Path(__file__).parents[1]
GALLERY = ROOT / "dist" / "gallery"
DOCUMENTS = ("tables_and_figures", "listings")
PROFILES = "patient_profiles"
PROFILE_TITLE = f"Figure {NUMBERS['f_profiles']}. Patient profiles"
#: Pixels of a picture over points of the page: 117 dpi.
SCALE = 1.6
#: Pixels of paper around what is printed.
MARGIN = 16
_HEAD = """\
# Gallery

Every output of the demo study at its final data cut-off, as its first page goes into a report. The
study is invented. The list of all outputs with their numbers is printed by `durable shells`; which
are shown is chosen by `outputs.shells`.
"""


def main() -> int:
    """Analyse the demo in ``dist/study`` and write the pictures and the page; the status is 0."""
    shutil.rmtree(GALLERY, ignore_errors=True)
    GALLERY.mkdir(parents=True)
    documents = analysed(ROOT / "dist" / "study") / "documents"
    sections = [_HEAD]
    for document in DOCUMENTS:
        for title, page in first_pages(documents / f"{document}.pdf"):
            sections.append(section(title, picture(documents / f"{document}.pdf", page)))
    sections.append(section(PROFILE_TITLE, picture(documents / f"{PROFILES}.pdf", 0)))
    (GALLERY / "gallery.md").write_text("\n".join(sections), encoding="utf-8")
    print(f"{len(sections) - 1} outputs in {GALLERY}")
    return 0


def analysed(folder: Path) -> Path:
    """Analyse the demo at its final cut-off in a folder of its own; the folder of the results."""
    folder.mkdir(parents=True, exist_ok=True)
    for source in ("config", "data"):
        shutil.copytree(ROOT / source, folder / source, dirs_exist_ok=True)
    snakemake = str(Path(sys.executable).parent / "snakemake")
    command = [snakemake, "--snakefile", str(ROOT / "Snakefile")]
    subprocess.run(
        [*command, "--configfile", "config/final.yaml"],
        cwd=folder,
        check=True,
        env={**os.environ, "XDG_CACHE_HOME": str(folder / ".cache")},
    )
    return folder / "results" / "demo-final"


def first_pages(document: Path) -> Iterator[tuple[str, int]]:
    """Title and first page (from 0) of each output, as the bookmarks of the document have them."""
    reader = PdfReader(document)
    for bookmark in reader.outline:
        if isinstance(bookmark, Destination):
            page = reader.get_destination_page_number(bookmark)
            title = str(bookmark.title)
            if page is not None and title.startswith(("Table ", "Figure ", "Listing ")):
                yield title, page


def picture(document: Path, page: int) -> Path:
    """Write a page (from 0) of a document as PNG, without the empty paper around it; its path."""
    path = GALLERY / f"{document.stem}_{page:03}.png"
    drawn = pypdfium2.PdfDocument(document)[page].render(scale=SCALE).to_pil().convert("RGB")
    left, top, right, bottom = ImageOps.invert(drawn).getbbox() or (0, 0, *drawn.size)
    drawn.crop((left - MARGIN, top - MARGIN, right + MARGIN, bottom + MARGIN)).save(path)
    return path


def section(title: str, path: Path) -> str:
    """The part of the page that shows an output, as Markdown."""
    return f"## {title}\n\n![{title}]({path.name})\n"


if __name__ == "__main__":
    sys.exit(main())
