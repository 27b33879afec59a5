"""Conversations rendered and encoded in batches, each text once: the ids that tokenizer.apply_chat_template gives."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Message = dict[str, Any]
Conversation = list[Message]


@dataclass(frozen=True, slots=True)
class Encoder:
    """A tokenizer, ready to encode rendered text.

    `cut_tokens` are the added tokens at which a text can be cut with the same ids: encode(a + token + b) is encode(a)
    and encode(token + b), since text between added tokens is encoded by itself. The token stays with the second part:
    some tokenizers treat the start of a text in a way of its own. Empty where this is not sure.
    """

    tokenizer: Any
    cut_tokens: tuple[str, ...]

    def render(
        self, conversations: Sequence[Conversation], *, add_generation_prompt: bool, tools: list[Any] | None = None
    ) -> list[str]:
        """Each conversation in the words of the chat template, all with these tools."""
        if not conversations:
            return []
        rendered: list[str] = self.tokenizer.apply_chat_template(
            list(conversations), tools=tools, tokenize=False, add_generation_prompt=add_generation_prompt
        )
        return rendered

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """The ids of each text, nothing added to it."""
        unique = list(dict.fromkeys(texts))
        ids = dict(zip(unique, self._encode(unique), strict=True))
        return [ids[text] for text in texts]

    def last_cut(self, text: str) -> int:
        """Where the last cut token in the text begins; -1 if there is none."""
        return max((text.rfind(token) for token in self.cut_tokens), default=-1)

    def _encode(self, texts: list[str]) -> list[list[int]]:
        if not texts:
            return []
        if not _is_plain_fast(self.tokenizer):
            encoded: list[list[int]] = self.tokenizer(texts, add_special_tokens=False)["input_ids"]
            return encoded
        backend = self.tokenizer.backend_tokenizer
        return [encoding.ids for encoding in backend.encode_batch_fast(texts, add_special_tokens=False)]


def make_encoder(tokenizer: Any) -> Encoder:
    """An encoder whose ids are those of the tokenizer's apply_chat_template."""
    if not _is_plain_fast(tokenizer):
        return Encoder(tokenizer, ())
    tokenizer("")  # sets truncation, padding and split_special_tokens of the backend as every call does
    return Encoder(tokenizer, _cut_tokens(tokenizer))


def _is_plain_fast(tokenizer: Any) -> bool:
    """Whether a call of the tokenizer is a call of its Rust backend and nothing else."""
    from transformers import PreTrainedTokenizerFast
    from transformers.tokenization_utils_base import PreTrainedTokenizerBase

    kind = type(tokenizer)
    return (
        isinstance(tokenizer, PreTrainedTokenizerFast)
        and kind.__call__ is PreTrainedTokenizerBase.__call__
        and kind._encode_plus is PreTrainedTokenizerFast._encode_plus
        and not hasattr(tokenizer, "_switch_to_input_mode")
    )


def _cut_tokens(tokenizer: Any) -> tuple[str, ...]:
    """The special tokens that are found as they are, whatever stands before and after them: no other added token can
    begin before one and reach into it, nor hold it."""
    added = list(tokenizer.backend_tokenizer.get_added_tokens_decoder().values())
    if tokenizer.split_special_tokens or any(token.single_word for token in added):
        return ()
    return tuple(
        token.content
        for token in added
        if token.special
        and not (token.lstrip or token.rstrip or token.normalized)
        and not any(_may_cover(other.content, token.content) for other in added)
    )


def _may_cover(other: str, token: str) -> bool:
    """Whether the other token, found somewhere, can take a part of this one (or, being the same, of itself)."""
    borders = range(1, min(len(other), len(token)))
    return (other != token and token in other) or any(other.endswith(token[:size]) for size in borders)
