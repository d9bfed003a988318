#!/usr/bin/python3
"""Sums of arrays over ranks: shardstep bench --reduce, and beside it PyTorch's all_reduce over gloo.

    compare_reduce.py SHARDSTEP [SIZES] [--ranks N] [--turns N] [--quick]

SIZES are MiB with commas between them (1,4,16,64). Both measure in place, on the ranks of this machine, in
turns; the slowest rank counts, and medians are printed. The environment variable MPIRUN is the command that
starts ranks (mpirun --oversubscribe). Without PyTorch (Debian: python3-torch) gloo is left out, and a line
says so."""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

try:
    import torch
    import torch.distributed
    import torch.multiprocessing
except ImportError:
    torch = None


def slowest(seconds):
    """Collective. The longest time of all ranks."""
    longest = torch.tensor([seconds], dtype=torch.float64)
    torch.distributed.all_reduce(longest, op=torch.distributed.ReduceOp.MAX)
    return longest.item()


def gloo_rank(rank, ranks, sizes, rounds, meeting, results):
    torch.set_num_threads(1)
    torch.distributed.init_process_group('gloo', init_method=f'file://{meeting}', rank=rank, world_size=ranks)
    for size, count in zip(sizes, rounds):
        numbers, times = torch.empty(size << 18, dtype=torch.float32), []
        for _ in range(count + 1):  # the first round touches the memory, and is not counted
            numbers.fill_(rank + 1)
            torch.distributed.barrier()
            begin = time.perf_counter()
            torch.distributed.all_reduce(numbers)
            times.append(slowest(time.perf_counter() - begin))
            assert numbers[-1] == ranks * (ranks + 1) // 2
        if rank == 0:
            results.put(1e3 * statistics.median(times[1:]))
    torch.distributed.destroy_process_group()


def gloo(ranks, sizes, rounds):
    """Returns milliseconds for each size."""
    results = torch.multiprocessing.get_context('spawn').SimpleQueue()
    with tempfile.TemporaryDirectory() as folder:
        torch.multiprocessing.spawn(gloo_rank, (ranks, sizes, rounds, f'{folder}/meeting', results), ranks)
    return [results.get() for _ in sizes]


def shardstep(program, ranks, sizes, quick):
    """Returns the numbers of each size."""
    if os.getuid() == 0:  # Open MPI refuses root otherwise
        os.environ.update(OMPI_ALLOW_RUN_AS_ROOT='1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM='1')
    command = os.environ.get('MPIRUN', 'mpirun --oversubscribe').split() + ['-n', str(ranks), program, 'bench']
    command += ['--reduce', ','.join(map(str, sizes)), '--json'] + ['--quick'] * quick
    done = subprocess.run(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    if done.returncode:
        sys.exit(done.returncode)  # the command has said why
    return json.loads(done.stdout)['sizes']


def line(name, numbers, digits):
    print(f'{name:42}' + ''.join(f' {number:9.{digits}f}' for number in numbers))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('shardstep')
    parser.add_argument('sizes', nargs='?', default='1,4,16,64')
    parser.add_argument('--ranks', type=int, default=2)
    parser.add_argument('--turns', type=int, default=3)
    parser.add_argument('--quick', action='store_true', help='few rounds, to see that all works')
    given = parser.parse_args()
    sizes, turns = [int(size) for size in given.sizes.split(',')], 1 if given.quick else given.turns
    ours, theirs = [], []
    for _ in range(turns):
        ours.append(shardstep(given.shardstep, given.ranks, sizes, given.quick))
        if torch:
            theirs.append(gloo(given.ranks, sizes, [size['rounds'] for size in ours[0]]))
    ways = {way: [statistics.median(turn[i]['ms'][way] for turn in ours) for i in range(len(sizes))]
            for way in ours[0][0]['ms']}
    if torch:
        ways['gloo'] = [statistics.median(turn[i] for turn in theirs) for i in range(len(sizes))]
    print(f'{given.ranks} ranks, f32, in place; medians of {turns} turns' +
          (f'; PyTorch {torch.__version__}' if torch else ''))
    print(f'{"milliseconds, of the slowest rank":42}' + ''.join(f' {size:5} MiB' for size in sizes))
    for way, numbers in ways.items():
        line(way, numbers, 3)
    print('the reproducible mean, times as fast as')
    for way, numbers in ways.items():
        if way != 'reproducible':
            line(way, [number / first for number, first in zip(numbers, ways['reproducible'])], 2)
    if not torch:
        print('gloo was not measured: PyTorch is missing (Debian: apt install python3-torch)')


if __name__ == '__main__':
    main()
