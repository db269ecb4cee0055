#!/usr/bin/env python3
"""Build tie_map.json by static (AST only) analysis of a `transformers` wheel.

No torch, no transformers import.  Standard library only.

    python3 make_tie_map.py --transformers transformers-X.Y.Z-py3-none-any.whl \
        [--llama-src DIR_OF_LLAMA_CPP] --out tie_map.json

`--transformers` takes the wheel itself, an unpacked wheel, or the package folder.
`--llama-src` (optional) adds the per-architecture GGUF tie policy read from
src/models/*.cpp and src/llama-arch.cpp of a llama.cpp checkout.

What is static about it: values are what the class text says.  A field named `*_expr` holds
the source expression as text when it is not a literal.  Anything set at run time is listed under
`runtime_changes` of that class, with its guarding condition.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import zipfile
from pathlib import Path

# ----------------------------------------------------------------------------- source access


class Source:
    """Read-only view of the transformers package: a wheel or a folder."""

    def __init__(self, where: str):
        p = Path(where)
        self.files: dict[str, str] = {}
        if p.is_file():
            with zipfile.ZipFile(p) as z:
                for n in z.namelist():
                    if n.startswith("transformers/") and n.endswith(".py"):
                        self.files[n[len("transformers/"):]] = z.read(n).decode("utf-8")
        else:
            root = p / "transformers" if (p / "transformers" / "__init__.py").exists() else p
            for f in root.rglob("*.py"):
                self.files[f.relative_to(root).as_posix()] = f.read_text("utf-8")
        m = re.search(r'__version__\s*=\s*"([^"]+)"', self.files.get("__init__.py", ""))
        self.version = m.group(1) if m else "unknown"


# ----------------------------------------------------------------------------- small AST helpers


def dotted(node) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        base = dotted(node.value)
        return f"{base}.{node.attr}" if base else node.attr
    if isinstance(node, ast.Subscript):
        return dotted(node.value)
    return None


def literal(node):
    """(ok, value)"""
    try:
        return True, ast.literal_eval(node)
    except Exception:
        return False, None


def text(node, limit=160) -> str:
    s = ast.unparse(node)
    s = re.sub(r"\s+", " ", s)
    return s if len(s) <= limit else s[: limit - 3] + "..."


def regex_or_str(node):
    """Constant str, r-str, or f-string -> template with {expr}."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        out = ""
        for v in node.values:
            if isinstance(v, ast.Constant):
                out += str(v.value)
            else:
                out += "{" + text(v.value) + "}"
        return out
    return None


class Cls:
    __slots__ = ("name", "module", "node", "bases", "attrs", "funcs")

    def __init__(self, name, module, node):
        self.name, self.module, self.node = name, module, node
        self.bases = [b for b in (dotted(x) for x in node.bases) if b]
        self.attrs: dict[str, ast.AST] = {}
        self.funcs: dict[str, ast.FunctionDef] = {}
        for st in node.body:
            if isinstance(st, ast.Assign):
                for t in st.targets:
                    if isinstance(t, ast.Name):
                        self.attrs[t.id] = st.value
            elif isinstance(st, ast.AnnAssign) and isinstance(st.target, ast.Name):
                # annotation without value, e.g. `config: LlamaConfig`
                self.attrs[st.target.id] = st.value if st.value is not None else ("ANN", st.annotation)
            elif isinstance(st, (ast.FunctionDef, ast.AsyncFunctionDef)):
                self.funcs[st.name] = st


class Index:
    def __init__(self, src: Source):
        self.src = src
        self.classes: dict[tuple[str, str], Cls] = {}
        self.by_name: dict[str, list[Cls]] = {}
        self.imports: dict[str, dict[str, tuple[str, str]]] = {}
        for rel, body in src.files.items():
            if not (re.match(r"models/[^/]+/(modeling|configuration)_[^/]+\.py$", rel)
                    or rel in ("modeling_utils.py", "configuration_utils.py", "backbone_utils.py",
                               "modeling_layers.py")):
                continue
            try:
                tree = ast.parse(body)
            except SyntaxError:
                continue
            imps: dict[str, tuple[str, str]] = {}
            for st in ast.walk(tree):
                if isinstance(st, ast.ImportFrom) and st.level:
                    base = rel.rsplit("/", 1)[0].split("/") if "/" in rel else []
                    base = base[: len(base) - (st.level - 1)] if st.level > 1 else base
                    mod = "/".join(base + (st.module.split(".") if st.module else [])) + ".py"
                    for a in st.names:
                        imps[a.asname or a.name] = (mod, a.name)
            self.imports[rel] = imps
            for st in tree.body:
                if isinstance(st, ast.ClassDef):
                    c = Cls(st.name, rel, st)
                    self.classes[(rel, st.name)] = c
                    self.by_name.setdefault(st.name, []).append(c)

    def resolve(self, module: str, name: str | None) -> Cls | None:
        if not name:
            return None
        name = name.split(".")[-1]
        if (module, name) in self.classes:
            return self.classes[(module, name)]
        tgt = self.imports.get(module, {}).get(name)
        if tgt:
            c = self.classes.get(tgt)
            if c:
                return c
        cands = self.by_name.get(name, [])
        return cands[0] if len(cands) == 1 else None

    def mro(self, c: Cls, seen=None) -> list[Cls]:
        seen = seen if seen is not None else set()
        if (c.module, c.name) in seen:
            return []
        seen.add((c.module, c.name))
        out = [c]
        for b in c.bases:
            p = self.resolve(c.module, b)
            if p:
                out += self.mro(p, seen)
        return out

    def attr(self, c: Cls, name: str):
        """(owner, node) of a class attribute along the MRO."""
        for k in self.mro(c):
            if name in k.attrs:
                return k, k.attrs[name]
        return None, None

    def func(self, c: Cls, name: str):
        for k in self.mro(c):
            if name in k.funcs:
                return k, k.funcs[name]
        return None, None


