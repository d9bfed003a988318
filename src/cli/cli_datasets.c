#include "cli_datasets.h"

#include <stdio.h>
#include <string.h>

#include "cli_advice.h"
#include "cli_all_fields.h"
#include "cli_json.h"
#include "cli_packing.h"
#include "cli_text.h"
#include "core_memory.h"
#include "core_text.h"
#include "data_sources.h"
#include "h5_about.h"
#include "h5_file.h"
#include "io_crc32c.h"
#include "order_plan.h"

/* The facts about a dataset of the file. */
struct facts {
    const char *name;
    struct h5_about about;
    struct data_field field; /* open if the dataset is a field that can be read */
    bool is_field;           /* the dataset is an array of plain numbers */
    bool described;          /* `about` is set */
    const char *unreadable;  /* the reason why the dataset cannot be opened; NULL if it can */
    uint64_t vranks;         /* value of --vranks; 0 if it is not given */
    uint64_t cache_bytes;    /* value of --cache-bytes; 0 if it is not given */
};

struct listing {
    const struct cli_arguments *arguments;
    struct h5_file *file;
    char *path;      /* path of the first file */
    size_t files;    /* number of files */
    uint64_t failed; /* datasets that could not be examined */
    char first_failure[2 * CORE_MESSAGE_BYTES];
};

/* Bytes of all elements, before filters. */
static uint64_t bytes_of(const struct facts *facts)
{
    return facts->field.rows * facts->field.stored_bytes;
}

static double ratio_of(const struct facts *facts)
{
    return (double)bytes_of(facts) / (double)facts->about.storage_bytes;
}

static bool is_stored(const struct facts *facts)
{
    return facts->about.storage_bytes && bytes_of(facts);
}

/* ---- as text */

static void print_shape(const struct h5_about *about)
{
    for (uint32_t axis = 0; axis < about->axes; axis++)
        printf("%s%llu", axis ? "x" : " ", (ull)about->shape[axis]);
}

static void print_stored(const struct facts *facts)
{
    printf("    stored     %s, %llu bytes", facts->about.layout, (ull)facts->about.storage_bytes);
    if (is_stored(facts) && facts->about.storage_bytes != bytes_of(facts))
        printf(" of %llu, ratio %.2f", (ull)bytes_of(facts), ratio_of(facts));
    printf("\n");
}

static void print_way(const struct data_field *field)
{
    if (!data_field_is_direct(field))
        printf("    read       through HDF5: it is %s\n", field->reason);
    else if (field->sources)
        printf("    read       directly, by position, from %zu source%s\n",
               data_sources_count(field->sources),
               data_sources_count(field->sources) == 1 ? "" : "s");
    else
        printf("    read       directly, by position%s\n",
               field->uncompared ? "; not compared with HDF5, which lacks a filter here" : "");
}

static void print_sums(const char *name, const char *suffix, const char *what)
{
    printf("    checksums  ");
    cli_print_text(stdout, name);
    printf("%s, of each %s\n", suffix, what);
}

static void print_checksums(const struct facts *facts)
{
    const struct data_field *field = &facts->field;
    bool rows = data_field_has_checksums(field), chunks = data_field_has_chunk_sums(field);
    if (rows) print_sums(facts->name, IO_CRC32C_SUFFIX, "row");
    if (chunks) print_sums(facts->name, IO_CHUNK_CRC32C_SUFFIX, "chunk");
    if (!rows && !chunks)
        printf("    checksums  none%s\n",
               strcmp(facts->about.layout, "virtual") ? "" : "; those of its sources are not used");
    if (field->sums_whole && field->direct && io_reader_layout(field->direct)->chunks_a_band > 1)
        printf("    crops      read whole rows: their chunks have no checksums\n");
}

static void print_shards(const struct facts *facts)
{
    uint64_t least = facts->field.rows / facts->vranks, rest = facts->field.rows % facts->vranks;
    printf("    shards     rows a virtual rank of %llu: %llu", (ull)facts->vranks, (ull)least);
    if (rest) printf(" or %llu", (ull)least + 1);
    printf(" an epoch\n");
}

