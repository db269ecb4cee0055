# One fixture: the files of a model folder and what a correct reading of them says. Numbers that
# follow from the matrices (rows, largest difference, bytes) are computed here from the bytes.

import json
import math
from typing import NamedTuple

from safetensors_bytes import Tensor, dump, pack
from tiny_models import decode, transposed

E, W = "model.embed_tokens.weight", "lm_head.weight"
EXACT_CASTS = {("BF16", "F32"), ("F16", "F32")}


class Case(NamedTuple):
    files: dict[str, str | bytes]
    facts: dict

    def expected(self, folder: str) -> dict:
        return {"verdict": folder.split("-")[0], **self.facts}


def model(config: dict | str, tensors: dict[str, Tensor], *, head: str | None = W,
          embedding: str | None = E, flag: bool | None, more: dict | None = None,
          metadata: dict | None = None, **facts) -> Case:
    """A model in one file. `flag` is the effective one; `facts` override what is computed."""
    files = {"config.json": config if isinstance(config, str) else dump(config),
             "model.safetensors": pack(tensors, metadata or {"format": "pt"}), **(more or {})}
    found = {"flag": flag, "embedding": embedding if embedding in tensors else None,
             "head": head if head in tensors else None}
    return Case(files, found | compared(tensors, embedding, head) | facts)


def compared(tensors: dict[str, Tensor], embedding: str | None, head: str | None) -> dict:
    if embedding not in tensors or head not in tensors:
        return {"equal": None, "reclaimable_bytes": 0}
    first, second = tensors[embedding], tensors[head]
    if first.dtype[0] in "IU" or second.dtype[0] in "IU":
        return {"equal": first == second, "reclaimable_bytes": 0}
    turned = first.shape == second.shape[::-1] != second.shape
    if turned:
        second = transposed(second)
    equal = first == second
    facts = {"equal": equal, "transposed": turned,
             "reclaimable_bytes": len(tensors[head].data) if equal else 0}
    return facts | differences(first, second)


def differences(first: Tensor, second: Tensor) -> dict:
    """Rows that both have, compared as bytes, or as numbers where one type holds the other."""
    exact = (first.dtype, second.dtype) in EXACT_CASTS | {(b, a) for a, b in EXACT_CASTS}
    rows = list(zip(decode(first), decode(second)))
    width = [len(t.data) // t.shape[0] for t in (first, second)]
    if exact:
        unequal = [i for i, (a, b) in enumerate(rows) if a != b]
    else:
        unequal = [i for i in range(len(rows)) if first.data[i * width[0] : (i + 1) * width[0]]
                   != second.data[i * width[1] : (i + 1) * width[1]]]
    gaps = [abs(a - b) for row in rows for a, b in zip(*row)]
    facts: dict = {"differing_rows": {"count": len(unequal), "first": ranges(unequal)}}
    if not any(map(math.isnan, gaps)):
        facts["max_abs_diff"] = max(gaps)
    return facts


def ranges(rows: list[int]) -> list[list[int]]:
    """Runs of consecutive rows, as half-open [from, to]."""
    found: list[list[int]] = []
    for row in rows:
        if found and found[-1][1] == row:
            found[-1][1] = row + 1
        else:
            found.append([row, row + 1])
    return found


def index(places: dict[str, str], tensors: dict[str, Tensor], total_size: int | None = None) -> str:
    size = sum(len(t.data) for t in tensors.values()) if total_size is None else total_size
    count = sum(math.prod(t.shape) for t in tensors.values())
    return json.dumps({"metadata": {"total_parameters": count, "total_size": size},
                       "weight_map": dict(sorted(places.items()))}, indent=2) + "\n"
