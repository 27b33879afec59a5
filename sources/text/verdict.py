"""What is said of a text and a language: it is in that language, it is not, or it is in none that can be told."""

YES, OPEN, NO = 1, 0, -1

MIN_OWN_SHARE = 0.05
"""Of what a text says in words, at least so much is in the script of its language."""

MIN_DETECT_PROBABILITY = 0.99
"""langdetect must be that sure of another language."""
