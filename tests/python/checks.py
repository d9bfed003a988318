"""Checks of the Python tests. Each prints what was expected and what came."""

import sys

failures = 0


def fail(text):
    global failures
    failures += 1
    frame = sys._getframe(1)
    while frame.f_globals.get("__name__") == __name__:
        frame = frame.f_back
    print(f"FAILED: {frame.f_code.co_filename.rsplit('/', 1)[-1]}:{frame.f_lineno}: {text}", file=sys.stderr)


def holds(condition, text):
    if not condition:
        fail(text)
    return condition


def same(what, expected, found):
    return holds(expected == found, f"{what}: expected {expected!r}, found {found!r}")


def is_more(found, least, what):
    return holds(found > least, f"{what}: expected more than {least}, found {found}")


def raises(kind, words, function, *arguments, **options):
    """The error that a call raises, which must have these words."""
    try:
        result = function(*arguments, **options)
    except kind as error:
        for word in [words] if isinstance(words, str) else words:
            holds(word in str(error), f"no «{word}» in the error «{error}»")
        return error
    except Exception as error:
        fail(f"expected {kind.__name__}, found {error!r}")
        return error
    fail(f"expected {kind.__name__}, found no error, but {result!r}")
    return None


def finish():
    if failures:
        print(f"{failures} checks failed", file=sys.stderr)
        sys.exit(1)
    print("all checks passed")
