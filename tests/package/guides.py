#!/usr/bin/python3
"""Runs what stands in Markdown pages: commands, whose output is compared, and programs.

    guides.py --work FOLDER --data FOLDER PAGE...      runs pages, each in a folder of its own
    guides.py --extract NAME PAGE                      prints the block that is marked `file NAME`

guides.sh calls it with a PATH on which shardstep, mpirun, mpicc and python3 are those under test.

A command stands in an indented block and begins with "$ ". It goes on while a line ends with a
backslash, with | or with &&, or while a quote is open. The lines behind it are its output, stdout and
stderr together. A line "..." stands for any lines, "..." within a line for any text. Without such
lines only the exit code counts. `export` and `cd` hold for the page's later commands.

Marks are HTML comments, each a line of its own, before the block that they mark:

    not run: REASON      neither run nor compiled
    needs MODULE...      not run where Python lacks one of the modules
    shape                numbers in the output stand for any numbers, spaces for any spaces
    data FOLDER          from here on the files of FOLDER stand in the place of the page's own
    exit CODE            how the block's last command ends; 0 without it
    file NAME            the fenced block is written to NAME; the page's later commands use it
    given: DECLARATIONS  what the frame of a C fragment declares besides its own

A C block with `int main` needs the mark `file`. It is also compiled with all warnings. A program
that a page starts on some number of ranks prints the same on one rank and on two. Another C block is
a fragment: it is compiled within a frame. A Python block without a mark must parse."""
import argparse
import ast
from collections import namedtuple
import importlib.util
import os
from pathlib import Path
import re
import resource
import shlex
import shutil
import signal
import subprocess
import sys

SECONDS = 200  # that a command may take; a limit only ends what hangs
PROGRAMS = re.compile(r'(shardstep|mpirun|mpicc|gcc|cmake|pip3?|apt(-get)?|sudo|sbatch|srun|export|python3?|git|'
                      r'\./|examples/|tests/|jobscripts/)(\s|\w)')
NUMBER = re.compile(r'[-+]?\d[\d.,]*(e[-+]?\d+)?')
FRAME = '''#include <shardstep.h>
#include <shardstep/must.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
{outside}
int frame(shs_run *run, shs_dataset *data, shs_loader *loader, shs_gradient *mean, shs_batch batch, shs_status s);
int frame(shs_run *run, shs_dataset *data, shs_loader *loader, shs_gradient *mean, shs_batch batch, shs_status s)
{{
    {given}
#line {line} "{page}"
    {inside}
    (void)run, (void)data, (void)loader, (void)mean, (void)batch, (void)s;
    return 0;
}}
'''
WARNINGS = ['-Wall', '-Wextra', '-Wno-unused', '-Werror']

Block = namedtuple('Block', 'line language lines marks')  # language: 'indented' for indented blocks
Command = namedtuple('Command', 'line text output')


# ---- Pages.

def blocks_of(page):
    """The code blocks of a page, with the marks before each. One right behind a list has the mark `hidden`:
    Markdown takes it for a part of the list."""
    lines, marks, at, found = page.read_text().splitlines(), {}, 0, []
    before, in_list = '', False
    while at < len(lines):
        line = lines[at]
        mark = re.fullmatch(r'<!-- *([a-z ]*?)(?::? +(.*?))? *-->', line)
        fence = re.fullmatch(r' {0,3}```(\S*)', line)
        if fence:
            end = next(k for k in range(at + 1, len(lines)) if re.fullmatch(r' {0,3}```', lines[k]))
            found.append(Block(at + 2, fence[1], lines[at + 1:end], marks))
            marks, at = {}, end + 1
        elif line.startswith('    ') and not before.strip():
            end = at
            while end < len(lines) and (lines[end].startswith('    ') or not lines[end].strip()):
                end += 1
            if in_list:
                marks['hidden'] = ''
            found.append(Block(at + 1, 'indented', [text[4:] for text in lines[at:end]], marks))
            marks, at = {}, end
        else:
            if line.strip():
                in_list = bool(re.match(r' {0,3}([-+*]|\d+\.) ', line)) or in_list and line.startswith(' ')
            if mark:
                kind, value = mark_of(line)
                marks[kind] = value
            elif line.strip():
                marks = {}
            at += 1
        before = lines[at - 1]
    return found