# ----------------------------------------------------------------------------- config classes

LOGIT_RE = re.compile(
    r"(final_logit_soft|logit_soft|logits_soft|output_logits_soft|logit_scale|logits_scal|logit_scaling|"
    r"lm_head_multiplier|output_multiplier|logits_multiplier|mup_width|mup_output|dim_model_base|"
    r"scale_decoder_outputs|lm_head_scale|unembed_scale|logits_mup|final_logit|temperature_logits)"
)
ATTN_SOFT_RE = re.compile(r"^(attn_logit_softcapping|router_logit_softcapping)$")
EMB_RE = re.compile(
    r"^(scale_embedding|scale_embeddings|scale_emb|embedding_multiplier|embedding_scale|embed_scale|mup_embeddings_scale|"
    r"embeddings_scale|input_embedding_scale|emb_scale|embed_multiplier|normalize_embedding|normalize_embeddings|mup_enabled|"
    r"use_embedding_scale|add_embed_scale|no_scale_embedding|scale_embed|embed_norm)$"
)


def config_info(ix: Index, c: Cls) -> dict:
    """Merged class-level facts of a config class."""
    fields: dict[str, object] = {}
    exprs: dict[str, str] = {}
    model_type = None
    sub: dict[str, str] = {}
    attribute_map: dict[str, str] = {}
    forced = None
    for k in reversed(ix.mro(c)):
        for n, v in k.attrs.items():
            if isinstance(v, tuple):
                continue
            ok, val = literal(v)
            if ok:
                fields[n] = val
                exprs.pop(n, None)
            else:
                exprs[n] = text(v)
            if n == "sub_configs" or n == "sub_configs_defaults":
                if isinstance(v, ast.Dict):
                    for kk, vv in zip(v.keys, v.values):
                        if isinstance(kk, ast.Constant):
                            sub[kk.value] = text(vv)
            if n == "attribute_map" and ok and isinstance(val, dict):
                attribute_map = val
        init = k.funcs.get("__init__")
        if init is not None and k.name != "PreTrainedConfig":
            args = init.args
            pos = args.args[len(args.args) - len(args.defaults):]
            for a, d in zip(pos, args.defaults):
                ok, val = literal(d)
                if ok:
                    fields[a.arg] = val
            for a, d in zip(args.kwonlyargs, args.kw_defaults):
                if d is not None:
                    ok, val = literal(d)
                    if ok:
                        fields[a.arg] = val
        for fn in ("__init__", "__post_init__"):
            f = k.funcs.get(fn)
            if f is None:
                continue
            hits: list[dict] = []

            def scan(body, guard):
                for st in body:
                    if isinstance(st, ast.Assign):
                        for t in st.targets:
                            if (isinstance(t, ast.Attribute) and t.attr == "tie_word_embeddings"
                                    and isinstance(t.value, ast.Name) and t.value.id == "self"):
                                ok, val = literal(st.value)
                                h = {"in": fn, "when": guard or "always"}
                                h["value" if ok else "expr"] = val if ok else text(st.value)
                                hits.append(h)
                    elif isinstance(st, ast.If):
                        scan(st.body, (guard + " and " if guard else "") + text(st.test))
                        scan(st.orelse, (guard + " and " if guard else "") + "not (" + text(st.test) + ")")

            scan(f.body, "")
            if hits:
                forced = hits[0] if len(hits) == 1 else hits
    mt = fields.get("model_type")
    model_type = mt if isinstance(mt, str) else None
    out = {
        "config_class": c.name,
        "model_type": model_type,
        "tie_word_embeddings_default": fields.get("tie_word_embeddings", None),
        "tie_word_embeddings_declared": "tie_word_embeddings" in fields,
    }
    if forced:
        out["tie_word_embeddings_forced"] = forced
    if sub:
        out["sub_configs"] = sub
    if attribute_map:
        rel = {k: v for k, v in attribute_map.items()
               if k in ("hidden_size", "vocab_size", "tie_word_embeddings", "num_hidden_layers", "n_embd")}
        if rel:
            out["attribute_map"] = rel
    lf = {n: fields[n] for n in fields if LOGIT_RE.search(n)}
    ef = {n: fields[n] for n in fields if EMB_RE.search(n)}
    af = {n: fields[n] for n in fields if ATTN_SOFT_RE.search(n)}
    for n in list(af):
        lf.pop(n, None)
    if lf:
        out["logit_fields"] = lf
    if ef:
        out["embedding_scale_fields"] = ef
    if af:
        out["attention_softcap_fields"] = af
    return out


# ----------------------------------------------------------------------------- model classes

VOCABISH = re.compile(r"((?<!type_)vocab|num_tokens|n_codes|num_labels_vocab|codebook|audio_channels|num_embeddings|n_vocab)", re.I)
EMB_CALL = re.compile(r"(^|\.)(Embedding|\w*(ScaledWordEmbedding|NormedEmbedding|WordEmbedding)s?)$")


def self_attr(t) -> str | None:
    """self.a.b -> 'a.b'"""
    d = dotted(t)
    if d and d.startswith("self."):
        return d[5:]
    return None


