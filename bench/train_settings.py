"""How much bench_train.py measures, on models of which size."""

STEPS, WARM_UP = 3, 1
PAIRS = 4 * 8 * (STEPS + WARM_UP)
LARGE_VOCABULARY = 125_696
TOKENISED_PAIRS = 20_000
SIZES = {
    "cpu": {"hidden_size": 64, "intermediate_size": 176, "num_hidden_layers": 2, "num_attention_heads": 4},
    "large vocabulary": {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4},
    "gpu": {"hidden_size": 2048, "intermediate_size": 5632, "num_hidden_layers": 22, "num_attention_heads": 16},
}
