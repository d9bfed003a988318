#include "import_folder.h"

#include <stdlib.h>
#include <string.h>

#include "core_memory.h"
#include "core_text.h"
#include "io_folder.h"
#include "io_image.h"

/* ---- names */

shs_status import_names_add(struct import_names *names, const char *name)
{
    if (names->count == names->room) {
        size_t room = names->room ? 2 * names->room : 64;
        shs_status status = core_resize(room, sizeof *names->name, "names", &names->name);
        if (status) return status;
        names->room = room;
    }
    shs_status status = core_copy(name, &names->name[names->count]);
    if (!status) names->count++;
    return status;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort_names(struct import_names *names)
{
    if (names->count) qsort(names->name, names->count, sizeof *names->name, compare_names);
}

void import_names_free(struct import_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        core_free(&names->name[i]);
    core_free(&names->name);
    *names = (struct import_names){0};
}

size_t import_names_find(const struct import_names *names, const char *name)
{
    char *const *found =
        bsearch(&name, names->name, names->count, sizeof *names->name, compare_names);
    return found ? (size_t)(found - names->name) : names->count;
}

struct listing {
    struct import_names names;
    shs_status status;
};

static void list_name(const char *name, void *user)
{
    struct listing *listing = user;
    if (listing->status || *name == '.') return; /* hidden names, "." and ".." */
    listing->status = import_names_add(&listing->names, name);
}

/* Lists the names in a folder that are not hidden, sorted. The caller must free the names even
 * after an error. */
static shs_status list_names(const char *path, struct import_names *names)
{
    struct listing listing = {0};
    shs_status status = io_list(path, list_name, &listing);
    *names = listing.names;
    sort_names(names);
    return status ? status : listing.status;
}

/* ---- images */

static bool is_image(const char *name)
{
    size_t stem;
    return io_image_is_name(name, &stem);
}

/* Adds an image. The name is taken over, and *name becomes NULL. */
static shs_status add_image(struct import_folder *folder, char **name, uint64_t label)
{
    if (folder->n_images == folder->room) {
        folder->room = folder->room ? 2 * folder->room : 64;
        shs_status status =
            core_resize(folder->room, sizeof *folder->images, "images", &folder->images);
        if (status) return status;
    }
    folder->images[folder->n_images++] = (struct import_image){*name, (uint32_t)label};
    *name = NULL;
    return SHS_OK;
}

static shs_status add_class(struct import_folder *folder, uint64_t label)
{
    struct import_names names = {0};
    char *path;
    shs_status status = io_join(folder->path, folder->classes.name[label], &path);
    if (!status) status = list_names(path, &names);
    for (size_t i = 0; i < names.count && !status; i++)
        if (is_image(names.name[i]))
            status = add_image(folder, &names.name[i], label);
        else
            status = core_fail(
                SHS_ERROR_FORMAT,
                "%s/%s is no PNG image and no JPEG image; a class's folder holds nothing else",
                path, names.name[i]);
    import_names_free(&names);
    core_free(&path);
    return status;
}

/* Adds an entry of the top folder, an image or the folder of a class. */
static shs_status add_entry(struct import_folder *folder, char **name)
{
    char *path;
    bool is_folder = false;
    if (is_image(*name)) return add_image(folder, name, 0);
    shs_status status = io_join(folder->path, *name, &path);
    if (!status) status = io_is_folder(path, &is_folder);
    if (!status && !is_folder)
        status = core_fail(
            SHS_ERROR_FORMAT,
            "%s is neither a PNG or JPEG image nor a folder of them, which is what import "
            "takes of a folder; move it out of %s; name arrays file by file, as in "
            "a=a.npy b=b.npy",
            path, folder->path);
    core_free(&path);
    return status ? status : import_names_add(&folder->classes, *name);
}

static shs_status list_images(struct import_folder *folder)
{
    struct import_names names = {0};
    shs_status status = list_names(folder->path, &names);
    for (size_t i = 0; i < names.count && !status; i++)
        status = add_entry(folder, &names.name[i]);
    import_names_free(&names);
    if (!status && folder->n_images && folder->classes.count)
        status = core_fail(SHS_ERROR_FORMAT,
                           "%s holds both images (%s) and folders (%s); move the images into the "
                           "folders of their classes",
                           folder->path, folder->images[0].name, folder->classes.name[0]);
    for (size_t label = 0; label < folder->classes.count && !status; label++)
        status = add_class(folder, label);
    if (!status && !folder->n_images)
        status =
            core_fail(SHS_ERROR_FORMAT,
                      "%s holds no PNG images and no JPEG images; name the folder that holds files "
                      "NAME.png or NAME.jpg, or "
                      "one folder of them for each class",
                      folder->path);
    return status;
}

shs_status import_folder_read(const char *path, struct import_folder *folder)
{
    *folder = (struct import_folder){0};
    shs_status status = core_copy(path, &folder->path);
    if (status) return status;
    size_t length = strlen(folder->path);
    while (length > 1 && folder->path[length - 1] == '/')
        folder->path[--length] = '\0';
    return list_images(folder);
}

void import_folder_free(struct import_folder *folder)
{
    for (uint64_t i = 0; i < folder->n_images; i++)
        core_free(&folder->images[i].name);
    core_free(&folder->images);
    import_names_free(&folder->classes);
    core_free(&folder->path);
}

shs_status import_folder_path_of(const struct import_folder *folder, uint64_t number, char **path)
{
    struct core_text text = {0};
    const struct import_image *image = &folder->images[number];
    core_text_add(&text, "%s/", folder->path);
    if (folder->classes.count) core_text_add(&text, "%s/", folder->classes.name[image->label]);
    core_text_add(&text, "%s", image->name);
    return core_text_take(&text, path);
}

/* ---- pairs */

/* The key that an image is paired by, and the image's position in its folder. */
struct key {
    /* `name` is the image's name without its ending; `length` is its length. */
    const char *class, *name;
    size_t length;
    uint64_t number;
};

static int compare_keys(const void *a, const void *b)
{
    const struct key *one = a, *other = b;
    size_t least = one->length < other->length ? one->length : other->length;
    int order = strcmp(one->class, other->class);
    if (!order) order = memcmp(one->name, other->name, least);
    return order ? order : (one->length > other->length) - (one->length < other->length);
}

static shs_status make_keys(const struct import_folder *folder, struct key **keys)
{
    shs_status status = core_new(folder->n_images, sizeof **keys, "names of images", keys);
    if (status) return status;
    for (uint64_t i = 0; i < folder->n_images; i++) {
        const struct import_image *image = &folder->images[i];
        const char *class = folder->classes.count ? folder->classes.name[image->label] : "";
        size_t stem = 0;
        io_image_is_name(image->name, &stem);
        (*keys)[i] = (struct key){class, image->name, stem, i};
    }
    qsort(*keys, folder->n_images, sizeof **keys, compare_keys);
    for (uint64_t i = 1; i < folder->n_images && !status; i++)
        if (!compare_keys(*keys + i - 1, *keys + i))
            status = core_fail(SHS_ERROR_FORMAT,
                               "%s has two images named %.*s, so that nobody can tell which of "
                               "them another folder's belongs to; rename one",
                               folder->path, (int)(*keys)[i].length, (*keys)[i].name);
    return status;
}

enum {
    MOST_NAMED = 3
};

/* Images without a partner: their number, and the names of the first few. */
struct alone {
    uint64_t count;
    struct core_text text;
};

static void add_alone(const struct import_folder *folder, const struct key *key,
                      struct alone *alone)
{
    if (alone->count++ >= MOST_NAMED) return;
    core_text_add(&alone->text, "%s%s/%s%s%s", alone->count > 1 ? ", " : "", folder->path,
                  key->class, *key->class ? "/" : "", key->name);
}

static shs_status refuse_alone(const struct import_folder *first,
                               const struct import_folder *second, struct alone *alone)
{
    char *names = NULL;
    shs_status status = core_text_take(&alone->text, &names);
    if (!status)
        status = core_fail(SHS_ERROR_FORMAT,
                           "images of %s and %s are paired by name, and %llu of them have no "
                           "partner: %s%s; add or remove some, or put the fields into groups of "
                           "their own",
                           first->path, second->path, (ull)alone->count, names,
                           alone->count > MOST_NAMED ? ", ..." : "");
    core_free(&names);
    return status;
}

/* Finds the partner of each image of the first folder among the images of the second. */
static shs_status find_partners(const struct import_folder *first, const struct key *firsts,
                                const struct import_folder *second, const struct key *seconds,
                                uint64_t *partners)
{
    struct alone alone = {0};
    for (uint64_t i = 0, j = 0; i < first->n_images || j < second->n_images;) {
        int order = i == first->n_images    ? 1
                    : j == second->n_images ? -1
                                            : compare_keys(&firsts[i], &seconds[j]);
        if (!order)
            partners[firsts[i++].number] = seconds[j++].number;
        else if (order < 0)
            add_alone(first, &firsts[i++], &alone);
        else
            add_alone(second, &seconds[j++], &alone);
    }
    if (alone.count) return refuse_alone(first, second, &alone);
    return SHS_OK;
}

static shs_status reorder(struct import_folder *folder, const uint64_t *numbers)
{
    struct import_image *images;
    shs_status status = core_new(folder->n_images, sizeof *images, "images", &images);
    if (status) return status;
    for (uint64_t i = 0; i < folder->n_images; i++)
        images[i] = folder->images[numbers[i]];
    core_free(&folder->images);
    folder->images = images;
    folder->room = folder->n_images;
    return SHS_OK;
}

shs_status import_folder_pair(const struct import_folder *first, struct import_folder *second)
{
    struct key *firsts = NULL, *seconds = NULL;
    uint64_t *partners = NULL;
    shs_status status = make_keys(first, &firsts);
    if (!status) status = make_keys(second, &seconds);
    if (!status) status = core_new(first->n_images, sizeof *partners, "pairs", &partners);
    if (!status) status = find_partners(first, firsts, second, seconds, partners);
    if (!status) status = reorder(second, partners);
    core_free(&firsts);
    core_free(&seconds);
    core_free(&partners);
    return status;
}

/* ---- classes */

static void drop_repeated(struct import_names *names)
{
    size_t kept = 0;
    for (size_t i = 0; i < names->count; i++)
        if (kept && !strcmp(names->name[kept - 1], names->name[i]))
            core_free(&names->name[i]);
        else
            names->name[kept++] = names->name[i];
    names->count = kept;
}

shs_status import_folder_unite(const struct import_folder *const *folders, size_t count,
                               struct import_names *all)
{
    shs_status status = SHS_OK;
    *all = (struct import_names){0};
    for (size_t f = 0; f < count; f++)
        for (size_t i = 0; i < folders[f]->classes.count && !status; i++)
            status = import_names_add(all, folders[f]->classes.name[i]);
    sort_names(all);
    drop_repeated(all);
    return status;
}
