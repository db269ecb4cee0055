# Models over several shards: sound ones, and indexes that lie.

import json

from safetensors_bytes import Tensor, dump, pack
from tiny_models import layers, llama, table
from verdict_case import E, W, Case, compared, index

TABLE, OTHER = table("embedding"), table("head")
BODY = layers()
ONE, TWO = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"
INDEX = "model.safetensors.index.json"


def sharded(flag: bool, shards: dict[str, dict[str, Tensor]], *, places: dict | None = None,
            listed: dict | None = None, total_size: int | None = None, **facts) -> Case:
    """`places` adds to or corrects the map, `listed` replaces it; None takes a name out."""
    stored = {name: value for tensors in shards.values() for name, value in tensors.items()}
    found = listed or {name: file for file, tensors in shards.items() for name in tensors}
    found = {k: v for k, v in (found | (places or {})).items() if v is not None}
    files = {file: pack(tensors, {"format": "pt"}) for file, tensors in shards.items()}
    files |= {"config.json": dump(llama(flag)), INDEX: index(found, stored, total_size)}
    head = W if W in stored else None
    return Case(files, {"flag": flag, "embedding": E if E in stored else None, "head": head}
                | compared(stored, E, head) | facts)


def lying(shards: dict, flag: bool = False, about: list | None = None, **how) -> Case:
    """What the pair of heads says is beside the point here, so only the verdict is expected."""
    case = sharded(flag, shards, **how)
    return Case(case.files, {"flag": flag, "about": about or []})


def cases() -> dict[str, Case]:
    plain = {ONE: {E: TABLE, **BODY}, TWO: {W: OTHER}}
    tied = {ONE: {E: TABLE}, TWO: BODY}
    missing = sharded(False, plain)
    del missing.files[TWO]
    stale = sharded(False, plain)
    stale.files["model.safetensors"] = pack({E: TABLE, W: TABLE, **BODY}, {"format": "pt"})
    bare = sharded(True, tied, problems=["indexWithoutMetadata"])
    bare.files[INDEX] = dump({"weight_map": json.loads(bare.files[INDEX])["weight_map"]})
    return {
        "TIED-index-without-metadata": bare,
        "TIED-sharded": sharded(True, tied),
        "TIED_DUPLICATE-sharded": sharded(True, {ONE: {E: TABLE, **BODY}, TWO: {W: TABLE}}),
        "UNTIED-sharded": sharded(False, plain),
        "UNTIED_EQUAL-sharded": sharded(False, {ONE: {E: TABLE, W: TABLE}, TWO: BODY}),
        # What is left when a tie drops the head and forgets the index.
        "INDEX_LIE-names-absent-tensor": lying(tied, True, places={W: TWO}, about=[W]),
        "INDEX_LIE-misses-stored-tensor": lying(plain, places={W: None}, about=[W]),
        "INDEX_LIE-same-name-twice": lying(
            {ONE: {E: TABLE, **BODY, W: OTHER}, TWO: {W: OTHER}}, about=[W]),
        "INDEX_LIE-same-name-twice-different": lying(
            {ONE: {E: TABLE, **BODY, W: TABLE}, TWO: {W: OTHER}}, about=[W]),
        "INDEX_LIE-wrong-shard": lying(plain, places={W: ONE}, about=[W]),
        "INDEX_LIE-shard-missing": Case(missing.files, {"flag": False, "about": [TWO]}),
        "INDEX_LIE-shard-in-another-case": lying(
            plain, places={W: TWO.replace("model", "Model")}, about=[W]),
        # A wrong sum misleads nobody about what is stored: a problem, not a lie.
        "UNTIED-wrong-total-size": sharded(
            False, plain, total_size=1, problems=["wrongTotalSize"]),
        # Loaders take the single file and never look at the shards.
        "INDEX_LIE-stale-single-file": Case(
            stale.files, {"flag": False, "about": ["model.safetensors"]}),
    }