def init_assigns(ix: Index, c: Cls):
    """(attr, value-node, guard-text, owner-class) for every self.X = ... reachable in __init__ chain."""
    out = []
    seen_init = False
    for k in ix.mro(c):
        f = k.funcs.get("__init__")
        if f is None:
            continue
        if seen_init and not calls_super:
            break
        calls_super = any(
            isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr == "__init__"
            for n in ast.walk(f)
        )
        seen_init = True

        def visit(body, guard):
            for st in body:
                if isinstance(st, ast.Assign):
                    for t in st.targets:
                        a = self_attr(t)
                        if a:
                            out.append((a, st.value, guard, k))
                elif isinstance(st, ast.AnnAssign) and st.value is not None:
                    a = self_attr(st.target)
                    if a:
                        out.append((a, st.value, guard, k))
                elif isinstance(st, ast.If):
                    visit(st.body, (guard + " and " if guard else "") + text(st.test))
                    visit(st.orelse, (guard + " and " if guard else "") + "not (" + text(st.test) + ")")
                elif isinstance(st, (ast.For, ast.With, ast.While, ast.Try)):
                    visit(st.body, guard)

        visit(f.body, "")
    return out


def sub_config_class(ix: Index, cfg: Cls | None, attr: str) -> Cls | None:
    """Config class of `config.<attr>` as declared in sub_configs / sub_configs_defaults."""
    if cfg is None:
        return None
    for k in ix.mro(cfg):
        for n in ("sub_configs_defaults", "sub_configs"):
            v = k.attrs.get(n)
            if isinstance(v, ast.Dict):
                for kk, vv in zip(v.keys, v.values):
                    if isinstance(kk, ast.Constant) and kk.value == attr:
                        cand = dotted(vv)
                        if isinstance(vv, ast.Call):
                            for kw in vv.keywords:
                                if kw.arg == "config_class":
                                    cand = dotted(kw.value)
                        return ix.resolve(k.module, cand) if cand and cand != "AutoConfig" else None
    return None


def models_by_config(ix: Index) -> dict[tuple[str, str], list[Cls]]:
    if not hasattr(ix, "_by_cfg"):
        t: dict[tuple[str, str], list[Cls]] = {}
        for (rel, name), c in ix.classes.items():
            if "modeling_" in rel and name.endswith("Model") and not name.endswith("PreTrainedModel") and is_pretrained(ix, c):
                g = config_of(ix, c)
                if g is not None:
                    t.setdefault((g.module, g.name), []).append(c)
        ix._by_cfg = t
    return ix._by_cfg


def walk_modules(ix: Index, c: Cls, prefix="", depth=0, stack=()):
    """Yield ('emb'|'lin', key, call-node, guard, owner) found under a model class, following sub-modules."""
    if depth > 4 or (c.module, c.name) in stack:
        return
    done = set()
    for a, v, guard, owner in init_assigns(ix, c):
        calls = [v]
        if isinstance(v, ast.IfExp):
            calls = [v.body, v.orelse]
        for call in calls:
            # ModuleList([... for _ in ...]) -> one level
            inner = None
            if isinstance(call, ast.Call) and (dotted(call.func) or "").endswith("ModuleList") and call.args:
                x = call.args[0]
                if isinstance(x, (ast.ListComp, ast.GeneratorExp)):
                    inner = x.elt
                elif isinstance(x, ast.List) and x.elts:
                    inner = x.elts[0]
            node = inner if inner is not None else call
            key = prefix + a + (".*" if inner is not None else "")
            if not isinstance(node, ast.Call):
                continue
            fn = dotted(node.func) or ""
            first = node.args[0] if node.args else next((k.value for k in node.keywords if k.arg == "num_embeddings"), None)
            if EMB_CALL.search(fn):
                if first is not None and VOCABISH.search(text(first)):
                    if (key, "emb") not in done:
                        done.add((key, "emb"))
                        yield "emb", key, node, guard, owner
                continue
            if fn.split(".")[-1] == "Linear":
                second = node.args[1] if len(node.args) > 1 else next(
                    (k.value for k in node.keywords if k.arg == "out_features"), None)
                if second is not None and VOCABISH.search(text(second)):
                    if (key, "lin") not in done:
                        done.add((key, "lin"))
                        yield "lin", key, node, guard, owner
                continue
            if re.search(r"^AutoModel\w*\._?from_config$", fn):
                arg = node.args[0] if node.args else next((k.value for k in node.keywords if k.arg == "config"), None)
                at = (dotted(arg) or "").split(".")[-1] if arg is not None else ""
                sc = sub_config_class(ix, config_of(ix, c), at)
                if sc is not None:
                    cands = models_by_config(ix).get((sc.module, sc.name), [])
                    cands = sorted(cands, key=lambda k: (not k.name.endswith("TextModel"), len(k.name)))
                    if cands:
                        yield from walk_modules(ix, cands[0], key + ".", depth + 1, stack + ((c.module, c.name),))
                continue
            sub = ix.resolve(owner.module, fn)
            if sub is not None and sub.module.startswith("models/") and "modeling_" in sub.module:
                yield from walk_modules(ix, sub, key + ".", depth + 1, stack + ((c.module, c.name),))


def bias_of(call: ast.Call):
    for k in call.keywords:
        if k.arg == "bias":
            ok, v = literal(k.value)
            return v if ok else text(k.value)
    if len(call.args) > 2:
        ok, v = literal(call.args[2])
        return v if ok else text(call.args[2])
    return True  # nn.Linear default


SCALE_NAME = re.compile(
    r"(^|\.)(embed_scale|embedding_multiplier|scale_emb|embedding_scale|embed_multiplier|normalizer|"
    r"scale_embeddings?|emb_scale|mup_embeddings_scale|embeddings_scale|input_scale|word_embed_scale|embed_scaling)$")


