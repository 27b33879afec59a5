"""Whether a tokenizer and a model go together: every id has its row among the embeddings."""

from typing import Any

from sources.command.errors import ReadError

SPECIAL = ("bos_token_id", "eos_token_id", "pad_token_id", "unk_token_id")


def check_tokenizer(tokenizer: Any, config: Any) -> None:
    """Nothing, if the model has an embedding for each id of the tokenizer; it may have more.

    Raises:
        ReadError: it has not, or there is no end token.
    """
    rows = config.get_text_config().vocab_size
    highest = max(tokenizer.get_vocab().values(), default=-1)
    hint = "Take the tokenizer that belongs to the model, or resize its embeddings."
    if highest >= rows:
        found = f"has ids up to {highest:,}, and the model has embeddings for {rows:,}"
        raise ReadError("tokenizer", found, expected=f"ids below {rows:,}", hint=hint)
    for name in SPECIAL:
        number = getattr(tokenizer, name, None)
        if number is not None and not 0 <= number < rows:
            raise ReadError("tokenizer", f"{name} is {number:,}", expected=f"an id below {rows:,}", hint=hint)
    if tokenizer.eos_token_id is None:
        raise ReadError("tokenizer", "has no end token", hint="Set eos_token in tokenizer_config.json.")
