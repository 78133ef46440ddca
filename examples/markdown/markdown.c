/*
 * Markdown to HTML: {"text": "# Hello"} gives {"html": "<h1>Hello</h1>\n"}. cmark does it; raw
 * HTML in the text is left out unless "unsafe" is true.
 */

#include <wow/action.h>

#include <cmark.h>

static struct json *markdown(const struct json *args, struct wow_error *err)
{
    size_t size = 0;
    const char *text = json_as_string(json_get(args, "text"), &size);
    bool unsafe = wow_bool_or(args, "unsafe", false, err);

    if (!text)
        wow_string(args, "text", err); /* says what is wrong */
    if (wow_failed(err))
        return NULL;
    const char *html =
        cmark_markdown_to_html(text, size, unsafe ? CMARK_OPT_UNSAFE : CMARK_OPT_DEFAULT);
    struct json *result = json_object();
    json_set(result, "html", json_string(html));
    return result;
}

WOW_ACTION(markdown)
