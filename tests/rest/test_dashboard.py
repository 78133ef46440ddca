"""The dashboard, in a browser; and what is sent with it."""
import re

import pytest

from browser import browser
from harness import until

EVIL = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"


@pytest.fixture(scope="module")
def chromium():
    with browser() as chromium:
        yield chromium


@pytest.fixture
def page(chromium, rest):
    """A page with a user who is not signed in; what it complains of fails the test."""
    context = chromium.new_context(viewport={"width": 1200, "height": 900})
    page = context.new_page()
    page.complaints = []
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("console", lambda m: m.type == "error" and page.complaints.append(m.text))
    page.on("request", lambda r: r.url.startswith((rest.daemon.apihost, "data:")) or
            page.complaints.append(f"elsewhere: {r.url}"))
    page.goto(f"{rest.daemon.apihost}/dashboard")
    yield page
    assert page.complaints == []
    assert page.title() == "wow"
    context.close()


def sign_in(page, user):
    page.get_by_label("Key of a namespace").fill(user.key)
    page.keyboard.press("Enter")
    page.locator("#state", has_text="live").wait_for(timeout=10000)


def test_what_is_sent(rest):
    for path, kind in ("", "text/html"), ("/dashboard.js", "text/javascript"), \
                      ("/dashboard.css", "text/css"), ("/", "text/html"):
        answer = rest.daemon.nobody.get(f"/dashboard{path}")
        assert answer.status == 200 and answer.headers["Content-Type"].startswith(kind)
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none';") and "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy and answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Access-Control-Allow-Origin"] is None
        text = answer.body.decode()
        assert not re.search(r"\sstyle=|\son\w+=|https?://(?!www\.w3\.org/2000/svg)", text)
        if kind == "text/javascript":
            assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|"
                                 r"localStorage|sessionStorage|cookie", text)
    assert rest.daemon.nobody.get("/dashboard/nothing").status == 404
    assert rest.daemon.nobody.post("/dashboard").status == 405


def test_a_key_that_is_none(page, rest):
    page.get_by_label("Key of a namespace").fill("x")
    page.keyboard.press("Enter")
    page.get_by_role("alert").filter(has_text="UUID:SECRET").wait_for()
    page.get_by_label("Key of a namespace").fill(rest.key[:-1] + "!")
    page.keyboard.press("Enter")
    page.get_by_role("alert").filter(has_text="not valid").wait_for()
    assert page.locator("#board").is_hidden()
    page.complaints.clear()  # the browser tells of the 401


def test_what_it_shows(page, rest):
    rest.action("echo")
    rest.action("errand", "errand.c")
    rest.put("packages/p", {}).ok()
    rest.action("p/inner")
    sign_in(page, rest)
    assert page.locator("#namespace").text_content() == rest.name
    actions = page.locator("#actions tbody tr")
    assert sorted(actions.locator("td.name").all_text_contents()) == ["echo", "errand", "p/inner"]

    # What happens now comes by itself.
    rest.invoke("echo", {"n": 1}).ok()
    rest.invoke("echo", {"n": 2}).ok()
    rest.invoke("errand", {"trap": True}).ok(502)
    rest.invoke("p/inner").ok()
    rows = page.locator("#activations tbody tr")
    until(lambda: rows.count() == 4, "four activations")
    assert {"cold", "warm"} <= set(rows.locator("td:nth-child(4)").all_text_contents())
    assert rows.locator("td:nth-child(2)").first.text_content() == "p/inner"
    assert page.locator("#latency tbody tr").count() >= 1
    assert re.search(r"[1-9]\d* cold, [1-9]\d* warm", page.locator("#starts").text_content())

    page.get_by_label("only those that failed").check()
    until(lambda: rows.count() == 1, "the one that failed")
    rows.get_by_role("button").click()
    page.locator("pre.result", has_text="error").wait_for()
    assert "did not initialize or run" in page.locator("pre.logs").text_content()
    page.get_by_label("only those that failed").uncheck()
    page.get_by_label("Only of").fill("p/inner")
    page.keyboard.press("Enter")
    until(lambda: rows.count() == 1, "the one of that name")


