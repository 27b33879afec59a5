"""The build itself: pipeline.py reads like a page."""
