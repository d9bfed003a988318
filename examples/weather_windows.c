/* Six hours ahead from a day of weather: persistence, and a linear correction of it that is learned
 * from all windows of 24 hours. It prints the same digits on any number of ranks:
 *
 *     mpirun -n 3 weather_windows 'year-*.nc' EPOCHS
 *
 * The files are made by weather_data.py. Windows overlap: the last fifth of them validates, and a
 * gap before it keeps each hour out of one of the two sets. */
#include <shardstep.h>
#include <shardstep/must.h>

enum {
    GRID = 8 * 16,
    DAY = 24,
    SPAN = 30, /* hours of a window and its truth */
    WEIGHTS = 4
};
static double weights[WEIGHTS], slopes[WEIGHTS], errors[2]; /* of persistence, and of the model */
static const shs_tensor sums[] = {{"slopes", SHS_F64, 1, {WEIGHTS}, slopes},
                                  {"errors", SHS_F64, 1, {2}, errors}};

static void add_point(const float *day, float truth)
{
    double now = day[23 * GRID], before = day[17 * GRID], same_hour = day[5 * GRID];
    double input[WEIGHTS] = {1, now, now - before, same_hour - now};
    double persistence = now - truth, model = persistence;
    for (int i = 0; i < WEIGHTS; i++)
        model += weights[i] * input[i];
    for (int i = 0; i < WEIGHTS; i++)
        slopes[i] += model * input[i] / GRID;
    errors[0] += persistence * persistence / GRID;
    errors[1] += model * model / GRID;
}

static void sum_batch(const shs_batch *batch)
{
    float *day, *truth;
    shs_must(shs_batch_f32(batch, "day", DAY * GRID, &day));
    shs_must(shs_batch_f32(batch, "truth", GRID, &truth));
    for (int i = 0; i < WEIGHTS; i++)
        slopes[i] = 0;
    errors[0] = errors[1] = 0;
    for (uint64_t window = 0; window < batch->count; window++)
        for (int point = 0; point < GRID; point++)
            add_point(day + window * DAY * GRID + point, truth[window * GRID + (uint64_t)point]);
}

/* Runs one epoch and gives its mean squared errors. Returns false if there are no more epochs. */
static bool go(shs_loader *loader, shs_gradient *mean, double rate, double squared[2])
{
    double windows = 0, sum[2] = {0, 0};
    shs_batch batch = {0};
    while (!batch.ends_epoch) {
        if (shs_must(shs_next(loader, &batch)) != SHS_OK) return false;
        sum_batch(&batch);
        shs_must(shs_gradient_add(mean, &batch));
        if (!batch.ends_step) continue;
        shs_must(shs_gradient_mean(mean));
        for (int i = 0; i < WEIGHTS; i++)
            weights[i] -= rate * slopes[i];
        for (int i = 0; i < 2; i++)
            sum[i] += errors[i] * (double)batch.step_rows;
        windows += (double)batch.step_rows;
    }
    for (int i = 0; i < 2; i++)
        squared[i] = sum[i] / windows;
    return true;
}

/* Opens a loader of windows [first, end). */
static shs_loader *open_loader(shs_dataset *data, uint64_t first, uint64_t end, uint64_t epochs,
                               shs_shuffle shuffle)
{
    shs_loader_options options = {.batch = 8,
                                  .epochs = epochs,
                                  .shuffle = shuffle,
                                  .subset = {.n_rows = end - first},
                                  .augment = "day,truth: normalize(mean=272.88, std=7.681)"};
    shs_loader *loader;
    uint64_t *rows = malloc(options.subset.n_rows * sizeof *rows);
    if (!rows) MPI_Abort(MPI_COMM_WORLD, SHS_EXIT_ERROR);
    for (uint64_t i = 0; i < options.subset.n_rows; i++)
        rows[i] = first + i;
    options.subset.rows = rows;
    shs_must(shs_loader_open(data, &options, &loader));
    free(rows);
    return loader;
}

int main(int argc, char **argv)
{
    const char *fields = "day=t2m(window=24), truth=t2m(window=1, lead=29)";
    shs_run *run;
    shs_dataset *data;
    shs_gradient *mean;
    double t[2], v[2];
    int level;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    shs_must(shs_open(MPI_COMM_WORLD, &(shs_run_options){.seed = 42, .vranks = 6}, &run));
    shs_must(shs_dataset_open(run, argc > 1 ? argv[1] : "year-*.nc", fields, NULL, &data));
    uint64_t windows = shs_dataset_samples(data), judged = windows - windows / 5;
    uint64_t epochs = argc > 2 ? strtoull(argv[2], NULL, 10) : 10;
    shs_loader *training = open_loader(data, 0, judged - SPAN, epochs, SHS_SHUFFLE_FULL);
    shs_loader *validation = open_loader(data, judged, windows, 0, SHS_SHUFFLE_NONE);
    shs_must(shs_gradient_open(run, sums, 2, NULL, &mean)); /* serves both loaders in turn */
    for (int e = 1; go(training, mean, 0.1, t) && go(validation, mean, 0, v); e++)
        if (shs_info(run).rank == 0)
            printf("epoch %d  training %.17g %.17g  validation %.17g %.17g\n", e, t[0], t[1], v[0],
                   v[1]);
    for (int i = 0; shs_info(run).rank == 0 && i < WEIGHTS; i++)
        printf("weight %d  %.17g\n", i, weights[i]);
    shs_gradient_close(&mean);
    shs_loader_close(&training);
    shs_loader_close(&validation);
    shs_dataset_close(&data);
    shs_must(shs_close(&run));
    MPI_Finalize();
    return 0;
}
