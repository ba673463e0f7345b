"""Speed and memory of training here: ours and PyTorch's by turns. bench_train.py TRAIN_SPEED SMOLLM2_GGUF CACHE [ROUNDS [THREADS]]

With 1 thread by time on the processor, for a machine that others use too; with more by the wall clock.
"""
import json, os, statistics, subprocess, sys

ours_program, model, cache = sys.argv[1:4]
rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 3
threads = sys.argv[5] if len(sys.argv) > 5 else "2"
here = os.path.dirname(os.path.abspath(__file__))
AVX2 = dict(ONEDNN_MAX_CPU_ISA="AVX2", ATEN_CPU_CAPABILITY="avx2")


def measure(command, **environment):
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment})
    if done.returncode != 0:
        print(f"  {' '.join(command[1:])} ended with {done.returncode}: {done.stderr.strip().splitlines()[-1:]}", flush=True)
        return None
    return json.loads(done.stdout.strip().splitlines()[-1])


def ours(*arguments, model=model):
    return measure([ours_program, model, "--steps", "6", "--threads", threads, *arguments])


def torch(*arguments, **environment):
    return measure([sys.executable, os.path.join(here, "train_step.py"), "--threads", threads, *arguments], **environment)


def middle(results, key):
    return statistics.median(result[key] for result in results)


def goal(value, wanted, met):
    return f"{value:.2f} (wanted {wanted}: {'met' if met else 'NOT MET'})"


print("| arithmetic | ours, tokens/s | share of the roofline | PyTorch, tokens/s | ratio | ours, MiB | estimated | PyTorch, MiB | ratio |")
print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |", flush=True)
# What is compared with what, and the least speed and greatest memory as a multiple of PyTorch's.
COMPARED = [
    ("bf16", [], [(["--dtype", "bf16"], {}), (["--dtype", "bf16", "--compile"], {})], 2.0, 0.85),
    ("f32", ["--precision", "f32"], [([], {})], 1.7, 0.5),
    ("f32 on AVX2", ["--isa", "avx2"], [([], AVX2)], 1.4, 0.5),
]
missed = 0
for name, arguments, peers, faster, smaller in COMPARED:
    mine, theirs = [], [[] for _ in peers]
    for _ in range(rounds):
        mine.append(ours(*arguments))
        for peer, (peer_arguments, environment) in zip(theirs, peers):
            peer.append(torch(*peer_arguments, **environment))
    if None in mine or any(None in peer for peer in theirs):
        missed += 1
        continue
    # The fastest of PyTorch's forms counts; its memory is that of the form that needs least.
    speed, memory = max(middle(peer, "speed") for peer in theirs), min(middle(peer, "memory") for peer in theirs)
    gain, share = middle(mine, "speed") / speed, middle(mine, "memory") / memory
    missed += (gain < faster) + (share > smaller)
    print(f"| {name} | {middle(mine, 'speed'):.0f} | {middle(mine, 'share'):.0%} | {speed:.0f} | {goal(gain, f'>= {faster}', gain >= faster)} |"
          f" {middle(mine, 'memory'):.0f} | {mine[0]['estimate']} | {memory:.0f} | {goal(share, f'<= {smaller}', share <= smaller)} |", flush=True)

print("\nWithout a goal, in bf16 where the processor has it:\n")
print("| model | prompt + answer | ours, tokens/s | MiB | estimated | PyTorch bf16, tokens/s | MiB |")
print("| --- | --- | --- | --- | --- | --- | --- |", flush=True)
LENGTHS = [("135m", 128, 128), ("135m", 256, 256), ("135m", 512, 512), ("135m", 1024, 1024), ("135m", 384, 64), ("0.5b", 128, 128), ("1.5b", 128, 128)]
for shape, prompt, answer in LENGTHS:
    path = model
    if shape != "135m":
        path = os.path.join(cache, f"random-{shape}.gguf")
        if not os.path.exists(path):
            subprocess.run([sys.executable, os.path.join(here, "train_shapes.py"), shape, path + ".part"], check=True)
            os.rename(path + ".part", path)
    lengths = ["--prompt", str(prompt), "--answer", str(answer)]
    mine, theirs = ours(*lengths, model=path), torch("--shape", shape, "--dtype", "bf16", *lengths)
    cells = [f"{mine['speed']:.0f}", str(mine["memory"]), str(mine["estimate"])] if mine else ["failed"] * 3
    cells += [f"{theirs['speed']:.0f}", f"{theirs['memory']:.0f}"] if theirs else ["failed"] * 2
    print(f"| {shape} | {prompt} + {answer} | {' | '.join(cells)} |", flush=True)

print(f"\n{missed} goals missed" if missed else "\nall goals met")
sys.exit(missed > 0)