def hide(page, hidden):
    page.evaluate("""(hidden) => {
        Object.defineProperty(document, 'hidden', {value: hidden, configurable: true});
        document.dispatchEvent(new Event('visibilitychange'));
    }""", hidden)


def test_it_waits_when_nobody_looks(page, rest):
    rest.action("echo")
    page.clock.install()
    page.reload()
    sign_in(page, rest)
    rows, asked, answered = page.locator("#activations tbody tr"), [], []

    def a_minute_is_quiet():
        until(lambda: page.evaluate("1") and len(asked) == len(answered), "the end of a look")
        before = len(asked)
        page.clock.run_for(60_000)
        page.evaluate("fetch('/ping')")
        assert asked[before:] == [f"{rest.daemon.apihost}/ping"]

    page.on("request", lambda r: asked.append(r.url))
    page.on("requestfinished", lambda r: answered.append(r.url))
    page.get_by_role("button", name="Pause").click()
    page.locator("#state", has_text="paused").wait_for()
    a_minute_is_quiet()
    rest.invoke("echo").ok()
    page.get_by_role("button", name="Pause").click()
    until(lambda: rows.count() == 1, "what happened meanwhile")
    hide(page, True)
    a_minute_is_quiet()
    rest.invoke("echo").ok()
    hide(page, False)
    until(lambda: rows.count() == 2, "what happened meanwhile")
    before = len(asked)
    until(lambda: page.clock.run_for(2000) or len(asked) > before + 3, "it goes on")


def test_with_the_keyboard(page, rest):
    rest.action("echo")
    rest.invoke("echo", {"a": 1}).ok()
    until(lambda: rest.get("activations").ok(), "the record")
    page.get_by_label("Key of a namespace").press_sequentially(rest.key)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.locator("#activations tbody tr").first.wait_for()
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('aria-expanded')") == "false":
            break
    page.keyboard.press("Enter")
    page.locator("pre.result", has_text='"a": 1').wait_for()
    assert page.evaluate("document.activeElement.getAttribute('aria-expanded')") == "true"
    page.keyboard.press("Enter")
    page.locator("pre.result").wait_for(state="detached")


def test_names_for_who_does_not_see(page, rest):
    """Everything that can be used has a name, and tables have headings."""
    sign_in(page, rest)
    nameless = page.evaluate("""() => [...document.querySelectorAll('button, input, [role=region]')]
        .filter((e) => !(e.labels && e.labels.length) && !e.textContent.trim()
                && !e.getAttribute('aria-label') && !e.getAttribute('aria-labelledby'))
        .map((e) => e.outerHTML)""")
    assert nameless == []
    assert page.locator("table:not(:has(th[scope=col]))").count() == 0
    assert page.locator("html").get_attribute("lang") == "en"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_can_be_read(page, rest, scheme):
    """Text against what is behind it: WCAG's 4.5 to 1, of every colour that text has."""
    page.emulate_media(color_scheme=scheme)
    rest.action("echo")
    rest.invoke("echo").ok()
    sign_in(page, rest)
    page.locator("#activations tbody tr").first.wait_for()
    worst = page.evaluate("""() => {
        const rgb = (c) => c.match(/[\\d.]+/g).map(Number);
        const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
            .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
            .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
        const behind = (e) => {
            for (; e; e = e.parentElement) {
                const c = rgb(getComputedStyle(e).backgroundColor);
                if (c.length === 3 || c[3] > 0) return c;
            }
            return [255, 255, 255];
        };
        let worst = 21;
        for (const e of document.querySelectorAll('main *, header *')) {
            if (!e.textContent.trim() || !e.checkVisibility()) continue;
            const [a, b] = [light(rgb(getComputedStyle(e).color)), light(behind(e))].sort();
            const [low, high] = a < b ? [a, b] : [b, a];
            worst = Math.min(worst, (high + 0.05) / (low + 0.05));
        }
        return worst;
    }""")
    assert worst >= 4.5


