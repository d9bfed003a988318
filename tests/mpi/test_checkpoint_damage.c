/* Damaged checkpoints: every flipped bit and every cut is noticed. */
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

/* The program's state comes back whole, or not at all and with an error; never in part. */
static bool restored_or_refused(const struct scene *scene)
{
    struct job job = scene_open(scene, MPI_COMM_NULL);
    struct state *state = state_new();
    state_fill(state, 7);
    shs_status status = restore(scene, &job, state);
    uint64_t step = shs_tell(job.loader).step;
    bool whole = status == SHS_OK && compare_state(state, 2, 7, true) && step == 2;
    bool none = status < 0 && compare_state(state, 7, 7, true) && step == 0;
    const char *fate = compare_state(state, 2, 7, true)   ? "restored"
                       : compare_state(state, 7, 7, true) ? "untouched"
                                                          : "mixed";
    free(state);
    job_close(&job);
    return whole || none ||
           WRONG("expected the whole checkpoint or an error and nothing else; came %s, step %llu, "
                 "state %s: %s",
                 shs_status_name(status), (ull)step, fate, shs_message());
}

/* Local. The same in a process of its own: HDF5 1.10 is not itself any more after some damage, and
 * might crash. */
static bool child_restores_or_refuses(const struct scene *scene)
{
    int code = -1;
    pid_t child = fork();
    if (child == 0) _exit(restored_or_refused(scene) ? 0 : 1);
    need(child > 0 && waitpid(child, &code, 0) == child, "a child");
    return WIFEXITED(code) && WEXITSTATUS(code) == 0;
}

enum {
    FLIPS = 200
};

/* Local. How many of the bits flipped one by one, spread over the file, had a bad outcome. */
static uint64_t count_bad_flips(const struct scene *scene, const char *path)
{
    uint64_t bytes = size_of(path), bad = 0;
    for (uint64_t flip = 0; flip < FLIPS; flip++) {
        uint64_t at = flip * bytes / FLIPS + scramble(flip) % (bytes / FLIPS);
        unsigned char bit = (unsigned char)(1u << (scramble(flip) >> 32 & 7));
        flip_byte(path, at, bit);
        if (!child_restores_or_refuses(scene)) {
            printf("  a bit of byte %llu: wrong or crashed\n", (ull)at);
            bad++;
        }
        flip_byte(path, at, bit);
    }
    return bad;
}

static void test_a_flipped_bit_is_noticed(void)
{
    struct scene scene = scene_begin();
    char path[PATH_BYTES + 32];
    make_checkpoint(&scene, 2);
    name_checkpoint(&scene, 2, path);
    CHECK(my_rank() != 0 || count_bad_flips(&scene, path) == 0);
    MPI_Barrier(MPI_COMM_WORLD);
    struct job job = scene_open(&scene, MPI_COMM_WORLD);
    struct state *state = state_new();
    CHECK_STATUS(restore(&scene, &job, state), SHS_OK); /* whole again */
    free(state);
    job_close(&job);
    scene_end(&scene);
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

static void test_a_file_cut_short_is_refused(void)
{
    struct scene scene = scene_begin();
    char path[PATH_BYTES + 32];
    make_checkpoint(&scene, 1);
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
        CHECK_HAS(shs_message(),
                  "to go on from step-0000000001.h5, the checkpoint before it, remove the "
                  "first line of");
    }
    set_latest(&scene, "step-0000000001.h5\n"); /* as the message advises */
    if (CHECK_STATUS(restore(&scene, &job, state), SHS_OK)) CHECK(state_is(state, 1, 7));
    free(state);
    job_close(&job);
    scene_end(&scene);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        {"a flipped bit is noticed", test_a_flipped_bit_is_noticed},
        {"every tensor is covered", test_every_tensor_is_covered},
        {"a file cut short is refused", test_a_file_cut_short_is_refused},
    };
    return harness_main_ranks("checkpoint_damage", tests, sizeof tests / sizeof *tests, argc, argv);
}
