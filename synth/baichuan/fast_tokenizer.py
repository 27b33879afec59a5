"""A sentencepiece model as a fast tokenizer that gives the same ids for the same text.

sentencepiece keeps a score for each piece and joins the two neighbours whose joined piece scores best; a fast tokenizer
keeps the joins themselves, in order. Which joins there are follows from the pieces. That the result agrees is not taken
on trust: see synth/baichuan/compare.py.
"""

import re
from collections.abc import Container
from typing import Any

from synth.baichuan.pieces import NORMAL, SPACE, UNIGRAM, USER_DEFINED, symbols, unknown_id, unmade_pieces

BYTE_IN_WORDS = "<(?=0x[0-9A-F]{2}>)"
UNMADE = "\uffff"
"""Begins the name of a piece that sentencepiece never makes of a text; no character, and shown as nothing."""
NEVER = -1e5
"""The score of a piece that text must not become: below all that a model learns."""


def fast_tokenizer(model: Any, special: list[str], before: list[str], after: list[str]) -> Any:
    """The tokenizers.Tokenizer of a ModelProto.

    It knows the tokens `special` in a text, and puts those of `before` and `after` around one when asked for marks.
    """
    from tokenizers import AddedToken, Regex, Tokenizer, pre_tokenizers

    tokenizer = Tokenizer(_unigram(model) if model.trainer_spec.model_type == UNIGRAM else _bpe(model))
    tokenizer.normalizer = _normalizer(model)
    tokenizer.decoder = _decoder(model)
    cuts = _cuts(model)
    if cuts:
        tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("|".join(cuts)), "isolated")
    tokenizer.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in special])
    tokenizer.post_processor = _around(tokenizer, before, after)
    return tokenizer


def _cuts(model: Any) -> list[str]:
    """Patterns of what a text is cut at before anything else: the longest symbol first.

    A unigram model would take the words <0x41> for the byte 41; cutting behind the first sign prevents it.
    """
    trainer = model.trainer_spec
    cuts = [re.escape(symbol) for symbol in sorted(symbols(model), key=len, reverse=True)]
    return cuts + [BYTE_IN_WORDS] * (trainer.model_type == UNIGRAM and trainer.byte_fallback)


def merges(model: Any, without: Container[str] = ()) -> list[tuple[str, str]]:
    """Every pair of pieces whose joined text is a piece; the pair that is joined first comes first."""
    typed = ((piece.piece, piece.score) for piece in model.pieces if piece.type == NORMAL)
    scores = {piece: score for piece, score in typed if piece not in without}
    pairs = [
        (score, piece[:cut], piece[cut:])
        for piece, score in scores.items()
        for cut in range(1, len(piece))
        if piece[:cut] in scores and piece[cut:] in scores
    ]
    pairs.sort(key=lambda pair: (-pair[0], -len(pair[1])))
    return [(left, right) for _, left, right in pairs]


def _bpe(model: Any) -> Any:
    """Joins; with symbols also whole pieces, since a symbol that was cut out is a piece without any join.

    A piece that no joins lead to would then be found too, where sentencepiece never makes it: it gets another name.
    """
    from tokenizers.models import BPE

    unmade = unmade_pieces(model) if symbols(model) else set()
    pieces = [piece.piece for piece in model.pieces]
    return BPE(
        vocab={UNMADE + piece if piece in unmade else piece: number for number, piece in enumerate(pieces)},
        merges=merges(model, unmade),
        unk_token=pieces[unknown_id(model)],
        fuse_unk=True,
        byte_fallback=model.trainer_spec.byte_fallback,
        ignore_merges=bool(symbols(model)),
    )


def _unigram(model: Any) -> Any:
    from tokenizers.models import Unigram

    typed = (NORMAL, USER_DEFINED)
    return Unigram(
        [(piece.piece, piece.score if piece.type in typed else NEVER) for piece in model.pieces],
        unk_id=unknown_id(model),
        byte_fallback=model.trainer_spec.byte_fallback,
    )


def _normalizer(model: Any) -> Any:
    from tokenizers import Regex, normalizers

    rules = model.normalizer_spec
    space = SPACE if rules.escape_whitespaces else " "
    steps: list[Any] = []
    if rules.remove_extra_whitespaces:
        steps += [
            normalizers.Replace(Regex(r"\A +"), ""),
            normalizers.Replace(Regex(f"[ {SPACE}]+\\z"), ""),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    if rules.add_dummy_prefix:
        steps.append(normalizers.Prepend(space))
    if rules.escape_whitespaces:
        steps.append(normalizers.Replace(" ", SPACE))
    return normalizers.Sequence(steps)


def _decoder(model: Any) -> Any:
    from tokenizers import decoders

    steps = [decoders.Replace(UNMADE, ""), decoders.Replace(SPACE, " "), decoders.ByteFallback(), decoders.Fuse()]
    if model.normalizer_spec.add_dummy_prefix:
        steps.append(decoders.Strip(" ", 1, 0))
    return decoders.Sequence(steps)


def _around(tokenizer: Any, before: list[str], after: list[str]) -> Any:
    """One text, or two of which each has its marks."""
    from tokenizers.processors import TemplateProcessing

    first, second = ([*before, f"${text}", *after] for text in "AB")
    return TemplateProcessing(
        single=[f"{token}:0" for token in first],
        pair=[f"{token}:{number}" for number, tokens in enumerate((first, second)) for token in tokens],
        special_tokens=[(token, tokenizer.token_to_id(token)) for token in dict.fromkeys([*before, *after])],
    )
