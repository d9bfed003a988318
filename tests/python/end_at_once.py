#!/usr/bin/env python3
"""Runs a program of Python with its arguments, and ends the process when the program has ended or, as its last
act, has called destroy_process_group().

PyTorch 1.13 hangs or aborts now and then while it takes a process down that has used DistributedDataParallel
over gloo, also without Shardstep. What the program prints and its exit code are then long known."""

import faulthandler
import os
import runpy
import sys
import traceback

import torch.distributed


def leave(code=0):
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


faulthandler.dump_traceback_later(60)  # says where a process hangs
torch.distributed.destroy_process_group = leave
sys.argv = sys.argv[1:]
sys.path.insert(0, os.path.dirname(os.path.abspath(sys.argv[0])))
code = 0
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
except SystemExit as end:
    code = end.code if isinstance(end.code, int) else int(end.code is not None)
except BaseException:
    traceback.print_exc()
    code = 1
leave(code)
