"""The command synth-prefs as people type it: every flag, every exit status, and one clear line for each mistake."""

import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from builders.build_prefs import main as build_prefs
from synth.synth_prefs import EXAMPLES, main, parse
from tests.synth.made import as_lines, as_nobody, give_up_root

COMMAND = str(Path(sys.executable).with_name("synth-prefs"))

NOWHERE = "http://127.0.0.1:9/v1"

BASE = ["--lang", "zh", "--rejected-model", "m", "--rejected-url", NOWHERE]

HEAVY = ("pyarrow", "numpy", "openai", "httpx2", "torch", "pydantic", "yaml", "rich", "tqdm", "vllm", "asyncio")

RAW = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")

ESCAPES = "\x1b[31mred\x9b2J\u202eevil\x07"

Refused = Callable[..., str]


@pytest.fixture
def refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Refused:
    """Run the command with these flags added: the one line that it says, once it has exited as expected."""

    def call(*more: object, code: int = 2, base: list[str] | None = None) -> str:
        capsys.readouterr()
        out = [] if "--out" in more else ["--out", str(tmp_path / "out")]
        status = main([*(BASE if base is None else base), *map(str, more), *out])
        printed = capsys.readouterr()
        assert (status, printed.out) == (code, ""), printed.err
        assert printed.err.startswith("synth-prefs: ")
        assert printed.err.count("\n") == 1
        assert not RAW.search(printed.err)
        return printed.err.removeprefix("synth-prefs: ").rstrip("\n")

    return call