def find_embed_scale(ix: Index, c: Cls, emb_nodes) -> list[dict]:
    """Multipliers applied to token embeddings, from embedding constructors and forward()s in the tree."""
    out, seen = [], set()

    def add(kind, expr, where):
        k = (kind, expr)
        if k not in seen:
            seen.add(k)
            out.append({"how": kind, "expr": expr, "in": where})

    for key, node, owner in emb_nodes:
        for kw in node.keywords:
            if kw.arg and ("scale" in kw.arg):
                expr = text(kw.value)
                if isinstance(kw.value, ast.Attribute):
                    for a, v, g, k in init_assigns(ix, owner):
                        if "self." + a == text(kw.value):
                            expr = text(v)
                if isinstance(kw.value, ast.Name):
                    f = owner.funcs.get("__init__")
                    if f:
                        for st in ast.walk(f):
                            if isinstance(st, ast.Assign) and any(isinstance(t, ast.Name) and t.id == kw.value.id for t in st.targets):
                                expr = text(st.value)
                add("scaled embedding module", expr, key)
    # forward-time multiplications
    todo, visited = [c], set()
    while todo:
        k = todo.pop()
        if (k.module, k.name) in visited:
            continue
        visited.add((k.module, k.name))
        for a, v, g, owner in init_assigns(ix, k):
            for n in ast.walk(v):
                if isinstance(n, ast.Call):
                    fn = dotted(n.func) or ""
                    s = ix.resolve(owner.module, fn)
                    if re.search(r"^AutoModel\w*\._?from_config$", fn):
                        arg = n.args[0] if n.args else next((q.value for q in n.keywords if q.arg == "config"), None)
                        sc = sub_config_class(ix, config_of(ix, k), (dotted(arg) or "").split(".")[-1] if arg is not None else "")
                        if sc is not None:
                            cands = models_by_config(ix).get((sc.module, sc.name), [])
                            cands = sorted(cands, key=lambda q: (not q.name.endswith("TextModel"), len(q.name)))
                            if cands:
                                todo.append(cands[0])
                        continue
                    if s and s.module == k.module and len(visited) < 60:
                        todo.append(s)
        _, f = ix.func(k, "forward")
        if f is None:
            continue
        local = {}
        for st in ast.walk(f):
            if isinstance(st, ast.Assign) and len(st.targets) == 1 and isinstance(st.targets[0], ast.Name):
                local[st.targets[0].id] = st.value
        for st in ast.walk(f):
            if isinstance(st, ast.BinOp) and isinstance(st.op, ast.Mult):
                sides = (st.left, st.right)
                names = [dotted(s) or "" for s in sides]
                emb_side = [n for n in (text(sides[0]), text(sides[1])) if re.search(r"(inputs?_embeds|embed_tokens|wte|word_embeddings|hidden_states|inputs_embeds)", n)]
                for n in names:
                    if SCALE_NAME.search(n) and emb_side:
                        base = n.split(".")[-1]
                        expr = None
                        if n.startswith("self.config."):
                            expr = "config." + base
                        elif n.startswith("self."):
                            for a, v, g, owner in init_assigns(ix, k):
                                if a == base:
                                    expr = text(v) + (f" [if {g}]" if g else "")
                                    break
                        elif n in local:
                            expr = text(local[n])
                        add("forward multiply", expr or n, k.name)
            if isinstance(st, ast.AugAssign) and isinstance(st.op, ast.Mult):
                n = dotted(st.value) or ""
                if SCALE_NAME.search(n) and re.search(r"(embeds|hidden_states)", text(st.target)):
                    add("forward multiply", n.replace("self.", ""), k.name)
    return out


def find_logit_ops(ix: Index, c: Cls) -> list[dict]:
    """Scale / soft-cap / pre-head scaling statements in the head class's own forward (MRO)."""
    out, seen = [], set()
    _, f = ix.func(c, "forward")
    if f is None:
        return out

    def add(kind, expr):
        if (kind, expr) not in seen:
            seen.add((kind, expr))
            out.append({"op": kind, "expr": expr})

    guards = {}

    def tag(body, guard):
        for st in body:
            guards[id(st)] = guard
            if isinstance(st, ast.If):
                tag(st.body, text(st.test))
                tag(st.orelse, "not (" + text(st.test) + ")")
            elif isinstance(st, (ast.For, ast.With, ast.Try)):
                tag(st.body, guard)

    tag(f.body, "")
    for st in ast.walk(f):
        if isinstance(st, (ast.Assign, ast.AugAssign)):
            tgt = st.targets[0] if isinstance(st, ast.Assign) else st.target
            tname = text(tgt)
            val = st.value
            vtxt = text(val)
            g = guards.get(id(st), "")
            suffix = f" [if {g}]" if g else ""
            is_logits = re.search(r"(^|_)(logits|prediction_scores|lm_logits)", tname) is not None
            if is_logits:
                if isinstance(st, ast.AugAssign) and isinstance(st.op, (ast.Mult, ast.Div)):
                    add("mul" if isinstance(st.op, ast.Mult) else "div", vtxt + suffix)
                elif "tanh" in vtxt:
                    add("softcap_tanh", vtxt + suffix)
                elif isinstance(val, ast.BinOp) and isinstance(val.op, (ast.Mult, ast.Div)) and not re.search(r"mask", vtxt):
                    add("mul" if isinstance(val.op, ast.Mult) else "div", vtxt + suffix)
                elif isinstance(val, ast.BinOp) and isinstance(val.op, ast.Add) and "bias" in vtxt:
                    add("add_bias", vtxt + suffix)
                for n in ast.walk(val):
                    if isinstance(n, ast.Call) and re.search(r"(lm_head|embed_out|output)", dotted(n.func) or ""):
                        for a in n.args:
                            for b in ast.walk(a):
                                if isinstance(b, ast.BinOp) and isinstance(b.op, (ast.Mult, ast.Div)):
                                    add("scale_before_head", text(b) + suffix)
                                    break
            elif re.search(r"(sequence_output|hidden_states|last_hidden_state)", tname) and isinstance(val, ast.BinOp) \
                    and isinstance(val.op, (ast.Mult, ast.Div)) and re.search(r"(model_dim|d_model|scale|mult|hidden_size)", vtxt):
                add("scale_before_head", vtxt + suffix)
    return out


