/* Fetches a URL and says what came back; or, when it may not or cannot, that nothing did. */
#include <wow/action.h>

static struct json *net(const struct json *args, struct wow_error *err)
{
    const struct wow_http_request request = {
        .url = wow_string(args, "url", err),
        .headers = (struct wow_header[]){{"Accept", "text/*"}, {NULL, NULL}},
        .timeout_ms = 5000,
        .redirects = 3,
    };
    struct wow_http_response response;
    struct wow_error failed = {0};

    if (wow_failed(err))
        return NULL;
    struct json *result = json_object();
    json_set(result, "url", json_string(request.url));
    enum wow_http_end end = wow_http(&request, &response, &failed);
    json_set(result, "reached", json_bool(end == WOW_HTTP_OK));
    if (end != WOW_HTTP_OK) {
        fputs(wow_error_text(&failed), stderr); /* into the log; who calls need not know */
        return result;
    }
    json_set(result, "status", json_int(response.status));
    json_set(result, "type", json_string(wow_http_header(&response, "content-type")));
    json_set(result, "text", json_string_n(response.body, response.body_size));
    return result;
}

WOW_ACTION(net)
