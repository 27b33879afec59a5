"""The benchmarks of the model card: where their questions are, which must not be in a training set."""

from dataclasses import dataclass

from sources.pairs.source import UpstreamFile


@dataclass(frozen=True, slots=True)
class Question:
    """One benchmark item; `item` is its place as people would look it up."""

    benchmark: str
    item: str
    text: str


@dataclass(frozen=True, slots=True)
class Benchmark:
    """Where the files of a benchmark are, by pattern in a folder and upstream, and which column asks.

    `column` is a name, a path such as `turns.0.content`, or several of them with `|` between, of which a row has one.
    Without `files` no place to download it from is known.
    """

    name: str
    patterns: tuple[str, ...]
    files: tuple[UpstreamFile, ...]
    column: str
    item_column: str
    license: str


@dataclass(frozen=True, slots=True)
class BenchmarkStatus:
    """Whether a benchmark was checked: from which files, how many questions, or why not."""

    name: str
    questions: int
    files: tuple[str, ...]
    missing: str = ""


CMMLU_SUBJECTS = (  # noqa: SIM905 - a fixed list: the folder once held a file that is no subject
    "agronomy anatomy ancient_chinese arts astronomy business_ethics chinese_civil_service_exam "
    "chinese_driving_rule chinese_food_culture chinese_foreign_policy chinese_history chinese_literature "
    "chinese_teacher_qualification clinical_knowledge college_actuarial_science college_education "
    "college_engineering_hydrology college_law college_mathematics college_medical_statistics college_medicine "
    "computer_science computer_security conceptual_physics construction_project_management economics education "
    "electrical_engineering elementary_chinese elementary_commonsense elementary_information_and_technology "
    "elementary_mathematics ethnology food_science genetics global_facts high_school_biology "
    "high_school_chemistry high_school_geography high_school_mathematics high_school_physics "
    "high_school_politics human_sexuality international_law journalism jurisprudence legal_and_moral_basis "
    "logical machine_learning management marketing marxist_theory modern_chinese nutrition philosophy "
    "professional_accounting professional_law professional_medicine professional_psychology public_relations "
    "security_study sociology sports_science traditional_chinese_medicine virology world_history "
    "world_religions "
).split()


def on_github(
    repository: str, revision: str, path: str, sha256: str | None = None, size: int | None = None
) -> UpstreamFile:
    return UpstreamFile(host="github", repository=repository, revision=revision, path=path, sha256=sha256, size=size)


def on_hub(
    repository: str, revision: str, path: str, sha256: str | None = None, size: int | None = None
) -> UpstreamFile:
    return UpstreamFile(host="hub", repository=repository, revision=revision, path=path, sha256=sha256, size=size)


CVALUES = on_github(
    "X-PLUG/CValues", "c9c7edf3c088084bd8897817636eb3c7827def96", "dataset/cvalues_responsibility_prompts.jsonl",
    sha256="ee99050d4a8933829697c796e279b83795838feacefc84cdd06856bad01bfff4", size=102_859,
)  # fmt: skip
CMMLU = tuple(
    on_github("haonan-li/CMMLU", "d6e7b716d8ac694f38969a6c0407437d1fded799", f"data/{split}/{subject}.csv")
    for split in ("dev", "test")
    for subject in CMMLU_SUBJECTS
)
XCOPA = tuple(
    on_github("cambridgeltl/xcopa", "a4c5f76ba6e18e6606bc08fe5b07a3c8093191ea", f"data/zh/{name}", sha256=sha256)
    for name, sha256 in (
        ("val.zh.jsonl", "8f638466c196342104bdbe9276e7d91fe0abcc044e9a9ad715f30c8ad618bcdd"),
        ("test.zh.jsonl", None),
    )
)
COPA = tuple(
    on_hub("aps/super_glue", "3de24cf8022e94f4ee4b9d55a6f539891524d646", f"copa/{split}-00000-of-00001.parquet")
    for split in ("validation", "test")
)
HELLASWAG = on_hub(
    "Rowan/hellaswag", "218ec52e09a7e7462a5400043bb9a69a41d06b76", "data/validation-00000-of-00001.parquet",
    sha256="899813071e1e95efafec90f856e1987d2150fa4d020fc005df6962c259f660cd", size=6_315_951,
)  # fmt: skip
TRIVIAQA = on_hub(
    "mandarjoshi/trivia_qa",
    "0f7faf33a3908546c6fd5b73a660e0f8ff173c2f",
    "rc.nocontext/validation-00000-of-00001.parquet",
)

HELLASWAG_PATTERNS = ("**/hellaswag_val.jsonl", "**/hellaswag/*.jsonl", "**/hellaswag/*.parquet")
TRIVIAQA_PATTERNS = ("**/triviaqa/*.jsonl", "**/triviaqa/*.parquet", "**/trivia_qa/**/*.parquet")
BY_THIRD_PARTIES = "BSD-2-Clause (as stated by third parties)"

BENCHMARKS = (
    Benchmark("cvalues", ("**/cvalues_responsibility_prompts.jsonl",), (CVALUES,), "prompt", "id_", "Apache-2.0"),
    Benchmark("cmmlu", ("**/cmmlu/dev/*.csv", "**/cmmlu/test/*.csv"), CMMLU, "Question", "", "CC-BY-NC-SA-4.0"),
    Benchmark("xcopa_zh", ("**/xcopa_zh/*.jsonl",), XCOPA, "premise", "idx", "CC-BY-4.0"),
    Benchmark("copa", ("**/copa/*.jsonl", "**/copa/*.parquet"), COPA, "premise", "idx", BY_THIRD_PARTIES),
    Benchmark("hellaswag", HELLASWAG_PATTERNS, (HELLASWAG,), "ctx", "ind", "MIT"),
    Benchmark("triviaqa", TRIVIAQA_PATTERNS, (TRIVIAQA,), "question", "question_id", "unknown"),
)
