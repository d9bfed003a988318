/* The norm of the mean: the squares of each block of elements are summed by themselves, and then
 * the blocks from the first to the last. So the norm has the same bits, however the work is shared.
 */
#include "random_math.h"
#include "train_gradient.h"

static size_t blocks_of(const struct train_place *place)
{
    return (place->count + ORDER_SQUARES_BLOCK - 1) / ORDER_SQUARES_BLOCK;
}

size_t train_count_blocks(const shs_gradient *gradient)
{
    size_t blocks = 0;
    for (size_t t = 0; t < gradient->count; t++)
        blocks += blocks_of(&gradient->places[t]);
    return blocks;
}

static double squares_of_block(const shs_gradient *gradient, size_t t, size_t block)
{
    const struct train_place *place = &gradient->places[t];
    size_t first = block * ORDER_SQUARES_BLOCK, count = place->count - first;
    const char *from = gradient->tensors[t].data;
    if (count > ORDER_SQUARES_BLOCK) count = ORDER_SQUARES_BLOCK;
    return order_squares(place->doubles,
                         from + first * (place->doubles ? sizeof(double) : sizeof(float)), count);
}

double train_squares(const shs_gradient *gradient)
{
    double squares = 0;
    for (size_t t = 0; t < gradient->count; t++)
        for (size_t block = 0; block < blocks_of(&gradient->places[t]); block++)
            squares += squares_of_block(gradient, t, block);
    return squares;
}

/* Fills this rank's share of the table, which has a number for each block. */
static void fill_share(const shs_gradient *gradient, double *table)
{
    struct mpi_part share = mpi_sum_share(gradient->sum);
    size_t blocks = train_count_blocks(gradient), number = 0;
    size_t from = blocks * share.number / share.of, to = blocks * (share.number + 1) / share.of;
    for (size_t t = 0; t < gradient->count; t++)
        for (size_t block = 0; block < blocks_of(&gradient->places[t]); block++, number++)
            if (number >= from && number < to) table[number] = squares_of_block(gradient, t, block);
}

shs_status train_find_norm(shs_gradient *gradient)
{
    double *table = mpi_sum_table(gradient->sum), squares = 0;
    fill_share(gradient, table);
    shs_status status = mpi_sum_meet(gradient->sum);
    for (size_t i = 0; i < train_count_blocks(gradient) && !status; i++)
        squares += table[i];
    gradient->norm = random_sqrt(squares);
    return status;
}

double shs_gradient_norm(const shs_gradient *gradient)
{
    if (!gradient) return 0;
    if (gradient->options.clip_norm > 0) return gradient->norm;
    return random_sqrt(train_squares(gradient));
}
