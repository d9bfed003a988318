#!/usr/bin/env python3
"""The table of shs_layouts() has every member and constant of the public headers, in their order, and the
module's structs are those of the table. Arguments: the folder include."""

import re
import sys

import checks
from shardstep import _library, _options, _structs, _types


def without_comments(path):
    with open(path) as file:
        return re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)


def members(body):
    """The names that the declarations of a struct declare."""
    for declaration in body.split(";"):
        function = re.search(r"\(\*(\w+)\)\(", declaration)
        if function:
            yield function.group(1)
        elif declaration.strip():
            for part in declaration.split(","):
                yield re.search(r"(\w+)(\[[^\]]*\])*$", part.strip()).group(1)


def of_headers(folder):
    """What the headers declare: names of structs, of members and of constants."""
    names = []
    umbrella = without_comments(f"{folder}/shardstep.h")
    for header in re.findall(r'#include "(shardstep/\w+\.h)"', umbrella):
        text = without_comments(f"{folder}/{header}")
        for struct, body in re.findall(r"typedef struct (\w+) \{(.*?)\n\} \1;", text, flags=re.S):
            names.append(struct)
            names += [f"{struct}.{member}" for member in members(body)]
        for body in re.findall(r"\benum(?: \w+)? \{(.*?)\n\}", text, flags=re.S):
            names += re.findall(r"\b(SHS_[A-Z0-9_]+)\s*(?:=[^,]*)?(?:,|\s*$)", body)
        names = [name for name in names if name != "SHS_STATUS_ENUM"]  # a macro over the list below
        names += re.findall(r"X\((SHS_\w+), -?\d+, ", text)
    return names


def of_library():
    entry, at, found = _library.lib.shs_layouts(), 0, {}
    while entry[at].name:
        found[entry[at].name.decode()] = (entry[at].place, entry[at].bytes)
        at += 1
    return found


def main():
    found, expected = of_library(), of_headers(sys.argv[1])
    checks.is_more(len(expected), 300, "names in the headers")
    for name in expected:
        checks.holds(name in found, f"src/train/train_layouts.c has no row for {name}")
    for name in found:
        checks.holds(name in expected, f"src/train/train_layouts.c has {name}, which no header has")
    for struct in {name.split(".")[0] for name in expected if "." in name}:
        mine = [name for name in expected if name.startswith(struct + ".")]
        table = [name for name in found if name.startswith(struct + ".")]
        checks.same(f"the order of the members of {struct}", mine, table)
        places = [found[name][0] for name in table]
        checks.same(f"the places of the members of {struct}", sorted(places), places)

    # a library that differs in anything is refused, and the message says in what
    said = []
    _library.compare_layouts(found, said.append)
    checks.same("what is said of the library here", [], said)
    place, size = found["shs_cursor.step"]
    for change, words in (
        ({"shs_cursor.step": (place + 8, size)}, "its shs_cursor.step has 8 bytes at byte 24, not 8 at byte 16"),
        ({"shs_cursor.step": (place, 4)}, "its shs_cursor.step has 4 bytes at byte 16"),
        ({"shs_cursor.more": (24, 8)}, "it has the member shs_cursor.more"),
        ({"shs_cursor": (0, 32)}, "its shs_cursor has 32 bytes, not 24"),
        ({"SHS_TAIL_PAD": (7, 0)}, "its SHS_TAIL_PAD is 7, not 2"),
        ({"SHS_TAIL_PAD": None}, "it has no constant SHS_TAIL_PAD"),
        ({"shs_cursor.step": None}, "it has no member shs_cursor.step"),
        ({"shs_cursor": None}, "it has no struct shs_cursor"),
    ):
        other = {name: value for name, value in {**found, **change}.items() if value}
        said = []
        _library.compare_layouts(other, said.append)
        checks.holds(any(words in text for text in said), f"no «{words}» in {said}")
    # what editors and type checkers know
    for struct, options in (
        (_structs.shs_run_options, _types.RunOptions), (_structs.shs_dataset_options, _types.DatasetOptions),
        (_structs.shs_loader_options, _types.LoaderOptions), (_structs.shs_blocks, _types.Blocks),
        (_structs.shs_subset, _types.Subset), (_structs.shs_sampling, _types.Sampling),
        (_structs.shs_failures, _types.Failures), (_structs.shs_slot_memory, _types.Memory),
    ):  # fmt: skip
        members = {name for name, _ in struct._fields_} - _options._HIDDEN - {"keep"}
        checks.same(f"the options of {struct.__name__} that have types", members, set(options.__annotations__))
    for name, words in _options.WORDS.items():
        options = _types.Failures if name in _types.Failures.__annotations__ else _types.LoaderOptions
        text = options.__annotations__[name].__forward_arg__
        checks.same(f"the words of {name}", list(words), re.findall(r"\w+", text.partition("[")[2]))
    checks.same("structs of the module", len(_structs.STRUCTS), len(set(_structs.STRUCTS)))
    checks.finish()


main()
