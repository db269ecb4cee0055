#!/usr/bin/env python3
"""Write the compact tables of Sources/TieConv/Tying from tie_map.json and llama.cpp's converter.

    python3 make_tie_map.py --transformers transformers-5.23.0-*.whl --llama-src LLAMA_CPP --out tie_map.json
    python3 make_conventions.py --tie-map tie_map.json --transformers transformers-5.23.0-*.whl \
        --transformers4 transformers-4.57.6-*.whl --llama-src LLAMA_CPP --out ../../Sources/TieConv/Tying

LLAMA_CPP is a llama.cpp checkout (the source distribution of llama-cpp-python vendors one).
Standard library only; nothing is imported from the packages that are read.  The line format is
described in TieConvention+Parsing.swift, which reads it.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
from pathlib import Path

import make_tie_map as tie_map

KINDS = {"head<-embedding": "h", "embedding<-head": "r", "embedding<-embedding": "e", "head<-head": "x", "bias": "b"}
STANDARD_TIE = "h:lm_head.weight<model.embed_tokens.weight"


def flag_letter(value) -> str:
    return {True: "t", False: "f"}.get(value, "-")


# ------------------------------------------------------------------------------- the flag


def flag_rule(entry: dict, scaling: set) -> str:
    """How transformers 5 turns the stored values into the effective flag."""
    forced = entry.get("tie_word_embeddings_forced")
    if not forced:
        return "read"
    when, expr = forced["when"], forced.get("expr", "")
    if when == "always" and forced.get("value") is True:
        # Only these read the stored value for something else before it is overwritten.
        return "scale" if entry["config_class"] in scaling else "forced"
    if "tie_embedding'" in expr:
        return "alias"
    if when == "always" and "text_config" in expr:
        return "inner"
    if when == "always":
        return "other"
    if "is None" in when:
        return "fallback"
    return "promote"


# Version 4 asked the nested decoder config of these, which states nothing: the base class's true.
ALWAYS_NESTED_4 = {"FSMTConfig"}


def v4_defaults(index4, entries) -> dict:
    """{architecture: (default, {text config: default})} as transformers 4 would fill them in."""

    def default(cls):
        if cls.name in ALWAYS_NESTED_4:
            return "t"
        _, init = index4.func(cls, "__init__")
        popped = re.search(r"kwargs\.pop\('tie_word_embeddings', (True|False)\)", ast.unparse(init)) if init else None
        if popped:
            return popped.group(1)[0].lower()
        info = tie_map.config_info(index4, cls)
        declared, value = info["tie_word_embeddings_declared"], info["tie_word_embeddings_default"]
        return "t" if not declared else flag_letter(value)  # the base class fills in true

    out = {}
    for entry in entries:
        found = [c for c in index4.by_name.get(entry["architecture"], []) if "modeling_" in c.module]
        config = tie_map.config_of(index4, found[0]) if found else None
        if config is None:
            out[entry["architecture"]] = ("-", {})
            continue
        inner = {}
        for path in sub_configs(entry):
            cls = tie_map.sub_config_class(index4, config, path)
            inner[path] = default(cls) if cls else "-"
        out[entry["architecture"]] = (default(config), inner)
    return out


def sub_configs(entry) -> list[str]:
    names = ("text_config", "language_config", "llm_config", "decoder", "decoder_config", "thinker_config")
    return [n for n in names if n in (entry.get("sub_configs") or {})]


# ------------------------------------------------------------------------------- ties, heads, scales


def clean(name: str) -> str:
    """A plain name; patterns stay as they are."""
    stripped = name.lstrip("^").rstrip("$")
    return stripped if re.fullmatch(r"[A-Za-z0-9_.]+", stripped) else name


def tie_list(tied: dict) -> str:
    pairs = []
    for target, source in tied.items():
        kind = KINDS.get(tie_map.tie_kind(target, source), "o")
        assert not re.search(r"[<,\s]", target + source), (target, source)
        pairs.append(f"{kind}:{clean(target)}<{clean(source)}")
    return ",".join(pairs)


def head_list(entry) -> str:
    out = []
    for head in entry["head_keys"]:
        bias = head["bias"]
        if bias is False:
            mark = ""
        elif bias is True:
            mark = "!"
        else:
            field = re.fullmatch(r"(?:self\.)?config\.(?:text_config\.)?(\w+)", bias)
            mark = "?" + (field.group(1) if field else "")
        out.append(clean(head["weight"]) + mark)
    return ",".join(dict.fromkeys(out))


def scales(entry) -> str:
    out = []
    for item in entry.get("embedding_scale", []):
        expr = item["expr"]
        if "per_layer_input" in expr:
            continue
        switch = re.search(r"if config\.(\w+) else 1\.0", expr)
        field = re.fullmatch(r"config\.(\w+)", expr)
        if switch:
            out.append("e:sqrt?" + switch.group(1))
        elif "hidden_size ** 0.5" in expr:
            out.append("e:sqrt")
        elif field:
            out.append("e:*" + field.group(1))
        else:
            raise SystemExit(f"unknown embedding scale {expr}")
    for item in entry.get("logit_ops", []):
        op, expr = item["op"], item["expr"]
        name = re.search(r"\b(logit_scale|logits_scaling|lm_head_multiplier|output_multiplier|logits_mup_width_multiplier)\b", expr)
        cap = re.search(r"\b(final_logit_softcapping)\b", expr)
        switch = re.search(r"\(-0\.5\) \[if self\.config\.(\w+)\]", expr)
        if cap:
            out.append("c:" + cap.group(1))
        elif op == "softcap_tanh" and "cap" in expr:
            out.append("c:logits_soft_cap")
        elif switch:
            out.append("h:rsqrt?" + switch.group(1))
        elif op in ("mul", "div", "scale_before_head") and name:
            out.append(("h:/" if op == "div" or "/" in expr else "h:*") + name.group(1))
        elif op == "add_bias" and "final_logits_bias" in expr:
            out.append("b:final_logits_bias")
    if "dim_model_base" in entry.get("logit_fields", {}):
        out.append("h:/hidden_size:dim_model_base")
    if entry["architecture"] == "MptForCausalLM":
        out.append("h:*logit_scale")
    return ",".join(dict.fromkeys(out))


# ------------------------------------------------------------------------------- names on disk


def forward(name: str, renames, base) -> str:
    """What transformers calls a stored name in memory."""

    def prefix_change(change, name):
        remove, add, model = (change.get(k, "") for k in ("prefix_to_remove", "prefix_to_add", "model_prefix"))
        if remove:
            lead = (model + "." if model else "") + remove + "."
            return (model + "." if model else "") + name[len(lead):] if name.startswith(lead) else name
        return name

    for source, target in renames:
        if source == "PrefixChange":
            name = prefix_change(target, name)
        else:
            name = re.sub(source, target.replace("\\.", "."), name)
    for source, target in base:
        if source != "PrefixChange" and name.startswith("model."):
            name = "model." + re.sub(source, target, name[6:])
    return name


def disk_names(name: str, entry) -> list[str]:
    """Other spellings under which `name` is stored; each is checked against `forward`."""
    renames, base = entry.get("checkpoint_renames", []), entry.get("base_model_renames", [])
    if not renames:
        return []

    def literal(pattern):
        pattern = re.sub(r"\(\?<?[!=][^()]*(\([^()]*\))?[^()]*\)", "", pattern)
        pattern = re.sub(r"\(\^\|[^)]*\)", "", pattern)
        return pattern.replace("\\.", ".").lstrip("^")

    todo, seen = [name], {name}
    for _ in range(3):
        fresh = []
        for known in todo:
            for source, target in list(renames) + [[s, "model." + t if isinstance(t, str) else t] for s, t in base]:
                if source == "PrefixChange":
                    if isinstance(target, dict) and "prefix_to_remove" in target:
                        model = target.get("model_prefix", "")
                        lead = model + "." if model else ""
                        if known.startswith(lead):
                            fresh.append(lead + target["prefix_to_remove"] + "." + known[len(lead):])
                    continue
                plain = target.replace("\\.", ".").replace("\\1", "")
                for lead in {literal(source), "model." + literal(source)}:
                    if known.startswith(plain):
                        fresh.append(lead + known[len(plain):])
        todo = [n for n in dict.fromkeys(fresh) if n not in seen and re.fullmatch(r"[A-Za-z0-9_.]+", n)]
        seen.update(todo)
    return sorted(n for n in seen if n != name and forward(n, renames, base) == forward(name, renames, base))


def spellings(entry, names) -> str:
    return ",".join(f"{n}=>{'|'.join(d)}" for n in names if (d := disk_names(n, entry)))


# ------------------------------------------------------------------------------- one line


def runtime(entry) -> tuple[str, str]:
    """(field, ties) that hold only while a config field is true."""
    for change in entry.get("runtime_changes", []):
        found = re.fullmatch(r"(?:self\.)?config\.(\w+)( > 0)?", change.get("when", ""))
        if found and isinstance(change.get("assign"), dict):
            return found.group(1), tie_list(change["assign"])
    return "", ""


def inherited_ties(entries) -> dict:
    """{architecture: ties of the base model inside it}: Bart's head class declares its head alone, but
    the BartModel that it wraps as `model` ties encoder and decoder tables of its own."""
    bases: dict[str, list[dict]] = {}
    for entry in entries:
        if entry["architecture"].endswith("Model") and entry["declared"] == "own" and isinstance(entry["tied"], dict):
            bases.setdefault(entry["package"], []).append(entry["tied"])
    found = {}
    for entry in entries:
        own = entry["tied"] if isinstance(entry["tied"], dict) else {}
        for base in bases.get(entry["package"], []):
            for source in set(base.values()) & {s.split(".", 1)[-1] for s in own.values()}:
                for prefix in {s[: -len(source)] for s in own.values() if s.endswith("." + source)}:
                    extra = {prefix + t: prefix + s for t, s in base.items() if s == source}
                    if not extra.keys() & own.keys():
                        found.setdefault(entry["architecture"], {}).update(extra)
    return found


def line(entry, old, scaling, inherited) -> str:
    default4, inner4 = old[entry["architecture"]]
    tied = entry["tied"] if isinstance(entry["tied"], dict) else {}
    tied = inherited.get(entry["architecture"], {}) | tied
    head, field, conditional = head_list(entry), *runtime(entry)
    ties = tie_list(tied)
    plain = [clean(n) for pair in tied.items() for n in pair] + [clean(h["weight"]) for h in entry["head_keys"]]
    plain += entry["embedding_keys"]
    names = [n for n in dict.fromkeys(plain) if re.fullmatch(r"[A-Za-z0-9_.]+", n) and not n.endswith("bias")]
    inner = []
    for path in sub_configs(entry):
        known = entry.get("text_sub_config", {}).get(path, {})
        inner.append(path + ":" + flag_letter(known.get("tie_word_embeddings_default")) + inner4.get(path, "-")
                     + ":" + (known.get("model_type") or auto_model_type(entry, path)))
    fields = [
        entry["architecture"], entry["model_type"] or "-",
        flag_letter(entry["tie_word_embeddings_default"]) + default4, flag_rule(entry, scaling),
        "T=" + ("std" if ties == STANDARD_TIE else ties) if ties else "",
        f"T?{field}={conditional}" if conditional else "",
        "H=" + ("std" if head == "lm_head.weight" else head) if head else "",
        "E=" + ("std" if entry["embedding_keys"] == ["model.embed_tokens.weight"] else ",".join(entry["embedding_keys"]))
        if entry["embedding_keys"] else "",
        "S=" + scales(entry) if scales(entry) else "",
        "D=" + spellings(entry, names) if spellings(entry, names) else "",
        "C=" + ",".join(inner) if inner else "",
    ]
    out = " ".join(f for f in fields if f)
    assert "\n" not in out and '"""#' not in out
    return out