def parse_tied(node):
    """-> (kind, mapping|list|expr)"""
    if node is None or (isinstance(node, ast.Constant) and node.value is None):
        return "none", None
    if isinstance(node, ast.Dict):
        m = {}
        for k, v in zip(node.keys, node.values):
            ks, vs = regex_or_str(k) if k is not None else None, regex_or_str(v)
            if ks is None or vs is None:
                return "expr", text(node)
            m[ks] = vs
        return "dict", m
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        vals = [regex_or_str(e) for e in node.elts]
        if all(v is not None for v in vals):
            return "list", vals
    return "expr", text(node)


def runtime_changes(ix: Index, c: Cls) -> list[dict]:
    """self._tied_weights_keys edits outside the class body."""
    out = []
    for k in ix.mro(c):
        for fname, f in k.funcs.items():
            if fname == "_tied_weights_keys":  # property
                d = {"in": f"{k.name}.{fname} (property)", "entries": []}

                def vis(body, guard):
                    for st in body:
                        if isinstance(st, ast.Assign):
                            kind, m = parse_tied(st.value)
                            if kind == "dict":
                                d["entries"].append({"set": m, "when": guard or "always"})
                            elif isinstance(st.targets[0], ast.Subscript):
                                d["entries"].append({"set": {str(regex_or_str(st.targets[0].slice)): regex_or_str(st.value)},
                                                     "when": guard or "always"})
                        elif isinstance(st, ast.Return) and st.value is not None:
                            kind, m = parse_tied(st.value)
                            if kind == "dict":
                                d["entries"].append({"set": m, "when": guard or "always"})
                        elif isinstance(st, ast.If):
                            vis(st.body, text(st.test))
                            vis(st.orelse, "not (" + text(st.test) + ")")

                vis(f.body, "")
                out.append(d)
                continue
            if k.module.startswith("modeling_utils"):
                continue

            def visit(body, guard):
                for st in body:
                    if isinstance(st, ast.Assign):
                        for t in st.targets:
                            if isinstance(t, ast.Attribute) and t.attr in ("_tied_weights_keys", "_dynamic_tied_weights_keys"):
                                kind, m = parse_tied(st.value)
                                if kind == "expr" and ".copy()" in (m or ""):
                                    continue
                                out.append({"in": f"{k.name}.{fname}", "when": guard or "always", "assign": m, "kind": kind, "attr": t.attr})
                            elif isinstance(t, ast.Subscript) and isinstance(t.value, ast.Attribute) and t.value.attr in (
                                    "_tied_weights_keys", "_dynamic_tied_weights_keys"):
                                out.append({"in": f"{k.name}.{fname}", "when": guard or "always",
                                            "set": {str(regex_or_str(t.slice) or text(t.slice)): regex_or_str(st.value) or text(st.value)}})
                    elif isinstance(st, ast.Delete):
                        for t in st.targets:
                            if isinstance(t, ast.Subscript) and isinstance(t.value, ast.Attribute) and t.value.attr == "_tied_weights_keys":
                                out.append({"in": f"{k.name}.{fname}", "when": guard or "always", "delete": str(regex_or_str(t.slice) or text(t.slice))})
                    elif isinstance(st, ast.Expr) and isinstance(st.value, ast.Call):
                        d = dotted(st.value.func) or ""
                        if d.endswith("_tied_weights_keys.update") and st.value.args:
                            kind, m = parse_tied(st.value.args[0])
                            out.append({"in": f"{k.name}.{fname}", "when": guard or "always", "update": m})
                        elif re.search(r"_tied_weights_keys\.(append|extend)$", d) and st.value.args:
                            out.append({"in": f"{k.name}.{fname}", "when": guard or "always", "append": text(st.value.args[0])})
                    if isinstance(st, ast.If):
                        visit(st.body, (guard + " and " if guard else "") + text(st.test))
                        visit(st.orelse, (guard + " and " if guard else "") + "not (" + text(st.test) + ")")
                    elif isinstance(st, (ast.For, ast.While)):
                        visit(st.body, (guard + " and " if guard else "") + "for " + text(st.target) + " in " + text(st.iter) if isinstance(st, ast.For) else guard)
                    elif isinstance(st, (ast.With, ast.Try)):
                        visit(st.body, guard)

            visit(f.body, "")
    uniq, seen = [], set()
    for d in out:
        s = json.dumps(d, sort_keys=True)
        if s not in seen:
            seen.add(s)
            uniq.append(d)
    return uniq


HEAD_KEY = re.compile(
    r"(lm_head|embed_out|predictions\.decoder|predictions\.|heads?\.|output_projection|unembed|cls\.predictions|"
    r"^decoder\.(weight|bias)$|generator_lm_head|lm_loss|^output\.weight|vocab_projector|proj_out|pred_layer\.proj|text_head|"
    r"mlm_score|codec_head|mlm_head)")
EMB_KEY = re.compile(r"(embed_tokens|word_embed|word_emb|wte|shared\.weight|tok_embeddings|tokens_embed|token_embed|embeddings\.weight|"
                     r"input_embed|codec_embedding|embed_in|input_embedding|embedding\.weight|embed\.weight|^shared|\.w\.weight$)")


