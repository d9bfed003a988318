/* The layouts of fields, as `info --fields` and `replay` show them. */
#ifndef CLI_LAYOUT_H
#define CLI_LAYOUT_H

#include "core_text.h"
#include "data_dataset.h"
#include "shardstep/augment.h"

/* Local. Opens the augmentation that --augment gives, or one without operators. */
shs_status cli_layout_open(shs_dataset *dataset, const char *text, shs_augment **augment);

/* Local. Appends a field's layout, where it comes from, and the layout behind the augmentation if
 * that is another one: "hwc, assumed; chw after the augmentation". Appends nothing for a field
 * without axes. */
void cli_layout_add(const shs_dataset *dataset, const shs_augment *augment, size_t field,
                    struct core_text *text);

/* Local. Prints the same as members of the present object: layout, layout_from, layout_after. A
 * layout that is not known is "". */
void cli_layout_json(const shs_augment *augment, size_t field);

#endif
