/* The options of a run in the words of the program `shardstep`, so that it can make the run's
 * batches again. */
#ifndef LOAD_COMMAND_H
#define LOAD_COMMAND_H

#include "load_order.h"

/* Local. Makes a text with a line "option<TAB>NAME<TAB>VALUE" for each option of the run, its
 * dataset and its loader that is not the default; a flag has no value. In a value a backslash, a
 * tab and the characters that end a line are written as \\, \t, \n and \r. A line
 * "needs<TAB>OPTION" stands for what a line cannot hold: a list of rows, or something of the
 * program's own. `given` are the loader's options as the program gave them, `settled` after
 * load_order_settle(). `own` says that the augmentation has operators of the program's own. The
 * caller releases *text with core_free(). */
shs_status load_command(const shs_dataset *dataset, const shs_loader_options *given,
                        const shs_loader_options *settled, bool own, char **text);

#endif
