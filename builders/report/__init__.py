"""report.html: a built dataset to look at, in one file that loads nothing.

sample.py draws the rows to show while they are written, rows.py and marks.py make them ready for the browser, charts.py
and figures.py draw, facts.py and numbers.py say what the template shows, page.py puts it together.
"""