def plain(k: str) -> str:
    return k.replace("\\.", ".").lstrip("^").rstrip("$")


def tie_kind(t: str, s: str) -> str | None:
    t, s = plain(t), plain(s)
    if t.endswith("bias"):
        return "bias" if s.endswith("bias") else None
    th, te = bool(HEAD_KEY.search(t)) and not EMB_KEY.search(t), bool(EMB_KEY.search(t))
    sh, se = bool(HEAD_KEY.search(s)) and not EMB_KEY.search(s), bool(EMB_KEY.search(s))
    if th and se:
        return "head<-embedding"
    if te and sh:
        return "embedding<-head"
    if te and se:
        return "embedding<-embedding"
    if th and sh:
        return "head<-head"
    return None


def config_of(ix: Index, c: Cls) -> Cls | None:
    for k in ix.mro(c):
        for n in ("config", "config_class"):
            v = k.attrs.get(n)
            if isinstance(v, tuple):
                r = ix.resolve(k.module, dotted(v[1]) or (v[1].value if isinstance(v[1], ast.Constant) else None))
                if r:
                    return r
            elif v is not None:
                r = ix.resolve(k.module, dotted(v))
                if r:
                    return r
        f = k.funcs.get("__init__")
        if f:
            for a in f.args.args:
                if a.arg == "config" and a.annotation is not None:
                    r = ix.resolve(k.module, dotted(a.annotation) or (a.annotation.value if isinstance(a.annotation, ast.Constant) else None))
                    if r and r.name != "PreTrainedConfig":
                        return r
    return None


def is_pretrained(ix: Index, c: Cls) -> bool:
    return any(k.name == "PreTrainedModel" for k in ix.mro(c)) or any(b.endswith("PreTrainedModel") for k in ix.mro(c) for b in k.bases)


# ----------------------------------------------------------------------------- checkpoint renames


def conversion_renames(src: Source) -> dict[str, list]:
    """{model_type or class name: [[on-disk regex, in-memory replacement], ...]} (pure renames only)."""
    body = src.files.get("conversion_mapping.py")
    if not body:
        return {}
    tree = ast.parse(body)
    alias, table = {}, {}
    for st in ast.walk(tree):
        if isinstance(st, ast.Assign) and isinstance(st.targets[0], ast.Name) and st.targets[0].id == "_MODEL_TO_CONVERSION_PATTERN":
            ok, v = literal(st.value)
            if ok:
                alias = v

    def conv(lst):
        res = []
        for e in lst.elts:
            if not isinstance(e, ast.Call):
                continue
            fn = dotted(e.func) or ""
            kw = {k.arg: k.value for k in e.keywords}
            if fn.endswith("WeightRenaming") and "Group" not in fn:
                s = kw.get("source_patterns") or (e.args[0] if e.args else None)
                t = kw.get("target_patterns") or (e.args[1] if len(e.args) > 1 else None)
                sv, tv = (regex_or_str(s) if s is not None else None), (regex_or_str(t) if t is not None else None)
                if sv is not None and tv is not None:
                    res.append([sv, tv])
            elif fn.endswith("PrefixChange"):
                d = {k: literal(v)[1] for k, v in kw.items()}
                res.append(["PrefixChange", {k: v for k, v in d.items() if v is not None}])
        return res

    for fn in tree.body:
        if isinstance(fn, ast.FunctionDef) and fn.name == "_build_checkpoint_conversion_mapping":
            for st in ast.walk(fn):
                if isinstance(st, ast.Dict):
                    for k, v in zip(st.keys, st.values):
                        if isinstance(k, ast.Constant) and isinstance(k.value, str) and isinstance(v, ast.List):
                            table.setdefault(k.value, conv(v))
                elif isinstance(st, ast.Assign) and isinstance(st.targets[0], ast.Subscript) and isinstance(st.value, ast.List):
                    key = st.targets[0].slice
                    if isinstance(key, ast.Constant):
                        table.setdefault(key.value, conv(st.value))
    for k, v in alias.items():
        if k not in table and v in table:
            table[k] = table[v]
    keep = re.compile(r"(embed|lm_head|wte|shared|word_emb|unembed|head|language_model|text_model|^\^?model|PrefixChange|transformer|llm|thinker)", re.I)
    out = {}
    for k, v in table.items():
        sel = [r for r in v if keep.search(r[0]) or (isinstance(r[1], str) and keep.search(r[1]))]
        if sel:
            out[k] = sel
    return out


def base_model_name(name: str, renames: dict) -> str:
    """The class of `self.model` inside a head class, where the rename table names one."""
    stem = re.sub(r"(ForConditionalGeneration|ForCausalLM)$", "", name)
    return stem + "Model"


# ----------------------------------------------------------------------------- GGUF policy (optional)


