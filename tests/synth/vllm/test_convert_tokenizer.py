"""The converted tokenizer is the sentencepiece model that it was made from, or there is no conversion."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sources.command.errors import ReadError
from synth.baichuan import fast_tokenizer
from synth.baichuan.compare import check_same, texts
from synth.baichuan.convert import convert
from synth.baichuan.tokenizer import Settings, saved_tokenizer, write_tokenizer
from tests.synth.vllm.corpus import sentences
from tests.synth.vllm.tiny_baichuan import train_tokenizer

PLAIN = Settings(add_bos=False, add_eos=False, bos_id=1, eos_id=2, pad_id=0, max_tokens=512)
SYMBOLS = ["<reserved_1>", "<reserved_10>", "\n", "\u2581\n", "<sep>"]
Write = Callable[..., Path]


def known(model: Any) -> Any:
    from sentencepiece import SentencePieceProcessor

    processor = SentencePieceProcessor()
    processor.LoadFromSerializedProto(model.SerializeToString())
    return processor


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"add_dummy_prefix": False},
        {"remove_extra_whitespaces": True},
        {"remove_extra_whitespaces": True, "add_dummy_prefix": False},
        {"byte_fallback": False},
        {"user_defined_symbols": SYMBOLS},
        {"user_defined_symbols": SYMBOLS, "add_dummy_prefix": False},
        {"control_symbols": ["<mask>"]},
        {"model_type": "unigram"},
        {"model_type": "unigram", "byte_fallback": False, "vocab_size": 900},
        {"model_type": "unigram", "user_defined_symbols": SYMBOLS},
    ],
    ids=str,
)
def test_every_setting_of_the_model_is_honoured(changed: dict[str, Any], tmp_path: Path) -> None:
    model = train_tokenizer(**changed)
    write_tokenizer(model, PLAIN, tmp_path)
    saved = saved_tokenizer(tmp_path)
    assert check_same(model, saved, PLAIN, tmp_path) > 2000
    processor = known(model)
    for text in [*sentences(300, seed=99), "<sep>a <sep> b<reserved_10>0 \n<reserved_1>\n\n <reserved_"]:
        assert saved.encode(text).ids == processor.encode(text)


@pytest.mark.parametrize("changed", [{}, {"user_defined_symbols": SYMBOLS}], ids=str)
def test_a_piece_added_by_hand_that_no_joins_lead_to_does_no_harm(changed: dict[str, Any], tmp_path: Path) -> None:
    model = train_tokenizer(**changed)
    added = ["\u2581\u2581天天气气", "\u2581q\u2581tion", "qtion天"]
    assert not {piece.piece for piece in model.pieces} & set(added)
    for text in added:
        model.pieces.add(piece=text, score=-9e4, type=1)
    write_tokenizer(model, PLAIN, tmp_path)
    saved, processor = saved_tokenizer(tmp_path), known(model)
    assert check_same(model, saved, PLAIN, tmp_path) > 2000
    for number, piece in enumerate(model.pieces):
        if piece.type == 1:
            assert saved.decode([number, number]) == processor.decode([number, number])


@pytest.mark.parametrize(
    "changed", [{"normalization_rule_name": "nmt_nfkc"}, {"treat_whitespace_as_suffix": True}], ids=str
)
def test_a_setting_that_cannot_be_followed_is_refused(
    changed: dict[str, Any], write_tiny: Write, tmp_path: Path
) -> None:
    source = write_tiny(tmp_path / "src", model=train_tokenizer(**changed))
    with pytest.raises(ReadError, match="not supported"):
        convert(source, tmp_path / "dst")
    assert os.listdir(tmp_path) == ["src"]


def test_transformers_reads_the_same_tokens(converted_baichuan: Path, sentencepiece_model: Any) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(converted_baichuan)
    processor = known(sentencepiece_model)
    for text in texts(sentencepiece_model):
        ids = processor.encode(text)
        assert tokenizer(text)["input_ids"] == ids
        assert tokenizer.decode(ids) == processor.decode(ids)
    assert (tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id) == (1, 2, 0)
    assert tokenizer.model_max_length == 512
    assert tokenizer.chat_template is None
    assert "token_type_ids" not in tokenizer("a")


@pytest.mark.parametrize(
    ("said", "ids"),
    [
        ({"add_bos_token": True, "add_eos_token": True}, ([1], [2])),
        ({"add_bos_token": False, "add_eos_token": True}, ([], [2])),
        ({}, ([1], [])),
    ],
)
def test_marks_stand_around_a_text_as_the_checkpoint_says(
    said: dict[str, bool], ids: tuple[list[int], list[int]], write_tiny: Write, sentencepiece_model: Any, tmp_path: Path
) -> None:
    from transformers import AutoTokenizer

    source = write_tiny(tmp_path / "src")
    (source / "tokenizer_config.json").write_text(json.dumps(said))
    convert(source, tmp_path / "dst")
    text = known(sentencepiece_model).encode("你好 world")
    wanted = [*ids[0], *text, *ids[1]]
    assert AutoTokenizer.from_pretrained(tmp_path / "dst")("你好 world")["input_ids"] == wanted
    assert saved_tokenizer(tmp_path / "dst").encode("你好 world").ids == wanted


@pytest.mark.parametrize("damage", ["reversed", "one join missing", "no joins"])
def test_a_damaged_conversion_is_caught_and_nothing_is_written(
    damage: str, tiny_baichuan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = fast_tokenizer.merges

    def damaged(model: Any, without: Any) -> list[tuple[str, str]]:
        joins = sound(model, without)
        return {"reversed": joins[::-1], "one join missing": joins[:-1], "no joins": []}[damage]

    monkeypatch.setattr(fast_tokenizer, "merges", damaged)
    with pytest.raises(
        ReadError, match=r"differs from sentencepiece: '.+' became the ids \[.+expected \[.+Nothing was"
    ):
        convert(tiny_baichuan, tmp_path / "dst")
    assert os.listdir(tmp_path) == []


def test_text_that_comes_back_changed_is_caught(sentencepiece_model: Any, tmp_path: Path) -> None:
    from tokenizers import decoders

    write_tokenizer(sentencepiece_model, PLAIN, tmp_path)
    damaged = saved_tokenizer(tmp_path)
    damaged.decoder = decoders.Sequence([decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse()])
    with pytest.raises(ReadError, match="came back as"):
        check_same(sentencepiece_model, damaged, PLAIN, tmp_path)
