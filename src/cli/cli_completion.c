/* The completion of words for bash, made from the tables of commands and options. */
#include <stdio.h>
#include <string.h>

#include "augment_table.h"
#include "cli_help.h"

/* What the value of an option is, as far as a shell can complete it. */
enum value {
    NOTHING,
    WORDS,
    FILES
};

static enum value value_of(const struct cli_option *option)
{
    static const char *const files[] = {"FILE", "INDEX", "LIST"};
    if (!option->value || option->kind == CLI_NUMBER) return NOTHING;
    if (strchr(option->value, '|')) return WORDS;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (!strcmp(option->value, files[i])) return FILES;
    return NOTHING;
}

static void print_words(const char *alternatives)
{
    for (const char *at = alternatives; *at; at++)
        fputc(*at == '|' ? ' ' : *at, stdout);
}

/* The branch of a `case` for an option with a value, by its name and its letter. */
static void print_value(const struct cli_option *option)
{
    if (!option->value) return;
    printf("    %s", option->name);
    if (cli_letter(option)) printf(" | -%c", cli_letter(option));
    switch (value_of(option)) {
    case WORDS:
        printf(") _shardstep_words '");
        print_words(option->value);
        printf("' ;;\n");
        break;
    case FILES:
        printf(") _shardstep_files ;;\n");
        break;
    case NOTHING:
        printf(") ;;\n");
        break;
    }
}

static void print_options(const struct cli_command *command)
{
    printf("    %s) words='", command->name);
    for (size_t i = 0; i < cli_n_options; i++) {
        if (!cli_takes(command, &cli_options[i])) continue;
        printf("%s ", cli_options[i].name);
        if (cli_letter(&cli_options[i])) printf("-%c ", cli_letter(&cli_options[i]));
    }
    printf("' ;;\n");
}

static const char head[] =
    "# Completion of shardstep for bash: commands, options, files, and values that are words.\n"
    "# Made from the tables of commands and options.\n"
    "\n"
    "# Sets COMPREPLY to those of the words that begin as the word under the cursor.\n"
    "_shardstep_words()\n"
    "{\n"
    "    mapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$cur\")\n"
    "}\n"
    "\n"
    "_shardstep_files()\n"
    "{\n"
    "    compopt -o filenames 2> /dev/null\n"
    "    mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
    "}\n"
    "\n"
    "# The value of an option. Returns 1 if the option takes none.\n"
    "_shardstep_value()\n"
    "{\n"
    "    case $1 in\n";

static const char middle[] = "    *) return 1 ;;\n"
                             "    esac\n"
                             "}\n"
                             "\n"
                             "_shardstep_options()\n"
                             "{\n"
                             "    local words=\n"
                             "    case $1 in\n";

/* bash parts words at = and :, too. */
static const char function[] =
    "    esac\n"
    "    _shardstep_words \"$words\"\n"
    "}\n"
    "\n"
    "_shardstep()\n"
    "{\n"
    "    local cur=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} "
    "command=${COMP_WORDS[1]}\n"
    "    COMPREPLY=()\n"
    "    if [ \"$COMP_CWORD\" = 1 ]; then\n"
    "        _shardstep_words \"$_shardstep_commands help --help --version\"\n"
    "        return\n"
    "    fi\n"
    "    if [ \"$cur\" = = ]; then\n"
    "        cur=\n"
    "    elif [ \"$before\" = = ]; then\n"
    "        before=${COMP_WORDS[COMP_CWORD - 2]}\n"
    "    fi\n"
    "    case $before in\n"
    "    -*) [ \"$command\" != help ] && _shardstep_value \"$before\" && return ;;\n"
    "    esac\n"
    "    case $command,$cur in\n"
    "    help,*)\n"
    "        case $COMP_CWORD,${COMP_WORDS[2]} in\n"
    "        2,*) _shardstep_words \"$_shardstep_commands\" ;;\n"
    "        *,augment) _shardstep_words \"$_shardstep_operators\" ;;\n"
    "        *) _shardstep_options \"${COMP_WORDS[2]}\" ;;\n"
    "        esac ;;\n"
    "    *,-*) _shardstep_options \"$command\" ;;\n"
    "    augment,*) _shardstep_words \"$_shardstep_operators\" ;;\n"
    "    *) _shardstep_files ;;\n"
    "    esac\n"
    "}\n"
    "complete -F _shardstep shardstep\n";

static shs_status print_operators(void)
{
    struct core_text names = {0};
    for (size_t k = 0; k < augment_operators.count; k++)
        core_text_add(&names, "%s%s", k ? " " : "", augment_operators.kinds[k]->name);
    shs_status status = names.status;
    if (!status) printf("_shardstep_operators='%s'\n", names.bytes);
    core_text_free(&names);
    return status;
}

shs_status cli_completion(void)
{
    fputs(head, stdout);
    for (size_t i = 0; i < cli_n_options; i++)
        print_value(&cli_options[i]);
    fputs(middle, stdout);
    for (size_t i = 0; cli_commands[i]; i++)
        print_options(cli_commands[i]);
    fputs(function, stdout);
    printf("_shardstep_commands='");
    for (size_t i = 0; cli_commands[i]; i++)
        printf("%s%s", i ? " " : "", cli_commands[i]->name);
    printf("'\n");
    return print_operators();
}
