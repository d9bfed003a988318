/* Lines of JSON about the loader of `bench PATH`: a line for each epoch and rank. */
#include "cli_bench_file.h"
#include "load_report_json.h"
#include "load_texts.h"

static void add_line(struct bench_lines *lines, shs_loader *loader)
{
    struct core_json *json = &lines->json;
    json->follows = false;
    core_json_begin(json, NULL, '{');
    core_json_text(json, "pass", lines->pass);
    core_json_u64(json, "round", lines->round);
    load_report_json_add(loader, json);
    core_json_end(json, '}');
    core_text_add(&json->text, "\n");
    lines->steps = 0;
}

void bench_lines_begin(struct bench_lines *lines, shs_loader *loader, const char *pass, int round)
{
    if (!lines) return;
    lines->pass = pass;
    lines->round = (uint64_t)round;
    lines->steps = 0;
    load_report_json_begin(loader);
}

void bench_lines_step(struct bench_lines *lines, shs_loader *loader, bool ends_epoch)
{
    if (!lines) return;
    lines->steps++;
    if (ends_epoch) add_line(lines, loader);
}

void bench_lines_end(struct bench_lines *lines, shs_loader *loader)
{
    if (lines && lines->steps) add_line(lines, loader);
}

shs_status bench_lines_write(shs_run *run, const struct bench_lines *lines, const char *path)
{
    return load_texts_write(run, "bench --json-lines", SHS_OK, path, "", &lines->json.text, "");
}
