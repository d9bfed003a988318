#include "h5_members.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "core_memory.h"
#include "core_nearest.h"
#include "h5_guard.h"
#include "h5_type.h"

enum {
    MOST_DEPTH = 8,    /* compounds inside one another */
    MOST_MEMBERS = 64, /* that one name takes */
    MOST_TOLD = 400,   /* bytes of a message that members take */
    /* Most numbers of an element whose bytes are put in order one by one. */
    MOST_SWAPPED = 256
};

/* ---- The name. */

static bool is_compound(const struct h5_file *file, const char *name)
{
    H5O_info_t object;
    if (H5Oget_info_by_name2(file->id, name, &object, H5O_INFO_BASIC, H5P_DEFAULT) < 0 ||
        object.type != H5O_TYPE_DATASET)
        return false;
    hid_t dataset = H5Dopen2(file->id, name, H5P_DEFAULT);
    hid_t type = dataset < 0 ? H5I_INVALID_HID : H5Dget_type(dataset);
    bool is = type >= 0 && H5Tget_class(type) == H5T_COMPOUND;
    if (type >= 0) H5Tclose(type);
    if (dataset >= 0) H5Dclose(dataset);
    return is;
}

/* The longest beginning of the name is taken that is a dataset. */
const char *h5_members_of(const struct h5_file *file, const char *name)
{
    const char *slash = strrchr(name, '/'), *last = slash ? slash + 1 : name, *found = NULL;
    size_t end = strcspn(last, "{");
    char *copy;
    if (!memchr(last, '.', end) || !h5_is_absent(file, name) || core_copy(name, &copy)) return NULL;
    char *own = copy + (last - name);
    while (end-- > 1 && !found) {
        if (own[end] != '.') continue;
        own[end] = '\0';
        if (!h5_is_absent(file, copy) && is_compound(file, copy)) found = last + end + 1;
    }
    core_free(&copy);
    return found;
}

/* ---- What there is. */

static void tell_type(hid_t type, struct core_text *text)
{
    hsize_t shape[H5S_MAX_RANK];
    if (H5Tget_class(type) != H5T_ARRAY) {
        const char *complex = h5_numbers_of(type).pair ? "complex " : "";
        core_text_add(text, "%s%s", complex, h5_type_text(type));
        return;
    }
    hid_t base = H5Tget_super(type);
    int axes = H5Tget_array_dims2(type, shape);
    tell_type(base, text);
    for (int axis = 0; axis < axes; axis++)
        core_text_add(text, "%s%llu", axis ? "x" : "[", (ull)shape[axis]);
    core_text_add(text, "]");
    H5Tclose(base);
}

void h5_members_tell(hid_t type, struct core_text *text)
{
    int count = H5Tget_nmembers(type);
    size_t begin = text->length;
    for (int i = 0; i < count; i++) {
        if (text->length - begin > MOST_TOLD) {
            core_text_add(text, ", and %d more", count - i);
            return;
        }
        char *name = H5Tget_member_name(type, (unsigned)i);
        hid_t member = H5Tget_member_type(type, (unsigned)i);
        core_text_add(text, "%s%.60s ", i ? ", " : "", name ? name : "?");
        if (member >= 0) {
            tell_type(member, text);
            H5Tclose(member);
        }
        H5free_memory(name);
    }
}

/* ---- The members that are named. */

/* The way from a compound to a member in it. */
struct way {
    char *text;
    unsigned index[MOST_DEPTH];
    size_t depth;
};

/* The search for members. */
struct search {
    const struct h5_file *file;
    const char *name; /* the whole name, for messages */
    const char *text;
    struct h5_members *members;
    struct way way[MOST_MEMBERS];
};

static shs_status fail_to_find(const struct search *search, shs_status status, hid_t type,
                               const char *what, const char *guess)
{
    struct core_text there = {0};
    int length = (int)(search->text - search->name - 1);
    if (H5Tget_class(type) == H5T_COMPOUND) h5_members_tell(type, &there);
    core_fail(status, "%s: dataset %.*s: %s%s%s%s", search->file->path, length, search->name, what,
              there.length ? "; there are " : "", there.length ? there.bytes : "", guess);
    core_text_free(&there);
    return status;
}

/* Returns the member of which the text begins with the name, up to a point or to the end. *length
 * is that of the name. Returns -1 if there is none. */
static int find_member(hid_t type, const char *text, size_t *length)
{
    int count = H5Tget_nmembers(type), found = -1;
    *length = 0;
    for (int i = 0; i < count; i++) {
        char *name = H5Tget_member_name(type, (unsigned)i);
        size_t bytes = name ? strlen(name) : 0;
        bool same =
            bytes > *length && !strncmp(text, name, bytes) && (text[bytes] == '.' || !text[bytes]);
        H5free_memory(name);
        if (!same) continue;
        *length = bytes;
        found = i;
    }
    return found;
}

