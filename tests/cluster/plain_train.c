/* Training in miniature by ranks that have no MPI, for torchrun.sbatch: a state of 16 bytes takes
 * up every row of every step, so that its hash at the end tells whether a row came twice, late or
 * never.
 *
 *     plain_train --data FILE --vranks V --checkpoints FOLDER --batch B --steps N [--pause SECONDS]
 *
 * The ranks are joined by TCP, as torchrun's variables say: RANK, WORLD_SIZE, MASTER_ADDR,
 * MASTER_PORT. The last line is the state. Returns 0, 75 if SIGUSR1 stopped it, or 2. */
#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <shardstep/checkpoint.h>
#include <shardstep/context.h>
#include <shardstep/loader.h>

enum {
    MOST_RANKS = 64,
    MOST_VRANKS = 64,
    TRIES = 600, /* of 0.1 s, until rank 0 listens */
};

/* Rank 0 has a connection to each other rank, and these one to rank 0, as the first. */
struct group {
    int rank, ranks;
    int to[MOST_RANKS];
};

struct arguments {
    const char *data, *checkpoints;
    uint64_t vranks, batch, steps;
    double pause;
};

static void stop(const char *what)
{
    fprintf(stderr, "plain_train: %s: %s\n", what, shs_message());
    exit(2);
}

static const char *variable(const char *name)
{
    const char *text = getenv(name);
    if (text) return text;
    fprintf(stderr, "plain_train: the variable %s is not set\n", name);
    exit(2);
}

static void nap(double seconds)
{
    struct timespec time = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    nanosleep(&time, NULL);
}

/* Rank 0 gets connections, each of which begins with the number of its rank. */
static int listen_for(struct group *group, const struct addrinfo *at)
{
    const int yes = 1;
    int door = socket(at->ai_family, SOCK_STREAM, 0);
    if (door < 0 || setsockopt(door, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes)) return 1;
    if (bind(door, at->ai_addr, at->ai_addrlen) || listen(door, MOST_RANKS)) return 1;
    for (int come = 1; come < group->ranks; come++) {
        int rank, one = accept(door, NULL, NULL);
        if (one < 0 || recv(one, &rank, sizeof rank, MSG_WAITALL) != sizeof rank) return 1;
        if (rank < 1 || rank >= group->ranks) return 1;
        group->to[rank] = one;
    }
    return close(door);
}

static int call_up(struct group *group, const struct addrinfo *at)
{
    for (int i = 0; i < TRIES; i++) {
        int one = socket(at->ai_family, SOCK_STREAM, 0);
        if (one >= 0 && !connect(one, at->ai_addr, at->ai_addrlen)) {
            group->to[0] = one;
            return send(one, &group->rank, sizeof group->rank, 0) != sizeof group->rank;
        }
        close(one);
        nap(0.1);
    }
    return 1;
}

static void join(struct group *group)
{
    const struct addrinfo how = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
    struct addrinfo *at;
    group->rank = atoi(variable("RANK"));
    group->ranks = atoi(variable("WORLD_SIZE"));
    if (group->ranks < 1 || group->ranks > MOST_RANKS) stop("WORLD_SIZE");
    if (getaddrinfo(variable("MASTER_ADDR"), variable("MASTER_PORT"), &how, &at))
        stop("MASTER_ADDR");
    if (group->rank == 0 ? listen_for(group, at) : call_up(group, at))
        stop("the ranks do not find each other");
    freeaddrinfo(at);
}

/* A signal may come at any time: it only asks for a stop. */
static int get(int socket, void *bytes, size_t count)
{
    char *at = bytes;
    while (count > 0) {
        ssize_t came = recv(socket, at, count, 0);
        if (came < 0 && errno == EINTR) continue;
        if (came <= 0) return 1;
        at += came;
        count -= (size_t)came;
    }
    return 0;
}

static int put(int socket, const void *bytes, size_t count)
{
    const char *at = bytes;
    while (count > 0) {
        ssize_t went = send(socket, at, count, MSG_NOSIGNAL);
        if (went < 0 && errno == EINTR) continue;
        if (went <= 0) return 1;
        at += went;
        count -= (size_t)went;
    }
    return 0;
}

/* Every rank's bytes to every rank, by way of rank 0. */
static int gather(void *user, const void *mine, size_t bytes, void *all)
{
    const struct group *group = user;
    const size_t whole = bytes * (size_t)group->ranks;
    if (group->rank > 0) return put(group->to[0], mine, bytes) || get(group->to[0], all, whole);
    memcpy(all, mine, bytes);
    for (int rank = 1; rank < group->ranks; rank++)
        if (get(group->to[rank], (char *)all + (size_t)rank * bytes, bytes)) return 1;
    for (int rank = 1; rank < group->ranks; rank++)
        if (put(group->to[rank], all, whole)) return 1;
    return 0;
}

