#!/usr/bin/python3
"""Compares the program with the reference in random cases, byte for byte:

    check.py PROGRAM [--cases N] [--first K] [--case K] [--keep FOLDER]

A case is a function of its number. `plan` must print the reference's rows for a whole epoch,
`digest --per-rank` must print the hashes of a whole step, and `replay -o` must write the batches and
list the draws.
With --keep the case's files stay in a folder, so that its commands can be tried by hand."""
import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import traceback
import warnings

import h5py
import numpy as np

import augment
import batches
from cases import Case

warnings.simplefilter('ignore', RuntimeWarning)  # of numpy: overflow to infinity is right


class Different(Exception):
    pass


def program(path, *arguments):
    """What a command prints. A command that fails is a difference."""
    command = [path, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False,
                          stdin=subprocess.DEVNULL)
    if done.returncode:
        raise Different(f'{said(command)}\n  exit code 0 was expected, {done.returncode} came: '
                        f'{done.stderr.strip()}')
    return done.stdout


def said(command):
    return '$ ' + shlex.join(['shardstep', *command[1:]])


def compare(command, what, expected, came):
    if expected != came:
        raise Different(f'{said(command)}\n  {what}: {expected} was expected, {came} came')


def compare_rows(command, where, expected, came):
    """Lists of rows, of which the first that differs is told."""
    compare(command, f'rows of {where}', len(expected), len(came))
    for slot, (wanted, row) in enumerate(zip(expected, came)):
        compare(command, f'row in slot {slot} of {where}', wanted, row)


# ---- plan: the rows of an epoch.

def check_plan(path, case, run):
    command = [path, 'plan', *case.order, '--epoch', str(case.epoch)]
    lines = program(*command).splitlines()
    compare(command, 'lines', run.order.steps() * run.order.vranks, len(lines))
    for number, line in enumerate(lines):
        step, vrank = divmod(number, run.order.vranks)
        planned = run.plan(case.epoch, step, vrank)
        words = [int(word) for word in line.split()]
        compare(command, 'STEP RANK COUNT', [step, vrank, planned.count], words[:3])
        compare_rows(command, f'step {step}, virtual rank {vrank}', planned.rows, words[3:])


# ---- digest: the hashes of a step.

def check_digest(path, case, run):
    command = [path, 'digest', *case.order, *case.loading, '--epoch', str(case.epoch), '--step',
               str(case.step), '--steps', '1', '--per-rank']
    lines = program(*command).splitlines()
    names = []
    for vrank in range(run.order.vranks):
        names.append(f'batch-{vrank}')
        batch = run.batch(case.epoch, case.step, vrank)
        with open(names[-1], 'wb') as file:
            file.write(batches.hashed(batch))
    hashes = [line.split()[0] for line in program('xxhsum', '-H2', *names).splitlines()]
    expected = [f'{batch.step} {vrank} {text}' for vrank, text in enumerate(hashes)]
    compare(command, 'lines', len(expected), len(lines))
    for vrank, (wanted, line) in enumerate(zip(expected, lines)):
        if wanted != line:  # the bytes tell more than their hash
            check_replay(path, case, run, case.step, vrank)
        compare(command, 'STEP RANK HASH', wanted, line)


# ---- replay: the bytes of a batch.

def check_replay(path, case, run, step, vrank):
    command = [path, 'replay', *case.order, *case.loading, '--epoch', str(case.epoch), '--step',
               str(step), '--rank', str(vrank), '-o', 'batch.h5', '--overwrite']
    printed = program(*command)
    batch = run.batch(case.epoch, step, vrank)
    check_draws(command, batch, printed)
    with h5py.File('batch.h5', 'r') as file:
        found = []
        file.visititems(lambda name, node: found.append(name) if isinstance(node, h5py.Dataset) else None)
        compare(command, 'datasets', sorted(['index', *batch.fields]), sorted(found))
        compare_rows(command, 'the batch', batch.index, file['index'][...].tolist())
        for name, field in batch.fields.items():
            compare_field(command, name, batch, field, file[name][...])


