"""Files and folders: read into tables of rows, whatever they are packed with, and written."""
