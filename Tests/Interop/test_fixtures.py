"""The inputs mean what their names say: transformers is the witness, tieconv is not asked."""

import pytest
import torch

from architectures import ARCHITECTURES, BY_NAME
from cases import CASES
from variants import VARIANT_BY_NAME, material


def test_thirty_architectures_and_nested_ones_are_covered():
    assert len(ARCHITECTURES) >= 30
    assert sum("text_config" in architecture.nested for architecture in ARCHITECTURES) >= 3


@pytest.mark.parametrize("name, variant, layout", CASES)
def test_transformers_reads_the_variant_as_meant(name, variant, layout, loaded):
    result = loaded(name, variant, layout)
    forced = BY_NAME[name].flag_is_forced
    assert not result.unexpected and not result.mismatched
    if variant == "head_missing" and not forced:
        assert result.missing, "transformers fills the head with random numbers"
    else:
        assert not result.missing
    if VARIANT_BY_NAME[variant].head == "default":
        return
    tied = loaded(name, "tied", layout).logits
    if forced and VARIANT_BY_NAME[variant].flag is False and name == "t5":
        # Stored false switches T5's d_model^-0.5 on the decoder's output off.
        assert not torch.equal(result.logits, tied)
    elif VARIANT_BY_NAME[variant].head == "changed" or (result.missing):
        assert not torch.equal(result.logits, tied)
    else:
        assert torch.equal(result.logits, tied)


@pytest.mark.parametrize("name", BY_NAME)
def test_the_head_is_one_of_the_tied_extras(name):
    source = material(name)
    assert source.head in source.extras and source.head not in source.tied
    assert source.embedding in source.tied
    assert torch.equal(source.extras[source.head], source.tied[source.embedding])
