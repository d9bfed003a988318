#include "train_saved.h"

#include "core_memory.h"
#include "h5_file.h"
#include "io_folder.h"

shs_status train_saved_check(const shs_loader *loader, const char *folder,
                             const struct train_latest *latest)
{
    char *path, *stored = NULL, *own = NULL;
    struct h5_file *file = NULL;
    bool other_batch;
    if (!latest->count) return SHS_OK;
    shs_status status = io_join(folder, latest->kept[0].name, &path);
    if (status) return status;
    status = train_folder_check(path, &latest->kept[0]);
    if (!status) status = h5_open(path, &file);
    if (!status) status = h5_read_text(file, "fingerprint", &stored);
    if (!status) status = load_fingerprint(loader, &own);
    if (!status) status = load_fingerprint_check(stored, own, true, &other_batch);
    h5_close(&file);
    core_free(&own);
    core_free(&stored);
    core_free(&path);
    return core_wrap(train_folder_advise(folder, latest, 1, status),
                     "each run needs a folder of its own, each task of a job array too: %s/%s",
                     folder, latest->kept[0].name);
}
