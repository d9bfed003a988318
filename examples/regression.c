/* A line through eight inputs, fitted on any number of ranks to the same last bit:
 *
 *     regression TABLE.h5 CHECKPOINTS EPOCHS
 *
 * The table is made by regression_data.sh. Four fifths of its rows are for training, with noise
 * added to the inputs. The loss of the others is printed after each epoch, the weights at the end.
 * SIGUSR1 stops the program: it saves, and goes on from there when it is started again. */
#include <shardstep.h>
#include <shardstep/must.h>
#include <signal.h>
#include <string.h>

enum {
    INPUTS = 8,
    WEIGHTS = INPUTS + 1
}; /* the last one is the intercept */
static double weights[WEIGHTS], slopes[WEIGHTS], loss;
static const shs_tensor state[] = {{"weights", SHS_F64, 1, {WEIGHTS}, weights}};
static const shs_tensor sums[] = {{"slopes", SHS_F64, 1, {WEIGHTS}, slopes},
                                  {"loss", SHS_F64, 0, {0}, &loss}};

static void sum_batch(const shs_batch *batch, float noise)
{
    float *x, *y;
    shs_must(shs_batch_f32(batch, "x", INPUTS, &x));
    shs_must(shs_batch_f32(batch, "y", 1, &y));
    memset(slopes, 0, sizeof slopes);
    loss = 0;
    for (uint64_t row = 0; row < batch->count; row++, x += INPUTS) {
        double input[WEIGHTS] = {[INPUTS] = 1}, error = -y[row];
        shs_random stream; /* does not depend on which rank has this row of this step */
        shs_must(shs_random_at_batch(batch, row, SHS_ROLE_USER, &stream));
        for (int i = 0; i < INPUTS; i++)
            input[i] = x[i] + shs_random_normal_float(&stream, 0, noise);
        for (int i = 0; i < WEIGHTS; i++)
            error += weights[i] * input[i];
        for (int i = 0; i < WEIGHTS; i++)
            slopes[i] += error * input[i];
        loss += error * error / 2;
    }
}

/* Takes a step's batches, one for each virtual rank of this rank, to the means of slopes and loss
 * over all ranks. Returns SHS_END or SHS_STOP where no step is left. */
static shs_status take_step(shs_loader *loader, shs_gradient *mean, float noise, shs_batch *batch)
{
    do {
        shs_status status = shs_must(shs_next(loader, batch));
        if (status) return status;
        sum_batch(batch, noise);
        shs_must(shs_gradient_add(mean, batch));
    } while (!batch->ends_step);
    return shs_must(shs_gradient_mean(mean));
}

static double mean_loss(shs_loader *loader, shs_gradient *mean)
{
    double sum = 0, rows = 0;
    shs_batch batch = {0};
    while (!batch.ends_epoch && take_step(loader, mean, 0, &batch) == SHS_OK) {
        sum += loss * (double)batch.step_rows;
        rows += (double)batch.step_rows;
    }
    return sum / rows;
}

int main(int argc, char **argv)
{
    shs_run_options options = {.seed = 42, .vranks = 8, .stop_signal = SIGUSR1};
    shs_loader_options train = {.batch = 8, .subset = {.to = 0.8, .split_seed = 1}};
    /* File order makes the rounding of the sum the same after every epoch. A stop does not cut
     * the sum short. */
    shs_loader_options judge = {.batch = 32,
                                .subset = {.from = 0.8, .to = 1, .split_seed = 1},
                                .shuffle = SHS_SHUFFLE_NONE,
                                .through_stop = true};
    shs_run *run;
    shs_dataset *table;
    shs_loader *training, *validation;
    shs_gradient *mean;
    shs_batch batch;
    shs_status status;
    int level;
    if (argc != 4) {
        fprintf(stderr, "usage: regression TABLE.h5 CHECKPOINTS EPOCHS\n");
        return SHS_EXIT_ERROR;
    }
    train.epochs = strtoull(argv[3], NULL, 10);
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    shs_must(shs_open(MPI_COMM_WORLD, &options, &run));
    shs_must(shs_dataset_open(run, argv[1], "x,y", NULL, &table));
    shs_must(shs_loader_open(table, &train, &training));
    shs_must(shs_loader_open(table, &judge, &validation));
    shs_must(shs_gradient_open(run, sums, 2, NULL, &mean)); /* serves both loaders in turn */
    shs_must(shs_restore(training, argv[2], state, 1));
    while ((status = take_step(training, mean, 0.05f, &batch)) == SHS_OK) {
        for (int i = 0; i < WEIGHTS; i++)
            weights[i] -= 0.1 * slopes[i];
        if (!batch.ends_epoch) continue;
        double judged = mean_loss(validation, mean);
        if (shs_info(run).rank == 0) printf("epoch %d  %.17g\n", (int)batch.epoch + 1, judged);
        shs_must(shs_save(training, argv[2], state, 1));
    }
    if (status == SHS_STOP) shs_must(shs_save(training, argv[2], state, 1));
    for (int i = 0; i < WEIGHTS && shs_info(run).rank == 0; i++)
        printf("weight %d  %.17g\n", i, weights[i]);
    shs_gradient_close(&mean);
    shs_loader_close(&validation);
    shs_loader_close(&training);
    shs_dataset_close(&table);
    shs_must(shs_close(&run));
    MPI_Finalize();
    return status == SHS_STOP ? SHS_EXIT_STOPPED : 0;
}