/* The meaning that numbers of a special type are given, in words. */
static const char *meaning_of(const struct h5_about *about)
{
    if (!about->plain) return "";
    if (!strcmp(about->stored_as, "bool")) return ", stored as bool";
    if (!strcmp(about->stored_as, "bit field")) return ", stored as bit fields";
    if (!strcmp(about->stored_as, "enumeration")) return ", the numbers of an enumeration";
    if (!strcmp(about->stored_as, "bfloat16")) return ", widened from bfloat16";
    return *about->stored_as ? ", the real and imaginary parts of complex numbers" : "";
}

/* Prints the attributes, such as a scale, that give numbers another meaning. */
static void print_packing(const struct facts *facts)
{
    struct core_text text = {0};
    cli_packing_add(&facts->about.packing, facts->field.unpack, !*facts->about.stored_as, &text);
    if (text.length && !text.status) printf("    meaning    %s\n", text.bytes);
    core_text_free(&text);
}

/* Says what a full shuffle of a field with filters costs, if the decoded chunks do not fit. */
static void print_order(const struct facts *facts)
{
    struct load_advice advice;
    struct core_text text = {0};
    load_advise_array(&facts->field, facts->cache_bytes, &advice);
    load_advice_tell(&advice, &text);
    if (text.length && !text.status) printf("    order      shuffle full: %s\n", text.bytes);
    core_text_free(&text);
}

/* Says what a compound has, and how a field takes some of it. */
static void print_members(const struct facts *facts)
{
    printf("    members    ");
    cli_print_text(stdout, facts->about.members);
    printf("\n    read       by members, as ALIAS=");
    cli_print_text(stdout, facts->name);
    printf(".MEMBER or ALIAS=");
    cli_print_text(stdout, facts->name);
    printf(".{MEMBER,MEMBER}\n");
}

/* Says how a field takes variable-length arrays. */
static void print_runs(const struct facts *facts)
{
    printf("    read       as runs of rows, as ALIAS=");
    cli_print_text(stdout, facts->name);
    printf("(offsets=");
    cli_print_text(stdout, facts->name);
    printf(")\n");
}

static void print_text(const struct facts *facts)
{
    cli_print_text(stdout, facts->name);
    if (!facts->described) {
        printf(": not looked at: ");
        cli_print_text(stdout, facts->unreadable);
        printf("\n");
        return;
    }
    printf(": %s", facts->about.type);
    print_shape(&facts->about);
    printf("%s\n", meaning_of(&facts->about));
    if (*facts->about.layout) print_stored(facts);
    if (facts->is_field) print_packing(facts);
    if (*facts->about.members) {
        print_members(facts);
        return;
    }
    if (facts->about.is_sequence) {
        print_runs(facts);
        return;
    }
    if (!strcmp(facts->about.type, "text")) {
        printf("    read       not at all; import numbers texts: NAME=h5:classes:FILE:");
        cli_print_text(stdout, facts->name);
        printf("\n");
        return;
    }
    if (!facts->is_field && facts->about.plain && !facts->about.axes) {
        printf("    read       as a constant: ALIAS=");
        cli_print_text(stdout, facts->name);
        printf("(constant)\n");
        return;
    }
    if (!facts->is_field) {
        printf("    read       not at all: it is no array of plain numbers\n");
        return;
    }
    if (facts->unreadable) {
        printf("    read       cannot be read: ");
        cli_print_text(stdout, facts->unreadable);
        printf("\n");
        return;
    }
    print_way(&facts->field);
    print_checksums(facts);
    if (facts->vranks) print_shards(facts);
    print_order(facts);
}

/* ---- as JSON */

static void json_shards(const struct facts *facts)
{
    uint64_t rows = facts->about.shape[0]; /* 0 where it is unknown */
    cli_json_u64("shard_rows_least", rows / facts->vranks);
    cli_json_u64("shard_rows_most", rows / facts->vranks + (rows % facts->vranks != 0));
}

/* Adds the facts about a field. Facts that need an open field are null for a field that cannot be
 * read. */
