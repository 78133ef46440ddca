#pragma once

/* What the SDK's files share among themselves; actions see <wow/action.h> only. */

#include <wow/action.h>

/* Values of an array or object hang together by next, and know where they belong, so that nothing
 * that walks a tree needs recursion. A number is its text. Text and key end with a NUL, but for
 * the text of a number. */
struct json {
    struct json *parent; /* NULL as long as it is part of nothing */
    struct json *next;
    const char *key; /* in an object only */
    size_t key_size;
    enum json_type type;
    size_t size; /* of text in bytes, of an array or object in members */
    union {
        bool truth;
        const char *text;
        struct {
            struct json *first;
            struct json *last;
        };
    };
};

/* arena.c */

/* Make the block at p larger, in place if it is the newest one; its first `size` bytes are kept. */
void *wow_resize(void *p, size_t size, size_t larger);
char *wow_copy_text(const char *text, size_t size);
_Noreturn void wow_panic(const char *text);

/* args.c */

/* Fail with "parameter '<name>' <complaint>". */
void wow_complain(struct wow_error *err, const char *name, const char *complaint);

/* json.c */

enum { JSON_DEPTH_MAX = 512 };

struct json *json_new(enum json_type type);
static inline bool json_holds(const struct json *value)
{
    return value->type == JSON_ARRAY || value->type == JSON_OBJECT;
}

/* Append a value that is part of nothing. */
struct json *json_link(struct json *holder, struct json *value);

/* parse.c */

/* Decodes text in place and points into it from then on. text[size] must be there and writable. */
struct json *json_parse_in_place(char *text, size_t size, struct wow_error *err);

/* The length of the UTF-8 sequence (of 2 to 4 bytes) that starts at s, 0 if it is none. */
size_t json_utf8(const char *s, size_t left);

/* write.c */

/* head, the value, tail; in the arena, with a NUL behind it. */
char *json_write(const char *head, const struct json *value, const char *tail, size_t *size);

/* number.c */

enum json_fit { JSON_FITS, JSON_NOT_INTEGER, JSON_TOO_LARGE };

/* The exact value of a number's text as sign and magnitude. */
enum json_fit json_read_integer(const char *text, size_t size, bool *negative, uint64_t *out);

/* The nearest double; false if it would be infinite. */
bool json_read_double(const char *text, size_t size, double *out);

enum { JSON_NUMBER_MAX = 32 };

/* Decimal text without a NUL into a buffer of JSON_NUMBER_MAX; its length. */
size_t json_write_integer(char *out, bool negative, uint64_t magnitude);
size_t json_write_double(char *out, double finite);
