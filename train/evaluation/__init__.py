"""The benchmarks of the model card, run by lm-eval: questions from local files or the Hub, before and after DPO."""
