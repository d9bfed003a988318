/* Windows: the ranks of a node share memory, its pages are reserved, the pool gives it again, and
 * where a rank cannot share, all ranks of the node have memory of their own. */
#include <dirent.h>
#include <errno.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "mpi_run.h"
#include "mpi_shared.h"
#include "mpi_window.h"
#include "ranks.h"
#include "shardstep/context.h"
#include "shardstep/mpi.h"

enum {
    SIZE = 1 << 20,
    PAGE = 4096,
    MOST_FILES = 256
};

static shs_run *run;

static void begin(void)
{
    need(shs_open(MPI_COMM_WORLD, NULL, &run) == SHS_OK, "a run");
}

static void end(void)
{
    CHECK_STATUS(shs_close(&run), SHS_OK);
}

static struct mpi_window take(size_t bytes, size_t zeroed, uint64_t key)
{
    const struct mpi_window_wish wish = {.bytes = bytes, .zeroed = zeroed, .key = key};
    struct mpi_window window;
    need(mpi_window_take(run, &wish, &window) == SHS_OK, "a window");
    CHECK_EQ(window.bytes, bytes);
    CHECK_EQ((uintptr_t)window.memory % MPI_WINDOW_ALIGNMENT, 0);
    return window;
}

/* Collective. Fills a window, each rank its part of it, and returns once all have. */
static void fill(const struct mpi_window *window, int byte)
{
    size_t from = 0, to = window->bytes;
    MPI_Barrier(MPI_COMM_WORLD);
    if (window->shared) {
        from = to / (size_t)all_ranks() * (size_t)my_rank();
        if (my_rank() != last_rank()) to = from + to / (size_t)all_ranks();
    }
    memset(window->memory + from, byte, to - from);
    MPI_Barrier(MPI_COMM_WORLD);
}

/* Returns how many of the bytes [from, to) are `byte`. */
static size_t count_bytes(const struct mpi_window *window, size_t from, size_t to, int byte)
{
    size_t count = 0;
    for (size_t i = from; i < to; i++)
        count += window->memory[i] == (char)byte;
    return count;
}

/* Collective. Whether the ranks see each other's bytes. */
static bool is_common(const struct mpi_window *window)
{
    MPI_Barrier(MPI_COMM_WORLD);
    window->memory[my_rank()] = (char)(1 + my_rank());
    MPI_Barrier(MPI_COMM_WORLD);
    int seen = 0;
    for (int rank = 0; rank < all_ranks(); rank++)
        seen += window->memory[rank] == (char)(1 + rank);
    MPI_Barrier(MPI_COMM_WORLD);
    return seen == all_ranks();
}

static void test_ranks_share_a_window(void)
{
    begin();
    struct mpi_window window = take(SIZE, SIZE, 1);
    CHECK_EQ(window.shared, all_ranks() > 1);
    CHECK_EQ(count_bytes(&window, 0, SIZE, 0), SIZE);
    CHECK(is_common(&window));
    fill(&window, 7);
    CHECK_EQ(count_bytes(&window, 0, SIZE, 7), SIZE);
    mpi_window_give_back(&window);
    CHECK(window.memory == NULL);
    mpi_window_give_back(&window); /* a zeroed window is accepted */
    end();
}

/* The pages are there before any is touched, and nobody can take them away. */
static void test_pages_are_reserved(void)
{
    struct mpi_shared shared;
    struct stat about = {0};
    void *memory = mpi_shared_make(SIZE + 1, &shared);
    if (CHECK(memory != NULL)) {
        CHECK_EQ(fstat((int)shared.file, &about), 0);
        CHECK_IS(about.st_blocks * 512, >, SIZE);
        CHECK(ftruncate((int)shared.file, 1) != 0 && errno == EPERM);
        void *joined = mpi_shared_join(&shared, SIZE + 1);
        CHECK(joined != NULL);
        mpi_shared_leave(&joined, SIZE + 1);
        CHECK(mpi_shared_join(&shared, SIZE) == NULL); /* another size: another file */
    }
    mpi_shared_made(&shared);
    CHECK_EQ(shared.file, -1);
    CHECK(mpi_shared_join(&shared, SIZE + 1) == NULL);
    mpi_shared_leave(&memory, SIZE + 1);
    CHECK(memory == NULL);
}

static void test_memory_that_no_machine_has(void)
{
    struct mpi_shared shared;
    CHECK(mpi_shared_make(SIZE_MAX / 4, &shared) == NULL);
    CHECK_EQ(shared.file, -1);
    mpi_shared_made(&shared);
}

static void test_the_pool_gives_a_window_again(void)
{
    begin();
    struct mpi_window large = take(4 * SIZE, 0, 1), window = take(SIZE, 0, 2);
    const char *memory = window.memory;
    bool shared = window.shared;
    fill(&window, 9);
    mpi_window_give_back(&window);
    mpi_window_give_back(&large);
    window = take(SIZE - 100, 300, 3);
    CHECK_EQ(window.shared, shared);
    CHECK_EQ(count_bytes(&window, 0, 300, 0), 300);
    if (shared) {
        CHECK(window.memory == memory); /* the smallest that is large enough */
        CHECK_EQ(count_bytes(&window, 300, SIZE - 100, 9), SIZE - 400);
    }
    CHECK_EQ(run->windows.count, shared ? 2 : 0);
    mpi_window_give_back(&window);
    end();
}