def mark_of(line):
    text = re.fullmatch(r'<!-- *(.*?) *-->', line)[1]
    for kind in ('not run:', 'given:', 'needs', 'data', 'exit', 'file', 'shape'):
        if text.startswith(kind):
            return kind.rstrip(':'), text[len(kind):].strip()
    return text, ''


def goes_on(text):
    """The command is not complete."""
    if text.endswith(('\\', '|', '&&')):
        return True
    try:
        shlex.split(text, comments=True)
    except ValueError:
        return True
    return False


def commands_of(block):
    lines, at, found = block.lines, 0, []
    while at < len(lines):
        if not lines[at].startswith('$ '):
            at += 1
            continue
        first, text = at, lines[at][2:]
        at += 1
        while goes_on(text) and at < len(lines):
            text += '\n' + lines[at]
            at += 1
        begin = at
        while at < len(lines) and not lines[at].startswith('$ '):
            at += 1
        output = lines[begin:at]
        while output and not output[-1].strip():
            output.pop()
        found.append(Command(block.line + first, text, output))
    return found


# ---- Output.

def pattern_of(line, shape):
    """A regular expression for a line that is expected."""
    parts = []
    for part in re.split(r'\.\.\.', line.rstrip()):
        if not shape:
            parts.append(re.escape(part))
            continue
        words = [NUMBER.sub('\0', word) for word in re.split(r'\s+', part)]
        text = r'\s+'.join(re.escape(word) for word in words)
        parts.append(text.replace(re.escape('\0'), r'[-+]?[\d.,]+(e[-+]?\d+)?'))
    return re.compile('.*'.join(parts) + r'\s*')


def difference(expected, found, shape):
    """None if the lines are as expected; otherwise the first line that is missing, and what came."""
    def match(e, f):
        """How far it goes: (lines of expected that fit, line of found)."""
        while e < len(expected):
            if expected[e].strip() == '...':
                if e + 1 == len(expected):
                    return None
                best = (e + 1, f)
                for start in range(f, len(found) + 1):
                    result = match(e + 1, start)
                    if result is None:
                        return None
                    best = max(best, result)
                return best
            if f >= len(found) or not pattern_of(expected[e], shape).fullmatch(found[f]):
                return e, f
            e, f = e + 1, f + 1
        return None if f == len(found) else (e, f)
    return match(0, 0)


def without_launcher(lines):
    """Lines without what mpirun says of ranks that have failed, between lines of dashes."""
    kept, inside = [], False
    for line in lines:
        if re.fullmatch('-{60,}', line):
            inside = not inside
        elif not inside:
            kept.append(line)
    return kept


# ---- Numbers in the text.

# names with numbers, and numbers of things that no command prints
NAMED = re.compile(r'Debian 12 or 13|version 1\.0|from 1 to V')


def numbers_of(page):
    """(line, number) for each number in a page's text: outside of code, links and names."""
    inside, before, found = False, '', []
    for at, line in enumerate(page.read_text().splitlines(), 1):
        if line.lstrip().startswith('```'):
            inside = not inside
        elif not inside and not (line.startswith('    ') and not before.strip()):
            text = re.sub(r'`[^`]*`|\]\([^)]*\)|<!--.*?-->', ' ', line)
            found += [(at, number) for number in re.findall(r'(?<![\w.-])\d+(?:[.,]\d+)*(?!\w)', NAMED.sub('', text))]
        if not line.startswith('    ') or inside:
            before = line
    return found


# ---- Running.

