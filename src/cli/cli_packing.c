#include "cli_packing.h"

void cli_packing_add(const struct h5_packing *packing, bool applied, bool fits,
                     struct core_text *text)
{
    if (!packing || !h5_packing_has_any(packing)) return;
    core_text_add(text, "attributes ");
    h5_packing_print(packing, text);
    core_text_add(text, " are %s",
                  applied ? "applied: values are f32, and NaN where they are missing"
                  : fits  ? "not applied: numbers are as stored; --cf applies them"
                          : "not applied: numbers are as stored");
}
