#include <stdio.h>
#include <string.h>

#include "cli_audit.h"
#include "cli_json.h"
#include "cli_text.h"
#include "train_hashes.h"

void cli_audit_compare(const struct train_chain_line *logged, const struct train_chain_line *found,
                       struct cli_audited *audited)
{
    bool differs[TRAIN_CHAIN_PARTS];
    audited->steps++;
    for (int part = 0; part < TRAIN_CHAIN_PARTS; part++)
        audited->lacking[part] += logged->part[part][0] == '-' || found->part[part][0] == '-';
    if (!cli_log_differ(logged, found, differs)) return;
    if (audited->different++) return;
    audited->logged = *logged;
    audited->found = *found;
    memcpy(audited->differs, differs, sizeof differs);
}

/* ---- Text. */

static void print_log(const struct cli_log *log)
{
    cli_print_text(stdout, log->path);
    printf(": %llu lines", (ull)log->count);
    if (log->count)
        printf(" of steps %llu to %llu", (ull)log->line[0].step,
               (ull)log->line[log->count - 1].step);
    if (log->notes) printf(", %llu notes", (ull)log->notes);
    if (log->missing) printf(", %llu steps without a line", (ull)log->missing);
    if (log->torn) printf(", a last line that is not whole");
    printf("\n");
    if (!log->broken_line) {
        printf("the chain holds\n");
        return;
    }
    printf("the chain BREAKS at line %llu", (ull)log->broken_line);
    if (log->broken_has_step) printf(", step %llu", (ull)log->broken_step);
    printf(": this line was changed, or lines before it were changed or left out\n");
}

static void print_first(const struct cli_audited *audited, const char *found)
{
    const char *between = "";
    printf("DIFFERENT at step %llu: ", (ull)audited->logged.step);
    for (int part = 0; part < TRAIN_CHAIN_PARTS; part++) {
        if (!audited->differs[part]) continue;
        printf("%s%s", between, train_chain_name((enum train_chain_part)part));
        between = ", ";
    }
    printf("; %llu of %llu steps differ\n", (ull)audited->different, (ull)audited->steps);
    for (int part = 0; part < TRAIN_CHAIN_PARTS; part++)
        if (audited->differs[part])
            printf("  %s: %s in the log, %s %s\n", train_chain_name((enum train_chain_part)part),
                   audited->logged.part[part], audited->found.part[part], found);
}

/* Says which of the first `parts` parts were compared in fewer steps. */
static void print_lacking(const struct cli_audited *audited, int parts)
{
    for (int part = 0; part < parts; part++)
        if (audited->lacking[part])
            printf("%s: not compared in %llu of these %llu steps, for want of a hash\n",
                   train_chain_name((enum train_chain_part)part), (ull)audited->lacking[part],
                   (ull)audited->steps);
}

static void print_again(const struct cli_audit *audit)
{
    const struct cli_audited *again = &audit->again;
    printf("made %llu of %llu steps again", (ull)again->steps, (ull)audit->log.count);
    if (audit->sampled) printf(", drawn with --sample-seed %llu", (ull)audit->seed);
    printf("%s\n", again->different ? "" : ": as the log says");
    if (again->different) print_first(again, "made again");
    print_lacking(again, TRAIN_HASHES);
}

static void print_against(const struct cli_audit *audit)
{
    const struct cli_audited *against = &audit->against;
    printf("compared %llu steps with ", (ull)against->steps);
    cli_print_text(stdout, audit->arguments->against);
    printf("%s\n", against->different ? "" : ": the same");
    if (against->different) print_first(against, "there");
    print_lacking(against, TRAIN_CHAIN_PARTS);
}

/* ---- JSON. */

static bool lacks(const struct cli_audited *audited, int parts)
{
    bool any = false;
    for (int part = 0; part < parts; part++)
        any |= audited->lacking[part] > 0;
    return any;
}

static void json_audited(const char *name, const struct cli_audited *audited, int parts)
{
    cli_json_begin(name, '{');
    cli_json_u64("steps", audited->steps);
    cli_json_u64("different", audited->different);
    if (audited->different) {
        cli_json_u64("first_step", audited->logged.step);
        cli_json_begin("parts", '[');
        for (int part = 0; part < TRAIN_CHAIN_PARTS; part++)
            if (audited->differs[part])
                cli_json_text(NULL, train_chain_name((enum train_chain_part)part));
        cli_json_end(']');
    }
    if (lacks(audited, parts)) {
        cli_json_begin("not_compared", '{');
        for (int part = 0; part < parts; part++)
            if (audited->lacking[part])
                cli_json_u64(train_chain_name((enum train_chain_part)part), audited->lacking[part]);
        cli_json_end('}');
    }
    cli_json_end('}');
}

static void json_log(const struct cli_log *log)
{
    cli_json_text("log", log->path);
    cli_json_u64("lines", log->count);
    cli_json_u64("notes", log->notes);
    cli_json_u64("missing_steps", log->missing);
    if (log->torn) cli_json_bool("last_line_whole", false);
    if (log->count) cli_json_u64("first_step", log->line[0].step);
    if (log->count) cli_json_u64("last_step", log->line[log->count - 1].step);
    cli_json_bool("chain_holds", !log->broken_line);
    if (log->broken_line) cli_json_u64("broken_line", log->broken_line);
    if (log->broken_has_step) cli_json_u64("broken_step", log->broken_step);
}

static void print_json(const struct cli_audit *audit, bool same)
{
    cli_json_begin(NULL, '{');
    json_log(&audit->log);
    if (audit->sampled) cli_json_u64("sample_seed", audit->seed);
    if (audit->makes) json_audited("made_again", &audit->again, TRAIN_HASHES);
    if (audit->arguments->against) json_audited("against", &audit->against, TRAIN_CHAIN_PARTS);
    cli_json_bool("same", same);
    cli_json_finish();
}

int cli_audit_print(const struct cli_audit *audit)
{
    bool same = !audit->log.broken_line && !audit->again.different && !audit->against.different;
    if (audit->arguments->json) {
        print_json(audit, same);
    } else {
        print_log(&audit->log);
        if (audit->makes) print_again(audit);
        if (audit->arguments->against) print_against(audit);
    }
    return same ? CLI_DONE : CLI_DIFFERENT;
}
