#pragma once

/*
 * Writing an action in C.
 *
 * An action is one function from JSON arguments to a JSON result:
 *
 *     #include <wow/action.h>
 *
 *     static struct json *greet(const struct json *args, struct wow_error *err)
 *     {
 *         const char *name = wow_string_or(args, "name", "stranger", err);
 *         int64_t times = wow_int(args, "times", err);
 *         if (wow_failed(err))
 *             return NULL;
 *         if (times > 10)
 *             return wow_fail(err, "ten greetings are enough");
 *
 *         struct json *result = json_object();
 *         struct json *list = json_set(result, "greetings", json_array());
 *         for (int64_t i = 0; i < times; i++)
 *             json_add(list, json_string(name));
 *         return result;
 *     }
 *
 *     WOW_ACTION(greet)
 *
 * `sdk/c/wow-cc -o greet.wasm greet.c` makes a module of it; `wow-cc --native -o greet greet.c`
 * a program for the debugger, which takes the arguments as `./greet '{"times": 2}'` or on stdin
 * and prints the result.
 *
 * What to know before anything else:
 *
 * - An instance serves exactly one activation and is then thrown away, globals and all. So no
 *   memory is ever given back: what these functions return comes from an arena, stays valid until
 *   the action is over, and must not be passed to free(). malloc() and free() work as usual beside
 *   it.
 * - Starting fast is the point. A page of memory costs about as much as a thousand instructions
 *   when it is first touched, so small is fast. printf() brings its 20 KB only into an action that
 *   calls it.
 * - stdout and stderr are the activation's logs; the result goes another way. wow_log() writes a
 *   line there for less than printf() costs.
 * - getenv() reads the environment: what init's "env" said, and OpenWhisk's __OW_ACTION_NAME,
 *   __OW_ACTIVATION_ID, __OW_DEADLINE and their kin.
 * - Files are the C library's, fopen() and open(), beneath the directories that were granted. For
 *   any other path they fail, with errno ENOTCAPABLE or ENOENT.
 * - A mistake of the program, such as adding to something that is not an array, or running out of
 *   memory, is written to stderr and ends the action with a trap. Whatever a caller can send is
 *   not a mistake of the program: it becomes an application error.
 */

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* A JSON value. */
struct json;

/* An application error, or none as long as value is NULL: `struct wow_error err = {0};`. */
struct wow_error {
    struct json *value;
};

/*
 * Makes function the action of this module. It is called once, with the arguments (an object, or
 * an array if the action before this one in a sequence answered an array). What it returns is the
 * result, unless there was an error: once err is set it is the outcome, whatever is returned.
 */
#define WOW_ACTION(function)                                                                       \
    struct json *wow_action(const struct json *args, struct wow_error *err)                        \
    {                                                                                              \
        return function(args, err);                                                                \
    }

struct json *wow_action(const struct json *args, struct wow_error *err);

/* ---- Errors ---------------------------------------------------------------------------------
 *
 * The first error is kept, later ones are ignored. So read all the arguments, then look once. */

/* The caller sees {"error": "<text>"}. Returns NULL, so that failing is one line. */
struct json *wow_fail(struct wow_error *err, const char *text);

/* The same, formatted as by printf, and with printf's size in the module. */
__attribute__((format(printf, 2, 3), unused)) static inline struct json *
wow_failf(struct wow_error *err, const char *format, ...);

/* The caller sees {"error": value}, for errors that programs are to understand. */
struct json *wow_fail_with(struct wow_error *err, const struct json *value);

static inline bool wow_failed(const struct wow_error *err) { return err->value != NULL; }

/* The error as text, "" if there is none; for an error made by wow_fail_with, its JSON. */
const char *wow_error_text(const struct wow_error *err);

/* ---- Arguments ------------------------------------------------------------------------------
 *
 * Each takes the member `name` of the object `args`. One that is missing or has another type sets
 * err to a text such as "parameter 'a' must be an integer", and something harmless is returned: 0,
 * false, "", an empty array or object. The forms with _or take a fallback instead when the member
 * is missing or null; another type is still an error. */

/* An integer is a number without a fraction, however it is spelt: 40, 40.0 and 4e1 are the same.
 * No digit is lost: one that does not fit into 64 bits is an error. */
int64_t wow_int(const struct json *args, const char *name, struct wow_error *err);
int64_t wow_int_or(const struct json *args, const char *name, int64_t fallback,
                   struct wow_error *err);
uint64_t wow_uint(const struct json *args, const char *name, struct wow_error *err);
uint64_t wow_uint_or(const struct json *args, const char *name, uint64_t fallback,
                     struct wow_error *err);

