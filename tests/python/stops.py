#!/usr/bin/env python3
"""Interrupted calls, ends and stops. Argument: a file with 100 images."""

import gc
import linecache
import os
import signal
import sys

import checks
import common
import shardstep
from common import content, kept_by, open_loader

MODULE = os.path.join(os.path.dirname(shardstep.__file__), "")


def test_a_call_is_interrupted():
    """Python runs a signal's handler when the call has returned. Its batch comes then."""
    lib = shardstep._library.lib
    real = {"shs_next": lib.shs_next, "shs_agree": lib.shs_agree}
    whole = [content(batch) for batch in open_loader()]

    def interrupted(name):
        def call(*arguments):
            setattr(lib, name, real[name])
            real[name](*arguments)
            raise KeyboardInterrupt

        setattr(lib, name, call)

    for name in real:
        loader = open_loader()
        found = [content(loader.next()) for _ in range(3)]
        interrupted(name)
        checks.raises(KeyboardInterrupt, "", loader.next)
        checks.same("the cursor", (0, 3, 3), loader.tell())
        checks.same("the cursor of the state", 3, loader.state_dict()["step"])
        checks.raises(shardstep.Error, "take it by next()", loader.replay, (0, 1, 1), 0)
        loader.save("interrupted", {})
        checks.same("the cursor after a save", (0, 3, 3), loader.tell())
        found.append(content(loader.next()))
        interrupted(name)
        try:
            for batch in loader:
                found.append(content(batch))
        except KeyboardInterrupt:
            pass
        found += [content(batch) for batch in loader]
        checks.holds(found == whole, f"{len(found)} batches with interrupts in {name}, not those without")
        other = open_loader()
        checks.same("restored", True, other.restore("interrupted", {}))
        checks.holds(content(other.next()) == whole[3], "the batch after a save is another")
        interrupted(name)
        checks.raises(KeyboardInterrupt, "", other.next)
        other.seek((0, 1, 1))
        checks.holds(content(other.next()) == whole[1], "the batch after a seek is another")

    def leave(*arguments):
        sys.exit(75)

    checks.same("the code of an exit in `agree`", 75, checks.raises(SystemExit, "", shardstep.Run, 0, 2, leave).code)
    loader = open_loader(shardstep.Run(seed=7, report=leave), failures={"exclude": [3]})
    checks.raises(SystemExit, "75", list, loader)
    loader.close()
    checks.raises(shardstep.Error, "the loader is closed", loader.tell)


class Interrupt(BaseException):
    pass


def interrupt():
    raise Interrupt


def interrupted_at(number, call, handler=interrupt):
    """Calls a function, and a handler before the byte code `number` of the module. False if there are fewer, and if
    the handler raises nothing."""
    left = number

    def trace(frame, event, _):
        nonlocal left
        if not frame.f_code.co_filename.startswith(MODULE) or frame.f_code.co_name in ("next", "interrupted_at"):
            return None
        frame.f_trace_opcodes = True
        # no function is called on the line that returns, so a handler cannot run there
        line = linecache.getline(frame.f_code.co_filename, frame.f_lineno or 0).strip()
        if event == "opcode" and line != "return handed":
            left -= 1
            if left == 0:
                sys.settrace(None)
                handler()
        return trace

    sys.settrace(trace)
    try:
        call()
    except Interrupt:
        return True
    finally:
        sys.settrace(None)
    return False


def test_no_place_of_an_interrupt_costs_a_batch():
    for keep, vranks, options in ((4, 1, {}), (4, 2, {}), (0, 2, {}), (2, 2, {"step_batches": True, "agree": False})):
        straight = open_loader(shardstep.Run(seed=7, vranks=vranks), **options)
        loader = open_loader(shardstep.Run(seed=7, vranks=vranks), keep=keep, **options)
        found, tries, got = [], 0, None
        while tries == 0 or got is None:
            tries, got = tries + 1, None
            begin = loader.tell()

            def take():
                nonlocal got
                got = loader.next()

            interrupted = interrupted_at(tries, take)
            checks.same(f"interrupted before byte code {tries}", interrupted, got is None)
            if interrupted:
                checks.same(f"the cursor after an interrupt before byte code {tries}", begin, loader.tell())
                got = loader.next()
                found.append(content(got))
                got = None
        found.append(content(got))
        got = None
        checks.is_more(tries, 150, "byte codes with an interrupt")
        for number, batch in enumerate(found):
            if not checks.holds(content(straight.next()) == batch, f"batch {number} is another after an interrupt"):
                break
        checks.same("batches that are kept", 0, kept_by(loader))
        copied, held = loader.copied, [loader.next() for _ in range(keep)]
        checks.same("batches that were copied", 0 if keep else len(found), copied)
        checks.same("copies while there is room", copied, loader.copied)
        del held, batch


