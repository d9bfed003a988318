"""The version of this module. It is that of include/shardstep/status.h."""

VERSION = "0.1.0"
