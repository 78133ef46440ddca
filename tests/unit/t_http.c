/* A guest's requests, as far as the worker sees to them; and the header lines that wowd reads. */
#include "wasi_guest.h"

#include "host/http.h"
#include "net/fields.h"
#include "wire/slot.h"

static struct wire_call shared;
static uint8_t region[WIRE_OUTPUT_MAX];
static char asked[200]; /* what wowd has been asked, the last time */
static int asks;

/* wowd, which answers at once: the body "body", the header "A: b"; or what `reply` says. */
static struct wire_call reply;

static void answer_at_once(void *ctx, bool waiting)
{
    (void)ctx;
    if (!waiting)
        return;
    CHECK_INT(atomic_load(&shared.state), WIRE_CALL_ASKED);
    snprintf(asked, sizeof asked, "%.*s", (int)(shared.method_size + shared.url_size),
             (char *)region);
    asks++;
    shared.end = reply.end;
    shared.status = 200;
    shared.at = shared.method_size + shared.url_size + shared.headers_size + shared.body_size;
    shared.body = 4;
    shared.headers = 5;
    memcpy(region + shared.at, "bodyA: b\n", 9);
    snprintf(shared.text, sizeof shared.text, "%s", reply.text);
    atomic_store(&shared.state, WIRE_CALL_ANSWERED);
}

static struct http http = {
    .call = &shared, .region = region, .wait = answer_at_once, .write = print};

static void begin_requests(void)
{
    begin();
    w->setup.http = &http;
    shared.left = 3;
    reply = (struct wire_call){0};
    asks = 0;
    printed[0] = '\0';
}

/* A request with these parts, at 0; its answer goes to 100. */
static unsigned ask(const char *method, const char *url)
{
    const uint32_t q[10] = {[0] = (uint32_t)put(method),
                            (uint32_t)strlen(method),
                            [2] = (uint32_t)put(url),
                            (uint32_t)strlen(url)};

    memcpy(memory, q, sizeof q);
    return CALL("http_request", 0, 100);
}

TEST(a_request_is_asked_and_its_answer_read)
{
    begin_requests();
    CHECK_INT(ask("GET", "http://a/"), WIRE_CALL_OK);
    CHECK_STR(asked, "GEThttp://a/");
    CHECK_INT(word(100), 200);
    CHECK_INT(word(104), 5);
    CHECK_INT(word(108), 4);
    CHECK_INT(word(112), 0);
    CHECK_INT(CALL("http_read", 0, 0, 200, 100), 4);
    CHECK(memcmp(memory + 200, "body", 4) == 0);
    CHECK_INT(CALL("http_read", 1, 3, 200, 100), 2);
    CHECK(memcmp(memory + 200, "b\n", 2) == 0);
    CHECK_INT(CALL("http_read", 0, 1, 200, 2), 2);
    CHECK_INT(CALL("http_read", 0, 4, 200, 2), 0);
    CHECK_INT(CALL("http_read", 0, 0xffffffff, 200, 2), 0);
    CHECK_STR(printed, "");
}

TEST(what_is_refused_is_in_the_log)
{
    begin_requests();
    reply.end = WIRE_CALL_REFUSED;
    snprintf(reply.text, sizeof reply.text, "not there");
    CHECK_INT(ask("GET", "http://a/\n2:forged"), WIRE_CALL_REFUSED);
    CHECK_STR(printed, "2:wow: refused: GET http://a/?2:forged: not there\n");
    CHECK_INT(word(112), 9);
    CHECK_INT(CALL("http_read", 2, 4, 200, 100), 5);
    CHECK(memcmp(memory + 200, "there", 5) == 0);
}

TEST(there_are_no_more_than_there_may_be)
{
    begin_requests();
    for (int i = 0; i < 3; i++)
        CHECK_INT(ask("GET", "http://a/"), WIRE_CALL_OK);
    CHECK_INT(ask("GET", "http://a/"), WIRE_CALL_TOO_MANY);
    CHECK_INT(asks, 3);
    CHECK_INT(CALL("http_read", 0, 0, 200, 100), 0);
    CHECK(strstr(printed, "as many requests as it may") != NULL);
}