def test_a_handler_may_use_the_loader():
    """What a handler of a signal does within the hand-out: it looks, saves, goes elsewhere, or takes the next batch."""
    straight = open_loader()
    whole = [content(batch) for _ in range(8) for batch in straight]
    for keep in (4, 0):
        for use in ("look", "save", "seek", "take"):
            loader, found, code = open_loader(keep=keep), [], 0

            def handle(loader=loader, found=found, use=use):
                at = loader.tell()
                if use == "save":
                    loader.save("handled", {})
                elif use == "seek":
                    loader.seek(at)
                elif use == "take":
                    found.append(content(loader.next()))
                checks.same("the step of the state", at.step + (use == "take"), loader.state_dict()["step"])
                checks.holds(f"step {at.step + (use == 'take')}>" in repr(loader), repr(loader))

            while len(found) < 60:
                code += 37  # another place each time
                interrupted_at(code % 260 + 1, lambda: found.append(content(loader.next())), handle)
            checks.holds(sorted(found) == sorted(whole[:len(found)]),
                         f"other batches when a handler does {use}, with keep={keep}")


def test_a_handler_may_close_the_loader():
    for code in range(1, 260, 3):
        loader, found = open_loader(batch=50), []
        try:
            interrupted_at(code, lambda: found.append(loader.next().rows), loader.close)
        except shardstep.Error as error:
            found.append(str(error))
        checks.holds(found and (found[0] == 50 or "loader" in found[0]), f"closed before byte code {code}: {found}")


def test_interrupts_at_any_time_cost_no_batch():
    came, before_batch = 0, 0

    def handler(_, frame):
        nonlocal came
        # later and later, so that a slow machine makes progress
        signal.setitimer(signal.ITIMER_REAL, 1.3e-4 * (1 + came - before_batch))
        while frame is not None:
            if frame.f_code is shardstep._loader._Epoch.__next__.__code__:  # not while the test has the batch
                came += 1
                raise Interrupt
            frame = frame.f_back

    gc.collect()  # what other tests have left must not end within the interrupts
    loader, found, batch = open_loader(batch=2, threads=2), [], None
    former = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 1e-4)
    while len(found) < 4000:
        try:
            for batch in loader:
                found.append((batch.step, batch.index.tobytes()))
                before_batch = came
            batch = None
        except Interrupt:
            pass
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, former)
    batch = None
    checks.is_more(came, 10, "interrupts")
    lost = set(range(len(found))) - {step for step, _ in found}
    checks.same("batches that were lost", set(), lost)
    checks.same("batches that came twice", len(found), len({step for step, _ in found}))
    checks.same("copied batches, and kept ones", (0, 0), (loader.copied, kept_by(loader)))


def test_a_loader_goes_on_behind_its_end():
    loader = open_loader(epochs=1)
    begin = loader.state_dict()
    list(loader)
    checks.same("ended", (None, True), (loader.next(), loader.ended))
    loader.seek((0, 12, 12))
    checks.same("ended after a seek", (False, 4), (loader.ended, loader.next().rows))
    checks.same("ended", (None, True), (loader.next(), loader.ended))
    loader.load_state_dict(begin)
    checks.same("ended after load_state_dict()", False, loader.ended)


def test_a_state_is_refused_inside_a_step():
    loader = open_loader(shardstep.Run(seed=7, vranks=2), epochs=1)
    first = loader.next()
    checks.same("the first of two virtual ranks ends the step", False, bool(first.ends_step))
    checks.raises(shardstep.Error, "ends_step", loader.state_dict)
    checks.same("the second one ends it", True, bool(loader.next().ends_step))
    checks.same("the step after a whole one", 1, loader.state_dict()["step"])
    loader.next()
    loader.seek((0, 0, 0))
    checks.same("the step after a seek", 0, loader.state_dict()["step"])


def test_stops():
    run = shardstep.Run(seed=7)
    loader, evaluation = open_loader(run), open_loader(run, stream=1, through_stop=True)
    batches = 0
    try:
        for batch in loader:
            batches += 1
            if batches == 3:
                run.request_stop()
    except shardstep.Stopped:
        pass
    else:
        checks.fail("expected Stopped, found the end of the epoch")
    # the step that is agreed on last is the one that follows the request
    checks.same("batches before the stop", 4, batches)
    checks.same("the cursor", (0, 4, 4), loader.tell())
    checks.same("batches of an evaluation through the stop", 13, len(list(evaluation)))
    checks.same("the exit code", 75, shardstep.EXIT_STOPPED)


def test_a_later_run_stops_on_a_signal_that_the_program_has_taken():
    earlier, came = shardstep.Run(stop_on_term=True), []
    before = signal.signal(signal.SIGTERM, lambda *_: came.append(1))
    loader = open_loader(shardstep.Run(seed=7, stop_on_term=True))
    loader.next()
    os.kill(os.getpid(), signal.SIGTERM)
    checks.raises(shardstep.Stopped, "a stop was requested", list, loader)
    earlier.close()
    loader.run.close()
    os.kill(os.getpid(), signal.SIGTERM)
    checks.same("signals that the program's handler got", [1], came)
    signal.signal(signal.SIGTERM, before)


common.run(globals())
