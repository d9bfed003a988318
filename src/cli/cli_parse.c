/* Reads a command's words. The message about a wrong word says what is expected. */
#include <stdio.h>
#include <string.h>

#include "cli_options.h"
#include "core_nearest.h"
#include "core_text.h"

enum {
    NAME_TEXT = 32 /* bytes that hold an argument's name */
};

/* The words of a command while they are read. */
struct words {
    const struct cli_command *command;
    struct cli_arguments *arguments;
    char **word;
    int at; /* the number of the next word, from 0 */
    int count;
};

/* ---- options by name */

static const struct cli_option *find_option(const char *word, size_t length)
{
    for (size_t i = 0; i < cli_n_options; i++) {
        const char *name = cli_options[i].name;
        if (strlen(name) == length && !strncmp(name, word, length)) return &cli_options[i];
    }
    return NULL;
}

static const struct cli_option *find_letter(char letter)
{
    for (size_t i = 0; i < cli_n_options; i++)
        if (letter && cli_letter(&cli_options[i]) == letter) return &cli_options[i];
    return NULL;
}

/* Finds the option that a word names; NULL if it names no option. Sets *value to the value in
 * --name=value, or to NULL. */
static const struct cli_option *option_of(const char *word, const char **value)
{
    *value = NULL;
    if (word[0] != '-') return NULL;
    if (word[1] == '-') {
        const char *equals = strchr(word, '=');
        if (equals) *value = equals + 1;
        return find_option(word, equals ? (size_t)(equals - word) : strlen(word));
    }
    return word[1] && !word[2] ? find_letter(word[1]) : NULL;
}

bool cli_given(const struct cli_arguments *arguments, const char *option)
{
    const struct cli_option *found = find_option(option, strlen(option));
    return found && arguments->given[found - cli_options];
}

/* ---- messages */

/* True if the command takes a range FROM..TO of this option. */
static bool sweeps(const struct words *words, const struct cli_option *option)
{
    return words->command->sweeps &&
           option->offset == offsetof(struct cli_arguments, loader.threads);
}

static shs_status refuse_number(const struct words *words, const struct cli_option *option,
                                const char *value)
{
    char least[CORE_LIMIT_BYTES], most[CORE_LIMIT_BYTES];
    return core_fail(SHS_ERROR_ARGUMENT, "%s takes a whole number from %s to %s%s, not '%.80s'",
                     option->name, core_limit(option->least, least), core_limit(option->most, most),
                     sweeps(words, option) ? ", or a range of them, such as 1..4" : "", value);
}

/* Refuses an option that the command does not take. The message names the commands that take it or,
 * for an unknown word, the command's option with the nearest name. */
static shs_status refuse_option(const struct words *words, const char *word,
                                const struct cli_option *option)
{
    const char *command = words->command->name, *names[CLI_MAX_OPTIONS];
    char takers[160] = "", guess[CORE_GUESS_BYTES], name[100];
    size_t used = 0, count = 0;
    for (size_t i = 0; cli_commands[i]; i++)
        if (option && cli_takes(cli_commands[i], option) && used < sizeof takers)
            used += (size_t)snprintf(takers + used, sizeof takers - used, "%s%s", used ? ", " : "",
                                     cli_commands[i]->name);
    if (used)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "option %s is for %s, not for %s; 'shardstep %s --help' lists those that "
                         "%s takes",
                         option->name, takers, command, command, command);
    for (size_t i = 0; i < cli_n_options; i++)
        if (cli_takes(words->command, &cli_options[i])) names[count++] = cli_options[i].name;
    snprintf(name, sizeof name, "%.*s", (int)strcspn(word, "="), word);
    core_guess(core_nearest(name, names, count), guess);
    return core_fail(
        SHS_ERROR_ARGUMENT,
        "unknown option %.80s%s%s 'shardstep %s --help' lists those that %s takes%s", word, guess,
        *guess ? "" : ";", command, command,
        word[1] == '-' ? "" : "; for a file of that name write ./-NAME, or put -- before it");
}

static shs_status refuse_missing(const struct cli_option *option)
{
    char least[CORE_LIMIT_BYTES], most[CORE_LIMIT_BYTES];
    if (option->kind != CLI_NUMBER)
        return core_fail(SHS_ERROR_ARGUMENT, "option %s needs a value: %s %s", option->name,
                         option->name, option->value);
    return core_fail(SHS_ERROR_ARGUMENT,
                     "option %s needs a value: %s %s, a whole number from %s to %s", option->name,
                     option->name, option->value, core_limit(option->least, least),
                     core_limit(option->most, most));
}

