"""Matrix products beside numpy (OpenBLAS) and torch (oneDNN), in alternation, with equally many
threads. Prints the speeds and the ratio of the best times. Usage: products.py BINARY [THREADS]"""
import os
import subprocess
import sys
import time

THREADS = int(sys.argv[2]) if len(sys.argv) > 2 else len(os.sched_getaffinity(0))
os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = str(THREADS)

import numpy  # noqa: E402
import torch  # noqa: E402

torch.set_num_threads(THREADS)
SHAPES = [
    (2048, 2048, 2048),
    *[(m, n, k) for m in (512, 1024) for n, k in ((192, 576), (576, 576), (1536, 576), (576, 1536))],
    (512, 49152, 576),
    (512, 576, 49152),
    (1, 576, 576),
    (1, 1536, 576),
    (1, 49152, 576),
    (4, 49152, 576),
    (8, 1536, 576),
]


def best(body, seconds=0.3):
    """The best time of as many calls as fit in the seconds, three at least."""
    least, total, runs = float("inf"), 0.0, 0
    while total < seconds or runs < 3:
        start = time.perf_counter()
        body()
        took = time.perf_counter() - start
        least, total, runs = min(least, took), total + took, runs + 1
    return least


def peers(m, n, k):
    """Name, the precisions of ours that it stands beside, and the call."""
    x, w = torch.rand(m, k), torch.rand(n, k)
    out = torch.empty(m, n)
    half_x, half_w, half_out = x.bfloat16(), w.bfloat16(), out.bfloat16()
    a, b, c = x.numpy(), w.numpy(), out.numpy()
    yield "OpenBLAS f32", ["f32"], lambda: numpy.matmul(a, b.T, out=c)
    yield "torch f32", ["f32"], lambda: torch.mm(x, w.T, out=out)
    yield "torch bf16", ["bf16", "bf16packed"], lambda: torch.mm(half_x, half_w.T, out=half_out)


def main():
    ours = subprocess.Popen([sys.argv[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def seconds(name, m, n, k):
        ours.stdin.write(f"{name} {m} {n} {k} {THREADS}\n")
        ours.stdin.flush()
        return float(ours.stdout.readline())

    print(f"{THREADS} threads, GFLOP/s, C = A·Bᵀ")
    for m, n, k in SHAPES:
        flops = 2e-9 * m * n * k
        for peer, names, call in peers(m, n, k):
            theirs = min(best(call), best(call))
            for name in names:
                time_of_ours = min(seconds(name, m, n, k), seconds(name, m, n, k))
                print(f"{m:>5} x {n:>5} x {k:>5}  {name:<11} {flops / time_of_ours:7.1f}   "
                      f"{peer:<13} {flops / theirs:7.1f}   ratio {theirs / time_of_ours:5.2f}",
                      flush=True)
    ours.stdin.close()
    ours.wait()


main()
