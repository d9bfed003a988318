/* Damaged checkpoints: every flipped bit and every cut is noticed, and the checkpoint before is
 * restored. SHARDSTEP_LONG=1 tries 2,000 damages. */
#include <sys/stat.h>
#include <sys/wait.h>

#include "batches.h"
#include "checkpoint_scene.h"

static uint64_t size_of(const char *path)
{
    struct stat about;
    need(stat(path, &about) == 0, path);
    return (uint64_t)about.st_size;
}

/* ---- any damage is told, and the checkpoint before is restored */

/* A file's bytes in memory. */
struct content {
    char *bytes;
    size_t count;
};

static struct content read_file(const char *path)
{
    struct content content = {.count = (size_t)size_of(path)};
    content.bytes = room(content.count, 1);
    FILE *file = fopen(path, "rb");
    need(file && fread(content.bytes, 1, content.count, file) == content.count, path);
    fclose(file);
    return content;
}

static void write_file(const char *path, const char *bytes, size_t count)
{
    FILE *file = fopen(path, "wb");
    need(file && fwrite(bytes, 1, count, file) == count && fclose(file) == 0, path);
}

/* A folder with two checkpoints, and the same checkpoint of another run. */
struct victim {
    struct scene scene, other;
    char path[PATH_BYTES + 32], latest[PATH_BYTES + 32];
    struct content newest, named, before, foreign;
};

enum {
    FLIPPED, /* a bit */
    CUT,
    TORN,    /* some bytes were never written */
    OLD,     /* some bytes are those of the checkpoint before */
    SWAPPED, /* the file is another run's */
    NAMES,   /* a bit of the file `latest` */
    KINDS
};

static const char *const kinds[KINDS] = {"a flipped bit",
                                         "a cut",
                                         "bytes that were not written",
                                         "bytes of the checkpoint before",
                                         "another run's checkpoint",
                                         "a flipped bit of latest"};

/* Writes the damaged bytes of case `number`. Returns the kind of damage. */
static int do_damage(const struct victim *victim, uint64_t number)
{
    int kind = number % 8 < FLIPPED + 3 ? FLIPPED : (int)(number % 8) - 2;
    const struct content *whole = kind == NAMES ? &victim->named : &victim->newest;
    uint64_t random = scramble(number), at = random % whole->count, most = whole->count - at;
    uint64_t count = 1 + scramble(random) % (most < 3000 ? most : 3000);
    char *bytes = room(whole->count, 1);
    memcpy(bytes, whole->bytes, whole->count);
    if (kind == FLIPPED || kind == NAMES) bytes[at] ^= (char)(1u << (random >> 32 & 7));
    for (uint64_t i = at; i < at + count && (kind == TORN || kind == OLD); i++)
        bytes[i] = kind == OLD && i < victim->before.count ? victim->before.bytes[i] : 0;
    if (kind == SWAPPED)
        write_file(victim->path, victim->foreign.bytes, victim->foreign.count);
    else
        write_file(kind == NAMES ? victim->latest : victim->path, bytes,
                   kind == CUT ? at : whole->count);
    bool same = kind != CUT && kind != SWAPPED && !memcmp(bytes, whole->bytes, whole->count);
    free(bytes);
    return same ? KINDS : kind;
}

static void repair(const struct victim *victim)
{
    write_file(victim->path, victim->newest.bytes, victim->newest.count);
    write_file(victim->latest, victim->named.bytes, victim->named.count);
}

/* The checkpoint before comes back whole and the program is told, or nothing comes back and there
 * is an error. A damaged `latest` may still be right about the newest checkpoint. */
static bool is_told(const struct scene *scene, int kind)
{
    struct job job = scene_open(scene, MPI_COMM_NULL);
    struct state *state = state_new();
    state_fill(state, 7);
    shs_status status = restore(scene, &job, state);
    uint64_t step = shs_tell(job.loader).step;
    const char *notice = shs_notice();
    bool told = notice && strstr(notice, "step-0000000002.h5 is damaged") &&
                strstr(notice, "goes on from step-0000000001.h5");
    bool before = status == SHS_OK && compare_state(state, 1, 7, true) && step == 1 && told;
    bool none = status < 0 && compare_state(state, 7, 7, true) && step == 0;
    bool newest = status == SHS_OK && compare_state(state, 2, 7, true) && step == 2;
    bool good = kind == NAMES ? before || none || newest : kind == KINDS ? newest : before;
    if (!good)
        printf("  came %s, step %llu, notice «%s»: %s\n", shs_status_name(status), (ull)step,
               notice ? notice : "", shs_message());
    free(state);
    job_close(&job);
    return good;
}

/* Local. The same in a process of its own: HDF5 1.10 is not itself any more after some damage, and
 * might crash. */
static bool child_is_told(const struct scene *scene, int kind)
{
    int code = -1;
    pid_t child = fork();
    if (child == 0) {
        bool good = is_told(scene, kind);
        fflush(stdout);
        _exit(good ? 0 : 1);
    }
    need(child > 0 && waitpid(child, &code, 0) == child, "a child");
    return WIFEXITED(code) && WEXITSTATUS(code) == 0;
}

