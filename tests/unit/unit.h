/* What every unit test includes. */
#ifndef UNIT_H
#define UNIT_H

#include "harness.h"

/* An entry of a table of tests. */
#define TEST(name)                                                                                 \
    {                                                                                              \
#name, name                                                                                \
    }

/* Notes a failure, in words. */
#define WRONG(text) CU_assertImplementation(CU_FALSE, __LINE__, text, __FILE__, "", CU_FALSE)

#define COUNT(array) (sizeof(array) / sizeof *(array))

#endif
