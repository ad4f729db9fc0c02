"""The documentation site: `make site` builds it from the Markdown files of the repository."""

from __future__ import annotations

from importlib import metadata

project = "durable"
author = "The durable maintainers"
project_copyright = "The durable maintainers; Apache License 2.0"
release = metadata.version("durable")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
# The source is the whole repository, so that the pages' links to files beside docs/ are pages too.
root_doc = "docs/index"
include_patterns = [
    *("docs/*.md", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"),
    *("config/README.md", "results/README.md", "data/demo/README.md", "benchmarks/results.md"),
    *("benchmarks/peer_r/README.md", "dist/gallery/*.md"),
]
myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence"]

napoleon_google_docstring = False
napoleon_use_ivar = True
autodoc_member_order = "bysource"
autodoc_typehints = "none"

html_theme = "furo"
html_static_path = ["style"]
html_css_files = ["site.css"]
html_title = f"durable {release}"
html_show_sourcelink = False
html_copy_source = False
