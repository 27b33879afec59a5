"""What can be a model, and what is said of what cannot."""

import json
from pathlib import Path

import pytest

from sources.command.errors import BrokenFileError, MissingFileError, PrefsError, UsageError
from train.evaluation.model import Loading, check_device, check_model, find_model

LOADING = Loading(device="cpu", dtype="auto", batch_size=2, apply_chat_template=False)
CHAT = Loading(device="cpu", dtype="auto", batch_size=2, apply_chat_template=True)


def test_a_folder_and_a_hub_id_are_models(models: tuple[str, str]) -> None:
    assert find_model(models[0]).is_local
    source = find_model("m-a-p/CT-LLM-SFT")
    assert (source.pretrained, source.is_local) == ("m-a-p/CT-LLM-SFT", False)


@pytest.mark.parametrize("given", ["out", "/no/such/folder", "a/b/c"])
def test_what_is_neither_is_said(given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MissingFileError, match=r"expected.*OWNER/NAME"):
        find_model(given)


def test_no_name_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match="is empty"):
        find_model("")


def test_a_folder_without_a_model_says_what_it_holds(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="is no model folder: it is empty"):
        find_model(str(tmp_path))
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "checkpoint-9").mkdir()
    (tmp_path / "checkpoint-10").mkdir()
    with pytest.raises(MissingFileError, match=r"it holds checkpoint-10, checkpoint-9, notes.txt.*checkpoint-10\.$"):
        find_model(str(tmp_path))


def test_a_file_is_no_model(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"")
    with pytest.raises(MissingFileError, match="is a file"):
        find_model(str(path))


def test_a_configuration_without_weights_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(MissingFileError, match="holds no weights"):
        find_model(str(tmp_path))


def test_an_adapter_is_put_on_its_base(tmp_path: Path, models: tuple[str, str]) -> None:
    (tmp_path / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": models[0]}))
    source = find_model(str(tmp_path))
    assert (source.pretrained, source.adapter, source.tokenizer) == (models[0], str(tmp_path), models[0])
    (tmp_path / "adapter_config.json").write_text("[]")
    with pytest.raises(BrokenFileError, match="names no base model"):
        find_model(str(tmp_path))


def test_a_broken_configuration_is_said_before_anything_runs(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "no_such_type"}')
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(PrefsError, match="cannot be loaded"):
        check_model(find_model(str(tmp_path)), LOADING)


def test_code_of_a_model_is_never_run(tmp_path: Path, models: tuple[str, str]) -> None:
    mark = tmp_path / "ran"
    (tmp_path / "model.safetensors").write_bytes(b"")
    (tmp_path / "config.json").write_text('{"model_type": "evil", "auto_map": {"AutoConfig": "evil.Evil"}}')
    (tmp_path / "evil.py").write_text(f"open({str(mark)!r}, 'w')\nclass Evil: ...\n")
    with pytest.raises(PrefsError, match="never run here"):
        check_model(find_model(str(tmp_path)), LOADING)
    assert not mark.exists()


def test_a_chat_template_must_be_there_to_be_applied(models: tuple[str, str]) -> None:
    source = find_model(models[0])
    check_model(source, LOADING)
    with pytest.raises(UsageError, match="has no chat template"):
        check_model(source, CHAT)


@pytest.mark.parametrize("device", ["cuda:99", "gpu", "meta:x"])
def test_a_device_that_is_not_there_is_an_error(device: str) -> None:
    check_device("cpu")
    with pytest.raises(UsageError, match=f"--device {device}"):
        check_device(device)
