#include "mpi_gathered.h"

#include <stdio.h>
#include <string.h>

#include "core_assert.h"
#include "core_memory.h"

_Static_assert(MPI_GATHERED_ROOM / MPI_GATHERED_RANKS == sizeof(uint64_t),
               "with the most ranks each hands over a number");

static struct mpi_gathered *gathered_of(struct mpi_transport *transport)
{
    return (struct mpi_gathered *)transport;
}

/* ---- One call of the program's function. */

static shs_status tell_failure(const struct mpi_gathered *gathered)
{
    return core_fail(gathered->failed,
                     "%s; the ranks may be out of step now: close the run, and open another",
                     gathered->failure);
}

/* The bytes that the last call brought of a rank. */
static const char *brought(const struct mpi_gathered *gathered, int rank, size_t bytes)
{
    return (const char *)gathered->numbers + (size_t)rank * bytes;
}

/* Collective. Brings `bytes` bytes of each rank to every rank. After an error no further call is
 * made: the ranks would take the bytes of one call for those of another. */
static shs_status exchange(struct mpi_gathered *gathered, const void *mine, size_t bytes)
{
    const struct mpi_seat *seat = &gathered->seat;
    if (gathered->failed) return tell_failure(gathered);
    int code = seat->agree(seat->user, mine, bytes, gathered->numbers);
    if (!code && !memcmp(brought(gathered, seat->rank, bytes), mine, bytes)) return SHS_OK;
    gathered->failed = SHS_ERROR_GATHER;
    if (code)
        snprintf(gathered->failure, sizeof gathered->failure,
                 "the function `agree` of shs_open_ranks() returned %d on rank %d", code,
                 seat->rank);
    else
        snprintf(gathered->failure, sizeof gathered->failure,
                 "the function `agree` of shs_open_ranks() brought other bytes of rank %d than it "
                 "was given there",
                 seat->rank);
    return tell_failure(gathered);
}

shs_status mpi_gathered_check(struct mpi_gathered *gathered)
{
    const struct mpi_seat *seat = &gathered->seat;
    const uint32_t mine[2] = {(uint32_t)seat->rank, (uint32_t)seat->ranks};
    shs_status status = exchange(gathered, mine, sizeof mine);
    for (int rank = 0; rank < seat->ranks && !status; rank++) {
        uint32_t found[2];
        memcpy(found, brought(gathered, rank, sizeof found), sizeof found);
        if (found[0] != (uint32_t)rank || found[1] != mine[1])
            status =
                core_fail(SHS_ERROR_GATHER,
                          "the function `agree` brought the bytes of rank %u of %u where those "
                          "of rank %d of %d belong; it must bring the bytes of every rank, in "
                          "the order of ranks",
                          found[0], found[1], rank, seat->ranks);
    }
    return status;
}

/* ---- Numbers that are joined. */

/* Joins `count` numbers of another rank to `to`. They begin with the number `first` of all. */
typedef void join_numbers(uint64_t *to, const uint64_t *from, size_t first, size_t count);

static shs_status join_all(struct mpi_gathered *gathered, uint64_t *numbers, size_t count,
                           join_numbers *join)
{
    const struct mpi_seat *seat = &gathered->seat;
    size_t at_once = gathered->piece / sizeof *numbers;
    shs_status status = SHS_OK;
    for (size_t at = 0; at < count && !status; at += at_once) {
        size_t piece = count - at < at_once ? count - at : at_once;
        status = exchange(gathered, numbers + at, piece * sizeof *numbers);
        for (int rank = 0; rank < seat->ranks && !status; rank++)
            if (rank != seat->rank)
                join(numbers + at, gathered->numbers + (size_t)rank * piece, at, piece);
    }
    return status;
}

static void add(uint64_t *to, const uint64_t *from, size_t first, size_t count)
{
    (void)first;
    for (size_t i = 0; i < count; i++)
        to[i] += from[i];
}

static void keep_greatest(uint64_t *to, const uint64_t *from, size_t first, size_t count)
{
    (void)first;
    for (size_t i = 0; i < count; i++)
        if (to[i] < from[i]) to[i] = from[i];
}

/* A ballot is its signed numbers whose greatest is wanted, and then the number to be added. */
static void join_ballots(uint64_t *to, const uint64_t *from, size_t first, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (first + i == MPI_BALLOT_GREATEST)
            to[i] += from[i];
        else if ((int64_t)to[i] < (int64_t)from[i])
            to[i] = from[i];
}

static shs_status agree(struct mpi_transport *transport, struct mpi_ballot *ballot)
{
    uint64_t numbers[MPI_BALLOT_GREATEST + 1];
    _Static_assert(sizeof numbers == sizeof *ballot, "a ballot has no other numbers");
    memcpy(numbers, ballot, sizeof numbers);
    shs_status status =
        join_all(gathered_of(transport), numbers, MPI_BALLOT_GREATEST + 1, join_ballots);
    memcpy(ballot, numbers, sizeof numbers);
    return status;
}

static shs_status sum(struct mpi_transport *transport, uint64_t *numbers, size_t count)
{
    return join_all(gathered_of(transport), numbers, count, add);
}

