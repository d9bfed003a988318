#include "run_weights.h"

shs_status run_weights_open(shs_dataset *dataset, const struct run_weights_how *how,
                            struct run_weights **weights)
{
    (void)how;
    *weights = NULL;
    return mpi_agree(dataset->run, core_fail(SHS_ERROR_UNSUPPORTED, "weights: not built"),
                     "weights");
}
void run_weights_close(struct run_weights **weights)
{
    (void)weights;
}
shs_status run_weights_rows(struct run_weights *weights, const struct order_source *source,
                            unsigned threads, uint64_t *index, uint64_t count)
{
    (void)weights, (void)source, (void)threads, (void)index, (void)count;
    return SHS_OK;
}
void run_weights_digest(const struct run_weights *weights, char text[CORE_DIGEST_TEXT])
{
    (void)weights;
    *text = 0;
}
