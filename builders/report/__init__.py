"""report.html: a built dataset to look at, in one file that loads nothing.

sample.py draws the rows to show while they are written; rows.py, marks.py and hidden.py make them ready for the
browser; charts.py and drawing.py draw; facts.py, scripts.py, meanings.py and formats.py gather what the template shows;
page.py puts it together, and write.py writes it.
"""
