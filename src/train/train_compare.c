#include "train_compare.h"

#include <stdio.h>
#include <string.h>

#include "core_hash.h"
#include "core_memory.h"

enum {
    SHOWN_NAME = 255, /* bytes of a name that a description has */
    DESCRIPTION_BYTES = 512
};

shs_status train_compare_new(size_t count, struct train_compare *compare)
{
    *compare = (struct train_compare){.count = count};
    shs_status status = core_new(count, sizeof *compare->hashes, "hashes", &compare->hashes);
    if (status) return status;
    return core_new(count, 2 * sizeof *compare->greatest, "hashes", &compare->greatest);
}

void train_compare_free(struct train_compare *compare)
{
    core_free(&compare->hashes);
    core_free(&compare->greatest);
}

/* The greatest of all numbers, and the greatest of their complements, tell whether all are the
 * same.
 */
shs_status train_compare_all(shs_run *run, struct train_compare *compare, size_t *first)
{
    size_t count = compare->count;
    for (size_t i = 0; i < count; i++) {
        compare->greatest[i] = compare->hashes[i];
        compare->greatest[count + i] = ~compare->hashes[i];
    }
    shs_status status = mpi_greatest(run, compare->greatest, 2 * count);
    for (*first = 0; *first < count && !status; ++*first)
        if (compare->greatest[*first] != ~compare->greatest[count + *first]) break;
    return status;
}

static void describe(const shs_tensor *tensor, char text[DESCRIPTION_BYTES])
{
    memset(text, 0, DESCRIPTION_BYTES);
    int end = snprintf(text, DESCRIPTION_BYTES, "%.*s %s", SHOWN_NAME,
                       tensor->name ? tensor->name : "without a name", shs_type_name(tensor->type));
    for (uint32_t axis = 0; axis < tensor->axes; axis++)
        end += snprintf(text + end, (size_t)(DESCRIPTION_BYTES - end), "%c%llu", axis ? 'x' : ' ',
                        (ull)tensor->shape[axis]);
}

uint64_t train_compare_shape(const shs_tensor *tensor)
{
    char text[DESCRIPTION_BYTES];
    describe(tensor, text);
    return core_hash_text(text);
}

shs_status train_compare_tell_shape(shs_run *run, const char *call, size_t t,
                                    const shs_tensor *tensor)
{
    char mine[DESCRIPTION_BYTES], first[DESCRIPTION_BYTES];
    describe(tensor, mine);
    memcpy(first, mine, sizeof first);
    shs_status status = mpi_broadcast(run, first, sizeof first);
    if (status) return status;
    if (strcmp(mine, first) != 0)
        status = core_fail(SHS_ERROR_DISAGREE,
                           "%s: tensor %zu is %s here and %s on rank 0; give every rank tensors of "
                           "the same names, types and shapes in the same order",
                           call, t, mine, first);
    return mpi_agree(run, status, "%s", call);
}

shs_status train_compare_together(const shs_run *run)
{
    if (!mpi_is_apart(run)) return SHS_OK;
    return core_fail(SHS_ERROR_UNSUPPORTED,
                     "the ranks of this run cannot talk to each other: give shs_open_ranks() a "
                     "function `agree`");
}