static void json_field(const struct facts *facts)
{
    const struct data_field *field = &facts->field;
    bool readable = !facts->unreadable;
    struct load_advice advice;
    cli_json_bool("readable", readable);
    if (readable) {
        cli_json_u64("bytes", bytes_of(facts));
        cli_json_double("ratio", is_stored(facts) ? ratio_of(facts) : 1);
    } else {
        cli_json_number("bytes", NULL);
        cli_json_number("ratio", NULL);
    }
    cli_json_bool("direct", data_field_is_direct(field));
    cli_json_text("reason", readable ? field->reason : facts->unreadable);
    cli_json_bool("compared", readable && !field->uncompared);
    cli_json_bool("checksums", data_field_has_checksums(field));
    cli_json_bool("chunk_checksums", data_field_has_chunk_sums(field));
    if (facts->vranks) json_shards(facts);
    load_advise_array(field, facts->cache_bytes, &advice);
    cli_advice_json(&advice);
}

/* Adds a list of the names of attributes, which is empty unless `all` is true. */
static void json_packing(const char *key, const struct h5_packing *packing, bool all)
{
    cli_json_begin(key, '[');
    for (size_t i = 0; i < H5_PACKINGS && all; i++)
        if (packing->attribute[i].kind) cli_json_text(NULL, h5_packings[i]);
    cli_json_end(']');
}

static void print_json(const struct facts *facts)
{
    cli_json_begin(NULL, '{');
    cli_json_text("name", facts->name);
    cli_json_text("type", facts->about.type);
    cli_json_text("stored_as", facts->about.stored_as);
    if (*facts->about.members) cli_json_text("members", facts->about.members);
    cli_json_begin("shape", '[');
    for (uint32_t axis = 0; axis < facts->about.axes; axis++)
        cli_json_u64(NULL, facts->about.shape[axis]);
    cli_json_end(']');
    cli_json_text("layout", facts->about.layout);
    cli_json_u64("chunk_rows", facts->about.chunk_rows);
    cli_json_u64("stored_bytes", facts->about.storage_bytes);
    json_packing("attributes_not_applied", &facts->about.packing, !facts->field.unpack);
    json_packing("attributes_applied", &facts->about.packing, facts->field.unpack);
    cli_json_bool("field", facts->is_field);
    if (facts->is_field) json_field(facts);
    if (!facts->described) {
        cli_json_bool("readable", false);
        cli_json_text("reason", facts->unreadable);
    }
    cli_json_end('}');
}

/* ---- all datasets */

/* Opens a field, which tells how a loader would read it. */
static shs_status open_field(const struct listing *listing, struct facts *facts)
{
    const char *path = listing->path;
    struct data_field *field = &facts->field;
    shs_status status = data_field_open(
        listing->file, path, facts->name,
        &(struct data_field_how){.packing = true, .cf = listing->arguments->cf}, field);
    if (!status)
        status = data_field_find_checksums(listing->file, path, DATA_CHECKSUM_BYTES, field);
    if (status) data_field_close(field);
    return status;
}

/* Sets `text` to the latest message without the names of file and dataset at its beginning. Adds
 * advice if a plug-in of HDF5 could help. */
static void describe_failure(const struct listing *listing, const char *name, shs_status status,
                             char *text, size_t bytes)
{
    char file[CORE_MESSAGE_BYTES], dataset[CORE_MESSAGE_BYTES];
    snprintf(file, sizeof file, "%s: ", listing->path);
    snprintf(dataset, sizeof dataset, "dataset %s: ", name);
    const char *cause = core_without(core_without(shs_message(), file), dataset);
    bool plugin =
        status == SHS_ERROR_UNSUPPORTED && strstr(cause, "filter") && !listing->arguments->plugins;
    snprintf(text, bytes, "%s%s", cause,
             plugin ? "; plug-ins of HDF5 are off here, --plugins allows them" : "");
}

static void count_failure(struct listing *listing, const char *name, const char *why)
{
    if (!listing->failed++)
        snprintf(listing->first_failure, sizeof listing->first_failure, "%s: %s", name, why);
}