static shs_status greatest(struct mpi_transport *transport, uint64_t *numbers, size_t count)
{
    return join_all(gathered_of(transport), numbers, count, keep_greatest);
}

/* ---- Bytes that are copied. */

/* The bytes of a piece that a rank has: all of it, its beginning or none. */
static size_t bytes_in_piece(size_t count, size_t at, size_t piece)
{
    if (count <= at) return 0;
    return count - at < piece ? count - at : piece;
}

/* Collective. Brings a piece of each rank's bytes to every rank. A rank with fewer bytes fills the
 * piece up with zeros. */
static shs_status exchange_piece(struct mpi_gathered *gathered, const char *bytes, size_t count,
                                 size_t at, size_t piece)
{
    char mine[MPI_GATHERED_PIECE] = {0};
    size_t own = bytes_in_piece(count, at, piece);
    if (own) memcpy(mine, bytes + at, own);
    return exchange(gathered, mine, piece);
}

/* Collective. Copies the bytes of rank `from` to `to`, on each other rank whose `to` is not NULL.
 */
static shs_status copy_from(struct mpi_gathered *gathered, int from, const char *bytes, char *to,
                            size_t count)
{
    bool is_source = gathered->seat.rank == from;
    shs_status status = SHS_OK;
    for (size_t at = 0; at < count && !status; at += gathered->piece) {
        size_t piece = bytes_in_piece(count, at, gathered->piece);
        status = exchange_piece(gathered, bytes, is_source ? count : 0, at, piece);
        if (!status && to && !is_source) memcpy(to + at, brought(gathered, from, piece), piece);
    }
    return status;
}

static shs_status broadcast(struct mpi_transport *transport, int from, void *bytes, size_t count)
{
    return copy_from(gathered_of(transport), from, bytes, bytes, count);
}

static shs_status gather(struct mpi_transport *transport, const void *records, void *all,
                         const struct mpi_layout *layout)
{
    struct mpi_gathered *gathered = gathered_of(transport);
    const struct mpi_seat *seat = &gathered->seat;
    size_t size = layout->record_bytes, own = (size_t)layout->counts[seat->rank] * size, most = 0;
    shs_status status = SHS_OK;
    for (int rank = 0; rank < seat->ranks; rank++)
        if ((size_t)layout->counts[rank] * size > most) most = (size_t)layout->counts[rank] * size;
    for (size_t at = 0; at < most && !status; at += gathered->piece) {
        size_t piece = bytes_in_piece(most, at, gathered->piece);
        status = exchange_piece(gathered, records, own, at, piece);
        for (int rank = 0; rank < seat->ranks && !status && !seat->rank; rank++) {
            size_t count = bytes_in_piece((size_t)layout->counts[rank] * size, at, piece);
            char *to = (char *)all + (size_t)layout->starts[rank] * size + at;
            if (count) memcpy(to, brought(gathered, rank, piece), count);
        }
    }
    return status;
}

static shs_status in_order(struct mpi_transport *transport, const void *bytes, size_t count,
                           void *room, mpi_take *take, void *user)
{
    struct mpi_gathered *gathered = gathered_of(transport);
    const struct mpi_seat *seat = &gathered->seat;
    shs_status taken = seat->rank ? SHS_OK : take(user, bytes, count);
    for (int rank = 1; rank < seat->ranks; rank++) {
        uint64_t of_rank = count;
        shs_status status = broadcast(transport, rank, &of_rank, sizeof of_rank);
        if (!status) status = copy_from(gathered, rank, bytes, seat->rank ? NULL : room, of_rank);
        if (status) return status;
        if (!seat->rank && !taken) taken = take(user, room, of_rank);
    }
    return taken;
}

/* ---- The transport. */

static shs_status works(const struct mpi_transport *transport)
{
    const struct mpi_gathered *gathered = (const struct mpi_gathered *)transport;
    return gathered->failed ? tell_failure(gathered) : SHS_OK;
}

static void close_gathered(struct mpi_transport *transport, bool together)
{
    struct mpi_gathered *gathered = gathered_of(transport);
    (void)together;
    core_free(&gathered);
}

void mpi_gathered_begin(struct mpi_gathered *gathered, const struct mpi_seat *seat)
{
    static const struct mpi_transport over_gather = {.agree = agree,
                                                     .broadcast = broadcast,
                                                     .sum = sum,
                                                     .greatest = greatest,
                                                     .gather = gather,
                                                     .in_order = in_order,
                                                     .small_data = true,
                                                     .works = works,
                                                     .close = close_gathered};
    size_t share = MPI_GATHERED_ROOM / (size_t)seat->ranks / sizeof(uint64_t) * sizeof(uint64_t);
    core_assert(seat->agree && seat->ranks > 1 && seat->ranks <= MPI_GATHERED_RANKS);
    gathered->transport = over_gather;
    gathered->seat = *seat;
    gathered->piece = share < MPI_GATHERED_PIECE ? share : MPI_GATHERED_PIECE;
    gathered->failed = SHS_OK;
}
