"""What the tests of PyTorch files save: state dicts of many shapes, and training checkpoints."""

from collections import Counter, OrderedDict

import torch

VOCABULARY, WIDTH = 40, 24
EMBEDDING, HEAD = "model.embed_tokens.weight", "lm_head.weight"


def matrix(dtype=torch.float32, seed=0):
    torch.manual_seed(seed)
    return torch.randn(VOCABULARY, WIDTH).to(dtype)


def tied(dtype=torch.float32):
    weight = matrix(dtype)
    return OrderedDict([(EMBEDDING, weight), (HEAD, weight)])


def views():
    """Overlapping slices, a transpose, a column, a permuted cube, an expanded row, a step of two."""
    base, cube = matrix(), torch.arange(2 * 3 * 4 * 5, dtype=torch.int32).reshape(2, 3, 4, 5)
    return {EMBEDDING: base, "first": base[:20], "middle": base[10:30], "transposed": base.t(),
            "column": base[:, 3], "block": base[5:9, 2:7], "steps": base[::2, ::3],
            "permuted": cube.permute(3, 0, 2, 1), "slab": cube[:, 1:, ::2].transpose(0, 3),
            "expanded": base[0].expand(3, WIDTH), "diagonal": base[:WIDTH].diagonal(),
            "flat": base.flatten()}


def every_dtype():
    tensors = {name: matrix().to(getattr(torch, name)) for name in (
        "float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "bool",
        "float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz")}
    tensors |= {name: matrix().abs().to(getattr(torch, name))
                for name in ("uint8", "uint16", "uint32", "uint64")}
    tensors["float8_e8m0fnu"] = matrix().abs().to(torch.float8_e8m0fnu)
    tensors["complex64"] = torch.complex(matrix(), matrix(seed=1))
    packed = torch.arange(64, dtype=torch.uint8).reshape(8, 8)
    tensors["float4_e2m1fn_x2"] = packed.view(torch.float4_e2m1fn_x2)
    return tensors


def odd_shapes():
    nothing = torch.zeros(0)
    return {"scalar": torch.tensor(3.5), "one": torch.zeros(1), "empty": torch.zeros(0, 7),
            "also empty": torch.zeros(3, 0, dtype=torch.int64), "nothing": nothing,
            "nothing again": nothing, "long": torch.zeros([1] * 12), "": torch.ones(2),
            "é ☃": torch.ones(3), "a/b": torch.ones(4)}


def parameters():
    module = torch.nn.Sequential(
        torch.nn.Embedding(VOCABULARY, WIDTH), torch.nn.Linear(WIDTH, VOCABULARY))
    module[1].weight = module[0].weight
    annotated = torch.nn.Parameter(torch.ones(3), requires_grad=False)
    annotated.note = "a tensor with an attribute"
    return OrderedDict([*module.named_parameters(remove_duplicate=False), ("extra", annotated)])


def optimizer_state(module, steps=1):
    optimizer = torch.optim.AdamW(module.parameters(), lr=1e-3)
    for _ in range(steps):
        module(torch.arange(5)).sum().backward()
        optimizer.step()
    return optimizer.state_dict()


class Model(torch.nn.Module):
    """An embedding and a head, by the names that checkpoints use."""

    def __init__(self, ties):
        super().__init__()
        self.model = torch.nn.Module()
        self.model.embed_tokens = torch.nn.Embedding(VOCABULARY, WIDTH)
        self.lm_head = torch.nn.Linear(WIDTH, VOCABULARY, bias=False)
        if ties:
            self.lm_head.weight = self.model.embed_tokens.weight

    def forward(self, tokens):
        return self.lm_head(self.model.embed_tokens(tokens))


def training(ties):
    model = Model(ties)
    # Both read the same numbers, so that only the optimizer knows whether they are one.
    model.lm_head.weight.data = model.model.embed_tokens.weight.data
    return {"epoch": 3, "lr": 0.5, "note": "late", "model": model.state_dict(),
            "optimizer": optimizer_state(model), "rng": torch.zeros(5, dtype=torch.uint8)}


FILES = {
    "tied": tied, "tied-bf16": lambda: tied(torch.bfloat16),
    "cloned": lambda: {EMBEDDING: matrix(), HEAD: matrix()},
    "untied": lambda: {EMBEDDING: matrix(), HEAD: matrix(seed=1)},
    "views": views, "dtypes": every_dtype, "odd-shapes": odd_shapes, "parameters": parameters,
    "module-state": lambda: Model(ties=False).state_dict(),
    "lists": lambda: {"a": [torch.ones(2), (torch.zeros(3), [torch.ones(1)])], "b": {5: matrix()},
                      "counts": Counter("abca"), "set": {1, 2}, "none": None, "text": "x" * 500,
                      "size": torch.Size([2, 3]), "device": torch.device("cpu"),
                      "dtype": torch.float16, "long": 2**70, "complex": 1 + 2j},
}