static void print_facts(const struct listing *listing, const struct facts *facts)
{
    if (listing->arguments->json)
        print_json(facts);
    else
        print_text(facts);
}

/* Prints a dataset. If it cannot be examined, prints the reason, and the walk goes on. A dataset
 * that this program cannot read, because a filter is missing, does not count as a failure. */
static shs_status print_dataset(const char *name, bool readable, void *user)
{
    struct listing *listing = user;
    struct facts facts = {.name = name,
                          .vranks = listing->arguments->vranks,
                          .cache_bytes = listing->arguments->cache_bytes};
    char why[CORE_MESSAGE_BYTES] = "";
    bool are_checksums;
    (void)readable; /* open_field() finds out, and knows the reason */
    shs_status status = cli_find_checksums(listing->file, name, &are_checksums);
    if (are_checksums) return SHS_OK;
    if (!status) status = h5_describe(listing->file, name, &facts.about);
    facts.described = !status;
    facts.is_field = facts.described && cli_is_field(&facts.about);
    if (facts.is_field) status = open_field(listing, &facts);
    if (status) {
        describe_failure(listing, name, status, why, sizeof why);
        facts.unreadable = why;
    }
    if (status && !(facts.described && status == SHS_ERROR_UNSUPPORTED))
        count_failure(listing, name, why);
    print_facts(listing, &facts);
    data_field_close(&facts.field);
    return SHS_OK;
}

/* Prints a soft or external link. A field may name it, but it is not followed here. */
static shs_status print_link(const struct h5_link *link, void *user)
{
    (void)user;
    cli_print_text(stdout, link->name);
    printf(": %s link to ", link->file ? "external" : "soft");
    cli_print_text(stdout, link->target);
    if (link->file) {
        printf(" in ");
        cli_print_text(stdout, link->file);
    }
    printf("\n");
    return SHS_OK;
}

static shs_status json_link(const struct h5_link *link, void *user)
{
    (void)user;
    cli_json_begin(NULL, '{');
    cli_json_text("name", link->name);
    if (link->file) cli_json_text("file", link->file);
    cli_json_text("target", link->target);
    cli_json_end('}');
    return SHS_OK;
}

static void print_file(const struct listing *listing)
{
    if (listing->files == 1 && !strcmp(listing->path, listing->arguments->plain[0])) return;
    cli_print_text(stdout, listing->path);
    if (listing->files > 1)
        printf(", the first of %zu files (--fields tells of all):\n", listing->files);
    else
        printf(", the only file:\n");
}

static void print_all(struct listing *listing)
{
    bool json = listing->arguments->json;
    char why[CORE_MESSAGE_BYTES] = "";
    if (json) {
        cli_json_begin(NULL, '{');
        cli_json_text("file", listing->path);
        cli_json_u64("files", listing->files);
        cli_json_begin("datasets", '[');
    } else {
        print_file(listing);
    }
    shs_status status = h5_walk(listing->file, print_dataset, listing);
    if (json) {
        cli_json_end(']');
        cli_json_begin("links", '[');
    }
    if (!status) status = h5_walk_links(listing->file, json ? json_link : print_link, NULL);
    if (json) cli_json_end(']');
    if (json) cli_json_finish();
    if (!status) return;
    describe_failure(listing, "/", status, why, sizeof why);
    count_failure(listing, "/", why);
}

shs_status cli_print_datasets(const struct cli_arguments *arguments, uint64_t *failed)
{
    struct listing listing = {.arguments = arguments};
    shs_status status = cli_first_file(arguments->plain[0], &listing.path, &listing.files);
    if (!status) status = h5_open(listing.path, &listing.file);
    if (!status) h5_keep_described(listing.file);
    if (!status) print_all(&listing);
    *failed = listing.failed;
    if (listing.failed)
        core_fail(SHS_ERROR_FILE,
                  "%s: %llu of its datasets could not be looked at, the first is %s", listing.path,
                  (ull)listing.failed, listing.first_failure);
    h5_close(&listing.file);
    core_free(&listing.path);
    return status;
}
