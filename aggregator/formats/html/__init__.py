"""HTML: the rows of a page, one page at a time; what stands around them is made by `web/pages`."""

from aggregator.formats.html.habit import csv_signs, locale_of
from aggregator.formats.html.links import last_part, placeholders
from aggregator.formats.html.table import MARK, HtmlTable, HtmlWriter

__all__ = ["MARK", "HtmlTable", "HtmlWriter", "csv_signs", "last_part", "locale_of", "placeholders"]
