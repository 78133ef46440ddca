#include "api/web.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/auth.h"
#include "api/handlers.h"
#include "base/mem.h"
#include "invoke/entitle.h"

#define FORBIDDEN "Authentication is possible but has failed or not yet been provided."

/* Cut a known extension off the name. Without one an action speaks HTTP. */
static enum web_ext cut_ext(char *name)
{
    static const struct {
        const char *end;
        enum web_ext ext;
    } known[] = {{".json", WEB_JSON},
                 {".http", WEB_HTTP},
                 {".html", WEB_HTML},
                 {".text", WEB_TEXT},
                 {".svg", WEB_SVG}};
    size_t n = strlen(name);

    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        size_t end = strlen(known[i].end);
        if (n > end && strcmp(name + n - end, known[i].end) == 0) {
            name[n - end] = '\0';
            return known[i].ext;
        }
    }
    return WEB_HTTP;
}

/* The action, if it is one for the web. False: answered, always in the same way. */
static bool find(struct call *c, struct identity **owner, struct action **out)
{
    const char *package = strcmp(c->package, "default") == 0 ? "" : c->package;
    struct err err;
    int r = identity_by_name(c->invoke, c->ns, owner, &err);

    if (r > 0)
        r = action_find(c->invoke, (*owner)->user.id, package, c->name, out, NULL, &err);
    if (r > 0 && (*out)->web && (!(*out)->binding || entitled_to_action(*owner, *out)))
        return true;
    if (r < 0)
        call_error(c, &err);
    else
        call_not_found(c);
    return false;
}

/* require-whisk-auth: a text or number that a header must have; or true, for anyone with a key. */
static bool is_allowed(struct call *c, const struct action *a)
{
    const struct param *need = params_find(&a->annotations, "require-whisk-auth");
    const char *sent = request_header(c->request, "X-Require-Whisk-Auth");
    AUTO(buf) struct buf text = {0};
    struct err err;

    if (!need || strcmp(param_value(need), "false") == 0)
        return true;
    const struct scan_text value = {param_value(need), need->value_size, SCAN_STRING};
    if (strcmp(value.at, "true") == 0)
        return c->who != NULL;
    buf_init(&text, 65536);
    if (value.at[0] == '"' && scan_unescape(&value, &text, &err) < 0)
        return false;
    if (value.at[0] == '-' || (value.at[0] >= '0' && value.at[0] <= '9'))
        buf_put(&text, value.at, value.n);
    return sent && text.size > 0 && strlen(sent) == text.size &&
           CRYPTO_memcmp(sent, text.data, text.size) == 0;
}

static void set_cors(struct call *c)
{
    const char *asked = request_header(c->request, "Access-Control-Request-Headers");

    request_set_header(c->request, "Access-Control-Allow-Origin", "*");
    request_set_header(c->request, "Access-Control-Allow-Methods",
                       "OPTIONS, GET, DELETE, POST, PUT, HEAD, PATCH");
    request_set_header(c->request, "Access-Control-Allow-Headers",
                       asked ? asked
                             : "Authorization, Origin, X-Requested-With, Content-Type, Accept, "
                               "User-Agent");
}

static void late(struct invoked *i)
{
    call_set_activation(i->call, &i->invocation->id);
    call_fail(i->call, 202, "Response not yet ready.");
}

static void run(struct call *c, struct identity *owner, struct action *a, enum web_ext ext)
{
    struct invocation *i = invocation_new(c->invoke, owner, a);
    const char *accept = request_header(c->request, "Accept");

    i->received_ns = c->received_ns;
    snprintf(i->transaction, sizeof i->transaction, "%s", c->tid);
    if (!web_input(c, a, c->rest, &i->args)) {
        invocation_free(i);
        return;
    }
    c->invoke->stats.web++;
    struct invoked *w = invoked_new(c, i, web_output, late);
    w->ext = ext;
    w->accept = accept ? mem_dup(accept) : NULL;
    invoked_start(w, WAIT_MAX_MS);
}

static bool is_known_method(const char *method)
{
    static const char *const known[] = {"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"};

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(method, known[i]) == 0)
            return true;
    return false;
}

void web_any(struct call *c)
{
    AUTO(identity) struct identity *owner = NULL;
    AUTO(action) struct action *a = NULL;
    enum web_ext ext = cut_ext(c->name);
    bool options = strcmp(c->request->method, "OPTIONS") == 0;

    if (!is_known_method(c->request->method)) {
        call_fail(c, 405,
                  "HTTP method not allowed, supported methods: GET, POST, PUT, DELETE, PATCH, "
                  "HEAD, OPTIONS");
        return;
    }
    auth_try(c);
    if (!find(c, &owner, &a))
        return;
    if (!a->own_options)
        set_cors(c);
    if (options && !a->own_options)
        call_reply(c, 200, NULL);
    else if (!is_allowed(c, a) && !options)
        call_fail(c, 401, FORBIDDEN);
    else if (invoked_may(c, owner) && invoked_has_room(c, owner) && invoked_size_is_good(c))
        run(c, owner, a, ext);
}
