"""report.html: a built dataset to look at, in one file that loads nothing.

sample.py draws the rows to show while they are written; rows.py and marks.py make them ready for the browser;
charts.py draws; facts.py, scripts.py and meanings.py gather what the template shows; page.py puts it together, and
write.py writes it. What all pages share is in sources/pages.
"""
