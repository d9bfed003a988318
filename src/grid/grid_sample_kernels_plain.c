/* Kernels for any machine. */
#include "grid_sample_body.h"

#define round_bytes   round_u8
#define between_bytes between_u8
#define lines_bytes   lines_u8
#define across_row    across_floats
#define lanes_finder  NULL

const struct grid_sample_kernels grid_sample_kernels_plain = KERNELS("plain");
