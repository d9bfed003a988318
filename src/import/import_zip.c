#include "import_zip.h"

#include <string.h>

#include "core_memory.h"
#include "core_text.h"
#include "io_content.h"

enum {
    END_BYTES = 22,       /* of the record at the file's end, without its comment */
    LOCATOR_BYTES = 20,   /* of what leads to the record with numbers of 64 bits */
    WIDE_END_BYTES = 56,  /* of this record */
    ENTRY_BYTES = 46,     /* of an entry of the directory, without its name */
    HEAD_BYTES = 30,      /* of the head of a member, without its name */
    MOST_COMMENT = 65535, /* bytes of a comment at the file's end */
    SHOWN_NAMES = 5,
    ENCRYPTED = 1, /* in the flags of a member */
    SIZES_BEHIND =
        8,      /* in them too: the checksum and the sizes lie behind its bytes, not in its head */
    STORED = 0, /* methods of packing */
    DEFLATED = 8,
    WIDE_EXTRA = 1 /* kind of the extra field with numbers of 64 bits */
};

#define WIDE_16 UINT16_MAX /* these stand for a number that lies elsewhere, in 64 bits */
#define WIDE_32 UINT32_MAX

struct zip {
    int file;
    uint64_t bytes;
    const char *path;
    uint64_t directory, directory_bytes, entries;
    unsigned char *entry; /* the directory */
};

/* An entry of the directory. */
struct entry {
    const char *name; /* not ended by a zero byte */
    size_t name_bytes;
    unsigned flags, method;
    uint32_t crc32;
    uint64_t packed, bytes, head;
};

static uint64_t number(const unsigned char *at, int bytes)
{
    uint64_t value = 0;
    while (bytes-- > 0)
        value = value << 8 | at[bytes];
    return value;
}

static shs_status damaged(const struct zip *zip, const char *what)
{
    return core_fail(SHS_ERROR_FORMAT,
                     "%s: this zip file is damaged: %s; get or write the file anew", zip->path,
                     what);
}

static shs_status read_all(const struct zip *zip, uint64_t at, void *to, size_t bytes)
{
    size_t got;
    shs_status status = io_read_at(zip->file, at, to, bytes, &got);
    if (status) return core_wrap(status, "reading %s", zip->path);
    return got == bytes ? SHS_OK : damaged(zip, "it became shorter while it was read");
}

/* ---- the record at the end */

/* Finds the record in the last bytes of the file. Returns NULL if it is not there. */
static const unsigned char *find_end(const unsigned char *bytes, size_t count)
{
    for (size_t at = count < END_BYTES ? 0 : count - END_BYTES + 1; at-- > 0;)
        if (!memcmp(bytes + at, "PK\5\6", 4) &&
            at + END_BYTES + number(bytes + at + 20, 2) == count)
            return bytes + at;
    return NULL;
}

/* Reads the record with numbers of 64 bits, to which a locator at `at` leads. */
static shs_status read_wide_end(struct zip *zip, uint64_t at)
{
    unsigned char locator[LOCATOR_BYTES], end[WIDE_END_BYTES];
    if (at < LOCATOR_BYTES) return damaged(zip, "its directory's place is missing");
    shs_status status = read_all(zip, at - LOCATOR_BYTES, locator, sizeof locator);
    if (status) return status;
    uint64_t place = number(locator + 8, 8);
    if (memcmp(locator, "PK\6\7", 4) || place > at || at - place < WIDE_END_BYTES + LOCATOR_BYTES)
        return damaged(zip, "its directory's place is missing");
    status = read_all(zip, place, end, sizeof end);
    if (status) return status;
    if (memcmp(end, "PK\6\6", 4)) return damaged(zip, "its directory's place is missing");
    zip->entries = number(end + 32, 8);
    zip->directory_bytes = number(end + 40, 8);
    zip->directory = number(end + 48, 8);
    return SHS_OK;
}

static shs_status take_end(struct zip *zip, const unsigned char *end, uint64_t at)
{
    zip->entries = number(end + 10, 2);
    zip->directory_bytes = number(end + 12, 4);
    zip->directory = number(end + 16, 4);
    uint64_t disk = number(end + 4, 2);
    if (disk && disk != WIDE_16)
        return core_fail(SHS_ERROR_UNSUPPORTED,
                         "%s is one of several files that a zip file was split into; join them",
                         zip->path);
    shs_status status = SHS_OK;
    if (zip->entries == WIDE_16 || zip->directory_bytes == WIDE_32 || zip->directory == WIDE_32)
        status = read_wide_end(zip, at);
    if (status) return status;
    if (zip->directory > at || zip->directory_bytes > at - zip->directory)
        return damaged(zip, "its directory lies outside it");
    return SHS_OK;
}

