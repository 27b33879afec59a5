"""What the server says about itself: its models and, as vLLM does, the fields that it knows."""

import re
from typing import Any

from tests.synth.played.options import Options

SHARED_FIELDS = re.findall(
    r"\w+",
    """add_special_tokens allowed_token_ids bad_words cache_salt echo frequency_penalty ignore_eos
    include_stop_str_in_output length_penalty logit_bias logprobs max_tokens min_p min_tokens model n presence_penalty
    priority prompt_logprobs repetition_detection repetition_penalty request_id response_format return_token_ids seed
    skip_special_tokens spaces_between_special_tokens stop stop_token_ids stream stream_options structured_outputs
    temperature thinking_token_budget top_k top_p truncate_prompt_tokens use_beam_search user vllm_xargs""",
)
CHAT_FIELDS = re.findall(
    r"\w+",
    """add_generation_prompt chat_template chat_template_kwargs continue_final_message documents include_reasoning
    max_completion_tokens messages parallel_tool_calls reasoning_effort tool_choice tools top_logprobs""",
)
REWARD_FIELDS = re.findall(
    r"\w+",
    """add_generation_prompt add_special_tokens chat_template chat_template_kwargs continue_final_message messages model
    priority request_id truncate_prompt_tokens use_activation user""",
)
FIELDS = {
    "CompletionRequest": [*SHARED_FIELDS, "prompt", "prompt_embeds", "suffix"],
    "ChatCompletionRequest": [*SHARED_FIELDS, *CHAT_FIELDS],
}
FIELDS_OF_REWARDS = {
    "PoolingChatRequest": [*REWARD_FIELDS, "task", "dimensions"],
    "ClassificationChatRequest": REWARD_FIELDS,
}
"""A selection of the fields of vLLM 0.32.0, from model_json_schema() of the classes. A server of a reward model has
these; one of a language model has the others."""


def model_list(options: Options) -> dict[str, Any]:
    """GET /v1/models; the length of the context is told by vLLM only."""
    cards = []
    for model in options.models:
        card = {"id": model, "object": "model", "created": 1_790_000_000, "owned_by": options.owned_by}
        own: dict[str, Any] = {"root": model, "parent": None, "max_model_len": options.max_model_len, "permission": []}
        cards.append({**card, **(own if options.owned_by == "vllm" else {})})
    return {"object": "list", "data": cards}


def openapi(options: Options) -> dict[str, Any]:
    """GET /openapi.json, as far as the names of the fields go."""
    schemas = {
        name: {"type": "object", "title": name, "properties": {field: {"title": field} for field in sorted(fields)}}
        for name, fields in (FIELDS if options.rewards is None else FIELDS | FIELDS_OF_REWARDS).items()
    }
    bodies = {"/v1/completions": "CompletionRequest", "/v1/chat/completions": "ChatCompletionRequest"}
    paths = {
        path: {
            "post": {
                "requestBody": {
                    "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}},
                    "required": True,
                }
            }
        }
        for path, schema in bodies.items()
    }
    info = {"title": "FastAPI", "version": options.version or "0.1.0"}
    return {"openapi": "3.1.0", "info": info, "paths": paths, "components": {"schemas": schemas}}
