"""Ranks of a test that pipes join."""


def gather_by(pipes, rank, ranks):
    """An `agree` of a Run: a rank sends its bytes to rank 0, which sends those of all ranks back. `pipes` has a
    multiprocessing.Pipe() for each rank."""

    def agree(mine):
        if rank:
            pipes[rank][1].send_bytes(mine)
            return pipes[rank][1].recv_bytes()
        everyone = b"".join([mine] + [pipes[r][0].recv_bytes() for r in range(1, ranks)])
        for r in range(1, ranks):
            pipes[r][0].send_bytes(everyone)
        return everyone

    return agree
