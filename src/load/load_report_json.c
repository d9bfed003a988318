#include "load_report_json.h"

#include <string.h>

#include "core_clock.h"
#include "load_figures.h"
#include "shardstep/times.h"

/* Returns how many lanes have an account, the calling thread's among them. */
static uint32_t accounts(const shs_loader *loader)
{
    return loader->ahead ? load_lanes(loader) + 1 : 1;
}

/* Returns what happened since `last`, and sets *last to now. */
static struct load_told since(const shs_loader *loader, struct load_told *last,
                              struct load_figures *figures)
{
    struct load_told now = *last, changed;
    *figures = load_figures_since(loader, &now.figures);
    now.cpu = core_cpu_clock();
    now.read = shs_statistics(loader);
    for (uint32_t lane = 0; lane < accounts(loader); lane++) {
        const struct load_account account = load_account_of(loader, lane);
        now.lane[lane].elapsed = account.until - account.begun;
        memcpy(now.lane[lane].spent, account.spent, sizeof account.spent);
    }
    changed = now;
    changed.cpu -= last->cpu;
    changed.read.rows -= last->read.rows;
    changed.read.rows_replaced -= last->read.rows_replaced;
    changed.read.bytes -= last->read.bytes;
    changed.read.reads -= last->read.reads;
    changed.read.cold_reads -= last->read.cold_reads;
    changed.read.chunks_decoded -= last->read.chunks_decoded;
    changed.read.chunk_hits -= last->read.chunk_hits;
    for (uint32_t lane = 0; lane < accounts(loader); lane++) {
        changed.lane[lane].elapsed -= last->lane[lane].elapsed;
        for (int s = 0; s < LOAD_STATES; s++)
            changed.lane[lane].spent[s] -= last->lane[lane].spent[s];
    }
    *last = now;
    return changed;
}

void load_report_json_begin(shs_loader *loader)
{
    struct load_figures figures;
    since(loader, &loader->told, &figures);
}

/* ---- The members. */

static void add_reads(const shs_loader_statistics *read, struct core_json *json)
{
    core_json_u64(json, "samples", read->rows);
    core_json_u64(json, "rows_replaced", read->rows_replaced);
    core_json_u64(json, "bytes", read->bytes);
    core_json_u64(json, "reads", read->reads);
    core_json_u64(json, "cold_reads", read->cold_reads);
    core_json_u64(json, "chunks_decoded", read->chunks_decoded);
    core_json_u64(json, "chunk_hits", read->chunk_hits);
}

static void add_cpu(uint64_t cpu, uint64_t samples, struct core_json *json)
{
    core_json_seconds(json, "cpu_s", cpu);
    if (samples)
        core_json_double(json, "cpu_s_per_1000", (double)cpu / 1e6 / (double)samples);
    else
        core_json_number(json, "cpu_s_per_1000", NULL);
}

static void add_lane(uint32_t number, const struct load_lane_told *lane, struct core_json *json)
{
    const uint64_t *spent = lane->spent;
    core_json_begin(json, NULL, '{');
    core_json_u64(json, "lane", number);
    core_json_seconds(json, "elapsed_s", lane->elapsed);
    core_json_seconds(json, "idle_s", spent[LOAD_IDLE]);
    core_json_seconds(json, "preparing_s", spent[LOAD_PREPARING]);
    core_json_seconds(json, "reading_s", spent[LOAD_READING]);
    core_json_seconds(json, "decoding_s", spent[LOAD_DECODING]);
    core_json_seconds(json, "checking_s", spent[LOAD_CHECKING]);
    core_json_seconds(json, "augmenting_s", spent[LOAD_AUGMENTING]);
    core_json_seconds(json, "waiting_s", spent[LOAD_WAITING]);
    core_json_seconds(json, "other_s", spent[LOAD_PLANNING] + spent[LOAD_HANDING]);
    core_json_end(json, '}');
}

static void add_message(const struct load_figures *figures, uint64_t rank, struct core_json *json)
{
    struct core_text message = {0};
    const char *bottleneck = load_figures_bottleneck(figures);
    load_figures_tell(figures, rank, NULL, &message);
    if (bottleneck)
        core_json_text(json, "bottleneck", bottleneck);
    else
        core_json_number(json, "bottleneck", NULL);
    if (message.status)
        json->text.status = message.status;
    else
        core_json_text(json, "message", message.bytes);
    core_text_free(&message);
}

void load_report_json_add(shs_loader *loader, struct core_json *json)
{
    const shs_run *run = loader->dataset->run;
    struct load_told told = loader->told;
    struct load_figures figures;
    const struct load_told now = since(loader, &told, &figures);
    core_json_u64(json, "epoch", loader->round.begun ? loader->round.epoch : loader->cursor.epoch);
    core_json_u64(json, "step", loader->cursor.step);
    core_json_u64(json, "rank", (uint64_t)run->rank);
    core_json_u64(json, "ranks", (uint64_t)run->ranks);
    core_json_u64(json, "ahead", loader->options.ahead);
    core_json_u64(json, "threads", loader->options.threads);
    add_reads(&now.read, json);
    core_json_seconds(json, "elapsed_s", figures.elapsed);
    core_json_seconds(json, "waited_s", figures.waited);
    core_json_double(json, "waited_share", load_figures_share(&figures));
    add_cpu(now.cpu, now.read.rows, json);
    add_message(&figures, (uint64_t)run->rank, json);
    core_json_begin(json, "lanes", '[');
    for (uint32_t lane = 0; lane < accounts(loader); lane++)
        add_lane(lane, &now.lane[lane], json);
    core_json_end(json, ']');
    if (!json->text.status) loader->told = told;
}

/* ---- The object. */

static shs_status hand_over(const struct core_json *json, char *text, size_t bytes)
{
    if (json->text.status) return json->text.status;
    if (json->text.length >= bytes)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "the object takes %zu bytes, its ending 0 included, and `bytes` is %zu; "
                         "pass memory of SHS_REPORT_JSON_BYTES, which hold any object",
                         json->text.length + 1, bytes);
    memcpy(text, json->text.bytes, json->text.length + 1);
    return SHS_OK;
}

shs_status shs_loader_report_json(shs_loader *loader, char *text, size_t bytes)
{
    static const char function[] = "shs_loader_report_json";
    struct core_json json = {0};
    shs_status status = core_require(loader, function, "loader", "open it with shs_loader_open()");
    if (!status) status = core_require(text, function, "text", "pass memory for the object");
    if (status) return status;
    const struct load_told before = loader->told;
    if (bytes) *text = '\0';
    core_json_begin(&json, NULL, '{');
    load_report_json_add(loader, &json);
    core_json_end(&json, '}');
    status = hand_over(&json, text, bytes);
    if (status) loader->told = before;
    core_text_free(&json.text);
    return core_wrap(status, "rank %d: %s", loader->dataset->run->rank, function);
}
