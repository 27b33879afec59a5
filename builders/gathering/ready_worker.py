"""Loaded by the process that workers are forked from: the code of row-wise work and its tables of characters, once for
all workers."""

import gc

import builders.gathering.gather_here  # noqa: F401
from sources.text.texts import load_tables

load_tables()
gc.freeze()