static void test_a_rank_that_keeps_its_window_is_not_disturbed(void)
{
    begin();
    bool keeps = my_rank() == last_rank();
    struct mpi_window kept = take(SIZE, 0, 1);
    fill(&kept, 5);
    if (!keeps) mpi_window_give_back(&kept);
    struct mpi_window other = take(SIZE, SIZE, 2);
    fill(&other, 6);
    if (keeps) CHECK_EQ(count_bytes(&kept, 0, SIZE, 5), SIZE);
    CHECK_EQ(count_bytes(&other, 0, SIZE, 6), SIZE);
    mpi_window_give_back(&kept);
    mpi_window_give_back(&other);
    struct mpi_window first = take(SIZE, 0, 3), second = take(SIZE, 0, 4);
    CHECK_EQ(run->windows.count, first.shared ? 2 : 0);
    mpi_window_give_back(&second);
    mpi_window_give_back(&first);
    end();
}

/* Collective. Takes a window for which the ranks have other wishes. */
static void take_unlike(size_t bytes, uint64_t key)
{
    struct mpi_window window = take(bytes, bytes, key);
    CHECK(!window.shared);
    CHECK_EQ(count_bytes(&window, 0, bytes, 0), bytes);
    fill(&window, 1 + my_rank());
    CHECK_EQ(count_bytes(&window, 0, bytes, 1 + my_rank()), bytes);
    CHECK_EQ(run->windows.count, 0);
    mpi_window_give_back(&window);
}

static void test_ranks_with_other_wishes_do_not_share(void)
{
    begin();
    take_unlike(SIZE, (uint64_t)my_rank());
    take_unlike(SIZE, my_rank() == last_rank() ? UINT64_MAX : 0);
    take_unlike((size_t)(SIZE + my_rank()), 1);
    const struct mpi_window_wish wish = {.bytes = my_rank() ? SIZE : 0};
    struct mpi_window window;
    CHECK_STATUS(mpi_window_take(run, &wish, &window), SHS_OK);
    CHECK_EQ(window.memory != NULL, my_rank() > 0);
    mpi_window_give_back(&window);
    end();
}

/* A limit of this process that is too low for a moment. */
struct limit {
    __rlimit_resource_t resource;
    struct rlimit before;
    int file[MOST_FILES]; /* opened until there was no other */
    size_t files;
};

static struct limit limit_begin(__rlimit_resource_t resource)
{
    struct limit limit = {.resource = resource};
    getrlimit(resource, &limit.before);
    const struct rlimit low = {.rlim_cur = resource == RLIMIT_NOFILE ? MOST_FILES : 0,
                               .rlim_max = limit.before.rlim_max};
    need(setrlimit(resource, &low) == 0, "a limit");
    int file = resource == RLIMIT_NOFILE ? dup(STDERR_FILENO) : -1;
    for (; file >= 0; file = dup(STDERR_FILENO))
        limit.file[limit.files++] = file;
    return limit;
}

static void limit_end(struct limit *limit)
{
    while (limit->files)
        close(limit->file[--limit->files]);
    setrlimit(limit->resource, &limit->before);
}

/* Collective. If one rank is at a limit, all ranks have memory of their own. Afterwards they share.
 */
static void take_limited(int rank, __rlimit_resource_t resource)
{
    struct limit limit;
    harness_where("limit %d of rank %d", (int)resource, rank);
    begin();
    struct mpi_window window = take(1, 0, 1); /* by now MPI has the files that it needs */
    mpi_window_give_back(&window);
    if (my_rank() == rank) limit = limit_begin(resource);
    window = take(SIZE, SIZE, 1);
    if (my_rank() == rank) limit_end(&limit);
    CHECK(!window.shared);
    CHECK_EQ(count_bytes(&window, 0, SIZE, 0), SIZE);
    fill(&window, my_rank());
    CHECK_EQ(count_bytes(&window, 0, SIZE, my_rank()), SIZE);
    mpi_window_give_back(&window);
    window = take(SIZE, SIZE, 1);
    CHECK_EQ(window.shared, all_ranks() > 1);
    if (window.shared) CHECK(is_common(&window));
    mpi_window_give_back(&window);
    end();
    harness_where(NULL);
}

static void test_all_ranks_do_without_if_one_cannot_share(void)
{
    take_limited(0, RLIMIT_FSIZE); /* without a care for it, SIGXFSZ would end the rank */
    take_limited(0, RLIMIT_NOFILE);
    take_limited(last_rank(), RLIMIT_NOFILE);
}

