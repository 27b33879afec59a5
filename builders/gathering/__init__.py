"""The row-wise half of a build: reading, adapting, checks and keys, a file or a part of one at a time."""
