/* What every unit test includes. */
#ifndef UNIT_H
#define UNIT_H

#include "harness.h"

/* An entry of a table of tests. */
#define TEST(name)                                                                                 \
    {                                                                                              \
#name, name                                                                                \
    }

#define COUNT(array) (sizeof(array) / sizeof *(array))

#endif