class Page:
    def __init__(self, page, work, data, strict):
        self.page, self.strict = page, strict
        self.work = work.resolve() / page.name.replace('.md', '')
        self.work.mkdir(parents=True)
        self.data = data.resolve()
        self.failures, self.left_out, self.counts = 0, [], dict(commands=0, programs=0, fragments=0, compared=0)
        self.before, self.printed = [], []
        text = page.read_text()
        for file in self.data.iterdir():  # but not what the page makes itself
            if file.is_file() and not re.search(r'\$ .*\bimport (--\S+ )*' + re.escape(file.name), text):
                (self.work / file.name).symlink_to(file)

    def fail(self, line, text):
        print(f'FAILED: {self.page.name}:{line}: {text}', file=sys.stderr)
        self.failures += 1

    def leave_out(self, block, reason):
        first = next((line for line in block.lines if line.strip()), '')
        self.left_out.append(f'{self.page.name}:{block.line}: {first.strip()[:60]}: {reason}')

    def run(self):
        for block in blocks_of(self.page):
            self.run_block(block)
        return self

    def run_block(self, block):
        marks = block.marks
        if 'hidden' in marks:
            self.fail(block.line, 'a block right behind a list is shown as a part of the list: put a sentence before it')
        if 'not run' in marks:
            if not marks['not run']:
                self.fail(block.line, 'the mark "not run" gives no reason')
            return self.leave_out(block, marks['not run'])
        missing = [name for name in marks.get('needs', '').split() if importlib.util.find_spec(name) is None]
        if missing:
            return self.leave_out(block, f'needs {missing[0]}')
        for file in (self.data / marks['data']).iterdir() if 'data' in marks else []:
            (self.work / file.name).unlink(missing_ok=True)
            (self.work / file.name).symlink_to(file)
        if 'file' in marks:
            return self.write_file(block, marks['file'])
        if block.language == 'c':
            return self.compile_fragment(block)
        if block.language == 'python':
            return self.parse(block)
        if block.language != 'indented':
            return None
        commands = commands_of(block)
        for k, command in enumerate(commands):
            self.run_command(command, block, int(marks.get('exit') or 0) if k + 1 == len(commands) else 0)
        if not commands:
            for k, line in enumerate(block.lines):
                if PROGRAMS.match(line):
                    self.fail(block.line + k, f'a command without "$ " is not run: {line}')
        return None

    def check_numbers(self):
        """Each number in the text is one that a command of the page prints."""
        printed = '\n'.join(self.printed)
        for line, number in numbers_of(self.page):
            if not re.search(rf'(?<![\d.]){re.escape(number)}(?![\d])', printed):
                self.fail(line, f'no command of this page prints the number {number}')

    def write_file(self, block, name):
        path = self.work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('\n'.join(block.lines) + '\n')
        if block.language == 'c':
            self.counts['programs'] += 1
            self.compile(path.name, block, 'the program')
        elif block.language == 'python':
            self.counts['programs'] += 1
            self.parse(block)

    def compile(self, name, block, what):
        flags = subprocess.run(['pkg-config', '--cflags', 'shardstep'], capture_output=True, text=True, check=True)
        done = subprocess.run(['mpicc', '-std=gnu11', *WARNINGS, '-fsyntax-only', *flags.stdout.split(), name],
                              cwd=self.work, capture_output=True, text=True)
        if done.returncode:
            self.fail(block.line, f'{what} does not compile: {done.stderr[:2000]}')

    def compile_fragment(self, block):
        self.counts['fragments'] += 1
        text = '\n'.join(block.lines)
        if re.search(r'\bint main\b', text):
            return self.fail(block.line, 'a program without the mark "file NAME"')
        defines = re.search(r'^(static|shs_status|void|int) .*\)\n\{', text, re.M)
        given = block.marks.get('given', '')
        frame = FRAME.format(outside=given + '\n' + text if defines else '', given='' if defines else given,
                             inside='' if defines else text, line=block.line, page=self.page.name)
        (self.work / 'fragment.c').write_text(frame)
        return self.compile('fragment.c', block, 'the fragment')

    def parse(self, block):
        try:
            ast.parse('\n'.join(block.lines))
        except SyntaxError as error:
            self.fail(block.line + (error.lineno or 1) - 1, f'no Python: {error}')

    def bash(self, text):
        """Runs commands, and ends all that they have started if they take too long."""
        process = subprocess.Popen(['bash', '-c', '\n'.join([*self.before, text])], cwd=self.work, text=True,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   errors='replace', start_new_session=True)
        try:
            said, _ = process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise
        return subprocess.CompletedProcess(text, process.returncode, said)

    def run_command(self, command, block, code):
        self.counts['commands'] += 1
        try:
            done = self.bash(command.text)
        except subprocess.TimeoutExpired:
            return self.fail(command.line, f'$ {command.text}: no end after {SECONDS} s')
        if re.match(r'(export|cd) ', command.text):
            self.before.append(command.text)
        found = done.stdout.rstrip().splitlines()
        if code:
            found = without_launcher(found)
        self.printed += found
        if done.returncode != code:
            return self.fail(command.line, f'$ {command.text}: exit code {code} expected, came {done.returncode}:\n'
                                           + '\n'.join(found[-20:]))
        if command.output and self.strict:
            self.compare(command, found, 'shape' in block.marks)
        on = re.match(r'mpirun -n (\d+) (\./.*)', command.text, re.S)
        if on:
            self.other_ranks(command, on[2], '1' if on[1] != '1' else '2', found)
        return None

    def compare(self, command, found, shape):
        self.counts['compared'] += 1
        apart = difference(command.output, found, shape)
        if apart is None:
            return
        e, f = apart
        expected = command.output[e] if e < len(command.output) else '(the end)'
        came = found[f] if f < len(found) else '(the end)'
        near = '\n'.join(found[max(0, f - 3):f + 12])
        self.fail(command.line + command.text.count('\n') + 1 + min(e, len(command.output)),
                  f'$ {command.text}\n  expected: {expected}\n  came:     {came}\n  the output near it:\n{near}')

    def other_ranks(self, command, program, ranks, found):
        for left in [self.work / 'checkpoints', *self.work.glob('*.log')]:  # it would only go on from there
            shutil.rmtree(left) if left.is_dir() else left.unlink(missing_ok=True)
        try:
            done = self.bash(f'mpirun -n {ranks} {program}')
        except subprocess.TimeoutExpired:
            return self.fail(command.line, f'{program} on {ranks} ranks: no end after {SECONDS} s')
        other = done.stdout.rstrip().splitlines()
        if done.returncode or other != found:
            self.fail(command.line, f'{program} on {ranks} ranks: expected: {found[-5:]}; came: {other[-5:]}, exit '
                                    f'code {done.returncode}')
        return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--extract', metavar='NAME')
    parser.add_argument('--work', type=Path)
    parser.add_argument('--data', type=Path)
    parser.add_argument('--loose', action='store_true', help='compare no output: the data are made ones')
    parser.add_argument('--most-left-out', type=int, default=0)
    parser.add_argument('--numbers', metavar='PAGE', help='the page whose numbers must be printed by its commands')
    parser.add_argument('pages', nargs='+', type=Path)
    options = parser.parse_args()
    if options.extract:
        for block in blocks_of(options.pages[0]):
            if block.marks.get('file') == options.extract:
                print('\n'.join(block.lines))
                return 0
        print(f'{options.pages[0]} has no block {options.extract}', file=sys.stderr)
        return 2
    failures, left_out, total = 0, [], {}
    for page in options.pages:
        done = Page(page, options.work, options.data, not options.loose).run()
        if page.name == options.numbers:
            done.check_numbers()
        failures += done.failures
        left_out += done.left_out
        for key, value in done.counts.items():
            total[key] = total.get(key, 0) + value
        print(f'{page.name}: ' + ', '.join(f'{value} {key}' for key, value in done.counts.items() if value), flush=True)
    print('in all: ' + ', '.join(f'{value} {key}' for key, value in total.items()) + f'; {len(left_out)} left out:')
    print('\n'.join('  ' + line for line in left_out))
    if len(left_out) > options.most_left_out:
        print(f'FAILED: {len(left_out)} blocks are left out, more than {options.most_left_out}', file=sys.stderr)
        failures += 1
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f'{used.ru_utime + used.ru_stime:.0f} s of CPU')
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
