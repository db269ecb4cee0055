"""Which architectures, variants and layouts are run: all single, and a few sharded."""

import pytest

from architectures import ARCHITECTURES, BY_NAME
from variants import VARIANT_BY_NAME, VARIANTS

SHARDED = ("llama", "gpt_neox", "t5", "bert", "bart", "llava")
CASES = [
    pytest.param(architecture.name, variant.name, "single",
                 id=f"{architecture.name}-{variant.name}")
    for architecture in ARCHITECTURES for variant in VARIANTS
] + [
    pytest.param(name, variant.name, "sharded", id=f"{name}-{variant.name}-sharded")
    for name in SHARDED for variant in VARIANTS
]


def expected_verdicts(name: str, variant: str) -> tuple[str, ...]:
    """The verdicts that are right; more than one only where the class forces the flag (T5)."""
    architecture, state = BY_NAME[name], VARIANT_BY_NAME[variant]
    if architecture.flag_is_forced:
        return state.forced_verdicts
    if state.head == "default":
        return ("TIED" if architecture.configuration().tie_word_embeddings else "UNTIED",)
    return (state.verdict,)