shs_status cli_find_option(const struct cli_command *command, const char *word,
                           const struct cli_option **option)
{
    const char *value;
    const struct words words = {.command = command};
    *option = option_of(word, &value);
    return *option && cli_takes(command, *option) ? SHS_OK : refuse_option(&words, word, *option);
}

/* ---- options */

/* Reads --threads FROM..TO for a command that takes a range. Sets FROM as the number, and TO as the
 * range's end. Returns false for a value of another form. */
static bool read_range(const struct words *words, const struct cli_option *option,
                       const char *value)
{
    char first[24];
    uint64_t from, to;
    const char *dots = strstr(value, "..");
    struct cli_arguments *arguments = words->arguments;
    if (!sweeps(words, option)) return false;
    if (!dots || (size_t)(dots - value) >= sizeof first) return false;
    snprintf(first, sizeof first, "%.*s", (int)(dots - value), value);
    if (!core_parse_u64(first, &from) || !core_parse_u64(dots + 2, &to)) return false;
    if (from < option->least || from > to || to > option->most) return false;
    arguments->loader.threads = (uint32_t)from;
    arguments->last_threads = (uint32_t)to;
    return true;
}

/* Reads --sample for a command that takes a part, as in 1%, or all. Returns false for a value of
 * another form. */
static bool read_share(const struct words *words, const struct cli_option *option,
                       const char *value)
{
    if (!words->command->samples_parts || option->offset != offsetof(struct cli_arguments, sample))
        return false;
    if (strcmp(value, "all") != 0 && !core_ends_in(value, "%")) return false;
    words->arguments->share = value;
    return true;
}

static void set_number(const struct cli_option *option, uint64_t number, char *member)
{
    if (option->bytes == sizeof number)
        memcpy(member, &number, sizeof number);
    else
        memcpy(member, &(uint32_t){(uint32_t)number}, sizeof(uint32_t));
}

static shs_status set_choice(const struct cli_option *option, const char *value, char *member)
{
    int number;
    shs_status status = cli_word(option->name, value, option->words, &number);
    if (!status) memcpy(member, &number, sizeof number);
    return status;
}

static shs_status set_option(const struct words *words, const struct cli_option *option,
                             const char *value)
{
    struct cli_arguments *arguments = words->arguments;
    char *member = (char *)arguments + option->offset;
    uint64_t number;
    arguments->given[option - cli_options] = true;
    if (option->kind == CLI_FLAG) {
        *(bool *)member = true;
        return SHS_OK;
    }
    if (!*value && option->offset != offsetof(struct cli_arguments, loader.augment))
        return core_fail(SHS_ERROR_ARGUMENT, "the value of %s is empty; write %s %s", option->name,
                         option->name, option->value);
    if (option->kind == CLI_TEXT) {
        memcpy(member, &value, sizeof value);
        return SHS_OK;
    }
    if (option->kind == CLI_CHOICE) return set_choice(option, value, member);
    if (read_range(words, option, value) || read_share(words, option, value)) return SHS_OK;
    if (!core_parse_u64(value, &number) || number < option->least || number > option->most)
        return refuse_number(words, option, value);
    set_number(option, number, member);
    return SHS_OK;
}

/* True if the option's value is left out, and the command allows it. */
static bool is_bare(const struct words *words, const struct cli_option *option)
{
    const char *other;
    if (!words->command->bare || strcmp(words->command->bare, option->name) != 0) return false;
    if (words->at + 1 < words->count && !option_of(words->word[words->at + 1], &other))
        return false;
    words->arguments->given[option - cli_options] = true;
    return true;
}

/* Reads the option at the next word, as --name value or --name=value. Moves on to the option's last
 * word. */
static shs_status read_option(struct words *words)
{
    const char *word = words->word[words->at], *value, *other;
    const struct cli_option *option = option_of(word, &value);
    if (!option || !cli_takes(words->command, option)) return refuse_option(words, word, option);
    if (option->kind == CLI_FLAG && value)
        return core_fail(SHS_ERROR_ARGUMENT, "option %s takes no value; leave out '%.80s'",
                         option->name, value);
    if (option->kind != CLI_FLAG && !value) {
        if (is_bare(words, option)) return SHS_OK;
        if (words->at + 1 >= words->count) return refuse_missing(option);
        value = words->word[++words->at];
        if (option_of(value, &other))
            return core_fail(SHS_ERROR_ARGUMENT,
                             "option %s needs a value, but the option %.80s follows; if that is "
                             "the value, write %s=%.80s",
                             option->name, value, option->name, value);
    }
    return set_option(words, option, value);
}

