#!/usr/bin/python3
"""Compares the program with the reference in random cases, byte for byte:

    check.py PROGRAM [--own REFERENCE_BATCH] [--cases N] [--first K] [--case K] [--keep FOLDER]

A case is a function of its number. `plan` must print the reference's rows for a whole epoch,
`digest --per-rank` must print the hashes of a whole step, and `replay -o` must write the batches and
both list and write the draws. reference_batch shows the partners of a batch, and an operator of a
program's own.
With 200 cases every operator and every way to read and to order must have occurred: see coverage.py.
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
from coverage import Coverage
import own

warnings.simplefilter('ignore', RuntimeWarning)  # of numpy: overflow to infinity is right


USUAL, MOST = 30, 200  # cases of a usual run, and of one that must have everything


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
    case.weightless = case.weightless or batch.count < len(batch.index)
    check_draws(command, batch, printed)
    with h5py.File('batch.h5', 'r') as file:
        found = []
        file.visititems(lambda name, node: found.append(name) if isinstance(node, h5py.Dataset) else None)
        compare_drawn(command, batch, file)
        found = [name for name in found if not name.startswith('draws/')]
        compare(command, 'datasets', sorted(['index', *batch.fields]), sorted(found))
        compare_rows(command, 'the batch', batch.index, file['index'][...].tolist())
        for name, field in batch.fields.items():
            compare_field(command, name, batch, field, file[name][...])


def check_draws(command, batch, printed):
    """Compares the draws of each slot."""
    lines = [line for line in printed.splitlines() if line.startswith('slot ')]
    compare(command, 'lines of slots', len(batch.index), len(lines))
    for slot, (told, line) in enumerate(zip(batch.draws, lines)):
        came = calls_in(line.partition('  row ')[2])
        spacings = ', '.join(f'{name}={every}' for name, every in batch.spacings[slot].items())
        due = calls_in(f'every({spacings})' if spacings else '') + calls_in(augment.told_calls(told))
        compare(command, f'draws of slot {slot}', due, came)


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


def compare_drawn(command, batch, file):
    """Compares the datasets of the draws. An operator that no row has reached has a group in which
    nothing is applied."""
    rows, expected, groups = len(batch.index), augment.told_numbers(batch.draws), {}

    def visit(name, node):
        if isinstance(node, h5py.Dataset) and name.startswith('draws/'):
            group, _, value = name.rpartition('/')
            value = augment.letters(value) if value in 'xyz' else value
            groups.setdefault(group, {})[value] = node[...]
    file.visititems(visit)
    compare(command, 'groups of draws without a dataset', set(), set(expected) - set(groups))
    names = {f'draws/{name}' for spacing in batch.spacings for name in spacing}
    compare(command, 'groups of spacings that are missing', set(), names - set(groups))
    for group in [group for group, came in groups.items() if 'every' in came]:
        due = [spacing[group.partition('/')[2]] for spacing in batch.spacings]
        compare(command, f'{group}/every', due, groups.pop(group)['every'].tolist())
    for group, came in sorted(groups.items()):
        told = [expected.get(group, {}).get(slot) for slot in range(rows)]
        applied = [numbers is not None for numbers in told]
        compare(command, f'{group}/applied', applied, came.pop('applied').astype(bool).tolist())
        for name in sorted({augment.letters(name) if name in 'xyz' else name
                            for numbers in told if numbers for name in numbers} | set(came)):
            compare(command, f'{group}/{name} is there', True, name in came)
            compare_numbers(command, f'{group}/{name}', name, told, came[name])


def compare_numbers(command, where, name, told, came):
    """Compares a value of each row, or NaN where nothing was drawn."""
    width = came.shape[1] if came.ndim > 1 else 1
    compare(command, f'rows of {where}', len(told), len(came))
    for slot, numbers in enumerate(told):
        found = came[slot].reshape(-1).tolist()
        if numbers is None:
            compare(command, f'{where} in slot {slot} is NaN', [True] * width, [x != x for x in found])
            continue
        values = next((values for of, values in numbers.items()
                       if of == name or of in 'xyz' and augment.letters(of) == name), None)
        compare(command, f'{where} in slot {slot}', values and [float(x) for x in values], found)


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


# ---- reference_batch: what a program sees of a batch, with an operator of its own.

def check_own(path, case):
    text = (case.options.augment or '').rstrip()
    if case.alone or case.large or not (case.mixes or case.number % 4 == 0):
        return
    fields = [field.name for field in case.dataset.sample(0)]
    names = ','.join(fields[:1 + case.number % 3])
    text += '; ' * bool(text) + f'{names}: blank(share=0.3, p=0.7) sometimes(p=0.5, blank(share=0.1))'
    order = {'vranks': 3, 'batch': 4, 'seed': case.number, 'tail': 'pad' if case.number % 2 else 'short'}
    flags = [text for key, value in order.items() for text in (f'--{key}', str(value))]
    run = batches.Run(batches.parser().parse_args(
        [case.path, '--fields', case.fields, '--augment', text, *flags]))
    step, vrank = run.order.steps() - 1, case.number % 3
    batch = run.batch(0, step, vrank)
    printed = program(path, case.path, case.fields, text, *map(str, order.values()), str(step), str(vrank))
    command = ['reference_batch', case.path, case.fields, text, *order.values(), step, vrank]
    command = ['', *map(str, command)]
    expected = [f'{slot} {partner} {weight.view(np.uint32):08x}'
                for slot, (partner, weight) in enumerate(batch.partners or ())]
    compare(command, 'partners and their weights', expected, printed.splitlines())
    with open('batch.raw', 'rb') as file:
        for name, field in batch.fields.items():
            came = np.frombuffer(file.read(field.nbytes), field.dtype)
            compare(command, f'elements of {name}', field.size, came.size)
            compare_field(command, name, batch, field, came.reshape(field.shape))
        compare(command, 'bytes behind the fields', b'', file.read())


# ---- Cases.

def check(options, number, coverage):
    """Returns what is different in a case, or None."""
    try:
        case = Case(number)
        augment.APPLIED.clear()  # of the calls that Case has tried
        augment.MET.clear()
        run = batches.Run(case.options)
        check_plan(options.program, case, run)
        for step, vrank in case.places:
            check_replay(options.program, case, run, step, vrank)
        check_digest(options.program, case, run)
        if options.own:
            check_own(options.own, case)
        coverage.add(case)
    except Different as difference:
        return str(difference)
    except Exception:  # a fault of the reference or of the case
        return f'the reference itself failed:\n{traceback.format_exc()}'
    return None


def check_in_folder(options, number, coverage):
    folder = options.keep or tempfile.mkdtemp(dir='.')
    os.makedirs(folder, exist_ok=True)
    before = os.getcwd()
    os.chdir(folder)
    try:
        return check(options, number, coverage)
    finally:
        os.chdir(before)
        if not options.keep:
            shutil.rmtree(folder)


def tell(number, difference):
    build = os.environ.get('BUILD', 'BUILD_FOLDER')
    print(f'FAILED: case {number}: {difference}\n'
          f'  this case alone, with its files: tests/cli/reference.sh {build} '
          f'--case {number} --keep /tmp/case{number}', file=sys.stderr)


def main():
    options = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    options.add_argument('program', type=os.path.abspath)
    options.add_argument('--own', type=os.path.abspath)
    options.add_argument('--cases', type=int, default=USUAL)
    options.add_argument('--first', type=int, default=0)
    options.add_argument('--case', type=int)
    options.add_argument('--keep')
    options = options.parse_args()
    augment.usable(options.program)
    own.register()
    first, cases = (options.first, options.cases) if options.case is None else (options.case, 1)
    failed, coverage = 0, Coverage()
    for number in range(first, first + cases):
        difference = check_in_folder(options, number, coverage)
        if difference:
            failed += 1
            tell(number, difference)
    print(f'{cases - failed} of {cases} cases are the same\n{coverage}')
    missing = coverage.missing()
    if cases >= MOST and missing:
        print(f"FAILED: {cases} cases, and none had: {', '.join(missing)}", file=sys.stderr)
        failed += 1
    return failed > 0


if __name__ == '__main__':
    sys.exit(main())
