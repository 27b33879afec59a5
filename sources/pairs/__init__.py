"""What a pair is, what a source is, and the accounts of both."""
