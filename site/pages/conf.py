"""Sphinx reads this: the pages around the labs. `site/book.py` lays out what it is given."""

import mlsysim

project = "ML Systems Labs"
version = release = mlsysim.__version__
root_doc = "contents"
extensions = ["myst_parser", "sphinx.ext.autodoc", "docstrings", "worked", "mathml"]
myst_enable_extensions = ["deflist", "dollarmath", "attrs_block", "attrs_inline"]
myst_heading_anchors = 3
default_role = "code"
nitpicky = False
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_class_signature = "separated"
add_module_names = False
html_theme = "theme"
html_theme_path = ["."]
html_math_renderer = "mathml"
html_copy_source = html_show_sourcelink = html_use_index = html_domain_indices = False
html_show_search_summary = False
html_permalinks = False
smartquotes = False
toc_object_entries = False
suppress_warnings = ["ref.python"]  # a type named in a signature may also be the name of a field