def gguf_policy(root: str) -> dict:
    base = Path(root)
    arch_names = {}
    for m in re.finditer(r"\{\s*(LLM_ARCH_\w+)\s*,\s*\"([^\"]+)\"\s*\}", (base / "src/llama-arch.cpp").read_text()):
        arch_names.setdefault(m.group(1)[len("LLM_ARCH_"):], m.group(2))
    hdr = (base / "src/models/models.h").read_text()
    inherits = dict(re.findall(r"struct llama_model_(\w+) : public llama_model_(\w+) \{", hdr))
    bodies = {}
    for f in sorted((base / "src/models").glob("*.cpp")):
        s = re.sub(r"//[^\n]*", "", f.read_text())
        for m in re.finditer(r"void llama_model_(\w+)::load_arch_tensors\(.*?\)\s*\{(.*?)\n\}", s, re.S):
            bodies[m.group(1)] = (re.sub(r"\s+", " ", m.group(2)), s)

    def classify(name, seen=()):
        if name not in bodies:
            return classify(inherits[name], seen + (name,)) if name in inherits and name not in seen else ("unknown", [])
        b, full = bodies[name]
        outs = re.findall(r"create_tensor\(tn\(LLM_TENSOR_OUTPUT, ?\"weight\"\), ?\{[^}]*\}, ?([^;]*?)\);", b)
        dup = re.search(r"create_tensor\(tn\(LLM_TENSOR_TOKEN_EMBD, ?\"weight\"\), ?\{[^}]*\}, ?TENSOR_DUPLICATED", b) is not None
        rev = re.search(r"create_tensor\(tn\(LLM_TENSOR_OUTPUT, ?\"weight\"\), ?\{[^}]*\}, ?TENSOR_DUPLICATED", b) is not None
        bias = re.search(r"tn\(LLM_TENSOR_OUTPUT, ?\"bias\"\)", b) is not None
        notes = ["output.bias accepted"] if bias else []
        real = [o for o in outs if "DUPLICATED" not in o]
        if rev:
            return "token_embd_falls_back_to_output", notes
        if real and dup:
            return "optional", notes
        if dup:
            return "always_tied", notes
        if real:
            if all("NOT_REQUIRED" in o for o in real):
                return "optional_no_fallback", notes
            return "output_required", notes
        if re.search(r"build_lora_mm\(model\.tok_embd", full):
            return "always_tied", notes + ["graph uses token_embd directly as the output matrix"]
        return "no_lm_head", notes

    out = {}
    for enum, pub in arch_names.items():
        if pub.startswith("("):
            continue
        cand = enum.lower()
        pol, notes = classify(cand)
        if pol == "unknown":
            cand2 = pub.replace("-", "_").replace(".", "_")
            pol, notes = classify(cand2)
        if pol == "unknown":
            notes = ["name is registered but no tensor loader was found"]
        out[pub] = {"policy": pol, **({"notes": notes} if notes else {})}
    return out


# ----------------------------------------------------------------------------- main


