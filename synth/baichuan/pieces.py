"""The sentencepiece model of a checkpoint, read and checked for what a fast tokenizer cannot follow."""

from pathlib import Path
from typing import Any

from sources.command.errors import BrokenFileError, ReadError
from synth.baichuan.config import Config
from synth.baichuan.source_file import present

NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = 1, 2, 3, 4, 5, 6
"""What kinds of pieces a sentencepiece model has."""
UNIGRAM, BPE = 1, 2
"""What kinds of models there are, of those that are supported."""
SPACE = "\u2581"
"""Stands for a space inside a piece."""


def read_model(folder: Path, config: Config) -> Any:
    """The sentencepiece model (a ModelProto) of the checkpoint in `folder`.

    Raises:
        MissingFileError, BrokenFileError: there is none that can be read.
        ReadError: it does not fit the configuration, or has a setting that a fast tokenizer cannot follow.
    """
    from google.protobuf.message import DecodeError
    from sentencepiece import sentencepiece_model_pb2

    path = present(folder / "tokenizer.model")
    model = sentencepiece_model_pb2.ModelProto()
    try:
        model.ParseFromString(path.read_bytes())
    except DecodeError as error:
        raise BrokenFileError(path, f"is no sentencepiece model ({error})", hint="Download it again.") from error
    if not model.pieces:
        raise BrokenFileError(path, "holds no pieces", expected="a sentencepiece model", hint="Download it again.")
    _check_settings(path, model)
    _check_numbers(path, model, config)
    return model


def unknown_id(model: Any) -> int:
    """The number of the piece that stands for what is unknown."""
    return next(number for number, piece in enumerate(model.pieces) if piece.type == UNKNOWN)


def symbols(model: Any) -> list[str]:
    """Pieces that are cut out of a text before anything is joined."""
    return [piece.piece for piece in model.pieces if piece.type == USER_DEFINED]


def unmade_pieces(model: Any) -> set[str]:
    """Pieces that sentencepiece does not make even of their own text, and so of no text: added to a model by hand."""
    from sentencepiece import SentencePieceProcessor

    plain = type(model)()
    plain.CopyFrom(model)
    plain.normalizer_spec.add_dummy_prefix = plain.normalizer_spec.remove_extra_whitespaces = False
    known = SentencePieceProcessor()
    known.LoadFromSerializedProto(plain.SerializeToString())
    return {
        piece.piece
        for number, piece in enumerate(model.pieces)
        if piece.type == NORMAL and known.encode(piece.piece) != [number]
    }


def _check_settings(path: Path, model: Any) -> None:
    trainer = model.trainer_spec
    types = [piece.type for piece in model.pieces]
    if trainer.model_type not in (UNIGRAM, BPE):
        raise ReadError(path, f"is of model type {trainer.model_type}", expected="2 (BPE) or 1 (unigram)")
    if trainer.treat_whitespace_as_suffix:
        raise ReadError(path, "puts spaces at the end of words (treat_whitespace_as_suffix): not supported")
    if model.normalizer_spec.precompiled_charsmap:
        rule = model.normalizer_spec.name or "a rule of its own"
        raise ReadError(path, f"rewrites characters before it cuts ({rule}): not supported", expected="identity")
    if UNUSED in types:
        raise ReadError(path, "has pieces that are marked as unused: not supported")
    if types.count(UNKNOWN) != 1:
        raise ReadError(path, f"has {types.count(UNKNOWN)} pieces for what is unknown", expected="1")


def _check_numbers(path: Path, model: Any, config: Config) -> None:
    count = len(model.pieces)
    if count > config.vocab_size:
        raise ReadError(
            path, f"has {count} pieces", expected=f"at most the vocab_size {config.vocab_size} of config.json"
        )
    for name, wanted in (("bos", config.bos_id), ("eos", config.eos_id)):
        own = getattr(model.trainer_spec, f"{name}_id")
        if wanted >= count or own not in (-1, wanted):
            found = f"has {count} pieces, {name} at {own}"
            raise ReadError(path, found, expected=f"the {name}_token_id {wanted} of config.json")
