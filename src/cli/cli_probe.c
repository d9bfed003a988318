/* shardstep probe: the hidden commands that try a file out, and the function that starts them. The
 * process limits itself, opens the file as its parent is about to do, and reads some rows. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cli.h"
#include "cli_datasets.h"
#include "core_sanitized.h"
#include "core_text.h"
#include "data_dataset.h"
#include "h5_file.h"
#include "io_child.h"
#include "io_probe.h"

static bool limit(unsigned what, uint64_t most)
{
    struct rlimit both;
    if (getrlimit(what, &both)) return false;
    if (both.rlim_max > most) both.rlim_max = most;
    both.rlim_cur = both.rlim_max;
    return !setrlimit(what, &both);
}

shs_status cli_probe_limits(uint64_t milliseconds, uint64_t mebibytes, bool plugins)
{
    bool set =
        limit(RLIMIT_FSIZE, 64 << 10) && limit(RLIMIT_CORE, 0) && !prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (milliseconds) set = set && limit(RLIMIT_CPU, milliseconds / 1000 + 1);
    /* RLIMIT_CORE does not stop a core dump that is piped to a program, so the process is also made
     * undumpable. A sanitized process must stay dumpable for its leak check. */
    if (!CORE_SANITIZED)
        set = set && limit(RLIMIT_AS, mebibytes << 20) && !prctl(PR_SET_DUMPABLE, 0);
    if (!plugins) h5_forbid_plugins();
    return set ? SHS_OK : core_fail(SHS_ERROR_STATE, "the limits of a probe cannot be set");
}

static shs_status try_out(bool plugins, int count, char **words)
{
    uint64_t milliseconds, mebibytes;
    int known = 4;
    shs_dataset_options options = {0};
    options.one_sample_a_file = count > known && !strcmp(words[known], IO_PROBE_ONE_SAMPLE);
    known += options.one_sample_a_file;
    options.cf = count > known && !strcmp(words[known], IO_PROBE_CF);
    known += options.cf;
    if (count < 3 || count > known || !core_parse_u64(words[0], &milliseconds) ||
        !core_parse_u64(words[1], &mebibytes) || mebibytes > UINT64_MAX >> 20)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "usage: shardstep probe MILLISECONDS MEBIBYTES FILE [FIELDS "
                         "[one-sample-a-file] [cf]]");
    shs_status status = cli_probe_limits(milliseconds, mebibytes, plugins);
    if (status) return status;
    /* The parent process may have the filters that are missing here. */
    if (!plugins) h5_miss_no_filters();
    if (count >= 4) return data_dataset_try(words[2], words[3], &options);
    const struct cli_arguments arguments = {.plain = {words[2]}, .n_plain = 1, .plugins = plugins};
    uint64_t failed;
    return cli_print_datasets(&arguments, &failed); /* cli_probe_main() discards the output */
}

/* This program, whatever its path. */
static const char self[] = "/proc/self/exe";

static uint32_t at_most_32_bits(uint64_t number)
{
    return number < UINT32_MAX ? (uint32_t)number : UINT32_MAX;
}

/* Plug-ins that the probe must not load are off in this process, too. */
static void forbid_plugins(const struct cli_arguments *arguments)
{
    if (!arguments->plugins) h5_forbid_plugins();
}

shs_status cli_probe(const struct cli_arguments *arguments, const char *path, const char *fields)
{
    const struct io_probe probe = {self,
                                   at_most_32_bits(arguments->probe_seconds) * UINT64_C(1000),
                                   at_most_32_bits(arguments->probe_mebibytes),
                                   arguments->one_sample_a_file,
                                   arguments->plugins,
                                   arguments->cf};
    forbid_plugins(arguments);
    return io_probe(&probe, path, fields);
}

shs_dataset_options cli_dataset_options(const struct cli_arguments *arguments)
{
    if (arguments->probe) forbid_plugins(arguments);
    return (shs_dataset_options){.cache_bytes = arguments->cache_bytes,
                                 .probe = arguments->probe,
                                 .probe_program = self,
                                 .probe_seconds = at_most_32_bits(arguments->probe_seconds),
                                 .probe_mebibytes = at_most_32_bits(arguments->probe_mebibytes),
                                 .probe_plugins = arguments->plugins,
                                 .one_sample_a_file = arguments->one_sample_a_file,
                                 .map = arguments->map,
                                 .index = arguments->index,
                                 .cf = arguments->cf};
}

int cli_probe_main(bool plugins, int count, char **words)
{
    char text[IO_CHILD_ANSWER];
    int answer = dup(STDOUT_FILENO);
    if (answer < 0 || !freopen("/dev/null", "w", stdout)) return CLI_ERROR;
    shs_status status = try_out(plugins, count, words);
    if (status != SHS_ERROR_MEMORY) h5_end();
    io_child_answer(status, text);
    return dprintf(answer, "%s", text) < 0 || status ? CLI_ERROR : CLI_DONE;
}
