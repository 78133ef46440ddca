/* wow: the command line. A row for each verb; what they share is in cli/verb.c. */
#include "cli/build.h"
#include "cli/compile.h"
#include "cli/completion.h"
#include "cli/doctor.h"
#include "cli/invoke.h"
#include "cli/new.h"
#include "cli/run.h"
#include "cli/user.h"
#include "cli/watch.h"

static const struct verb *const verbs[] = {
    &verb_new,    &verb_build,       &verb_run,      &verb_watch,     &verb_compile,
    &verb_invoke, &verb_user_create, &verb_user_key, &verb_user_list, &verb_user_delete,
    &verb_doctor, &verb_completion,  NULL,
};

int main(int argc, char **argv) { return verb_main(verbs, argc, argv); }