/* ---- arguments */

/* Argument number `at`, counted from 0, of a usage such as "FILE FIELD"; its last argument if it
 * has fewer. */
static const char *argument_name(const char *usage, size_t at, char text[NAME_TEXT])
{
    for (size_t i = 0; i < at && strchr(usage, ' '); i++)
        usage = strchr(usage, ' ') + 1;
    snprintf(text, NAME_TEXT, "%.*s", (int)strcspn(usage, " "), usage);
    if (core_ends_in(text, "...")) text[strlen(text) - 3] = '\0';
    return text;
}

static shs_status refuse_count(const struct cli_command *command,
                               const struct cli_arguments *arguments)
{
    char name[NAME_TEXT];
    if (arguments->n_plain < command->least_plain)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "%s is missing; usage: shardstep %s %s [OPTION...]; 'shardstep %s --help' "
                         "tells more",
                         argument_name(command->usage, arguments->n_plain, name), command->name,
                         command->usage, command->name);
    return core_fail(SHS_ERROR_ARGUMENT,
                     "'%.80s' is one argument too many; usage: shardstep %s%s%s [OPTION...]%s",
                     arguments->plain[command->most_plain], command->name,
                     *command->usage ? " " : "", command->usage,
                     strstr(command->usage, "PATH") ? "; several files are a folder, a pattern in "
                                                      "quotes, @LIST or PATH,PATH,..."
                                                    : "");
}

static shs_status add_argument(struct words *words)
{
    struct cli_arguments *arguments = words->arguments;
    const char *word = words->word[words->at];
    if (!*word)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "argument %zu is empty; usage: shardstep %s %s [OPTION...]",
                         arguments->n_plain + 1, words->command->name, words->command->usage);
    if (arguments->n_plain == CLI_MAX_PLAIN)
        return core_fail(SHS_ERROR_ARGUMENT, "more than %d arguments; '%.80s' is the next one",
                         CLI_MAX_PLAIN, word);
    arguments->plain[arguments->n_plain++] = word;
    return SHS_OK;
}

static bool is_option(const char *word)
{
    return word[0] == '-' && word[1];
}

static shs_status read_words(struct words *words)
{
    bool ended = false;
    for (; words->at < words->count; words->at++) {
        shs_status status = SHS_OK;
        if (ended || !is_option(words->word[words->at]))
            status = add_argument(words);
        else if (!strcmp(words->word[words->at], "--"))
            ended = true;
        else
            status = read_option(words);
        if (status || words->arguments->help) return status;
    }
    return SHS_OK;
}

shs_status cli_parse(const struct cli_command *command, int count, char **words,
                     struct cli_arguments *arguments)
{
    struct words all = {command, arguments, words, 0, count};
    *arguments = (struct cli_arguments){0};
    for (size_t i = 0; i < cli_n_options; i++)
        if (cli_options[i].unless_given)
            set_number(&cli_options[i], cli_options[i].unless_given,
                       (char *)arguments + cli_options[i].offset);
    shs_status status = read_words(&all);
    if (status || arguments->help) return status;
    bool right =
        arguments->n_plain >= command->least_plain && arguments->n_plain <= command->most_plain;
    return right ? SHS_OK : refuse_count(command, arguments);
}

shs_status cli_word(const char *option, const char *value, const char *names, int *number)
{
    enum {
        MOST = 16,
        BYTES = 128
    };
    char copy[BYTES], listed[2 * BYTES] = "", guess[CORE_GUESS_BYTES], *rest = NULL;
    const char *words[MOST];
    size_t count = 0, used = 0;
    snprintf(copy, sizeof copy, "%s", names);
    for (char *name = strtok_r(copy, " ", &rest); name && count < MOST;
         name = strtok_r(NULL, " ", &rest)) {
        *number = (int)count;
        if (!strcmp(name, value)) return SHS_OK;
        used +=
            (size_t)snprintf(listed + used, sizeof listed - used, "%s%s", count ? ", " : "", name);
        words[count++] = name;
    }
    return core_fail(SHS_ERROR_ARGUMENT, "%s is '%.80s'; it must be one of: %s%s", option, value,
                     listed, core_guess(core_nearest(value, words, count), guess));
}
