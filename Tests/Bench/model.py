"""Running a model: tieconv against PyTorch on the CPU, in one run, with the same threads.

usage: model.py MODEL TEXT [THREADS]   needs tieconv and tieconv-probe in .build/release
Prints one JSON object: tokens a second forward, and forward and backward of all weights, peak
memory of each, and both perplexities. PyTorch runs in a process of its own."""

import json
import math
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SEQUENCES, LENGTH = 2, 512


def peak_mebibytes(usage) -> int:
    return usage.ru_maxrss // 1024


def torch_side(model: str, text: str, threads: int, precision: str) -> dict:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.set_num_threads(threads)
    ids = AutoTokenizer.from_pretrained(model)(
        Path(text).read_text(), return_tensors="pt", add_special_tokens=False).input_ids[0]
    lm = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32)
    lm.config.use_cache = False
    batch = ids[:SEQUENCES * LENGTH].view(SEQUENCES, LENGTH)

    def once(grad: bool) -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
            with torch.set_grad_enabled(grad):
                loss = lm(batch, labels=batch).loss
        if grad:
            loss.backward()
            lm.zero_grad()

    def rate(grad: bool, runs: int) -> float:
        once(grad)
        best = math.inf
        for _ in range(runs):
            start = time.perf_counter()
            once(grad)
            best = min(best, time.perf_counter() - start)
        return batch.numel() / best

    result = {"forward": rate(False, 3), "forward_backward": rate(True, 2)}
    result["peak_mib"] = peak_mebibytes(resource.getrusage(resource.RUSAGE_SELF))
    if precision == "f32":
        losses = []
        with torch.no_grad():
            for start in range(0, min(len(ids), 8 * LENGTH) - LENGTH + 1, LENGTH):
                window = ids[start:start + LENGTH][None]
                losses.append(lm(window, labels=window).loss.item())
        result["mean_nll"] = sum(losses) / len(losses)
    return result


def tieconv_side(model: str, threads: int, precision: str) -> dict:
    command = [ROOT / ".build/release/tieconv-probe", model, precision, "time",
               str(SEQUENCES), str(LENGTH)]
    process = subprocess.Popen(
        ["taskset", "-c", ",".join(map(str, range(threads))), *command], stdout=subprocess.PIPE)
    out = process.stdout.read()
    usage = os.wait4(process.pid, 0)[2]
    return json.loads(out) | {"peak_mib": peak_mebibytes(usage)}


def perplexity(model: str, text: str, threads: int) -> float:
    import numpy as np
    from transformers import AutoTokenizer

    ids = AutoTokenizer.from_pretrained(model)(
        Path(text).read_text(), add_special_tokens=False).input_ids[:8 * LENGTH]
    path = Path("/tmp") / f"tieconv-bench-{os.getpid()}.npy"
    np.save(path, np.array(ids, np.uint32))
    done = subprocess.run(
        [ROOT / ".build/release/tieconv", "evaluate", model, "--tokens", path, "--compute", "f32",
         "--threads", str(threads), "--json"], capture_output=True, check=True)
    path.unlink()
    return json.loads(done.stdout)["mean_nll"]


def main() -> None:
    model, text = sys.argv[1:3]
    threads = int(sys.argv[3]) if len(sys.argv) > 3 else 2
    if len(sys.argv) > 4:
        print(json.dumps(torch_side(model, text, threads, sys.argv[4])))
        return
    report = {"threads": threads}
    for precision in ("bf16", "f32"):
        ours = tieconv_side(model, threads, precision)
        theirs = json.loads(subprocess.run(
            [sys.executable, __file__, model, text, str(threads), precision],
            capture_output=True, check=True, text=True).stdout.splitlines()[-1])
        report[precision] = {
            "tieconv": ours, "torch": theirs,
            "ratio": {key: round(ours[key] / theirs[key], 2)
                      for key in ("forward", "forward_backward", "peak_mib")}}
    nll = perplexity(model, text, threads)
    reference = report["f32"]["torch"]["mean_nll"]
    report["mean_nll"] = {
        "tieconv": nll, "torch": reference, "relative": abs(nll - reference) / reference}
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
