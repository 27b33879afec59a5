"""Who answers: a server that speaks OpenAI's interface, its Batch interface, or vLLM in this process."""