/* Any number, rounded to the nearest double. One beyond the doubles (1e400) is an error. */
double wow_double(const struct json *args, const char *name, struct wow_error *err);
double wow_double_or(const struct json *args, const char *name, double fallback,
                     struct wow_error *err);

bool wow_bool(const struct json *args, const char *name, struct wow_error *err);
bool wow_bool_or(const struct json *args, const char *name, bool fallback, struct wow_error *err);

/* UTF-8, never NULL. A string with U+0000 in it, which C would cut short, is an error; read one
 * with json_as_string if it is welcome. */
const char *wow_string(const struct json *args, const char *name, struct wow_error *err);
const char *wow_string_or(const struct json *args, const char *name, const char *fallback,
                          struct wow_error *err);

/* The bytes of a string in base64, as OpenWhisk passes what is binary; never NULL. */
const uint8_t *wow_bytes(const struct json *args, const char *name, size_t *size,
                         struct wow_error *err);

/* Never NULL. For optional ones there are json_get and json_type. */
const struct json *wow_array(const struct json *args, const char *name, struct wow_error *err);
const struct json *wow_object(const struct json *args, const char *name, struct wow_error *err);

/* ---- Building values ------------------------------------------------------------------------
 *
 * Texts and keys are copied, so they may come from anywhere. */

struct json *json_object(void);
struct json *json_array(void);
struct json *json_null(void);
struct json *json_bool(bool truth);
struct json *json_int(int64_t number);
struct json *json_uint(uint64_t number);

/* The shortest decimal that reads back as the same double; null for NaN and the infinities, which
 * JSON does not have. */
struct json *json_double(double number);

/* UTF-8; bytes that are not are written as U+FFFD. NULL makes null. */
struct json *json_string(const char *text);
struct json *json_string_n(const char *text, size_t size);

/* Any bytes, as a string of base64. */
struct json *json_bytes(const void *bytes, size_t size);

/*
 * Put value into an object, in place of an earlier one of the same key, or at the end of an array.
 * They return the value as it now stands there, to be filled further. A value that is part of
 * something already, as every part of the arguments is, is copied. NULL counts as null, so
 * `json_set(result, "x", json_get(args, "x"))` is always right.
 */
struct json *json_set(struct json *object, const char *key, const struct json *value);
struct json *json_add(struct json *array, const struct json *value);

/* ---- Reading values -------------------------------------------------------------------------
 *
 * All of them take NULL, which is what is not there: `json_get(json_get(args, "a"), "b")`. */

enum json_type {
    JSON_MISSING, /* NULL */
    JSON_NULL,
    JSON_BOOL,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT
};

enum json_type json_type(const struct json *value);

/* The member of an object, the element of an array counted from 0; NULL if there is none. Both
 * search from the front. */
const struct json *json_get(const struct json *object, const char *key);
const struct json *json_at(const struct json *array, size_t index);

/* How many elements or members; 0 for all else. */
size_t json_count(const struct json *value);

/* Walking an array or object:
 *     for (const struct json *v = json_first(list); v; v = json_next(v)) */
const struct json *json_first(const struct json *value);
const struct json *json_next(const struct json *value);

/* The key of an object's member; NULL for what is not one. */
const char *json_key(const struct json *member);

/* True, with *out written, if value is such a number or truth and fits; otherwise *out is left. */
bool json_as_int(const struct json *value, int64_t *out);
bool json_as_uint(const struct json *value, uint64_t *out);
bool json_as_double(const struct json *value, double *out);
bool json_as_bool(const struct json *value, bool *out);

/* A string's text, with a NUL behind it, or NULL. size may be NULL. */
const char *json_as_string(const struct json *value, size_t *size);

/* The bytes of a string that is base64 with its padding, a NUL behind them; otherwise NULL. */
const uint8_t *json_as_bytes(const struct json *value, size_t *size);

/* ---- JSON text ------------------------------------------------------------------------------
 *
 * RFC 8259 to the letter: no comments, no trailing commas, no lone surrogates, valid UTF-8, nested
 * at most 512 deep. Of members with the same key the last one counts. A number is kept as it was
 * written until it is asked for, so large ones pass through unharmed. */

/* NULL, with err set, if it is not JSON; the text says at which byte. An error that the action is
 * to survive belongs into a struct wow_error of its own. */
struct json *json_parse(const char *text, size_t size, struct wow_error *err);

/* The value on one line, without blanks, with a NUL behind it. size may be NULL. */
char *json_text(const struct json *value, size_t *size);