def auto_model_type(entry, path) -> str:
    found = re.search(r"model_type='(\w+)'", entry["sub_configs"][path])
    return found.group(1) if found else "-"


# ------------------------------------------------------------------------------- llama.cpp


# Classes of the converter that do something with `lm_head.weight` (and what their subclasses inherit),
# each with the text that proves it still does.  All others write it when it is there.
HEAD_HANDLING = {
    "GemmaModel": ("drop", "lm_head.weight"),
    "Gemma2Model": ("drop", "lm_head.weight"),
    "GraniteSwitchModel": ("drop", "lm_head.weight"),
    "DeepseekV2Model": ("flag", "tie_word_embeddings"),
    "Glm5NextModel": ("flag", "tie_word_embeddings"),
    "HunYuanMoEModel": ("flag", "tie_word_embeddings"),
    "HunYuanModel": ("flag", "tie_word_embeddings"),
    "PanguEmbeddedModel": ("flag", "tie_word_embeddings"),
    "MambaModel": ("equal", "torch.equal"),
}


def converter(root: Path) -> dict:
    """{architecture: (GGUF architecture, what happens to lm_head.weight)} from the converter's classes."""
    classes = {}
    for path in sorted((root / "conversion").glob("*.py")):
        for node in ast.parse(path.read_text()).body:
            if not isinstance(node, ast.ClassDef):
                continue
            names = [a.value for d in node.decorator_list
                     if isinstance(d, ast.Call) and ast.unparse(d.func) == "ModelBase.register" for a in d.args]
            arch = [ast.unparse(s.value).split(".")[-1] for s in node.body
                    if isinstance(s, ast.Assign) and ast.unparse(s.targets[0]) == "model_arch"]
            functions = {f.name: ast.unparse(f) for f in node.body if isinstance(f, ast.FunctionDef)}
            classes[node.name] = (names, [ast.unparse(b).split(".")[-1] for b in node.bases], arch, functions)

    def ancestry(name):
        return [name] + [a for b in classes[name][1] for a in ancestry(b)] if name in classes else [name]

    constants = (root / "gguf-py/gguf/constants.py").read_text()
    public = dict(re.findall(r"MODEL_ARCH\.(\w+):\s*\"([^\"]+)\"", constants))

    def handling(line_of_descent):
        for cls in line_of_descent:
            if cls in HEAD_HANDLING:
                word, evidence = HEAD_HANDLING[cls]
                assert evidence in "\n".join(classes[cls][3].values()), f"{cls} changed: read it again"
                return word
        return "keep"

    out = {}
    for name, (names, _, _, _) in classes.items():
        descent = ancestry(name)
        if "TextModel" not in descent:
            continue
        arch = next((classes[c][2][0] for c in descent if c in classes and classes[c][2]), None)
        for registered in names:
            if arch in public:
                out.setdefault(registered, (public[arch], handling(descent)))
    return out