/* Reports a member that is not there, and the member that may be meant. */
static shs_status no_member(const struct search *search, hid_t type, const char *text)
{
    char guess[CORE_GUESS_BYTES], what[300], *names[MOST_MEMBERS];
    int count = H5Tget_nmembers(type), known = 0;
    for (; known < count && known < MOST_MEMBERS; known++)
        names[known] = H5Tget_member_name(type, (unsigned)known);
    core_guess(core_nearest(text, (const char *const *)names, (size_t)known), guess);
    snprintf(what, sizeof what, "it has no member '%.200s'", text);
    shs_status status = fail_to_find(search, SHS_ERROR_ARGUMENT, type, what, guess);
    while (known-- > 0)
        H5free_memory(names[known]);
    return status;
}

/* Replaces a type by the type that arrays of it are made of. */
static void strip_arrays(hid_t *type)
{
    while (*type >= 0 && H5Tget_class(*type) == H5T_ARRAY) {
        hid_t base = H5Tget_super(*type);
        H5Tclose(*type);
        *type = base;
    }
}

/* Reports a member that has no numbers. */
static shs_status no_numbers(const struct search *search, const struct way *way, hid_t type)
{
    char what[400];
    if (H5Tget_class(type) == H5T_COMPOUND) {
        char *name = H5Tget_member_name(type, 0);
        snprintf(what, sizeof what,
                 "its member %.100s is compound; name a member of it, such as %.100s.%.100s",
                 way->text, way->text, name ? name : "MEMBER");
        H5free_memory(name);
    } else {
        snprintf(what, sizeof what,
                 "its member %.200s is %s; a field must be of plain integers or IEEE floats",
                 way->text, h5_type_text(type));
    }
    return fail_to_find(search, SHS_ERROR_UNSUPPORTED, type, what, "");
}

/* Checks the type of a member's numbers. The first member decides the type. */
static shs_status take_numbers(struct search *search, const struct way *way, hid_t type)
{
    struct h5_members *members = search->members;
    struct h5_numbers numbers = h5_numbers_of(type);
    char what[400];
    if (!numbers.type) return no_numbers(search, way, type);
    if (members->type && (members->type != numbers.type || members->widened != numbers.widened)) {
        snprintf(what, sizeof what,
                 "its members %.100s and %.100s are of different types, %s and %s; give each a "
                 "field of its own",
                 search->way[0].text, way->text,
                 members->widened ? "bfloat16" : shs_type_name(members->type),
                 numbers.widened ? "bfloat16" : shs_type_name(numbers.type));
        return fail_to_find(search, SHS_ERROR_ARGUMENT, H5I_INVALID_HID, what, "");
    }
    members->type = numbers.type;
    members->plain = members->plain && h5_numbers_lie_plain(type);
    members->narrowed = members->narrowed || numbers.narrowed;
    members->widened = numbers.widened;
    return SHS_OK;
}

/* Follows the text of a way from member to member. */
static shs_status follow(struct search *search, hid_t compound, struct way *way)
{
    const char *text = way->text;
    hid_t type = H5Tcopy(compound);
    shs_status status = SHS_OK;
    while (*text && !status) {
        size_t length = 0;
        int member = H5Tget_class(type) == H5T_COMPOUND ? find_member(type, text, &length) : -1;
        if (member < 0 || way->depth == MOST_DEPTH) {
            status = no_member(search, type, text);
            break;
        }
        way->index[way->depth++] = (unsigned)member;
        text += length + (text[length] == '.');
        hid_t next = H5Tget_member_type(type, (unsigned)member);
        H5Tclose(type);
        type = next;
        strip_arrays(&type);
    }
    if (!status) status = take_numbers(search, way, type);
    if (type >= 0) H5Tclose(type);
    return status;
}

static bool is_same_way(const struct way *one, const struct way *other)
{
    return one->depth == other->depth &&
           !memcmp(one->index, other->index, one->depth * sizeof *one->index);
}

/* Adds a member, whose text is `prefix` and then `length` bytes. */
static shs_status add_way(struct search *search, hid_t compound, const char *prefix, size_t before,
                          const char *text, size_t length)
{
    struct h5_members *members = search->members;
    struct core_text whole = {0};
    char what[300];
    for (; length && isspace((unsigned char)*text); length--)
        text++;
    while (length && isspace((unsigned char)text[length - 1]))
        length--;
    if (!length || members->count == MOST_MEMBERS)
        return fail_to_find(search, SHS_ERROR_ARGUMENT, compound,
                            length ? "more than 64 members are named" : "a member's name is empty",
                            "");
    struct way *way = &search->way[members->count];
    core_text_add(&whole, "%.*s%.*s", (int)before, prefix, (int)length, text);
    shs_status status = core_text_take(&whole, &way->text);
    if (status) return status;
    members->count++;
    status = follow(search, compound, way);
    for (size_t i = 0; i + 1 < members->count && !status; i++) {
        if (!is_same_way(&search->way[i], way)) continue;
        snprintf(what, sizeof what, "its member %.200s is named twice", way->text);
        status = fail_to_find(search, SHS_ERROR_ARGUMENT, H5I_INVALID_HID, what, "");
    }
    return status;
}

