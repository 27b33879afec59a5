"""A Baichuan-7B checkpoint as a Llama checkpoint: the same numbers, names and tokens that every server reads."""
