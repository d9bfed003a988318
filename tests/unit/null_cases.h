/* How the null_*.c files call the library's functions with NULL. Each file has a table of cases,
 * one for each function of some public headers; test_null.c runs each case in a process of its own.
 */
#ifndef NULL_CASES_H
#define NULL_CASES_H

#include <stdint.h>

#include "message.h"
#include "shardstep.h"
#include "temporary_folder.h"
#include "unit.h"

struct null_case {
    const char *function;
    bool (*is_right)(void);
};

struct null_cases {
    const struct null_case *list;
    size_t count;
};

extern const struct null_cases null_run, null_data, null_train, null_augment, null_random;

/* A folder, and a file in it with three samples of the dataset x. */
extern char null_folder[PATH_BYTES], null_path[PATH_BYTES];

/* ---- The case of a function, and its entry in the file's table. */

#define CASE(function) static bool null_##function(void)

#define NULL_CASE(function)                                                                        \
    {                                                                                              \
#function, null_##function                                                                 \
    }

/* A function without a status gives 0 for NULL. */
#define GIVES_0(function, arguments)                                                               \
    CASE(function)                                                                                 \
    {                                                                                              \
        return function arguments == 0;                                                            \
    }

/* ---- What is expected. */

/* An error of the caller's, whose message names the function and what is NULL. */
static inline bool refused(shs_status status, const char *function, const char *what)
{
    if (status == SHS_ERROR_ARGUMENT && message_has(function) && message_has(what)) return true;
    printf("  %s: expected SHS_ERROR_ARGUMENT with «%s»; came %s: %s\n", function, what,
           shs_status_name(status), shs_message());
    return false;
}

#define REFUSES(function, arguments, what) refused(function arguments, #function, what)

static inline bool all_zero(const void *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (((const unsigned char *)bytes)[i]) return false;
    return true;
}

/* ---- What a function is called with where it is not given NULL. The process of the case ends with
 * these objects open. */

extern const shs_tensor good_tensor;

static inline shs_random good_stream(void)
{
    shs_random stream;
    CHECK_STATUS(shs_random_at(&(shs_place){.seed = 1}, &stream), SHS_OK);
    return stream;
}

static inline shs_run *good_run(void)
{
    shs_run *run;
    CHECK_STATUS(shs_open_ranks(0, 1, NULL, NULL, NULL, &run), SHS_OK);
    return run;
}

static inline shs_dataset *good_dataset(void)
{
    shs_dataset *dataset;
    CHECK_STATUS(shs_dataset_open(good_run(), null_path, "x", NULL, &dataset), SHS_OK);
    return dataset;
}

static inline shs_loader *good_loader(void)
{
    shs_loader *loader;
    CHECK_STATUS(shs_loader_open(good_dataset(), NULL, &loader), SHS_OK);
    return loader;
}

#endif
