/* NULL for what the functions of status.h, tensor.h, context.h and collective.h need. */
#include "null_cases.h"

/* ---- status.h, tensor.h */

CASE(shs_status_name)
{
    return shs_status_name((shs_status)99) != NULL;
}

CASE(shs_status_text)
{
    return shs_status_text((shs_status)99) != NULL;
}

CASE(shs_version)
{
    return shs_version() != NULL;
}

CASE(shs_layouts)
{
    return shs_layouts() != NULL && shs_layouts()->name != NULL;
}

CASE(shs_message)
{
    return shs_message() != NULL;
}

CASE(shs_notice)
{
    return shs_notice() == NULL;
}

CASE(shs_message_is_mine)
{
    return REFUSES(shs_agree, (NULL), "run is NULL") && shs_message_is_mine();
}

CASE(shs_message_is_agreed)
{
    return REFUSES(shs_agree, (NULL), "run is NULL") && !shs_message_is_agreed();
}

CASE(shs_memory_use)
{
    shs_memory_use(NULL);
    return true;
}

CASE(shs_type_size)
{
    return shs_type_size((shs_type)0) == 0;
}

CASE(shs_type_name)
{
    return shs_type_name((shs_type)0) != NULL;
}

CASE(shs_tensor_bytes)
{
    size_t bytes = 1;
    return REFUSES(shs_tensor_bytes, (NULL, &bytes), "tensor is NULL") && bytes == 0 &&
           REFUSES(shs_tensor_bytes, (&good_tensor, NULL), "bytes is NULL");
}

/* ---- context.h */

CASE(shs_open_ranks)
{
    return REFUSES(shs_open_ranks, (0, 1, NULL, NULL, NULL, NULL), "run is NULL");
}

#ifndef SHARDSTEP_NO_MPI
CASE(shs_open)
{
    return REFUSES(shs_open, (MPI_COMM_NULL, NULL, NULL), "run is NULL");
}
#endif

CASE(shs_close)
{
    return shs_close(NULL) == SHS_OK && shs_close(&(shs_run *){NULL}) == SHS_OK;
}

CASE(shs_info)
{
    shs_run_info info = shs_info(NULL);
    return all_zero(&info, sizeof info);
}

CASE(shs_agree)
{
    return REFUSES(shs_agree, (NULL), "run is NULL; open it with shs_open()");
}

CASE(shs_request_stop)
{
    shs_request_stop(NULL);
    return true;
}

/* ---- collective.h */

CASE(shs_sum)
{
    shs_run *run = good_run();
    return REFUSES(shs_sum, (NULL, &good_tensor, 1, &good_tensor), "run is NULL") &&
           REFUSES(shs_sum, (run, NULL, 1, &good_tensor), "parts is NULL") &&
           REFUSES(shs_sum, (run, &good_tensor, 1, NULL), "sums is NULL");
}

CASE(shs_broadcast)
{
    return REFUSES(shs_broadcast, (NULL, &good_tensor, 1), "run is NULL") &&
           REFUSES(shs_broadcast, (good_run(), NULL, 1), "tensors is NULL");
}

CASE(shs_same)
{
    shs_run *run = good_run();
    return REFUSES(shs_same, (NULL, "n", &good_tensor, 1), "run is NULL") &&
           REFUSES(shs_same, (run, NULL, &good_tensor, 1), "what is NULL") &&
           REFUSES(shs_same, (run, "n", NULL, 1), "tensors is NULL");
}

static const struct null_case cases[] = {
    NULL_CASE(shs_status_name),
    NULL_CASE(shs_status_text),
    NULL_CASE(shs_version),
    NULL_CASE(shs_layouts),
    NULL_CASE(shs_message),
    NULL_CASE(shs_notice),
    NULL_CASE(shs_message_is_mine),
    NULL_CASE(shs_message_is_agreed),
    NULL_CASE(shs_memory_use),
    NULL_CASE(shs_type_size),
    NULL_CASE(shs_type_name),
    NULL_CASE(shs_tensor_bytes),
    NULL_CASE(shs_open_ranks),
#ifndef SHARDSTEP_NO_MPI
    NULL_CASE(shs_open),
#endif
    NULL_CASE(shs_close),
    NULL_CASE(shs_info),
    NULL_CASE(shs_agree),
    NULL_CASE(shs_request_stop),
    NULL_CASE(shs_sum),
    NULL_CASE(shs_broadcast),
    NULL_CASE(shs_same),
};

const struct null_cases null_run = {cases, sizeof cases / sizeof *cases};