TEST(what_lies_outside_the_memory_is_no_request)
{
    static const uint32_t parts[] = {0, 2, 4, 6}; /* words of the request with a place */

    begin_requests();
    CHECK_INT(CALL("http_request", MEMORY - 39, 100), WIRE_CALL_INVALID);
    CHECK_INT(CALL("http_request", 0xffffffff, 100), WIRE_CALL_INVALID);
    CHECK_INT(ask("GET", "http://a/"), WIRE_CALL_OK);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        for (int far = 0; far < 3; far++) {
            const uint32_t lies[3][2] = {{MEMORY - 3, 4}, {0xfffffffe, 4}, {4, 0xfffffffe}};
            uint32_t q[10] = {[0] = 1000, 3, [2] = 2000, 5};
            memcpy(q + parts[i], lies[far], sizeof lies[far]);
            memcpy(memory, q, sizeof q);
            CHECK_INT(CALL("http_request", 0, 100), WIRE_CALL_INVALID);
        }
    CHECK_INT(asks, 1);
    CHECK_INT(ask("GET", "http://a/"), WIRE_CALL_OK);
    CHECK_INT(CALL("http_request", 0, MEMORY - 15), WIRE_CALL_INVALID);
    CHECK_INT(CALL("http_read", 0, 0, MEMORY - 3, 4), UINT32_MAX);
    CHECK_INT(CALL("http_read", 3, 0, 200, 4), UINT32_MAX);
}

TEST(a_part_may_be_so_large)
{
    begin_requests();
    const uint32_t most[][2] = {{1, WIRE_METHOD_MAX}, {3, WIRE_URL_MAX}, {5, MEMORY}};

    for (size_t i = 0; i < 3; i++)
        for (uint32_t more = 0; more < 2; more++) {
            uint32_t q[10] = {0};
            q[most[i][0]] = most[i][1] + more;
            memset(memory, 'x', MEMORY);
            memcpy(memory, q, sizeof q);
            CHECK_INT(CALL("http_request", 0, 100), more ? WIRE_CALL_INVALID : WIRE_CALL_OK);
            shared.left = 3;
        }
}

TEST(without_wowd_there_are_none)
{
    begin();
    CHECK_INT(CALL("http_request", 0, 100), WIRE_CALL_UNAVAILABLE);
    CHECK_INT(CALL("http_read", 0, 0, 200, 4), UINT32_MAX);
}

/* ---- headers ---- */

static const char *joined(const char *lines)
{
    static char text[300];
    struct curl_slist *list = NULL;
    struct err err;

    text[0] = '\0';
    if (fields_read(lines, strlen(lines), &list, &err) < 0)
        snprintf(text, sizeof text, "! %s", err.msg);
    for (const struct curl_slist *f = list; f; f = f->next)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s|", f->data);
    curl_slist_free_all(list);
    return text;
}

TEST(header_lines_are_read)
{
    CHECK_STR(joined(""), "");
    CHECK_STR(joined("A: b"), "A: b|");
    CHECK_STR(joined("A: b\nC:d\r\n\r\nE:  f \n"), "A: b|C: d|E: f |");
    CHECK_STR(joined("Empty:\nX-Tab:\ta\tb"), "Empty;|X-Tab: a\tb|");
    CHECK_STR(joined("Hosts: x\nX-Host: y\nTEA: z"), "Hosts: x|X-Host: y|TEA: z|");
}

TEST(header_lines_that_could_mean_another_message_are_refused)
{
    static const char *const ours[] = {
        "Host: a",       "host: a",          "HOST:",         "Content-Length: 5",
        "Connection: x", "Keep-Alive: 1",    "Upgrade: h2c",  "Transfer-Encoding: chunked",
        "TE: trailers",  "Trailer: x",       "Expect: 100",   "Proxy-Authorization: x",
        "Proxy-X: y",    "HTTP2-Settings: ", "A: b\nHost: c",
    };
    static const char *const none[] = {"A",       ": b",    " A: b",    "A : b",
                                       "A b: c",  "A\t: b", "A: \1b",   "A: b\rc",
                                       "\xc3: d", "A;: b",  "A: b\x7f", "(A): b"};

    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (!CHECK(strstr(joined(ours[i]), "is not the guest's to set") != NULL))
            printf("  %s\n", ours[i]);
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        if (!CHECK(strstr(joined(none[i]), "is no header") != NULL))
            printf("  %s\n", none[i]);
}

TEST(headers_for_one_host_only_are_left_out_elsewhere)
{
    struct curl_slist *list = NULL;
    struct err err;
    const char *lines = "Authorization: x\ncookie: y\nContent-Type: t\nContent-Language: l\nA: b";

    CHECK_INT(fields_read(lines, strlen(lines), &list, &err), 0);
    CHECK(fields_have(list, "content-type"));
    CHECK(!fields_have(list, "content"));
    list = fields_without(list, false, true);
    CHECK_STR(list->data, "Content-Type: t");
    list = fields_without(list, true, false);
    CHECK_STR(list->data, "A: b");
    CHECK(list->next == NULL);
    curl_slist_free_all(list);
}

TEST(methods)
{
    static const char *const good[] = {"GET", "POST", "PROPFIND", "VERSION-CONTROL"};
    static const char *const bad[] = {"", "get", "GET ", "CONNECT", "TRACE", "G\r\nX", "GET/"};

    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        CHECK(fields_good_method(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(!fields_good_method(bad[i]));
}