def test_hostile_texts_stay_texts(page, rest):
    """Names cannot have markup; annotations, results and logs can."""
    rest.action("evil%20&%20co", "echo.wat",
                annotations=[{"key": EVIL, "value": EVIL}, {"key": "path", "value": EVIL}])
    rest.action("shout", "(module (import \"wasi_snapshot_preview1\" \"fd_write\" (func $w (param i32 "
                "i32 i32 i32) (result i32))) (memory (export \"memory\") 1) (data (i32.const 16) \""
                + "".join(f"\\{b:02x}" for b in (EVIL + "\n{}\n").encode()) + "\") "
                "(func (export \"_start\") (i32.store (i32.const 0) (i32.const 16)) (i32.store "
                f"(i32.const 4) (i32.const {len(EVIL) + 4})) (drop (call $w (i32.const 1) "
                "(i32.const 0) (i32.const 1) (i32.const 8)))))")
    rest.put("triggers/t", {}).ok()
    rest.put("rules/r", {"trigger": "/_/t", "action": "/_/shout"}).ok()
    rest.invoke("evil%20&%20co", {EVIL: EVIL}).ok()
    rest.invoke("shout").ok()
    rest.post("triggers/t", {EVIL: EVIL}).ok(202)
    sign_in(page, rest)
    rows = page.locator("#activations tbody tr:not(.details)")
    until(lambda: rows.count() == 4, "the activations")
    for i in range(4):
        rows.nth(i).get_by_role("button").click()
    until(lambda: page.locator("pre.annotations").count() == 4, "the details")
    shown = page.locator("#board").text_content()
    assert shown.count("<script>document.title='owned'</script>") >= 4
    assert page.locator("#board img, #board script").count() == 0
    page.get_by_label("Only of").fill(EVIL)
    page.keyboard.press("Enter")
    until(lambda: rows.count() == 0, "nothing of that name")


def test_who_signs_out_leaves_nothing(page, rest):
    rest.action("mine")
    rest.invoke("mine").ok()
    sign_in(page, rest)
    page.locator("#activations tbody tr").first.wait_for()
    page.get_by_role("button", name="Sign out").click()
    assert page.locator("#board").is_hidden()
    assert rest.name not in page.content() and "mine" not in page.locator("#board").text_content()
    other = rest.daemon.user()
    sign_in(page, other)
    assert page.locator("#namespace").text_content() == other.name
    until(lambda: page.locator("#action-count").text_content() == "(0)", "no actions")
    assert page.locator("#activations tbody tr").count() == 0
    page.reload()
    assert page.locator("#login").is_visible()


def test_a_key_that_ends_meanwhile(page, rest):
    sign_in(page, rest)
    assert rest.daemon.wow("user", "key", rest.name).returncode == 0
    page.get_by_role("alert").filter(has_text="not valid").wait_for(timeout=15000)
    assert page.locator("#board").is_hidden()
    assert page.evaluate("sessionStorage.length + localStorage.length") == 0
    page.complaints.clear()


def test_web_actions_get_no_service_worker_for_it(rest):
    """They are of the same origin, and may be anybody's."""
    rest.action("worker", "echo.wat", annotations=[{"key": "web-export", "value": True}],
                parameters=[{"key": "headers", "value": {
                    "Service-Worker-Allowed": "/", "X-Other": "1"}}, {"key": "body", "value": ""}])
    answer = rest.daemon.nobody.get(f"/api/v1/web/{rest.name}/default/worker.http")
    assert answer.headers["X-Other"] == "1" and answer.headers["Service-Worker-Allowed"] is None
