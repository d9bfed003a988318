#!/usr/bin/env python3
"""What PyTorch's optimisers and learning rates compute in f64: writes tests/unit/optimizer_vectors.h.

    tests/reference/optimizer.py > tests/unit/optimizer_vectors.h

The gradient of element i is curvature[i] * (p[i] - target[i]): a bowl, which is computed alike in the test.
The committed file was written with PyTorch 1.13.
"""
import torch
from torch.optim import SGD, Adam, AdamW
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, MultiStepLR, OneCycleLR

START = [0.5, -1.25, 3.0, 0.0, -0.0625, 2.5]
TARGET = [1.0, -1.0, -2.0, 0.25, 0.0, 2.5]
CURVATURE = [1.0, 0.5, 0.25, 2.0, 4.0, 1.5]
STEPS = [1, 2, 10, 100]
CASES = [  # kind, options of PyTorch, rate, momentum, decay, nesterov, beta1, beta2, epsilon
    ("sgd", dict(lr=0.05)),
    ("sgd", dict(lr=0.05, weight_decay=0.01)),
    ("sgd", dict(lr=0.05, momentum=0.9)),
    ("sgd", dict(lr=0.05, momentum=0.9, weight_decay=0.01)),
    ("sgd", dict(lr=0.02, momentum=0.9, weight_decay=0.01, nesterov=True)),
    ("adam", dict(lr=0.01)),
    ("adam", dict(lr=0.01, weight_decay=0.1)),
    ("adam", dict(lr=0.03, betas=(0.8, 0.95), eps=1e-3)),
    ("adamw", dict(lr=0.01)),
    ("adamw", dict(lr=0.01, weight_decay=0.1)),
    ("adamw", dict(lr=0.03, weight_decay=0.5, betas=(0.8, 0.95), eps=1e-3)),
]
RATE_STEPS = 40


def numbers(values):
    return "{" + ", ".join(float(v).hex() for v in values) + "}"


def train(kind, options):
    p = torch.tensor(START, dtype=torch.float64, requires_grad=True)
    target = torch.tensor(TARGET, dtype=torch.float64)
    curvature = torch.tensor(CURVATURE, dtype=torch.float64)
    if kind == "adamw":
        options = {"weight_decay": 0.0, **options}
    optimizer = {"sgd": SGD, "adam": Adam, "adamw": AdamW}[kind]([p], **options)
    results = []
    for step in range(1, STEPS[-1] + 1):
        p.grad = curvature * (p.detach() - target)
        optimizer.step()
        if step in STEPS:
            results.append(numbers(p.detach().tolist()))
    return results


def rates(make, base):
    optimizer = SGD([torch.zeros(1, requires_grad=True)], lr=base)
    schedule = make(optimizer)
    values = []
    for _ in range(RATE_STEPS):
        values.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return values


def print_cases():
    for kind, options in CASES:
        beta1, beta2 = options.get("betas", (0.0, 0.0))
        values = [options["lr"], options.get("momentum", 0.0), options.get("weight_decay", 0.0), beta1, beta2,
                  options.get("eps", 0.0)]
        names = ["rate", "momentum", "decay", "beta1", "beta2", "epsilon"]
        members = [f'.kind = "{kind}"'] + [f".{n} = {v!r}" for n, v in zip(names, values) if v]
        if options.get("nesterov"):
            members.append(".nesterov = true")
        members.append(".after = {" + ", ".join(train(kind, options)) + "}")
        print("    {" + ", ".join(members) + "},")


def print_rates():
    one_cycle = dict(max_lr=0.05, total_steps=RATE_STEPS, pct_start=0.275, div_factor=10, final_div_factor=100)
    for name, base, make in [
        ("warm_up", 0.05, lambda o: LinearLR(o, start_factor=0.1, total_iters=10)),
        ("cosine", 0.05, lambda o: CosineAnnealingLR(o, T_max=RATE_STEPS, eta_min=0.001)),
        ("milestones", 0.05, lambda o: MultiStepLR(o, milestones=[10, 25, 26], gamma=0.3)),
        ("one_cycle_cosine", 0.05, lambda o: OneCycleLR(o, anneal_strategy="cos", cycle_momentum=False, **one_cycle)),
        ("one_cycle_linear", 0.05,
         lambda o: OneCycleLR(o, anneal_strategy="linear", cycle_momentum=False, **one_cycle)),
    ]:
        print(f"static const double rates_{name}[RATE_STEPS] = {numbers(rates(make, base))};\n")


print(f"""/* What PyTorch {torch.__version__.split("a")[0]} computes in f64. Written by tests/reference/optimizer.py. */
#ifndef OPTIMIZER_VECTORS_H
#define OPTIMIZER_VECTORS_H

#include <stdbool.h>

enum {{
    ELEMENTS = {len(START)},
    MOMENTS = {len(STEPS)},
    RATE_STEPS = {RATE_STEPS}
}};

static const double start[ELEMENTS] = {numbers(START)};
static const double target[ELEMENTS] = {numbers(TARGET)};
static const double curvature[ELEMENTS] = {numbers(CURVATURE)};
static const int moments[MOMENTS] = {{{", ".join(map(str, STEPS))}}};

static const struct vector {{
    const char *kind;
    double rate, momentum, decay, beta1, beta2, epsilon;
    bool nesterov;
    double after[MOMENTS][ELEMENTS];
}} vectors[] = {{""")
print_cases()
print("};\n")
print_rates()
print("#endif")
