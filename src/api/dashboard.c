/*
 * The dashboard: one page, its script and its style, as they are in dashboard/, made part of the
 * program. What it shows it asks of the API, with the key that is typed in.
 *
 * Web actions are of the same origin and may be anybody's. So the page keeps the key in memory
 * only, cannot be framed, nor reached from a window that opened it; and no web action can have a
 * service worker for it (web_output.c).
 */
#include <stddef.h>
#include <string.h>

#include "api/handlers.h"

#define FILE_MAX 65536u

#define EMBED(name, file)                                                              \
    __asm__(".pushsection .rodata\n.globl " #name "\n" #name                           \
            ":\n.incbin \"" WOW_DASHBOARD "/" file "\"\n.globl " #name "_end\n" #name \
            "_end:\n.byte 0\n.popsection\n");                                          \
    extern const char name[], name##_end[]

EMBED(dashboard_html, "index.html");
EMBED(dashboard_js, "dashboard.js");
EMBED(dashboard_css, "dashboard.css");

static const struct file {
    const char *path, *type, *at, *end;
} files[] = {
    {"/dashboard", "text/html; charset=utf-8", dashboard_html, dashboard_html_end},
    {"/dashboard/dashboard.js", "text/javascript; charset=utf-8", dashboard_js, dashboard_js_end},
    {"/dashboard/dashboard.css", "text/css; charset=utf-8", dashboard_css, dashboard_css_end},
};

static const struct {
    const char *name, *value;
} headers[] = {
    {"Content-Security-Policy",
     "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
     "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    {"X-Frame-Options", "DENY"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Opener-Policy", "noopener-allow-popups"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Cache-Control", "no-cache"},
};

void dashboard_get(struct call *c)
{
    const struct file *f = &files[0]; /* with a '/' at the end, too */
    struct buf body;

    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (strcmp(c->request->path, files[i].path) == 0)
            f = &files[i];
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        request_set_header(c->request, headers[i].name, headers[i].value);
    buf_init(&body, FILE_MAX);
    buf_put(&body, f->at, (size_t)(f->end - f->at));
    c->request->type = f->type;
    request_reply(c->request, 200, &body);
    call_free(c);
}
