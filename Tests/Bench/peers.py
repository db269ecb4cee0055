"""What a user does without tieconv. usage: peers.py script|transformers IN OUT

Prints the seconds that pass after the imports; the caller times the whole.
"""

import json
import os
import sys
import time


def script(source, output):
    """The twenty lines that people paste: load, compare, drop, save."""
    import torch
    from safetensors.torch import load_file, save_file

    start = time.perf_counter()
    tensors = load_file(os.path.join(source, "model.safetensors"))
    if not torch.equal(tensors["lm_head.weight"], tensors["model.embed_tokens.weight"]):
        sys.exit("the head is not the embedding")
    del tensors["lm_head.weight"]
    os.makedirs(output)
    save_file(tensors, os.path.join(output, "model.safetensors"), {"format": "pt"})
    with open(os.path.join(source, "config.json"), encoding="utf-8") as file:
        config = json.load(file)
    config["tie_word_embeddings"] = True
    with open(os.path.join(output, "config.json"), "w", encoding="utf-8") as file:
        json.dump(config, file, indent=2)
    return time.perf_counter() - start


def transformers(source, output):
    """Load, tie, save_pretrained."""
    from transformers import AutoModelForCausalLM

    start = time.perf_counter()
    model = AutoModelForCausalLM.from_pretrained(source, dtype="auto")
    model.config.tie_word_embeddings = True
    model.tie_weights()
    model.save_pretrained(output)
    return time.perf_counter() - start


if __name__ == "__main__":
    mode, *paths = sys.argv[1:]
    print({"script": script, "transformers": transformers}[mode](*paths))
