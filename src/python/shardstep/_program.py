"""The program `shardstep` of a wheel."""

import os
import sys


def main() -> None:
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib", "shardstep")
    os.execv(path, [path, *sys.argv[1:]])