static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;
    return x ^ x >> 31;
}

/* A sum over the batch's rows, in which places count. */
static uint64_t sum_of(const shs_batch *batch)
{
    uint64_t sum = mix(batch->vrank + 1);
    for (size_t i = 0; i < batch->count; i++)
        sum = mix(sum + batch->index[i] + 1);
    return sum;
}

/* The sums of all virtual ranks, in their order, enter the state: on any number of ranks the same.
 */
static void update(struct group *group, uint64_t state[2], const uint64_t sums[MOST_VRANKS],
                   uint64_t vranks)
{
    static uint64_t all[MOST_RANKS * MOST_VRANKS];
    if (gather(group, sums, vranks * sizeof *sums, all)) stop("a step");
    for (uint64_t v = 0; v < vranks; v++) {
        uint64_t sum = 0; /* all but one of them are 0 */
        for (uint64_t rank = 0; rank < (uint64_t)group->ranks; rank++)
            sum += all[rank * vranks + v];
        state[0] = mix(state[0] + sum);
        state[1] += state[0];
    }
}

static struct arguments read_arguments(int argc, char **argv)
{
    static const struct option options[] = {
        {"data", 1, NULL, 'd'},  {"vranks", 1, NULL, 'v'}, {"checkpoints", 1, NULL, 'c'},
        {"batch", 1, NULL, 'b'}, {"steps", 1, NULL, 's'},  {"pause", 1, NULL, 'p'},
        {NULL, 0, NULL, 0}};
    struct arguments with = {.data = "", .checkpoints = ""};
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'd':
            with.data = optarg;
            break;
        case 'c':
            with.checkpoints = optarg;
            break;
        case 'v':
            with.vranks = strtoull(optarg, NULL, 10);
            break;
        case 'b':
            with.batch = strtoull(optarg, NULL, 10);
            break;
        case 's':
            with.steps = strtoull(optarg, NULL, 10);
            break;
        case 'p':
            with.pause = strtod(optarg, NULL);
            break;
        default:
            exit(2);
        }
    }
    if (with.vranks < 1 || with.vranks > MOST_VRANKS) stop("--vranks is not from 1 to 64");
    return with;
}

/* Steps until the last one, or until a stop is asked for. */
static shs_status train(struct group *group, const struct arguments *with, shs_run *run,
                        shs_loader *loader, uint64_t state[2])
{
    uint64_t sums[MOST_VRANKS] = {0};
    shs_batch batch;
    shs_status status;
    while (shs_tell(loader).step < with->steps && !(status = shs_next(loader, &batch))) {
        sums[batch.vrank] = sum_of(&batch);
        if (!batch.ends_step) continue;
        update(group, state, sums, with->vranks);
        memset(sums, 0, sizeof sums);
        if (shs_agree(run) < 0) stop("a step");
        nap(with->pause);
    }
    return shs_tell(loader).step < with->steps ? status : SHS_END;
}

int main(int argc, char **argv)
{
    struct arguments with = read_arguments(argc, argv);
    uint64_t state[2] = {0, 0};
    shs_tensor tensor = {.name = "state", .type = SHS_U64, .axes = 1, .shape = {2}, .data = state};
    shs_run *run;
    shs_dataset *data;
    shs_loader *loader;
    struct group group = {0};
    join(&group);
    const shs_run_options options = {.seed = 42, .vranks = with.vranks, .stop_signal = SIGUSR1};
    const shs_loader_options how = {.batch = with.batch};
    if (shs_open_ranks(group.rank, group.ranks, gather, &group, &options, &run)) stop("a run");
    if (shs_dataset_open(run, with.data, "train/labels", NULL, &data)) stop("a dataset");
    if (shs_loader_open(data, &how, &loader)) stop("a loader");
    if (shs_restore(loader, with.checkpoints, &tensor, 1) < 0) stop("a checkpoint");
    if (group.rank == 0)
        fprintf(stderr, "%d ranks go on from step %llu\n", group.ranks,
                (unsigned long long)shs_tell(loader).step);
    shs_status status = train(&group, &with, run, loader, state);
    if (status < 0) stop("training");
    if (shs_save(loader, with.checkpoints, &tensor, 1)) stop("a checkpoint");
    if (group.rank == 0 && status == SHS_END)
        printf("%016llx%016llx\n", (unsigned long long)state[0], (unsigned long long)state[1]);
    shs_loader_close(&loader);
    shs_dataset_close(&data);
    if (shs_close(&run)) stop("closing");
    return status == SHS_STOP ? 75 : 0;
}