static shs_status read_end(struct zip *zip)
{
    unsigned char *bytes;
    size_t count = END_BYTES + MOST_COMMENT;
    if (zip->bytes < count) count = (size_t)zip->bytes;
    shs_status status = core_new(count, 1, "the end of a file", &bytes);
    if (!status) status = read_all(zip, zip->bytes - count, bytes, count);
    const unsigned char *end = status ? NULL : find_end(bytes, count);
    if (!status && !end)
        status = core_fail(SHS_ERROR_FORMAT,
                           "%s has no zip file's directory at its end; it is not complete, or is "
                           "no NPZ file",
                           zip->path);
    if (!status) status = take_end(zip, end, zip->bytes - count + (uint64_t)(end - bytes));
    core_free(&bytes);
    return status;
}

/* ---- the directory */

/* Reads numbers of 64 bits, which stand in an extra field in place of those that are too large.
 * Returns false if one is missing. */
static bool take_wide(struct entry *entry, const unsigned char *extra, size_t bytes)
{
    uint64_t *const wide[] = {&entry->bytes, &entry->packed, &entry->head};
    const unsigned char *at = NULL;
    size_t left = 0;
    for (size_t i = 0; i + 4 <= bytes && !at; i += 4 + (size_t)number(extra + i + 2, 2)) {
        if (number(extra + i, 2) != WIDE_EXTRA) continue;
        at = extra + i + 4;
        left = (size_t)number(extra + i + 2, 2);
        if (left > bytes - i - 4) return false;
    }
    for (int i = 0; i < 3; i++) {
        if (*wide[i] != WIDE_32) continue;
        if (left < 8) return false;
        *wide[i] = number(at, 8);
        at += 8;
        left -= 8;
    }
    return true;
}

/* Reads the entry at *at, and moves *at past it. */
static shs_status next_entry(const struct zip *zip, uint64_t *at, struct entry *entry)
{
    const unsigned char *head = zip->entry + *at;
    uint64_t left = zip->directory_bytes - *at;
    if (left < ENTRY_BYTES || memcmp(head, "PK\1\2", 4))
        return damaged(zip, "an entry of its directory is none");
    size_t name = (size_t)number(head + 28, 2), extra = (size_t)number(head + 30, 2);
    size_t all = ENTRY_BYTES + name + extra + (size_t)number(head + 32, 2);
    if (left < all) return damaged(zip, "its directory ends within an entry");
    *entry = (struct entry){.name = (const char *)head + ENTRY_BYTES,
                            .name_bytes = name,
                            .flags = (unsigned)number(head + 8, 2),
                            .method = (unsigned)number(head + 10, 2),
                            .crc32 = (uint32_t)number(head + 16, 4),
                            .packed = number(head + 20, 4),
                            .bytes = number(head + 24, 4),
                            .head = number(head + 42, 4)};
    *at += all;
    if (take_wide(entry, head + ENTRY_BYTES + name, extra)) return SHS_OK;
    return damaged(zip, "a size of 64 bits is missing in its directory");
}

/* Returns the length of the array's name, 0 if the member is no array. */
static size_t array_name(const struct entry *entry)
{
    size_t bytes = entry->name_bytes;
    return bytes > 4 && !memcmp(entry->name + bytes - 4, ".npy", 4) ? bytes - 4 : 0;
}

static bool is_wanted(const struct entry *entry, const char *name)
{
    size_t length = array_name(entry), wanted = name ? strlen(name) : 0;
    if (!length || !name) return length > 0;
    return (length == wanted || length + 4 == wanted) && !memcmp(entry->name, name, wanted);
}

/* Reports that the file has no array of a name, or that one of several must be named. */
static shs_status fail_to_choose(const struct zip *zip, const char *name)
{
    struct core_text text = {0};
    struct entry entry;
    char *names = NULL;
    size_t arrays = 0;
    shs_status status = SHS_OK;
    for (uint64_t i = 0, at = 0; i < zip->entries && !status; i++) {
        status = next_entry(zip, &at, &entry);
        size_t length = status ? 0 : array_name(&entry);
        if (length && arrays++ < SHOWN_NAMES)
            core_text_add(&text, "%s%.*s", text.length ? ", " : "", (int)length, entry.name);
    }
    if (!status && !arrays)
        status =
            core_fail(SHS_ERROR_FORMAT,
                      "%s is a zip file without arrays: no member's name ends in .npy", zip->path);
    if (arrays > SHOWN_NAMES) core_text_add(&text, ", …");
    shs_status taken = core_text_take(&text, &names);
    if (!status) status = taken;
    if (!status && name)
        status = core_fail(SHS_ERROR_ARGUMENT, "%s holds no array %s; it holds %s", zip->path, name,
                           names);
    else if (!status)
        status =
            core_fail(SHS_ERROR_ARGUMENT, "%s holds %zu arrays; name one, as in npz:%s:NAME: %s",
                      zip->path, arrays, zip->path, names);
    core_free(&names);
    return status;
}

