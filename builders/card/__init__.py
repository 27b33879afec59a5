"""The card of a dataset: README.md, with the front matter that the Hub reads."""
