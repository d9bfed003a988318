/* The file of a checkpoint, as HDF5 sees it: its labels, the program's tensors, and a checksum of
 * both. For the ranks that read or write the file. train_layout.h and shardstep/checkpoint.h
 * describe the file. */
#ifndef TRAIN_FILE_H
#define TRAIN_FILE_H

#include "h5_file.h"
#include "train_layout.h"

/* Local. Makes a file with the labels, and with a place for each tensor. The tensors themselves,
 * the user block and the checksum's digits are still to be written: layout->pieces has them. On
 * error the caller frees the layout, too. */
shs_status train_file_lay_out(const char *path, const struct train_state *state,
                              const struct train_labels *labels, struct train_layout *layout);

/* Local. Reads the labels from an open file. After an error the caller frees the labels, too. */
shs_status train_file_read_labels(struct h5_file *file, struct train_labels *labels);

/* Local. Reads the elements of each tensor into contents[t], memory that the caller frees, also
 * after an error. The caller provides `contents` with NULL for each tensor. SHS_ERROR_FORMAT if
 * tensors and labels do not have the checksum in the labels; `path` is for that message. */
shs_status train_file_read_state(struct h5_file *file, const char *path,
                                 const struct train_state *state, const struct train_labels *labels,
                                 void **contents);

#endif
