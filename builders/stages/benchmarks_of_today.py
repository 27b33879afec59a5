"""The benchmarks that models of today are compared by, beside those of the model card: a recipe names those it wants.

Where no commit of a file could be seen, its branch is read; where not even the place of the file is sure, or upstream
gives it by a program only, the benchmark is looked for in the folder given with --benchmarks.
"""

from builders.stages.benchmarks import BENCHMARKS, Benchmark, on_github, on_hub

CHEEMS = tuple(
    on_github("AlignRM/CheemsRM", "d0203e107b10fd1e4d26f4f643e7ace3dfa522c9", f"data/cheems_bench/{part}.jsonl")
    for part in ("human", "open")
)
CEVAL = on_hub("ceval/ceval-exam", "main", "*/test-*.parquet"), on_hub("ceval/ceval-exam", "main", "*/val-*.parquet")
GSM8K = on_hub("openai/gsm8k", "main", "main/test-*.parquet")
MATH_500 = on_hub("HuggingFaceH4/MATH-500", "ff5b20257d8185524591543f8ff5993951537bb8", "test.jsonl")
IFEVAL = on_hub("google/IFEval", "966cd89545d6b6acfd7638bc708b98261ca58e84", "ifeval_input_data.jsonl")
HUMANEVAL = on_hub("openai/openai_humaneval", "main", "openai_humaneval/test-*.parquet")
MBPP = on_hub("google-research-datasets/mbpp", "main", "full/test-*.parquet")
ALPACA_EVAL = on_hub("tatsu-lab/alpaca_eval", "main", "alpaca_eval.json")
ARENA_HARD = on_hub("lmarena-ai/arena-hard-auto", "main", "data/*/question.jsonl")
REWARD_BENCH = on_hub(
    "allenai/reward-bench", "01272f0c04adcbe7de26ea6250e03d5a90a6925b", "data/filtered-00000-of-00001.parquet"
)
REWARD_BENCH_2 = on_hub("allenai/reward-bench-2", "main", "data/test-*.parquet")
TRUTHFUL_QA = on_hub("truthfulqa/truthful_qa", "main", "generation/validation-*.parquet")
ARC = on_hub("allenai/ai2_arc", "main", "ARC-*/test-*.parquet")
MMLU = on_hub("cais/mmlu", "main", "all/test-*.parquet")
MMLU_PRO = on_hub("TIGER-Lab/MMLU-Pro", "497c01e319905c102d71cac17c1eb89be1d79f39", "data/test-00000-of-00001.parquet")
GPQA = on_hub("Idavidrein/gpqa", "main", "gpqa_*.csv")
"""Gated: its owner wants it asked for with a token, so without one it is reported as not checked."""


def _in_folder(name: str, *endings: str) -> tuple[str, ...]:
    """Patterns for files of these endings in a folder of that name, or below it."""
    return tuple(f"**/{name}/**/*.{ending}" for ending in endings)


TODAY = (
    Benchmark("ceval", _in_folder("ceval", "csv", "parquet"), CEVAL, "question", "id", "CC-BY-NC-SA-4.0"),
    Benchmark("alignbench", _in_folder("alignbench", "jsonl"), (), "question", "question_id", "unknown"),
    Benchmark("crbench", _in_folder("crbench", "jsonl", "parquet"), (), "prompt|query|question", "id", "unknown"),
    Benchmark("cheems_bench", _in_folder("cheems_bench", "jsonl"), CHEEMS, "input|prompt", "id", "Apache-2.0"),
    Benchmark("gsm8k", _in_folder("gsm8k", "jsonl", "parquet"), (GSM8K,), "question", "", "MIT"),
    Benchmark("math_500", _in_folder("math_500", "jsonl"), (MATH_500,), "problem", "unique_id", "unknown"),
    Benchmark("ifeval", ("**/ifeval_input_data.jsonl",), (IFEVAL,), "prompt", "key", "Apache-2.0"),
    Benchmark("humaneval", _in_folder("humaneval", "jsonl", "parquet"), (HUMANEVAL,), "prompt", "task_id", "MIT"),
    Benchmark("mbpp", _in_folder("mbpp", "jsonl", "parquet"), (MBPP,), "text|prompt", "task_id", "CC-BY-4.0"),
    Benchmark("alpaca_eval", ("**/alpaca_eval.json",), (ALPACA_EVAL,), "instruction", "", "CC-BY-NC-4.0"),
    Benchmark("mt_bench", _in_folder("mt_bench", "jsonl"), (), "turns.0|prompt.0", "question_id", "Apache-2.0"),
    Benchmark(
        "arena_hard", _in_folder("arena_hard", "jsonl"), (ARENA_HARD,), "prompt|turns.0.content", "uid", "unknown"
    ),
    Benchmark("reward_bench", _in_folder("reward_bench", "parquet"), (REWARD_BENCH,), "prompt", "id", "ODC-By-1.0"),
    Benchmark("reward_bench_2", _in_folder("reward_bench_2", "parquet"), (REWARD_BENCH_2,), "prompt", "id", "unknown"),
    Benchmark(
        "truthful_qa",
        _in_folder("truthful_qa", "csv", "parquet"),
        (TRUTHFUL_QA,),
        "question|Question",
        "",
        "Apache-2.0",
    ),
    Benchmark("arc", _in_folder("arc", "jsonl", "parquet"), (ARC,), "question|question.stem", "id", "CC-BY-SA-4.0"),
    Benchmark("mmlu", _in_folder("mmlu", "parquet"), (MMLU,), "question", "", "MIT"),
    Benchmark("mmlu_pro", _in_folder("mmlu_pro", "parquet"), (MMLU_PRO,), "question", "question_id", "MIT"),
    Benchmark("gpqa", ("**/gpqa_*.csv",), (GPQA,), "Question", "Record ID", "CC-BY-4.0"),
)
EVERY_BENCHMARK = (*BENCHMARKS, *TODAY)
