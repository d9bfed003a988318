/* Windows that continue in the next file: the files of a source, in order, are one series. Window i
 * is a sample of the file that its anchor lies in, which is row i * stride of the series. */
#ifndef DATA_JOINED_H
#define DATA_JOINED_H

#include "data_files.h"
#include "data_stand.h"

/* Takes the rows of a file, which must be as many for all windows. `arrays` are its arrays. */
shs_status data_joined_take(struct data_files *files, size_t file, const struct data_field *arrays);

/* Numbers the samples of all files, once the rows of each are taken. */
shs_status data_joined_settle(struct data_files *files);

/* Returns where a sample stands in the series of its file. `number` is its number in the file. */
struct data_stand data_joined_stand(const struct data_files *files, const struct data_part *part,
                                    size_t file, uint64_t number);

/* Returns the file that has a row of the series that `file` is of. *row becomes its number there.
 */
size_t data_joined_find(const struct data_files *files, size_t file, uint64_t *row);

/* Finds the samples that have some of the rows [first, first + count) of a file between their first
 * and their last row. */
struct data_range data_joined_samples(const struct data_files *files, const struct data_part *part,
                                      size_t file, uint64_t first, uint64_t count);

#endif