def check_draws(command, batch, printed):
    """Compares the draws of each slot. An operator whose draws the reference does not tell is not
    compared, nor is one in which such an operator stands."""
    lines = [line for line in printed.splitlines() if line.startswith('slot ')]
    compare(command, 'lines of slots', len(batch.index), len(lines))
    for slot, (expected, line) in enumerate(zip(batch.draws, lines)):
        expected = calls_in(expected)
        unknown = {name for name, told in expected if augment.UNKNOWN in told}
        came = calls_in(line.partition('  row ')[2])
        compare(command, f'draws of slot {slot}', *(
            [call for call in calls if call[0] not in unknown] for calls in (expected, came)))


def calls_in(text):
    """The calls of a line such as `3  a(w=1) b(no)`: pairs of a name and the text in parentheses,
    with one letter for each axis."""
    text, calls = re.sub(r'\b[xyz]=', lambda found: augment.letters(found[0]), text), []
    while '(' in text:
        name, _, rest = text.partition('(')
        end, depth = 0, 1
        while depth:
            depth += (rest[end] == '(') - (rest[end] == ')')
            end += 1
        calls.append((name.split()[-1], rest[:end - 1]))
        text = rest[end:]
    return calls


def compare_field(command, name, batch, expected, came):
    compare(command, f'type of {name}', expected.dtype.str, came.dtype.str)
    compare(command, f'shape of {name}', expected.shape, came.shape)
    patterns = f'u{expected.dtype.itemsize}'
    expected, came = np.ascontiguousarray(expected), np.ascontiguousarray(came)
    differ = np.argwhere(expected.view(patterns) != came.view(patterns))
    if len(differ):
        where = tuple(map(int, differ[0]))
        raise Different(
            f'{said(command)}\n  field {name}, slot {where[0]} (row {batch.index[where[0]]}), '
            f'element {where[1:]}: {shown(expected, where)} was expected, {shown(came, where)} came; '
            f'{len(differ)} of {expected.size} elements differ')


def shown(array, where):
    """A number and its bits."""
    value = array[where]
    return f'{value!s} ({value.tobytes()[::-1].hex()})'


# ---- Cases.

def check(path, number):
    """Returns what is different in a case, or None."""
    try:
        case = Case(number)
        run = batches.Run(case.options)
        check_plan(path, case, run)
        for step, vrank in case.places:
            check_replay(path, case, run, step, vrank)
        check_digest(path, case, run)
    except Different as difference:
        return str(difference)
    except Exception:  # a fault of the reference or of the case
        return f'the reference itself failed:\n{traceback.format_exc()}'
    return None


def check_in_folder(path, number, keep):
    folder = keep or tempfile.mkdtemp(dir='.')
    os.makedirs(folder, exist_ok=True)
    before = os.getcwd()
    os.chdir(folder)
    try:
        return check(path, number)
    finally:
        os.chdir(before)
        if not keep:
            shutil.rmtree(folder)


def main():
    options = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    options.add_argument('program')
    options.add_argument('--cases', type=int, default=20)
    options.add_argument('--first', type=int, default=0)
    options.add_argument('--case', type=int)
    options.add_argument('--keep')
    options = options.parse_args()
    augment.usable(os.path.abspath(options.program))
    first, cases = (options.first, options.cases) if options.case is None else (options.case, 1)
    failed, build = 0, os.environ.get('BUILD', 'BUILD_FOLDER')
    for number in range(first, first + cases):
        difference = check_in_folder(os.path.abspath(options.program), number, options.keep)
        if difference:
            failed += 1
            print(f'FAILED: case {number}: {difference}\n'
                  f'  this case alone, with its files: tests/cli/reference.sh {build} '
                  f'--case {number} --keep /tmp/case{number}',
                  file=sys.stderr)
    print(f'{cases - failed} of {cases} cases are the same')
    return failed > 0


if __name__ == '__main__':
    sys.exit(main())
