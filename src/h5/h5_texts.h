/* Reads datasets of texts, of fixed or of variable length. Part of the program, not of the library.
 */
#ifndef H5_TEXTS_H
#define H5_TEXTS_H

#include "h5_file.h"

/* Calls `visit` with each text of a dataset along one axis, or of a member of a compound dataset,
 * such as table.species, in the order of its rows, until it returns an error. A text ends with the
 * call. A dataset of other elements, of other axes or in other files is an error. *rows becomes the
 * number of texts. */
typedef shs_status h5_text_visit(void *user, uint64_t row, const char *text);
shs_status h5_texts_read(struct h5_file *file, const char *name, h5_text_visit *visit, void *user,
                         uint64_t *rows);

#endif