def build(src: Source, llama: str | None) -> dict:
    ix = Index(src)
    renames = conversion_renames(src)
    entries = []
    for (rel, name), c in sorted(ix.classes.items()):
        if "modeling_" not in rel or not rel.startswith("models/"):
            continue
        owner, node = ix.attr(c, "_tied_weights_keys")
        prop_owner, prop = ix.func(c, "_tied_weights_keys")
        dyn_owner, dyn = ix.attr(c, "_dynamic_tied_weights_keys")
        rt = runtime_changes(ix, c)
        kind, tied = parse_tied(node) if owner is not None and owner.module != "modeling_utils.py" else ("none", None)
        if kind == "none" and not rt and prop is None and dyn is None:
            continue
        if not is_pretrained(ix, c):
            continue
        cfg = config_of(ix, c)
        ci = config_info(ix, cfg) if cfg else {}
        embs, heads, emb_nodes = [], [], []
        for what, key, call, guard, own in walk_modules(ix, c):
            if what == "emb":
                embs.append(key + ".weight")
                emb_nodes.append((key, call, own))
            else:
                h = {"weight": key + ".weight", "bias": bias_of(call)}
                if guard:
                    h["when"] = guard
                if not any(x["weight"] == h["weight"] for x in heads):
                    heads.append(h)
        embs = list(dict.fromkeys(embs))
        m = {}
        if kind == "dict":
            m = tied
        # roles of the tied keys
        tgt_keys, src_keys = list(m), sorted(set(m.values()))
        buffers = []
        f_owner, f = ix.func(c, "__init__")
        if f is not None:
            for st in ast.walk(f):
                if isinstance(st, ast.Call) and (dotted(st.func) or "") == "self.register_buffer" and st.args:
                    ok, v = literal(st.args[0])
                    if ok and isinstance(v, str) and "bias" in v:
                        buffers.append(v)
        e = {
            "architecture": name,
            "package": rel.split("/")[1],
            "file": rel,
            "declared": "own" if owner is c or (prop_owner is c) else ("inherited" if owner is not None and kind != "none" else "runtime"),
            "kind": kind,
            "tied": m if kind == "dict" else (tied if kind in ("list", "expr") else {}),
            "config_class": ci.get("config_class"),
            "model_type": ci.get("model_type"),
            "tie_word_embeddings_default": ci.get("tie_word_embeddings_default"),
            "tie_word_embeddings_declared": ci.get("tie_word_embeddings_declared"),
            "embedding_keys": embs,
            "head_keys": heads,
        }
        has_regex = any(re.search(r"[\\\[\]()?*+|^$]", k) for k in list(m) + list(m.values()))
        if m:
            kinds, primary = [], []
            for t, sk in m.items():
                kd = tie_kind(t, sk)
                if kd:
                    if kd not in kinds:
                        kinds.append(kd)
                    if kd == "head<-embedding":
                        primary.append({"head": plain(t), "embedding": plain(sk)})
                    elif kd == "embedding<-head":
                        primary.append({"head": plain(sk), "embedding": plain(t)})
            e["tie_kinds"] = kinds or ["other"]
            if primary:
                e["primary"] = primary
            e["is_word_embedding_tie"] = any(k in ("head<-embedding", "embedding<-head", "embedding<-embedding") for k in kinds)
            e["module_or_regex_patterns"] = has_regex or any(not re.search(r"(weight|bias)$", k) for k in m)
        if dyn is not None and dyn_owner and dyn_owner.module != "modeling_utils.py":
            e["dynamic_tied_weights_keys"] = parse_tied(dyn)[1]
        if rt:
            e["runtime_changes"] = rt
        if buffers:
            e["bias_buffers"] = buffers
        for k in ("tie_word_embeddings_forced", "sub_configs", "attribute_map", "logit_fields", "embedding_scale_fields",
                  "attention_softcap_fields"):
            if k in ci:
                e[k] = ci[k]
        # logit / scale fields living in a text sub-config
        for sc, expr in (ci.get("sub_configs") or {}).items():
            if re.search(r"(text|llm|language|decoder|thinker|talker)", sc):
                sub = ix.resolve(cfg.module, expr)
                if sub:
                    si = config_info(ix, sub)
                    d = {k: si[k] for k in ("config_class", "model_type", "tie_word_embeddings_default", "logit_fields",
                                            "embedding_scale_fields") if k in si and si[k] not in (None, {})}
                    e.setdefault("text_sub_config", {})[sc] = d
        es = find_embed_scale(ix, c, emb_nodes)
        if es:
            e["embedding_scale"] = es
        lo = find_logit_ops(ix, c)
        if lo:
            e["logit_ops"] = lo
        rn = renames.get(name) or renames.get(ci.get("model_type") or "")
        if rn:
            e["checkpoint_renames"] = rn
        base = renames.get(base_model_name(name, renames))
        if base:
            e["base_model_renames"] = base
        entries.append(e)

    def uniq(key):
        return len({x[key] for x in entries if x.get(key)})

    summary = {
        "transformers_version": src.version,
        "classes": len(entries),
        "classes_with_static_mapping": sum(1 for e in entries if e["kind"] == "dict" and e["tied"]),
        "classes_own": sum(1 for e in entries if e["declared"] == "own"),
        "classes_inherited": sum(1 for e in entries if e["declared"] == "inherited"),
        "classes_runtime": sum(1 for e in entries if e.get("runtime_changes")),
        "classes_word_embedding_tie": sum(1 for e in entries if e.get("is_word_embedding_tie")),
        "packages": uniq("package"),
        "model_types": uniq("model_type"),
        "tie_kinds": {k: sum(1 for e in entries if k in e.get("tie_kinds", [])) for k in sorted({x for e in entries for x in e.get("tie_kinds", [])})},
        "default_true": sum(1 for e in entries if e["tie_word_embeddings_default"] is True),
        "default_false": sum(1 for e in entries if e["tie_word_embeddings_default"] is False),
        "default_absent_or_null": sum(1 for e in entries if e["tie_word_embeddings_default"] not in (True, False)),
        "with_output_bias": sum(1 for e in entries if any(h["bias"] not in (False,) for h in e["head_keys"])),
        "with_embedding_scale": sum(1 for e in entries if e.get("embedding_scale")),
        "with_logit_ops": sum(1 for e in entries if e.get("logit_ops")),
        "dynamic_tied_weights_keys": sum(1 for e in entries if "dynamic_tied_weights_keys" in e),
    }
    doc = {
        "format": "tie_map/1",
        "generator": "make_tie_map.py (static AST analysis; no import of transformers or torch)",
        "summary": summary,
        "field_notes": {
            "tie_kinds": "head<-embedding (usual), embedding<-head (the head owns the matrix), embedding<-embedding (encoder/decoder sharing), head<-head, bias, other",
            "primary": "head and embedding parameter names of the vocabulary ties (in-memory names, regex marks stripped)",
            "tied": "{target: source}; keys are parameter names, module names or regular expressions; matched with '^'+pattern (re.search) in transformers; a dict with only plain ...weight/...bias names is used as is",
            "tie_word_embeddings_default": "class default of the config class of this architecture; null = not declared there (treated as False by the loader)",
            "embedding_keys": "nn.Embedding-like modules whose first size mentions a vocabulary, found by walking sub-modules (in-memory names)",
            "head_keys": "nn.Linear modules whose output size mentions a vocabulary; bias is true/false or the source expression",
            "embedding_scale": "multipliers found on token embeddings in constructors or forward()",
            "logit_ops": "scale / soft-cap / pre-head scaling / bias statements in the architecture's own forward()",
            "checkpoint_renames": "on-disk -> in-memory renames applied on load and undone on save (regex, replacement); subset that can touch embedding or head names",
        },
        "architectures": entries,
    }
    if llama:
        pol = gguf_policy(llama)
        doc["gguf_tie_policy"] = {
            "notes": {
                "optional": "output.weight may be absent, then token_embd.weight is used",
                "always_tied": "output.weight is never created: a file that carries it fails with 'wrong number of tensors'",
                "output_required": "output.weight must be present: a tied model must store the matrix twice",
                "optional_no_fallback": "output.weight may be absent but the loader has no fallback to token_embd",
                "token_embd_falls_back_to_output": "reverse rule: token_embd.weight may be absent, output.weight is then used",
                "no_lm_head": "encoder / embedding model without an output matrix",
            },
            "counts": {p: sum(1 for v in pol.values() if v["policy"] == p) for p in sorted({v["policy"] for v in pol.values()})},
            "architectures": pol,
        }
    return doc


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--transformers", required=True)
    ap.add_argument("--llama-src")
    ap.add_argument("--out", default="tie_map.json")
    a = ap.parse_args()
    doc = build(Source(a.transformers), a.llama_src)
    Path(a.out).write_text(json.dumps(doc, indent=1, ensure_ascii=False, sort_keys=False) + "\n", encoding="utf-8")
    print(json.dumps(doc["summary"], indent=1))
    if "gguf_tie_policy" in doc:
        print(json.dumps(doc["gguf_tie_policy"]["counts"], indent=1))


if __name__ == "__main__":
    main()
