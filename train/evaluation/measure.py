"""A whole run: data and models are found and checked first, then each model is asked, then everything is written."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sources.command.errors import FetchError, MissingFileError
from sources.fetch.download import Download
from sources.fetch.fetcher import file_sha256
from train.evaluation.ask import Asking, Run, ask, load_tasks
from train.evaluation.benchmarks import Benchmark
from train.evaluation.find_data import (
    ROOTS_OF_SAMPLE,
    DataFile,
    Folder,
    Part,
    find_parts,
    parts_without_files,
)
from train.evaluation.harness import RECORDED, quiet, settle_environment, task_folder
from train.evaluation.model import Loading, best_device, check_device, check_model, find_model
from train.evaluation.report import Report, new_folder, write_report
from train.evaluation.task_files import Workplace, write_tasks
from train.run.run_folder import versions


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is to be measured, and how."""

    model: str
    before: str | None
    benchmarks: tuple[Benchmark, ...]
    out: Path
    mirror: Path | None
    sample: bool
    limit: int | None
    num_fewshot: int
    batch_size: int | str
    device: str | None
    dtype: str
    apply_chat_template: bool
    seed: int

    @property
    def data(self) -> str:
        """Where the questions come from."""
        return "sample" if self.sample else str(self.mirror) if self.mirror else "download"


def measure(job: Job) -> Report:
    """The report, which is in the folder `job.out` by then.

    Raises:
        PrefsError: data or a model is missing or wrong; nothing is written then.
    """
    from train.evaluation.plot import draw

    task_folder()
    sources = [find_model(given) for given in (job.before, job.model) if given is not None]
    local_data = job.sample or job.mirror is not None
    settle_environment(offline=local_data and all(source.is_local for source in sources))
    with new_folder(job.out) as made, quiet() as cut:
        place = Workplace(made.parent / "work")
        parts = _parts(job, place)
        for benchmark in job.benchmarks:
            write_tasks(place, benchmark, parts[benchmark.name], job.num_fewshot)
        loading = Loading(
            device=job.device or best_device(),
            dtype=job.dtype,
            batch_size=job.batch_size,
            apply_chat_template=job.apply_chat_template,
        )
        check_device(loading.device)
        for source in sources:
            check_model(source, loading)
        downloads = {benchmark.name: _downloads(load_tasks(place, benchmark, job.seed)) for benchmark in job.benchmarks}
        asking = Asking(job.benchmarks, place, job.limit, job.seed)
        runs = [ask(source, loading, asking, cut) for source in sources]
        report = _report(job, loading, parts, downloads, runs)
        write_report(report, made)
        draw(report, made)
    return report


def _parts(job: Job, place: Workplace) -> dict[str, list[Part]]:
    """The files of every benchmark: from the folder, or those that lm-eval cannot get downloaded here.

    Raises:
        FetchError: some are missing; names them all.
    """
    if job.sample or job.mirror:
        what = f"--mirror {job.mirror}" if job.mirror else "--sample"
        folder = Folder([job.mirror] if job.mirror else ROOTS_OF_SAMPLE, what)
        return find_parts(job.benchmarks, folder, job.num_fewshot, partial=job.sample, scratch=place.folder)
    return {benchmark.name: _downloaded(benchmark) for benchmark in job.benchmarks}


def _downloaded(benchmark: Benchmark) -> list[Part]:
    parts = parts_without_files(benchmark)
    if benchmark.download is None:
        return parts
    try:
        located = Download().locate(benchmark.download)
    except FetchError as error:
        hint = "Get the file and give its folder to --mirror."
        raise MissingFileError(f"{benchmark.name} needs {benchmark.upstream}", error.found, hint=hint) from error
    file = DataFile(benchmark.download.mirror_path, located.path, file_sha256(located.path))
    return [Part(part.task, part.task_file, {benchmark.questions.name: [file]}) for part in parts]


def _downloads(loaded: Any) -> list[str]:
    """What lm-eval downloaded: addresses with the commit in them."""
    infos = [split.info for task in loaded["tasks"].values() for split in task.dataset.values()]
    return sorted({address for info in infos for address in info.download_checksums or ()})


def _report(
    job: Job, loading: Loading, parts: dict[str, list[Part]], downloads: dict[str, list[str]], runs: list[Run]
) -> Report:
    files = {
        name: [file for part in found for split in part.files.values() for file in split]
        for name, found in parts.items()
    }
    return Report(
        benchmarks=job.benchmarks,
        after=runs[-1],
        before=runs[0] if len(runs) > 1 else None,
        files=files,
        downloads=downloads,
        settings={
            "data": job.data,
            "limit": job.limit,
            "num_fewshot": job.num_fewshot,
            "batch_size": loading.batch_size,
            "device": loading.device,
            "dtype": loading.dtype,
            "apply_chat_template": loading.apply_chat_template,
            "seed": job.seed,
        },
        versions=versions(RECORDED),
    )
