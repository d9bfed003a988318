#include "cli_layout.h"

#include <string.h>

#include "augment_axes.h"
#include "cli_json.h"
#include "core_memory.h"
#include "load_batch.h"
#include "load_from.h"

shs_status cli_layout_open(shs_dataset *dataset, const char *text, shs_augment **augment)
{
    char *made = NULL;
    shs_status status = load_from_put(dataset, NULL, text, &made);
    if (made) text = made;
    if (!status) status = load_open_augment(dataset, NULL, text ? text : "", augment);
    core_free(&made);
    return core_wrap(status, "--augment");
}

void cli_layout_add(const shs_dataset *dataset, const shs_augment *augment, size_t field,
                    struct core_text *text)
{
    static const char *const from[] = {[AUGMENT_NO_LAYOUT] = "unknown",
                                       [AUGMENT_GIVEN] = ", given",
                                       [AUGMENT_OF_FILE] = ", of the file",
                                       [AUGMENT_ASSUMED] = ", assumed"};
    struct augment_layouts layouts = augment_layouts(augment, field);
    if (!dataset->sample[field].axes) return;
    core_text_add(text, "%s%s", layouts.before, from[layouts.origin]);
    if (dataset->layout[field].disputed && layouts.origin != AUGMENT_GIVEN)
        core_text_add(text, ": the names that %s axes contradict one another",
                      dataset->files.paths.count > 1 ? "the files give to" : "the file gives to");
    else if (layouts.origin == AUGMENT_NO_LAYOUT)
        core_text_add(text, ": the file does not name the axes");
    if (*layouts.after && strcmp(layouts.before, layouts.after) != 0)
        core_text_add(text, "; %s after the augmentation", layouts.after);
}

void cli_layout_json(const shs_augment *augment, size_t field)
{
    static const char *const from[] = {[AUGMENT_NO_LAYOUT] = "",
                                       [AUGMENT_GIVEN] = "given",
                                       [AUGMENT_OF_FILE] = "file",
                                       [AUGMENT_ASSUMED] = "assumed"};
    struct augment_layouts layouts = augment_layouts(augment, field);
    cli_json_text("layout", layouts.before);
    cli_json_text("layout_from", from[layouts.origin]);
    cli_json_text("layout_after", layouts.after);
}
