/* A program that knows nothing of MPI, as torchrun starts it: several processes, each told its
 * place by RANK and WORLD_SIZE. It prints what `shardstep digest --per-rank` prints of its virtual
 * ranks.
 *
 *     plain_ranks FILE FIELDS AUGMENTATION FOLDER AHEAD
 *
 * FOLDER is for the files by which they gather, AHEAD is the loader's option.
 */
#include <shardstep/context.h>
#include <shardstep/loader.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <xxhash.h>

/* The processes gather by files: one for each call and rank. */
struct group {
    int rank, ranks;
    unsigned calls;
    const char *folder;
};

static void stop(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, shs_message());
    exit(2);
}

static void name_file(const struct group *group, int rank, const char *end, char path[4096])
{
    snprintf(path, 4096, "%s/%u.%d%s", group->folder, group->calls, rank, end);
}

/* A file has its name only when it is whole. */
static int put(const struct group *group, const void *bytes, size_t count)
{
    char path[4096], temporary[4096];
    name_file(group, group->rank, "", path);
    name_file(group, group->rank, ".part", temporary);
    FILE *file = fopen(temporary, "wb");
    if (!file) return 1;
    size_t written = fwrite(bytes, 1, count, file);
    return fclose(file) || written != count || rename(temporary, path);
}

static int get(const struct group *group, int rank, void *bytes, size_t count)
{
    const struct timespec pause = {0, 1000000};
    char path[4096];
    FILE *file;
    name_file(group, rank, "", path);
    while (!(file = fopen(path, "rb")))
        nanosleep(&pause, NULL);
    size_t read = fread(bytes, 1, count, file);
    fclose(file);
    return read != count;
}

static int gather(void *user, const void *mine, size_t bytes, void *all)
{
    struct group *group = user;
    int failed = put(group, mine, bytes);
    for (int rank = 0; rank < group->ranks && !failed; rank++)
        failed = get(group, rank, (char *)all + (size_t)rank * bytes, bytes);
    group->calls++;
    return failed;
}

/* The hash that `shardstep digest` prints, on a machine whose numbers are little-endian. */
static void print_batch(const shs_batch *batch)
{
    XXH3_state_t *state = XXH3_createState();
    XXH128_canonical_t hash;
    if (!state) stop("memory");
    XXH3_128bits_reset(state);
    XXH3_128bits_update(state, &batch->count, sizeof batch->count);
    XXH3_128bits_update(state, batch->index, batch->rows * sizeof *batch->index);
    for (size_t f = 0; f < batch->fields; f++) {
        size_t bytes;
        if (shs_tensor_bytes(&batch->field[f], &bytes)) stop("a field");
        XXH3_128bits_update(state, batch->field[f].data, bytes);
    }
    XXH128_canonicalFromHash(&hash, XXH3_128bits_digest(state));
    XXH3_freeState(state);
    printf("%llu %llu ", (unsigned long long)batch->step, (unsigned long long)batch->vrank);
    for (size_t i = 0; i < sizeof hash.digest; i++)
        printf("%02x", hash.digest[i]);
    printf("\n");
}

static int number_of(const char *variable)
{
    const char *text = getenv(variable);
    return text ? atoi(text) : -1;
}

int main(int argc, char **argv)
{
    if (argc != 6) return 2;
    struct group group = {number_of("RANK"), number_of("WORLD_SIZE"), 0, argv[4]};
    const shs_run_options options = {.seed = 7, .vranks = 6};
    const shs_loader_options how = {.batch = 8,
                                    .epochs = 1,
                                    .threads = 2,
                                    .augment = argv[3],
                                    .ahead = (uint32_t)atoi(argv[5])};
    shs_run *run;
    shs_dataset *data;
    shs_loader *loader;
    shs_batch batch;
    shs_status status;
    if (shs_open_ranks(group.rank, group.ranks, gather, &group, &options, &run)) stop("a run");
    if (shs_dataset_open(run, argv[1], argv[2], NULL, &data)) stop("a dataset");
    if (shs_loader_open(data, &how, &loader)) stop("a loader");
    while ((status = shs_next(loader, &batch)) == SHS_OK) {
        print_batch(&batch);
        if (batch.ends_step && shs_agree(run)) stop("a step");
    }
    if (status != SHS_END || shs_statistics(loader).epochs_verified != 1) stop("an epoch");
    shs_loader_close(&loader);
    shs_dataset_close(&data);
    if (shs_close(&run)) stop("closing");
    return 0;
}