def rejects(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The last line of the parser when it exits with 2."""
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    assert exit_.value.code == 2
    said = capsys.readouterr().err
    assert "Traceback" not in said
    return said.splitlines()[-1]


def test_help_names_every_flag_and_gives_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["--help"])
    shown = capsys.readouterr().out
    assert exit_.value.code == 0
    assert EXAMPLES in shown
    for flag in vars(parse(BASE)):
        assert f"--{flag.replace('_', '-')}" in shown


def test_every_example_of_the_help_is_accepted() -> None:
    examples = re.findall(r"^  (synth-prefs .+?)(?:  .*)?$", EXAMPLES.replace("\\\n  ", ""), re.M)
    assert len(examples) >= 6
    for example in examples:
        flags = [flag for flag in shlex.split(example)[1:] if flag != "..."]
        named = {"--rejected-model", "--candidate-model"} & set(flags)
        parse([*flags, *([] if named else ["--rejected-model", "m"])])


def test_the_installed_command_answers_help_without_stderr() -> None:
    done = subprocess.run([COMMAND, "--help"], capture_output=True, text=True, timeout=300, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: synth-prefs")


@pytest.mark.parametrize("flags", [["--help"], [*BASE, "--limit", "0"], []])
def test_nothing_heavy_is_loaded_for_help_or_a_wrong_flag(flags: list[str]) -> None:
    program = (
        "import sys\n"
        "from synth.synth_prefs import main\n"
        f"try: main({flags!r})\n"
        "except SystemExit: pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=300, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ("--rejected-model m", "the following arguments are required: --lang"),
        ("--lang zh", "one of the arguments --rejected-model --candidate-model is required"),
        ("--lang zh --rejected-model m --candidate-model m=http://x", "not allowed with argument --rejected-model"),
        ("--lang zh --rejected-model m --rejected-from worse", "invalid choice: 'worse'"),
        ("--lang fr --rejected-model m", "invalid choice: 'fr'"),
        ("--lang zh --rejected-model m --no-such-flag", "unrecognized arguments: --no-such-flag"),
        ("--lang zh --rejected-model m extra", "unrecognized arguments: extra"),
        ("--lang zh --rejected-model m --sample --mirror .", "not allowed with argument --sample"),
        ("--lang zh --rejected-model m --sample --prompts x", "not allowed with argument --sample"),
        ("--lang zh --rejected-model m --mirror . --prompts x", "not allowed with argument --mirror"),
        ("--lang zh --rejected-model m --engine tpu", "invalid choice: 'tpu'"),
        ("--lang zh --rejected-model m --pairing best", "invalid choice: 'best'"),
        *(
            (f"--lang zh --rejected-model m {flag} {value}", f"argument {flag}: ")
            for flag in ("--limit", "--num-rejected", "--concurrency")
            for value in ("0", "-3", "many", "1.5")
        ),
        *(
            (f"--lang zh --rejected-model m {flag} {value}", f"argument {flag}: ")
            for flag in ("--timeout", "--patience", "--max-spend")
            for value in ("-1", "nan", "inf", "long")
        ),
        *(
            (f"--lang zh --rejected-model m --seed {value}", "argument --seed: ")
            for value in ("x", "1.5", "9223372036854775808", "99999999999999999999999")
        ),
    ],
)
def test_a_wrong_flag_exits_2_and_is_named(flags: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    said = rejects(flags.split(), capsys)
    assert said.startswith("synth-prefs: error: ")
    assert words in said


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ("--chosen-url http://127.0.0.1:9/v1", "--chosen-url: has no effect without --chosen-model"),
        ("--chosen-key-file key", "--chosen-key-file: has no effect without --chosen-model"),
        ("--batch", "--batch: has no effect without --chosen-model"),
        ("--chosen-model m --chosen-url http://127.0.0.1:9/v1 --no-wait", "--no-wait: says nothing without --batch"),
        ("--licence MIT", "--licence: says nothing without --prompts"),
        ("--license MIT --sample", "--licence: says nothing without --prompts"),
        (
            "--engine vllm",
            "--engine vllm: cannot be combined with --rejected-url. Leave out --rejected-url or --engine.",
        ),
        ("--rejected-url localhost:8000", "--rejected-url: is no http or https URL; expected something like http"),
        ("--rejected-url http://", "--rejected-url: is no http or https URL"),
        ("--recipe no-such", "--recipe: no recipe no-such; expected ct-llm, or the path of a YAML file"),
        (
            "--template no-such --sample",
            "no rejected.templates.zh no-such; expected en, zh, or the path of a YAML file",
        ),
        ("--prices no-such", "--prices: no prices no-such; expected prices, or the path of a YAML file"),
        ("--num-rejected 2 --recipe {greedy} --sample", "--num-rejected: temperature 0 gives the same answer each"),
        ("--prompts {parquet}", "is Parquet; expected JSON lines or a JSON array"),
        ("--max-spend 1 --chosen-model m --chosen-url https://example.org/v1", "--max-spend: the price of m is not"),
    ],
)
def test_flags_that_do_not_fit_are_named_with_what_would(
    flags: str, message: str, refused: Refused, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("synth.engines.first_contact.STARTING_S", 0.0)
    files = {"greedy": tmp_path / "greedy.yaml", "parquet": tmp_path / "p.parquet"}
    greedy = "name: greedy\nrejected: {api: chat, sampling: {max_tokens: 5, temperature: 0}}\n"
    files["greedy"].write_text(greedy, encoding="utf-8")
    files["parquet"].touch()
    assert message in refused(*flags.format(**files).split())
    assert not list((tmp_path / "out").glob("[!.]*.parquet"))


def test_a_server_needs_its_url(refused: Refused) -> None:
    assert refused(base=["--lang", "zh", "--rejected-model", "m"]).startswith(
        "--rejected-url: is missing; expected http"
    )


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--candidate-key-file", "a\udcff"], "--candidate-key-file a\\udcff: is no valid UTF-8"),
        (["--rejected-model", "a\udcff"], "--rejected-model a\\udcff: is no valid UTF-8"),
        (["--chosen-model", "\udc80", "--chosen-url", NOWHERE], "--chosen-model \\udc80: is no valid UTF-8"),
        (["--licence", "\udcffMIT", "--prompts", "x"], "--licence \\udcffMIT: is no valid UTF-8"),
        (["--prompts", "/tmp/\udcff.jsonl"], "--prompts /tmp/\\udcff.jsonl: is no valid UTF-8"),
    ],
)
def test_arguments_that_are_no_text_are_refused(flags: list[str], message: str, refused: Refused) -> None:
    assert refused(*flags) == message


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("- one\n", "holds a list"),
        ("a: [\n", "is no YAML"),
        ("name: x\nrejected: {sampling: {}}\n", "rejected.sampling: no max_tokens"),
        ("name: x\nrejected: {sampling: {max_tokens: 5, model: y}}\n", "rejected.sampling.model is set by the command"),
        ("name: x\nrejected: {sampling: {max_tokens: 5}, apii: chat}\n", "Did you mean api?"),
    ],
)
def test_a_wrong_recipe_is_one_line(content: str, words: str, refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "my.yaml").write_text(content, encoding="utf-8")
    said = refused("--sample", "--recipe", tmp_path / "my.yaml")
    assert said.startswith(f"{tmp_path / 'my.yaml'}: ")
    assert words in said


def test_a_wrong_template_or_price_list_is_one_line(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text("user: no place\nassistant: '{content}'\nanswer: x\n", encoding="utf-8")
    (tmp_path / "p.yaml").write_text("as_of: x\nmodel: {}\n", encoding="utf-8")
    assert "user: Value error, it must hold {content}" in refused("--sample", "--template", tmp_path / "t.yaml")
    assert "Did you mean models?" in refused("--sample", "--prices", tmp_path / "p.yaml")


def test_what_is_missing_is_named(refused: Refused, tmp_path: Path) -> None:
    assert "no folder no/such" in refused("--mirror", "no/such", code=1)
    assert "no file hiyouga/LLaMA-Factory" in refused("--mirror", tmp_path, code=1)
    assert "no such file; expected JSON lines" in refused("--prompts", tmp_path / "none.jsonl", code=1)
    assert "no such file" in refused("--prompts", tmp_path, code=1)
    key = tmp_path / "none.key"
    assert "cannot be read" in refused("--sample", "--rejected-key-file", key, code=1)


def test_a_broken_file_of_prompts_is_named(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "p.jsonl").write_text(f"{ESCAPES}\n" * 3, encoding="utf-8")
    assert "p.jsonl: 3 of 3 rows cannot be read" in refused("--prompts", tmp_path / "p.jsonl", code=1)
    (tmp_path / "p.jsonl").write_text(as_lines([{"prompt": [{"role": ESCAPES, "content": "x"}]}]), encoding="utf-8")
    said = refused("--prompts", tmp_path / "p.jsonl", code=1)
    assert "broken_turns: message 0: role \\x1b[31mred\\x9b2J\\u202eevil\\x07" in said


def test_an_output_that_is_a_file_is_named(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    assert str(tmp_path / "file") in refused("--sample", "--out", tmp_path / "file", code=1)
    assert str(tmp_path / "file/deeper") in refused("--sample", "--out", tmp_path / "file/deeper", code=1)
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("name", ["pairs.parquet", "dropped.parquet", "candidates.parquet", "manifest.json"])
def test_files_of_another_origin_are_not_overwritten(name: str, refused: Refused, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / name).write_text('{"mine": 1}')
    said = refused("--sample", code=1)
    assert said == f"{out / name}: is there, and no run of synth-prefs wrote it. Give another --out."
    assert {path.name: path.read_text() for path in out.iterdir()} == {name: '{"mine": 1}'}


def test_a_build_is_not_overwritten(refused: Refused, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert build_prefs(["--lang", "zh", "--sample", "--workers", "1", "--out", str(tmp_path)]) == 0
    before = {path: path.read_bytes() for path in (tmp_path / "zh").rglob("*") if path.is_file()}
    assert "no run of synth-prefs wrote it" in refused("--sample", "--out", tmp_path / "zh", code=1)
    assert {path: path.read_bytes() for path in (tmp_path / "zh").rglob("*") if path.is_file()} == before


def test_an_output_that_may_not_be_written_is_named(refused: Refused) -> None:
    with as_nobody() as folder:
        folder.chmod(0o555)
        give_up_root()
        said = refused("--sample", "--out", folder / "new", code=1)
    assert f"{folder / 'new'}: cannot be written (Permission denied)" in said


def test_a_broken_journal_is_named_and_left_alone(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    journal = tmp_path / "out/journal.sqlite"
    journal.write_text("no journal")
    for more in ((), ("--dry-run",), ("--collect",)):
        assert "journal.sqlite: is no SQLite database" in refused("--sample", *more, code=1)
    assert journal.read_text() == "no journal"


def test_collecting_from_an_empty_journal_is_said(refused: Refused, tmp_path: Path) -> None:
    assert "the journal holds no answer of m to these prompts" in refused("--sample", "--collect", code=1)
    assert not list((tmp_path / "out").glob("*.parquet"))