/* MEMBER, or PREFIX.{MEMBER,MEMBER} */
static shs_status read_text(struct search *search, hid_t compound)
{
    const char *text = search->text, *open = strchr(text, '{');
    if (!open) return add_way(search, compound, text, 0, text, strlen(text));
    const char *close = strchr(open, '}');
    bool right = (open == text || open[-1] == '.') && close && !close[1] && !strchr(open + 1, '{');
    if (!right)
        return fail_to_find(search, SHS_ERROR_ARGUMENT, compound,
                            "several members are named in braces: NAME.{MEMBER,MEMBER}", "");
    shs_status status = SHS_OK;
    for (const char *item = open + 1, *end; item <= close && !status; item = end + 1) {
        end = item + strcspn(item, ",}");
        status = add_way(search, compound, text, (size_t)(open - text), item, (size_t)(end - item));
    }
    return status;
}

/* ---- An element in memory. */

/* Members that lie in the same compound. */
struct group {
    size_t count, which[MOST_MEMBERS];
};

static hid_t reduce(struct search *search, hid_t stored, const struct group *group, size_t depth,
                    size_t at);

/* Makes an array of what is taken of its elements. */
static hid_t reduce_array(struct search *search, hid_t stored, const struct group *group,
                          size_t depth, size_t at)
{
    struct h5_members *members = search->members;
    hsize_t shape[H5S_MAX_RANK];
    hid_t super = H5Tget_super(stored), made = H5I_INVALID_HID;
    int axes = H5Tget_array_dims2(stored, shape);
    uint32_t first = members->axes;
    if (axes < 0 || members->axes + (uint32_t)axes > SHS_MAX_AXES) {
        H5Tclose(super);
        return H5I_INVALID_HID;
    }
    for (int axis = 0; axis < axes; axis++)
        members->shape[members->axes++] = shape[axis];
    hid_t base = reduce(search, super, group, depth, at);
    size_t step = base < 0 ? 0 : H5Tget_size(base);
    for (int axis = axes; axis-- > 0; step *= shape[axis])
        for (size_t i = 0; i < group->count; i++)
            members->member[group->which[i]].step[first + (uint32_t)axis] = step;
    if (base >= 0) {
        made = H5Tarray_create2(base, (unsigned)axes, shape);
        H5Tclose(base);
    }
    H5Tclose(super);
    return made;
}

static hid_t reduce_number(struct search *search, hid_t stored, size_t member, size_t at)
{
    struct h5_members *members = search->members;
    struct h5_numbers numbers = h5_numbers_of(stored);
    H5T_order_t order = H5Tget_order(stored);
    hid_t made = members->plain ? H5Tcopy(stored) : h5_numbers_in_memory(stored);
    members->number_bytes = shs_type_size(numbers.type) / (numbers.widened ? 2 : 1);
    members->member[member].at = at;
    members->member[member].swapped =
        members->plain && members->number_bytes > 1 && order != H5Tget_order(H5T_NATIVE_INT);
    if (!numbers.pair || members->axes == SHS_MAX_AXES) return made;
    members->member[member].step[members->axes] = members->number_bytes;
    members->shape[members->axes++] = 2;
    return made;
}

/* Makes a compound of those of its members that are taken, each at its place. The first way to a
 * member decides the axes; the others must have the same. */
static hid_t reduce_compound(struct search *search, hid_t stored, const struct group *group,
                             size_t depth, size_t at)
{
    struct h5_members *members = search->members;
    hid_t made = H5Tcreate(H5T_COMPOUND, H5Tget_size(stored));
    int count = H5Tget_nmembers(stored);
    uint32_t first = members->axes, end = UINT32_MAX;
    for (int i = 0; i < count && made >= 0; i++) {
        struct group inside = {0};
        uint64_t shape[SHS_MAX_AXES];
        for (size_t k = 0; k < group->count; k++)
            if (search->way[group->which[k]].index[depth] == (unsigned)i)
                inside.which[inside.count++] = group->which[k];
        if (!inside.count) continue;
        memcpy(shape, members->shape, sizeof shape);
        members->axes = first;
        size_t offset = H5Tget_member_offset(stored, (unsigned)i);
        hid_t type = H5Tget_member_type(stored, (unsigned)i);
        hid_t reduced = reduce(search, type, &inside, depth + 1, at + offset);
        char *name = H5Tget_member_name(stored, (unsigned)i);
        bool same = end == UINT32_MAX ||
                    (members->axes == end && !memcmp(shape, members->shape, end * sizeof *shape));
        bool done = reduced >= 0 && same && H5Tinsert(made, name, offset, reduced) >= 0;
        end = members->axes;
        H5free_memory(name);
        if (reduced >= 0) H5Tclose(reduced);
        H5Tclose(type);
        if (done) continue;
        H5Tclose(made);
        made = H5I_INVALID_HID;
    }
    return made;
}