/* ---- HTTP requests --------------------------------------------------------------------------
 *
 * To http:// and https:// URLs of hosts that the action asks for (annotation wow-net, or "net" in
 * its zip's wow.json) and the operator's policy grants. wowd makes the request; the action sleeps
 * meanwhile and its deadline goes on. One after another. */

struct wow_header {
    const char *name, *value;
};

struct wow_http_request {
    const char *url;
    const char *method;               /* NULL: GET, or POST if there is a body */
    const struct wow_header *headers; /* up to one without a name; or NULL */
    const void *body;
    size_t body_size;
    uint32_t timeout_ms; /* 0: as long as the policy says, which is the most in any case */
    uint32_t redirects;  /* how many to follow; each must lead to where the action may go */
};

/* Of wow_http: from the arena, so valid until the action is over. */
struct wow_http_response {
    int status;
    const struct wow_header *headers; /* as they came, up to one without a name */
    const char *body;                 /* with a NUL behind it */
    size_t body_size;
};

enum wow_http_end {
    WOW_HTTP_OK,          /* there is a response; whatever its status is */
    WOW_HTTP_REFUSED,     /* not asked for, or not granted; the activation's log says which */
    WOW_HTTP_INVALID,     /* the request is none that can be made */
    WOW_HTTP_RESOLVE,     /* the host has no address */
    WOW_HTTP_CONNECT,     /* there is nobody, or no way there */
    WOW_HTTP_TLS,         /* no secure connection: the host's certificate is not to be trusted */
    WOW_HTTP_TIMEOUT,     /* it took longer than it may */
    WOW_HTTP_TOO_LARGE,   /* the response is larger than it may be */
    WOW_HTTP_TOO_MANY,    /* more requests than there may be */
    WOW_HTTP_BROKEN,      /* the connection broke, or what came is no HTTP */
    WOW_HTTP_UNAVAILABLE, /* this is a native program: there are no requests here */
};

/* Make the request, which is only read during the call. If it does not end in WOW_HTTP_OK, err has
 * the reason as text; an error that the action is to survive belongs into a struct wow_error of its
 * own. */
enum wow_http_end wow_http(const struct wow_http_request *request,
                           struct wow_http_response *response, struct wow_error *err);

/* The value of the first header of that name, in whatever case; NULL if there is none. */
const char *wow_http_header(const struct wow_http_response *response, const char *name);

/* ---- The activation ------------------------------------------------------------------------- */

/* A line for the activation's log, on stderr, at once. */
void wow_log(const char *text);

/* The same, formatted as by printf, and with printf's size in the module. */
__attribute__((format(printf, 1, 2), unused)) static inline void wow_logf(const char *format, ...);

/* Milliseconds until the activation is killed (__OW_DEADLINE); INT64_MAX if nobody knows. */
__attribute__((unused)) static inline int64_t wow_remaining_ms(void);

/* ---- Memory ---------------------------------------------------------------------------------
 *
 * From the arena, never NULL, aligned for any type, not cleared. */

void *wow_alloc(size_t size);

/* A text formatted as by printf, with printf's size in the module. */
__attribute__((format(printf, 1, 2), unused)) static inline char *wow_format(const char *format,
                                                                             ...);

/* What follows is here, and not in the library, so that only an action which calls it is linked
 * with vsnprintf or with what reads the environment. */

__attribute__((format(printf, 1, 0), unused)) static inline char *wow_vformat(const char *format,
                                                                              va_list list)
{
    va_list again;

    va_copy(again, list);
    int size = vsnprintf(NULL, 0, format, list);
    char *text = wow_alloc(size < 0 ? 1 : (size_t)size + 1);
    text[0] = '\0';
    if (size >= 0)
        vsnprintf(text, (size_t)size + 1, format, again);
    va_end(again);
    return text;
}

static inline char *wow_format(const char *format, ...)
{
    va_list list;

    va_start(list, format);
    char *text = wow_vformat(format, list);
    va_end(list);
    return text;
}

static inline struct json *wow_failf(struct wow_error *err, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    const char *text = wow_vformat(format, list);
    va_end(list);
    return wow_fail(err, text);
}

static inline void wow_logf(const char *format, ...)
{
    va_list list;

    va_start(list, format);
    wow_log(wow_vformat(format, list));
    va_end(list);
}

static inline int64_t wow_remaining_ms(void)
{
    const char *text = getenv("__OW_DEADLINE");
    char *end = NULL;
    long long deadline = text ? strtoll(text, &end, 10) : 0;
    struct timespec now;

    if (!text || end == text || *end != '\0' || clock_gettime(CLOCK_REALTIME, &now) != 0)
        return INT64_MAX;
    return deadline - (now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000);
}