/* Local. How many damages had a bad outcome. */
static uint64_t count_bad_ends(const struct victim *victim)
{
    const uint64_t damages = getenv("SHARDSTEP_LONG") ? 2000 : 60;
    uint64_t bad = 0;
    for (uint64_t number = 0; number < damages; number++) {
        int kind = do_damage(victim, number);
        if (!child_is_told(&victim->scene, kind)) {
            printf("  damage %llu, %s: silent, wrong or crashed\n", (ull)number,
                   kind < KINDS ? kinds[kind] : "none");
            bad++;
        }
        repair(victim);
    }
    return bad;
}

static void test_damage_is_told_and_the_one_before_restored(void)
{
    struct victim victim = {.scene = scene_begin(), .other = scene_begin()};
    char before[PATH_BYTES + 32], foreign[PATH_BYTES + 32];
    make_checkpoint(&victim.scene, 1);
    make_checkpoint(&victim.scene, 2);
    victim.other.course.seed++;
    make_checkpoint(&victim.other, 2);
    name_checkpoint(&victim.scene, 1, before);
    name_checkpoint(&victim.scene, 2, victim.path);
    name_checkpoint(&victim.other, 2, foreign);
    snprintf(victim.latest, sizeof victim.latest, "%s/latest", victim.scene.checkpoints);
    victim.newest = read_file(victim.path);
    victim.named = read_file(victim.latest);
    victim.before = read_file(before);
    victim.foreign = read_file(foreign);
    MPI_Barrier(MPI_COMM_WORLD);
    CHECK(my_rank() != 0 || count_bad_ends(&victim) == 0);
    MPI_Barrier(MPI_COMM_WORLD);
    struct job job = scene_open(&victim.scene, MPI_COMM_WORLD);
    struct state *state = state_new();
    CHECK_STATUS(restore(&victim.scene, &job, state), SHS_OK); /* whole again */
    CHECK_EQ(shs_tell(job.loader).step, 2);
    free(state);
    job_close(&job);
    free(victim.newest.bytes);
    free(victim.named.bytes);
    free(victim.before.bytes);
    free(victim.foreign.bytes);
    scene_end(&victim.scene);
    scene_end(&victim.other);
}

/* Every element of every tensor is covered: the first and the last byte of each, as stored. */
static void test_every_tensor_is_covered(void)
{
    struct scene scene = scene_begin();
    char path[PATH_BYTES + 32];
    make_checkpoint(&scene, 2);
    name_checkpoint(&scene, 2, path);
    struct job job = scene_open(&scene, MPI_COMM_WORLD);
    struct state *state = state_new();
    for (size_t t = 0; t < N_STATE - 1; t++) {
        char name[32];
        uint64_t at[2];
        size_t bytes;
        snprintf(name, sizeof name, "state/%s", state->tensors[t].name);
        need(!shs_tensor_bytes(&state->tensors[t], &bytes), "shs_tensor_bytes");
        hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
        hid_t dataset = H5Dopen2(file, name, H5P_DEFAULT);
        at[0] = H5Dget_offset(dataset);
        at[1] = at[0] + bytes - 1;
        need(H5Dclose(dataset) >= 0 && H5Fclose(file) >= 0, path);
        for (int end = 0; end < 2; end++) {
            MPI_Barrier(MPI_COMM_WORLD);
            if (my_rank() == 0) flip_byte(path, at[end], 0x10);
            MPI_Barrier(MPI_COMM_WORLD);
            refuse_restore(&scene, &job, state, N_STATE, SHS_ERROR_FORMAT, "damaged");
            MPI_Barrier(MPI_COMM_WORLD);
            if (my_rank() == 0) flip_byte(path, at[end], 0x10);
        }
        MPI_Barrier(MPI_COMM_WORLD);
    }
    free(state);
    job_close(&job);
    scene_end(&scene);
}

static void test_a_lone_file_cut_short_is_refused(void)
{
    struct scene scene = scene_begin();
    char path[PATH_BYTES + 32];
    make_checkpoint(&scene, 2);
    name_checkpoint(&scene, 2, path);
    struct job job = scene_open(&scene, MPI_COMM_WORLD);
    struct state *state = state_new();
    uint64_t bytes = size_of(path);
    MPI_Barrier(MPI_COMM_WORLD);
    for (uint64_t part = 1; part <= 8; part++) {
        if (my_rank() == 0) need(truncate(path, (off_t)(bytes - bytes * part / 8)) == 0, path);
        MPI_Barrier(MPI_COMM_WORLD);
        refuse_restore(&scene, &job, state, N_STATE, SHS_ERROR_FORMAT, "step-0000000002.h5");
        CHECK_HAS(shs_message(), "no other checkpoint is there: to start anew, remove");
    }
    free(state);
    job_close(&job);
    scene_end(&scene);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        {"damage is told and the one before restored",
         test_damage_is_told_and_the_one_before_restored},
        {"every tensor is covered", test_every_tensor_is_covered},
        {"a lone file cut short is refused", test_a_lone_file_cut_short_is_refused},
    };
    return harness_main_ranks("checkpoint_damage", tests, sizeof tests / sizeof *tests, argc, argv);
}
