/* The letters of a sum: partial sums to the rank that sums a slice, and means back. */
#include <string.h>

#include "mpi_mail.h"
#include "mpi_sum_way.h"
#include "mpi_transport.h"

/* The kinds of letters. */
enum {
    PART,
    MEAN,
    ROWS
};

static struct mpi_slot *slot_of(struct mpi_sum *sum, size_t bucket)
{
    return &sum->slot[bucket % sum->n_slots];
}

static struct mpi_letter letter_to(const struct mpi_sum *sum, int rank, int kind, size_t *under_way)
{
    int object = (int)(sum->wish.number % MPI_MAIL_OBJECTS);
    return (struct mpi_letter){
        .rank = rank, .tag = object * MPI_MAIL_TAGS + kind, .under_way = under_way};
}

static shs_status post(struct mpi_sum *sum, bool sends, struct mpi_letter letter, const void *bytes,
                       size_t count)
{
    struct mpi_transport *transport = sum->run->transport;
    letter.bytes = (void *)(uintptr_t)bytes;
    letter.count = count;
    return sends ? transport->mail->send(transport, &letter)
                 : transport->mail->receive(transport, &letter);
}

/* ---- Partial sums. */

static shs_status await_rows(struct mpi_sum *sum, struct mpi_slot *slot)
{
    shs_status status = SHS_OK;
    for (size_t i = 0; i < sum->n_peers && !status; i++)
        status = post(sum, false, letter_to(sum, sum->peers[i], ROWS, &slot->parts_in),
                      &sum->rows_in[i], sizeof *sum->rows_in);
    return status;
}

shs_status mpi_sum_await_parts(struct mpi_sum *sum, size_t bucket)
{
    struct mpi_slot *slot = slot_of(sum, bucket);
    struct mpi_slice slice = mpi_sum_slice(sum, bucket, sum->run->rank);
    char *in = slot->in;
    shs_status status = bucket ? SHS_OK : await_rows(sum, slot);
    for (size_t i = 0; i < sum->n_terms && !status; i++) {
        if (sum->terms[i].area != SIZE_MAX) continue;
        status = post(sum, false, letter_to(sum, sum->terms[i].rank, PART, &slot->parts_in), in,
                      slice.count * mpi_sum_size(slice.doubles));
        in += sum->slice_bytes;
    }
    return status;
}

/* Adds the site's partial sums of a slice, as far as they can be added. Those that are sums go to
 * `out`, one after the other. */
static void add_parts(struct mpi_sum *sum, struct mpi_slice slice, char *out)
{
    size_t size = mpi_sum_size(slice.doubles), left = order_fold_left(sum->site_fold);
    for (size_t at = 0; at < slice.count; at += ORDER_FOLD_BLOCK) {
        size_t count =
            slice.count - at < ORDER_FOLD_BLOCK ? slice.count - at : (size_t)ORDER_FOLD_BLOCK;
        char *to = out + at * size;
        order_fold_block(sum->site_fold, slice.doubles, sum->from, at, count, sum->left);
        for (size_t i = 0; i < left; i++) {
            if (order_fold_sole(sum->site_fold, i) != SIZE_MAX) continue;
            memcpy(to, sum->left[i], count * size);
            to += sum->slice_bytes;
        }
    }
}

/* Sends a rank of another site what this site has for the rank's slice. Returns the end of the
 * memory that the sums take in *out. */
static shs_status send_parts_to(struct mpi_sum *sum, int rank, size_t bucket, char **out)
{
    struct mpi_slot *slot = slot_of(sum, bucket);
    struct mpi_slice slice = mpi_sum_slice(sum, bucket, rank);
    size_t left = order_fold_left(sum->site_fold);
    shs_status status = SHS_OK;
    for (size_t i = 0; i < sum->n_own; i++)
        sum->from[i] = mpi_sum_area(sum, sum->own[i].rank, sum->own[i].area) +
                       mpi_sum_at(sum, slice.doubles, slice.first);
    if (left < sum->n_own) add_parts(sum, slice, *out);
    for (size_t i = 0; i < left && !status; i++) {
        size_t sole = order_fold_sole(sum->site_fold, i);
        const void *bytes = sole == SIZE_MAX ? *out : sum->from[sole];
        if (sole == SIZE_MAX) *out += sum->slice_bytes;
        status = post(sum, true, letter_to(sum, rank, PART, &slot->parts_out), bytes,
                      slice.count * mpi_sum_size(slice.doubles));
    }
    return status;
}

shs_status mpi_sum_send_parts(struct mpi_sum *sum, size_t bucket)
{
    struct mpi_slot *slot = slot_of(sum, bucket);
    char *out = slot->out;
    shs_status status = SHS_OK;
    if (!bucket) {
        sum->site_rows = 0;
        for (int rank = 0; rank < sum->site_ranks; rank++)
            sum->site_rows += sum->cells[rank].rows;
    }
    for (size_t i = 0; i < sum->n_clients && !status; i++) {
        int rank = sum->clients[i];
        if (!bucket)
            status = post(sum, true, letter_to(sum, rank, ROWS, &slot->parts_out), &sum->site_rows,
                          sizeof sum->site_rows);
        if (!status) status = send_parts_to(sum, rank, bucket, &out);
    }
    return status;
}

/* ---- Means. */

static char *mean_of(struct mpi_sum *sum, struct mpi_slice slice)
{
    return mpi_sum_mean_area(sum) + mpi_sum_at(sum, slice.doubles, slice.first);
}

shs_status mpi_sum_await_means(struct mpi_sum *sum, size_t bucket)
{
    struct mpi_slot *slot = slot_of(sum, bucket);
    shs_status status = SHS_OK;
    for (size_t i = 0; i < sum->n_clients && !status; i++) {
        struct mpi_slice slice = mpi_sum_slice(sum, bucket, sum->clients[i]);
        status = post(sum, false, letter_to(sum, sum->clients[i], MEAN, &slot->results_in),
                      mean_of(sum, slice), slice.count * mpi_sum_size(slice.doubles));
    }
    return status;
}

shs_status mpi_sum_send_mean(struct mpi_sum *sum, size_t bucket)
{
    struct mpi_slot *slot = slot_of(sum, bucket);
    struct mpi_slice slice = mpi_sum_slice(sum, bucket, sum->run->rank);
    shs_status status = SHS_OK;
    for (size_t i = 0; i < sum->n_peers && !status; i++)
        status = post(sum, true, letter_to(sum, sum->peers[i], MEAN, &slot->results_out),
                      mean_of(sum, slice), slice.count * mpi_sum_size(slice.doubles));
    return status;
}

void mpi_sum_spread_means(struct mpi_sum *sum, size_t bucket)
{
    for (size_t i = 0; i < sum->n_clients; i++) {
        struct mpi_slice slice = mpi_sum_slice(sum, bucket, sum->clients[i]);
        mpi_sum_copy_mean(sum, slice.doubles, slice.first, slice.count);
    }
}