static shs_status find_entry(const struct zip *zip, const char *name, struct entry *found)
{
    struct entry entry;
    uint64_t matches = 0, at = 0;
    shs_status status = SHS_OK;
    for (uint64_t i = 0; i < zip->entries && !status; i++) {
        status = next_entry(zip, &at, &entry);
        if (status || !is_wanted(&entry, name)) continue;
        if (!matches++) *found = entry;
    }
    if (!status && at != zip->directory_bytes)
        status = damaged(zip, "its directory goes on after the number of entries that it has");
    if (status || matches == 1) return status;
    if (!matches || !name) return fail_to_choose(zip, name);
    return core_fail(SHS_ERROR_FORMAT,
                     "%s has %llu members named %.*s, and readers differ in which they take; write "
                     "the file anew",
                     zip->path, (ull)matches, (int)found->name_bytes, found->name);
}

/* ---- the member */

static shs_status check_packing(const struct zip *zip, const struct import_zip_member *member,
                                const struct entry *entry)
{
    if (entry->flags & ENCRYPTED)
        return core_fail(SHS_ERROR_UNSUPPORTED,
                         "%s: member %s is encrypted; unpack it with its password", zip->path,
                         member->name);
    if (entry->method != STORED && entry->method != DEFLATED)
        return core_fail(SHS_ERROR_UNSUPPORTED,
                         "%s: member %s is packed by method %u, not stored or deflated; write it "
                         "with numpy.savez_compressed",
                         zip->path, member->name, entry->method);
    if (entry->method == STORED && entry->packed != entry->bytes)
        return damaged(zip, "a member that is not packed has two sizes");
    return SHS_OK;
}

/* Returns true if the head of a member repeats a number of 32 bits, or says that it lies elsewhere.
 */
static bool repeats(const unsigned char *at, uint64_t wanted)
{
    uint64_t told = number(at, 4);
    return told == wanted || told == WIDE_32;
}

/* Compares the head of a member with the directory. */
static bool is_head_of(const unsigned char head[HEAD_BYTES], const struct entry *entry)
{
    if (memcmp(head, "PK\3\4", 4) || number(head + 26, 2) != entry->name_bytes ||
        number(head + 8, 2) != entry->method)
        return false;
    if (number(head + 6, 2) & SIZES_BEHIND) return true;
    return number(head + 14, 4) == entry->crc32 && repeats(head + 18, entry->packed) &&
           repeats(head + 22, entry->bytes);
}

/* Finds the bytes of a member behind its head, which repeats its name. */
static shs_status find_bytes(const struct zip *zip, const struct entry *entry,
                             struct import_zip_member *member)
{
    unsigned char head[HEAD_BYTES];
    char name[256];
    uint64_t end = zip->directory;
    if (entry->head > end || end - entry->head < HEAD_BYTES)
        return damaged(zip, "a member lies outside it");
    shs_status status = read_all(zip, entry->head, head, sizeof head);
    if (status) return status;
    uint64_t name_bytes = number(head + 26, 2), extra = number(head + 28, 2);
    size_t compared = entry->name_bytes < sizeof name ? entry->name_bytes : sizeof name;
    if (!is_head_of(head, entry))
        return damaged(zip, "the head of a member is not what the directory says");
    status = read_all(zip, entry->head + HEAD_BYTES, name, compared);
    if (status) return status;
    if (memcmp(name, entry->name, compared))
        return damaged(zip, "the head of a member is not what the directory says");
    member->begin = entry->head + HEAD_BYTES + name_bytes + extra;
    if (member->begin > end || entry->packed > end - member->begin)
        return damaged(zip, "a member lies outside it");
    return SHS_OK;
}

static shs_status take_member(const struct zip *zip, const struct entry *entry,
                              struct import_zip_member *member)
{
    struct core_text text = {0};
    core_text_add(&text, "%.*s", (int)entry->name_bytes, entry->name);
    shs_status status = core_text_take(&text, &member->name);
    if (!status) status = check_packing(zip, member, entry);
    member->deflated = entry->method == DEFLATED;
    member->packed = entry->packed;
    member->bytes = entry->bytes;
    member->crc32 = entry->crc32;
    return status ? status : find_bytes(zip, entry, member);
}

shs_status import_zip_find(int file, uint64_t bytes, const char *path, const char *name,
                           struct import_zip_member *member)
{
    struct zip zip = {.file = file, .bytes = bytes, .path = path};
    struct entry entry = {0};
    *member = (struct import_zip_member){0};
    shs_status status = read_end(&zip);
    if (!status) status = core_new(zip.directory_bytes, 1, "a zip file's directory", &zip.entry);
    if (!status) status = read_all(&zip, zip.directory, zip.entry, zip.directory_bytes);
    if (!status) status = find_entry(&zip, name, &entry);
    if (!status) status = take_member(&zip, &entry, member);
    core_free(&zip.entry);
    return status;
}
