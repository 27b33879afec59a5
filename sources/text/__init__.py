"""Columns of text as numbers: code points, kinds of characters, languages, n-grams, MinHash."""