# ------------------------------------------------------------------------------- output

HEADER = "// {purpose}\n// Generated by testdata/generators/make_conventions.py from {source}; do not edit.\n// swift-format-ignore-file\n"


def swift(path: Path, purpose: str, source: str, owner: str, constants: list[tuple[str, str, str]]):
    out = HEADER.format(purpose=purpose, source=source) + f"\nextension {owner} {{\n"
    for comment, name, body in constants:
        if "\n" in body:
            out += f'  /// {comment}\n  static let {name} = #"""\n{body}\n"""#\n\n'
        else:
            out += f'  /// {comment}\n  public static let {name} = "{body}"\n\n'
    path.write_text(out.rstrip("\n") + "\n}\n")


def main():
    ap = argparse.ArgumentParser()
    for name in ("tie-map", "transformers", "transformers4", "llama-src", "out"):
        ap.add_argument("--" + name, required=True)
    args = ap.parse_args()
    doc = json.loads(Path(args.tie_map).read_text())
    four = tie_map.Source(args.transformers4)
    entries = doc["architectures"]
    old = v4_defaults(tie_map.Index(four), entries)
    scaling = {e["config_class"] for e in entries
               if any("scale_decoder_outputs" in op["expr"] for op in e.get("logit_ops", []))}
    version = doc["summary"]["transformers_version"]
    out = Path(args.out)
    swift(out / "Conventions/TieConventions+Table.swift", "One line an architecture: what transformers ties, and when.",
          f"transformers {version} and {four.version}", "TieConventions", [
              ("The transformers release whose classes the table describes.", "transformersVersion", version),
              ("The transformers 4 release that the older defaults come from.", "transformers4Version", four.version),
              ("Read by `TieConvention.init(line:)`.", "table",
               "\n" + "\n".join(line(e, old, scaling, inherited_ties(entries)) for e in sorted(entries, key=lambda e: e["architecture"])) + "\n"),
          ])
    policies = doc["gguf_tie_policy"]["architectures"]
    rows = sorted(f"{n} {p['policy']}" + (" bias" if any("output.bias" in x for x in p.get("notes", [])) else "")
                  for n, p in policies.items())
    converted = converter(Path(args.llama_src))
    swift(out / "Conventions/GGUFTiePolicy+Table.swift", "Which GGUF architectures may, must or cannot hold a head.",
          "the model loaders and the converter of llama.cpp", "GGUFTiePolicy", [
              ("GGUF architecture, policy, and whether `output.bias` is read.", "table", "\n" + "\n".join(rows) + "\n"),
              ("Architecture, GGUF architecture, and what the converter does with `lm_head.weight`.", "converterTable",
               "\n" + "\n".join(sorted(f"{k} {a} {h}" for k, (a, h) in converted.items())) + "\n"),
          ])
    print(len(entries), "architectures,", len(rows), "GGUF policies,", len(converted), "converter entries")


if __name__ == "__main__":
    main()
