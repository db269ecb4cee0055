"""Runs llama.cpp's own converter on a model that it has never heard of.

llama_converter.py SOURCE_TREE PRE MODEL OUTPUT TYPE

Two things are given to it: the pre-tokenizer's name, which it otherwise looks up by a digest of known
tokenizers' output, and rotary_pct, which it reads under the name that transformers 4 had for it.
"""

import sys

source, pre, model, output, kind = sys.argv[1:]
sys.path.insert(0, source)
sys.argv = ["convert_hf_to_gguf.py", model, "--outfile", output, "--outtype", kind]

import convert_hf_to_gguf
from conversion import base
from conversion.gptneox import GPTNeoXModel

base.TextModel.get_vocab_base_pre = lambda self, tokenizer: pre
set_parameters = GPTNeoXModel.set_gguf_parameters


def with_rotary_pct(self):
    self.hparams.setdefault("rotary_pct", self.hparams["rope_parameters"]["partial_rotary_factor"])
    set_parameters(self)


GPTNeoXModel.set_gguf_parameters = with_rotary_pct
convert_hf_to_gguf.main()
