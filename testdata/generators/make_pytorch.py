"""Writes testdata/pytorch: small files of torch.save for the fuzzer and the tests to start from.

Usage: make_pytorch.py [FOLDER]. The bytes depend on torch's version (made with 2.15); what they hold
does not.
"""

import io
import sys
import zipfile
from collections import OrderedDict
from pathlib import Path

import torch

EMBEDDING, HEAD = "model.embed_tokens.weight", "lm_head.weight"


def rezipped(state, method=zipfile.ZIP_STORED, byteorder=b"little"):
    """As Python's zipfile writes it: sizes in the headers, no padding; perhaps deflated."""
    saved, target = io.BytesIO(), io.BytesIO()
    torch.save(state, saved)
    with zipfile.ZipFile(saved) as source, zipfile.ZipFile(target, "w", method) as archive:
        for name in source.namelist():
            entry = zipfile.ZipInfo(name)
            entry.compress_type = method
            data = byteorder if name.endswith("/byteorder") else source.read(name)
            archive.writestr(entry, data)
    return target.getvalue()


def saved(state, new=True):
    target = io.BytesIO()
    torch.save(state, target, _use_new_zipfile_serialization=new)
    return target.getvalue()


def files():
    torch.manual_seed(0)
    weight = torch.randn(6, 4)
    tied = OrderedDict([(EMBEDDING, weight), (HEAD, weight), ("norm", torch.ones(4).bfloat16())])
    views = {EMBEDDING: weight, HEAD: weight.t(), "slice": weight[1:4], "row": weight[2].expand(3, 4),
             "scalar": torch.tensor(1.0), "empty": torch.zeros(0, 3),
             "f8": weight.to(torch.float8_e4m3fn), "parameter": torch.nn.Parameter(weight.half())}
    module = torch.nn.Sequential(torch.nn.Embedding(6, 4), torch.nn.Linear(4, 6))
    optimizer = torch.optim.AdamW(module.parameters())
    module(torch.arange(3)).sum().backward()
    optimizer.step()
    training = {"epoch": 1, "model": module.state_dict(), "optimizer": optimizer.state_dict()}
    return {
        "tied.bin": saved(tied), "tied-legacy.bin": saved(tied, new=False),
        "views.bin": rezipped(views), "training.pt": rezipped(training),
        "tied-deflated.bin": rezipped(tied, zipfile.ZIP_DEFLATED),
        "views-big-endian.bin": rezipped(views, byteorder=b"big"),
        "tied-stored.bin": rezipped(tied),
    }


def main():
    target = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[1] / "pytorch")
    target.mkdir(exist_ok=True)
    for name, data in files().items():
        (target / name).write_bytes(data)


if __name__ == "__main__":
    main()
