/* The weights of the newest checkpoint of train_fashion, for programs that do not train. A
 * checkpoint is an ordinary HDF5 file: a weight NAME is its array state/NAME. */
#ifndef FASHION_WEIGHTS_H
#define FASHION_WEIGHTS_H

#include <shardstep.h>
#include <stdbool.h>
#include <stddef.h>

/* Local. Fills `count` tensors of f32 from the checkpoint in `folder` that was saved last, once its
 * bytes have the checksum that was noted when it was saved. If that fails, prints why and returns
 * false. */
bool fashion_weights_read(const char *folder, const shs_tensor *weights, size_t count);

#endif
