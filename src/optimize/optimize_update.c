#include "optimize_update.h"

#include "random_math.h"

#define REAL    float
#define ROOT    random_sqrt_float
#define NAME(x) x##_floats
#include "optimize_update_body.h"
#undef REAL
#undef ROOT
#undef NAME

#define REAL    double
#define ROOT    random_sqrt
#define NAME(x) x##_doubles
#include "optimize_update_body.h"