static void test_a_window_of_a_closed_run_stays_until_it_is_given_back(void)
{
    begin();
    shs_run *held = run;
    mpi_run_hold(held);
    struct mpi_window window = take(SIZE, SIZE, 1), given_back = take(SIZE, SIZE, 1);
    bool shared = window.shared;
    unsigned char page;
    char *memory = window.memory, *freed = given_back.memory;
    mpi_window_give_back(&given_back);
    end();
    if (shared) CHECK(mincore(freed, PAGE, &page) != 0 && errno == ENOMEM);
    memset(window.memory, 3, SIZE);
    mpi_window_give_back(&window);
    if (shared) CHECK(mincore(memory, PAGE, &page) != 0 && errno == ENOMEM);
    mpi_run_release(held);
}

static void test_the_last_holder_frees_what_was_not_given_back(void)
{
    begin();
    shs_run *held = run;
    mpi_run_hold(held);
    struct mpi_window window = take(SIZE, SIZE, 1);
    unsigned char page;
    char *memory = window.memory;
    bool shared = window.shared;
    if (!shared) mpi_window_give_back(&window);
    end();
    if (shared) CHECK_EQ(mincore(memory, PAGE, &page), 0);
    mpi_run_release(held);
    if (shared) CHECK(mincore(memory, PAGE, &page) != 0 && errno == ENOMEM);
}

static size_t open_descriptors(void)
{
    size_t count = 0;
    DIR *folder = opendir("/proc/self/fd");
    need(folder != NULL, "/proc/self/fd");
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

static void test_nothing_grows(void)
{
    enum {
        TIMES = 300
    };
    begin();
    struct mpi_window window = take(SIZE, SIZE, 1);
    bool shared = window.shared;
    mpi_window_give_back(&window);
    size_t descriptors = open_descriptors();
    for (size_t i = 0; i < TIMES; i++) {
        window = take(1 + i * SIZE / TIMES, 1, i);
        mpi_window_give_back(&window);
    }
    CHECK_EQ(run->windows.count, shared ? 1 : 0);
    CHECK_EQ(open_descriptors(), descriptors);
    end();
}

static void test_many_windows_at_a_time(void)
{
    struct mpi_window window[MPI_WINDOWS + 3];
    size_t count = sizeof window / sizeof *window, shared = 0;
    begin();
    for (size_t i = 0; i < count; i++) {
        window[i] = take(PAGE, 1, i);
        shared += window[i].shared;
    }
    CHECK_EQ(shared, all_ranks() > 1 ? MPI_WINDOWS : 0);
    for (size_t i = 0; i < count; i++)
        fill(&window[i], (int)i + 1);
    for (size_t i = 0; i < count; i++) {
        CHECK_EQ(count_bytes(&window[i], 0, PAGE, (int)i + 1), PAGE);
        mpi_window_give_back(&window[i]);
    }
    end();
}

static void test_ranks_without_a_node_have_memory_of_their_own(void)
{
    need(shs_open(MPI_COMM_SELF, NULL, &run) == SHS_OK, "a run");
    struct mpi_window window = take(SIZE, SIZE, 1);
    CHECK(!window.shared);
    mpi_window_give_back(&window);
    end();
    need(shs_open_ranks(my_rank(), all_ranks(), NULL, NULL, NULL, &run) == SHS_OK, "a run");
    window = take(SIZE, SIZE, 1);
    CHECK(!window.shared);
    mpi_window_give_back(&window);
    end();
}

/* Memory of the process may be short on a rank: it alone goes without. */
static void test_memory_of_its_own_may_be_short(void)
{
    const struct mpi_window_wish wish = {.bytes = SIZE, .key = (uint64_t)my_rank()};
    struct mpi_window window;
    bool poor = my_rank() == last_rank();
    begin();
    if (poor) memory_scarce(0);
    shs_status status = mpi_window_take(run, &wish, &window);
    memory_plenty();
    CHECK_STATUS(status, poor ? SHS_ERROR_MEMORY : SHS_OK);
    if (poor) CHECK_HAS(shs_message(), "rows that are held decoded");
    CHECK_EQ(window.memory == NULL, poor);
    mpi_window_give_back(&window);
    end();
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        {"ranks share a window", test_ranks_share_a_window},
        {"pages are reserved", test_pages_are_reserved},
        {"memory that no machine has", test_memory_that_no_machine_has},
        {"the pool gives a window again", test_the_pool_gives_a_window_again},
        {"a rank that keeps its window is not disturbed",
         test_a_rank_that_keeps_its_window_is_not_disturbed},
        {"ranks with other wishes do not share", test_ranks_with_other_wishes_do_not_share},
        {"all ranks do without if one cannot share", test_all_ranks_do_without_if_one_cannot_share},
        {"a window of a closed run stays until it is given back",
         test_a_window_of_a_closed_run_stays_until_it_is_given_back},
        {"the last holder frees what was not given back",
         test_the_last_holder_frees_what_was_not_given_back},
        {"nothing grows", test_nothing_grows},
        {"many windows at a time", test_many_windows_at_a_time},
        {"ranks without a node have memory of their own",
         test_ranks_without_a_node_have_memory_of_their_own},
        {"memory of its own may be short", test_memory_of_its_own_may_be_short},
    };
    return harness_main_ranks("window", tests, sizeof tests / sizeof *tests, argc, argv);
}