/* Makes the type that what is taken of a stored type has in memory, `at` bytes from an element's
 * beginning, and notes where the members lie. Returns a negative value for members of different
 * axes, or of too many. */
static hid_t reduce(struct search *search, hid_t stored, const struct group *group, size_t depth,
                    size_t at)
{
    if (H5Tget_class(stored) == H5T_ARRAY) return reduce_array(search, stored, group, depth, at);
    if (depth == search->way[group->which[0]].depth)
        return reduce_number(search, stored, group->which[0], at);
    return reduce_compound(search, stored, group, depth, at);
}

static hid_t reduce_all(struct search *search, hid_t compound)
{
    struct h5_members *members = search->members;
    struct group all = {.count = members->count};
    for (size_t i = 0; i < all.count; i++)
        all.which[i] = i;
    members->axes = 0;
    return reduce(search, compound, &all, 0, 0);
}

static uint64_t numbers_taken(const struct h5_members *members)
{
    uint64_t numbers = 1;
    for (uint32_t axis = 0; axis < members->axes; axis++)
        if (!core_multiply(numbers, members->shape[axis], &numbers)) return UINT64_MAX;
    return numbers;
}

static bool any_swapped(const struct h5_members *members)
{
    for (size_t i = 0; i < members->count; i++)
        if (members->member[i].swapped) return true;
    return false;
}

/* Returns true if elements have other sizes in the file than here, because some of their members
 * lie elsewhere in the file: texts and sequences of variable length, and references. */
static bool has_elsewhere(hid_t type)
{
    bool has = false;
    if (H5Tget_class(type) == H5T_ARRAY) {
        hid_t base = H5Tget_super(type);
        has = has_elsewhere(base);
        H5Tclose(base);
    }
    int count = H5Tget_class(type) == H5T_COMPOUND ? H5Tget_nmembers(type) : 0;
    for (int i = 0; i < count && !has; i++) {
        hid_t member = H5Tget_member_type(type, (unsigned)i);
        has = has_elsewhere(member);
        H5Tclose(member);
    }
    return has || H5Tget_class(type) == H5T_VLEN || H5Tget_class(type) == H5T_REFERENCE ||
           H5Tis_variable_str(type) > 0;
}

static shs_status place(struct search *search, hid_t compound)
{
    struct h5_members *members = search->members;
    shs_status status =
        core_new(members->count, sizeof *members->member, "members", &members->member);
    if (status) return status;
    if (has_elsewhere(compound)) members->plain = false;
    members->memory_type = reduce_all(search, compound);
    if (members->memory_type >= 0 && any_swapped(members) &&
        numbers_taken(members) > MOST_SWAPPED) { /* HDF5 swaps many bytes faster */
        H5Tclose(members->memory_type);
        members->plain = false;
        members->memory_type = reduce_all(search, compound);
    }
    members->stacked = strchr(search->text, '{') != NULL;
    if (members->memory_type < 0 || members->axes + members->stacked > SHS_MAX_AXES)
        return fail_to_find(search, SHS_ERROR_ARGUMENT, compound,
                            "its members have different or too many axes; give each a field of its "
                            "own",
                            "");
    if (members->stacked) members->shape[members->axes++] = members->count;
    members->bytes = H5Tget_size(members->memory_type);
    return SHS_OK;
}

shs_status h5_members_find(const struct h5_file *file, hid_t dataset, const char *name,
                           const char *text, struct h5_members **members)
{
    struct search search = {.file = file, .name = name, .text = text};
    shs_status status = core_new(1, sizeof **members, "members", members);
    if (status) return status;
    (*members)->memory_type = H5I_INVALID_HID;
    (*members)->plain = true;
    search.members = *members;
    hid_t compound = H5Dget_type(dataset);
    status = read_text(&search, compound);
    if (!status) status = place(&search, compound);
    H5Tclose(compound);
    for (size_t i = 0; i < MOST_MEMBERS; i++)
        core_free(&search.way[i].text);
    if (status) h5_members_free(members);
    return status;
}

void h5_members_free(struct h5_members **members)
{
    if (!*members) return;
    if ((*members)->memory_type >= 0) H5Tclose((*members)->memory_type);
    core_free(&(*members)->member);
    core_free(members);
}
