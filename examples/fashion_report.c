#include "fashion_report.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    BAR = 30
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double per_second(uint64_t count, double seconds)
{
    return count > 0 && seconds > 0.0 ? (double)count / seconds : 0.0;
}

bool fashion_report_open(fashion_report *report, bool speaks, const char *log)
{
    *report = (fashion_report){.speaks = speaks, .terminal = isatty(STDERR_FILENO) == 1};
    if (speaks && log) report->log = fopen(log, "a");
    return !speaks || !log || report->log;
}

int fashion_report_close(fashion_report *report)
{
    if (report->log && fclose(report->log) != 0 && !report->log_error) report->log_error = errno;
    report->log = NULL;
    return report->log_error;
}

void fashion_report_start(fashion_report *report, uint64_t first, uint64_t last, uint64_t epochs)
{
    report->first_step = first;
    report->last_step = last;
    report->epochs = epochs;
    report->started = report->begun = report->trained = report->shown = now();
}

static void show(const fashion_report *report, uint64_t step, uint64_t epoch)
{
    const uint64_t todo = report->last_step > step ? report->last_step - step : 0;
    const double steps = per_second(step - report->first_step, report->trained - report->started);
    const double images = per_second(report->rows, report->trained - report->begun);
    const double left = steps > 0.0 ? (double)todo / steps : 0.0;
    char bar[BAR + 3] = "";
    if (report->terminal) {
        memset(bar, '.', BAR);
        memset(bar, '#', todo > 0 ? (size_t)(BAR * step / report->last_step) : BAR);
        memcpy(bar + BAR, "  ", 3);
    }
    fprintf(stderr,
            "%s%sepoch %" PRIu64 "/%" PRIu64 "  step %" PRIu64 "/%" PRIu64
            "  %.0f images/s  %.0f s left%s",
            report->terminal ? "\r" : "", bar, epoch + 1, report->epochs, step, report->last_step,
            images, left, report->terminal ? "\033[K" : "\n");
    fflush(stderr);
}

void fashion_report_step(fashion_report *report, uint64_t step, uint64_t epoch, uint64_t rows)
{
    report->rows += rows;
    report->trained = now();
    if (!report->speaks || report->trained - report->shown < (report->terminal ? 0.1 : 10.0))
        return;
    report->shown = report->trained;
    show(report, step, epoch);
}

/* JSON has no infinity and no NaN, which the loss of a run that went astray can be. */
static void write_json(fashion_report *report, const fashion_epoch *e, double seconds,
                       double images)
{
    char train_loss[32] = "null", test_loss[32] = "null";
    FILE *log = report->log;
    if (isfinite(e->train_loss)) snprintf(train_loss, sizeof train_loss, "%.6f", e->train_loss);
    if (isfinite(e->test_loss)) snprintf(test_loss, sizeof test_loss, "%.6f", e->test_loss);
    fprintf(
        log,
        "{\"epoch\": %" PRIu64 ", \"step\": %" PRIu64
        ", \"train_loss\": %s, \"train_accuracy\": %.6f, \"test_loss\": %s, \"test_accuracy\": %.6f"
        ", \"seconds\": %.3f, \"samples_per_second\": %.1f, \"ranks\": %" PRIu64
        ", \"vranks\": %" PRIu64 "}\n",
        e->epoch, e->step, train_loss, e->train_accuracy, test_loss, e->test_accuracy, seconds,
        images, e->ranks, e->vranks);
    if (fflush(log) != 0 && !report->log_error) report->log_error = errno;
}

void fashion_report_epoch(fashion_report *report, const fashion_epoch *e)
{
    const double end = now(), seconds = end - report->begun;
    const double images = per_second(report->rows, report->trained - report->begun);
    if (report->speaks) {
        if (report->terminal) fputs("\r\033[K", stderr);
        printf("epoch %" PRIu64 "/%" PRIu64 "  step %" PRIu64
               "  loss %.4f  train %.4f  test %.4f  %.1f s  %.0f images/s\n",
               e->epoch, report->epochs, e->step, e->train_loss, e->train_accuracy,
               e->test_accuracy, seconds, images);
        printf("    %s\n", e->data);
        fflush(stdout);
        if (report->log) write_json(report, e, seconds, images);
    }
    report->rows = 0;
    report->begun = report->trained = end;
}
