"""The command train.tiny_model: a tiny random Llama and its tokenizer, for trying out training."""

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from sources.command.run import command_parser, positive, run_command, show_any_text
from sources.files.folder import put_in_place

MADE_BY: Final = "train.tiny_model"
FILES: Final = {
    "config.json",
    "generation_config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "chat_template.jinja",
}
SPECIAL: Final = ("<|pad|>", "<|endoftext|>", "<|im_start|>", "<|im_end|>")
ROLES: Final = "<|im_start|>system user assistant\n"
MAX_TEXTS: Final = 60_000

SENTENCES: Final = (
    "你好！请问有什么可以帮你的吗？",
    "春天到了，公园里的花都开了，很多人来这里散步。",
    "学习一门语言需要耐心，每天练习一点就会有进步。",
    "这个问题可以分成三步：先读题，再列式，最后检查答案。",
    "对不起，我不能帮助你做违法的事情，但可以告诉你怎样保护自己。",
    "水在零度结冰，在一百度沸腾。",
    "他把书放在桌子上，关了灯，走出了房间。",
    "请用一句话说明为什么天空是蓝色的。",
    "Hello! How can I help you today?",
    "Spring has come, and many people walk in the park among the flowers.",
    "Learning a language takes patience; a little practice every day is enough.",
    "The problem has three steps: read it, write the equation, and check the answer.",
    "I am sorry, I cannot help with anything illegal, but I can tell you how to stay safe.",
    "Water freezes at zero degrees and boils at one hundred.",
    "He put the book on the table, turned off the light and left the room.",
    "Explain in one sentence why the sky is blue.",
)

EXAMPLES = """\
examples:
  python -m train.tiny_model tiny                              a model that knows nothing, in a second
  python -m train.tiny_model tiny --data prefs/zh              its tokenizer trained on the texts of a build
  python -m train.dpo --data prefs/zh --model tiny --output_dir out
"""


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = command_parser(
        "python -m train.tiny_model",
        "Make a tiny random Llama with a tokenizer of its own, to try out training.",
        EXAMPLES,
    )
    add = parser.add_argument
    add("dst", type=Path, metavar="DST", help="the folder to write; one that this command made is made anew")
    add("--vocab-size", type=positive, default=4096, metavar="N", help="rows of the embeddings (default: 4096)")
    add("--hidden-size", type=positive, default=64, metavar="N", help="a multiple of 16 (default: 64)")
    add("--layers", type=positive, default=2, metavar="N", help="(default: 2)")
    add("--seed", type=int, default=0, metavar="N", help="of the weights (default: 0)")
    add("--data", nargs="+", default=[], metavar="DATA", help="what to train the tokenizer on, as train.dpo takes it")
    add("--debug", action="store_true", help="show a traceback when something fails")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    show_any_text()
    return run_command(parse(arguments), _run, MADE_BY, "nothing was written", extra="train")


def _run(options: argparse.Namespace) -> int:
    from transformers.utils.logging import disable_progress_bar

    from sources.command.errors import UsageError

    disable_progress_bar()
    check_destination(options.dst)
    if options.hidden_size % 16:
        raise UsageError("--hidden-size", f"{options.hidden_size} is no multiple of 16")
    if options.vocab_size < 256 + len(SPECIAL):
        raise UsageError("--vocab-size", f"{options.vocab_size} is less than the bytes and special tokens need (260)")
    tokenizer = make_tokenizer(texts_of(options.data), options.vocab_size)
    model = make_model(tokenizer, options.vocab_size, options.hidden_size, options.layers, options.seed)
    write_model(options.dst, model, tokenizer)
    rows = f"{len(tokenizer):,} tokens in {options.vocab_size:,} embeddings"
    sys.stderr.write(f"{MADE_BY}: {options.dst}: {model.num_parameters():,} random parameters, {rows}\n")
    return 0


def check_destination(folder: Path) -> None:
    """Nothing, if the folder may be written: it is not there, empty, or made by this command and nothing added.

    Raises:
        UsageError: it holds something else.
    """
    from sources.command.errors import UsageError

    if not folder.exists():
        return
    there = {path.name for path in folder.iterdir()} if folder.is_dir() else {folder.name}
    if (there and not there <= FILES) or (there and not _is_ours(folder)):
        raise UsageError(
            f"DST {folder}", "holds something that train.tiny_model did not make", hint="Name another one."
        )


def _is_ours(folder: Path) -> bool:
    try:
        return bool(json.loads((folder / "config.json").read_bytes()).get("made_by") == MADE_BY)
    except (OSError, ValueError, AttributeError):
        return False


def texts_of(data: list[str]) -> list[str]:
    """What to train a tokenizer on: the messages of the data, at most MAX_TEXTS, or a few sentences."""
    if not data:
        return list(SENTENCES)
    from train.data.load_pairs import load_pairs

    pairs = load_pairs(data).train
    sides = (pairs[side].combine_chunks().flatten().field("content") for side in ("prompt", "chosen", "rejected"))
    texts = [text for side in sides for text in side.to_pylist()]
    return texts[:: -(-len(texts) // MAX_TEXTS)]


def make_tokenizer(texts: list[str], vocab_size: int) -> Any:
    """A byte-level BPE tokenizer with ChatML as its chat template; it can spell every text."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    from train.data.chat_template import choose_chat_template

    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=list(SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    # in short pieces: Chinese has no spaces, and a long run of it is slow to learn merges from
    pieces = (text[start : start + 64] for text in (ROLES, *texts) for start in range(0, len(text), 64))
    backend.train_from_iterator(pieces, trainer)
    names = dict(zip(("pad_token", "bos_token", "eos_token"), (SPECIAL[0], SPECIAL[1], SPECIAL[3]), strict=True))
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, **names)
    choose_chat_template(tokenizer, "chatml")
    return tokenizer


def make_model(tokenizer: Any, vocab_size: int, hidden_size: int, layers: int, seed: int) -> Any:
    """A Llama with random weights."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=vocab_size,
        hidden_size=hidden_size,
        intermediate_size=hidden_size * 3,
        num_hidden_layers=layers,
        num_attention_heads=hidden_size // 16,
        num_key_value_heads=hidden_size // 16,
        max_position_embeddings=4096,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        made_by=MADE_BY,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return LlamaForCausalLM(config)


def write_model(folder: Path, model: Any, tokenizer: Any) -> None:
    """Save both, aside first: the folder is whole or not there."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        model.save_pretrained(aside)
        tokenizer.save_pretrained(aside)
        aside.chmod(0o755)
        check_destination(folder)
        put_in_place(aside, folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
