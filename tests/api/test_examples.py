"""Every folder in examples/ is a test; so is what the README and the documents show."""
import base64
import hashlib
import hmac
import itertools
import json
import os
import pathlib
import re
import subprocess
import time
import zlib

import pytest

from harness import BUILD, clean_environment, in_threads

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = sorted(path.name for path in (ROOT / "examples").iterdir() if path.is_dir())
README = (ROOT / "README.md").read_text(encoding="utf-8")


def executor(wowd):
    return "%s:%d" % wowd.executor


def wow(*args, env=None):
    return subprocess.run([BUILD / "wow", *map(str, args)], capture_output=True, text=True,
                          env=clean_environment(env), timeout=60, check=False)


def example(name):
    return (BUILD / "examples" / f"{name}.wasm").read_bytes()


def text_of(name, file):
    return (ROOT / "examples" / name / file).read_text(encoding="utf-8")


def call_of(name):
    """What goes in, and what must come out."""
    return json.loads(text_of(name, "in.json")), json.loads(text_of(name, "out.json"))


def matches(value, expected):
    """Is it what out.json says? A string with "~" before it is a regular expression."""
    if isinstance(expected, dict):
        return isinstance(value, dict) and value.keys() == expected.keys() and all(
            matches(value[key], expected[key]) for key in expected)
    if isinstance(expected, list):
        return isinstance(value, list) and len(value) == len(expected) and all(
            map(matches, value, expected))
    if isinstance(expected, str) and expected.startswith("~"):
        text = value if isinstance(value, str) else json.dumps(value)
        return re.fullmatch(expected[1:], text) is not None
    return type(value) is type(expected) and value == expected


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_answers_as_its_out_json_says(wowd, name):
    arguments, expected = call_of(name)
    reply = wowd.container(example(name)).run(arguments)
    assert reply.json["success"] == ("error" not in expected)
    assert matches(reply.json["result"], expected), reply.json["result"]


@pytest.fixture(scope="session")
def native(tmp_path_factory):
    """Examples as programs for this machine, each built once."""
    place = tmp_path_factory.mktemp("native")

    def build(name):
        folder, program = ROOT / "examples" / name, place / name
        library = subprocess.run([folder / "library"], capture_output=True, text=True,
                                 check=True).stdout.split() if (folder / "library").exists() else []
        if not program.exists():
            subprocess.run([ROOT / "sdk/c/wow-cc", "--native", "-o", program,
                            *folder.glob("*.c"), *library], check=True)
        return program
    return build


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_runs_natively_too(native, name):
    arguments, expected = call_of(name)
    for how in [{"input": ""}, {"input": json.dumps(arguments)}]:
        command = [native(name)] if how["input"] else [native(name), json.dumps(arguments)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, **how)
        result = json.loads(done.stdout.splitlines()[-1])
        assert done.returncode == ("error" in expected)
        if name != "filesys":  # whose refusal is wasm's
            assert matches(result, expected), result


def test_a_wrong_argument_is_named(wowd):
    add = wowd.container(example("add"))
    assert add.run({"a": "x", "b": 1}).failure(1) == "parameter 'a' must be a number"
    assert add.run({"a": 9007199254740993, "b": 0}).result == {"result": 9007199254740993}
    assert add.run({"a": 1.5, "b": 1}).result == {"result": 2.5}


# ---- block ----

def test_fifty_sleepers_hold_no_processor(own_wowd):
    wowd = own_wowd("--workers", 2, workers=None)
    container = wowd.container(example("block"))
    slept = in_threads(50, lambda _: container.run({"ms": 300}).result)
    together = max(sum(other["from"] <= one["from"] < other["until"] for other in slept)
                   for one in slept)
    assert together >= 25, f"at most {together} slept at once"
    assert all(one["until"] - one["from"] >= 299 for one in slept)


# ---- clock, random ----

def test_the_clocks_go_forward(wowd):
    clock = wowd.container(example("clock"))
    first, before = clock.run().result, time.time() * 1000
    second, after = clock.run().result, time.time() * 1000
    assert first["monotonic_ns"] < second["monotonic_ns"]
    assert before - 1 <= second["epoch_ms"] <= after + 1
    assert second["iso"].endswith(f"{second['epoch_ms'] % 1000:03}Z")


def test_chance_does_not_repeat(wowd):
    container = wowd.container(example("random"))
    results = [container.run({"bytes": 32}).result for _ in range(20)]
    assert len({r["hex"] for r in results}) == len({r["uuid"] for r in results}) == 20
    assert container.run({"bytes": 0}).result["hex"] == ""
    assert len(container.run({"bytes": 256}).result["hex"]) == 512
    assert "at most 256" in container.run({"bytes": 257}).failure(1)


# ---- filesys ----

@pytest.fixture
def granted(own_wowd, tmp_path):
    """A directory that may be asked for, and an action that did: granted("", ":ro")."""
    (tmp_path / "data").mkdir()
    for path in [tmp_path, tmp_path / "data"]:
        path.chmod(0o777)
    wowd = own_wowd("--grant-dirs", tmp_path)

    def container(mode=""):
        return wowd.container(example("filesys"), annotations={"dir": f"{tmp_path}/data{mode}"})
    return tmp_path / "data", container


def test_a_granted_directory_is_written_and_read(granted, native):
    place, container = granted
    call = {"directory": str(place), "name": "ä.txt", "text": "hello"}
    assert container().run(call).result == {"read": "hello", "files": ["ä.txt"]}
    assert (place / "ä.txt").read_text() == "hello"
    done = subprocess.run([native("filesys"), json.dumps(call)], capture_output=True, check=True)
    assert json.loads(done.stdout) == {"read": "hello", "files": ["ä.txt"]}


def test_one_that_may_be_read_only(granted):
    place, container = granted
    (place / "note.txt").write_text("kept")
    reader = container(":ro")
    assert reader.run({"directory": str(place)}).result["read"] == "kept"
    refused = reader.run({"directory": str(place), "text": "new"}).failure(1)
    assert refused == f"{place}/note.txt cannot be written: Read-only file system"
    assert (place / "note.txt").read_text() == "kept"


def test_nothing_beside_it_is_reached(granted):
    place, container = granted
    (place.parent / "secret").write_text("secret")
    (place / "link").symlink_to(place.parent / "secret")
    (place / "x").mkdir()
    action = container()
    for name in ["../secret", "../data/../secret", "link", "/etc/passwd", "x/../../secret"]:
        for text in ["", "overwritten"]:
            reply = action.run({"directory": str(place), "name": name, "text": text})
            assert "cannot be " in reply.failure(1)
    assert (place.parent / "secret").read_text() == "secret"


# ---- webhook ----

def signed(body, secret="It's a Secret to Everybody", **headers):
    mac = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"secret": "It's a Secret to Everybody", "__ow_body": base64.b64encode(body).decode(),
            "__ow_headers": headers or {"x-hub-signature-256": f"sha256={mac}"}}


@pytest.mark.parametrize("call, status", [
    (signed(b'{"action": "closed"}'), 200),
    (signed(b'{"action": "closed", "more": "' + b"x" * 100000 + b'"}'), 200),
    (signed(b'{"action": "closed"}', secret="guessed"), 401),
    (signed(b'{"action": "closed"}', **{"x-hub-signature-256": ""}), 401),
    (signed(b'{"action": "closed"}', **{"x-hub-signature-256": "sha256=" + "0" * 64}), 401),
    (signed(b'{"action": "closed"}', host="x"), 401),
    ({**signed(b"{}"), "__ow_body": "{}"}, 400),
    ({**signed(b"{}"), "__ow_body": None}, 400),
    (signed(b"{"), 400), (signed(b""), 400), (signed(b"\xff"), 400),
    (signed(b"{}"), 422), (signed(b'{"action": 3}'), 422), (signed(b"[]"), 422),
], ids=itertools.count())
def test_a_webhook_takes_what_is_signed(wowd, call, status):
    result = wowd.container(example("webhook")).run(call).result
    assert result["statusCode"] == status
    assert result["body"] == {"took": "closed"} if status == 200 else "error" in result["body"]


def test_a_webhook_without_a_secret_takes_nothing(wowd):
    webhook = wowd.container(example("webhook"))
    assert webhook.run({**signed(b"{}"), "secret": ""}).failure(1) == (
        "parameter 'secret' must not be empty")
    assert webhook.run({"__ow_body": ""}).failure(1) == "parameter 'secret' is missing"


# ---- thumbnail, markdown ----

def png(width, height, colour):
    def chunk(kind, data):
        return (len(data).to_bytes(4, "big") + kind + data +
                zlib.crc32(kind + data).to_bytes(4, "big"))

    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 6, 0, 0, 0])
    rows = b"".join(b"\0" + b"".join(bytes(colour(x, y)) for x in range(width))
                    for y in range(height))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) +
            chunk(b"IEND", b""))


def as_argument(image, **more):
    return {"image": base64.b64encode(image).decode(), **more}


@pytest.mark.parametrize("width, height, size, becomes", [
    (100, 50, 10, (10, 5)), (50, 100, 10, (5, 10)), (30, 30, 64, (30, 30)), (1, 1, 1, (1, 1)),
    (300, 1, 3, (3, 1)), (65, 65, 64, (64, 64))])
def test_a_thumbnails_size(wowd, width, height, size, becomes):
    image = png(width, height, lambda x, y: (200, 100, 50, 255))
    result = wowd.container(example("thumbnail")).run(as_argument(image, size=size)).result
    assert (result["width"], result["height"]) == becomes
    again = wowd.container(example("thumbnail")).run({"image": result["image"], "size": 1}).result
    assert base64.b64decode(again["image"]).startswith(b"\x89PNG"), "it reads what it wrote"


def test_a_thumbnails_colours_are_means(wowd):
    image = png(2, 1, lambda x, y: (255, 0, 0, 255) if x == 0 else (0, 0, 255, 0))
    result = wowd.container(example("thumbnail")).run(as_argument(image, size=1)).result
    data = base64.b64decode(result["image"])
    at = data.index(b"IDAT")
    pixels = zlib.decompress(data[at + 4:at + 4 + int.from_bytes(data[at - 4:at], "big")])
    assert pixels[1:] == bytes([255, 0, 0, 128]), "what is transparent has no colour"


@pytest.mark.parametrize("size", [0, 7, 20, 33, 45, 50])
def test_a_thumbnail_of_no_image(wowd, size):
    image = png(4, 4, lambda x, y: (0, 0, 0, 0))[:size] + b"x" * size
    reply = wowd.container(example("thumbnail")).run(as_argument(image))
    assert "parameter 'image' cannot be used: " in reply.failure(1)


def test_a_thumbnail_of_a_bomb(wowd):
    bomb = png(1, 1, lambda x, y: (0, 0, 0, 0))
    head = b"IHDR" + (65535).to_bytes(4, "big") * 2 + bytes([8, 6, 0, 0, 0])
    bomb = bomb[:12] + head + zlib.crc32(head).to_bytes(4, "big") + bomb[33:]
    reply = wowd.container(example("thumbnail")).run(as_argument(bomb))
    assert "more than 16 million pixels" in reply.failure(1)


@pytest.mark.parametrize("call, html", [
    ({"text": ""}, ""),
    ({"text": "a\u0000b"}, "<p>a\ufffdb</p>\n"),
    ({"text": "<script>x</script>"}, "<!-- raw HTML omitted -->\n"),
    ({"text": "<b>x</b>", "unsafe": True}, "<p><b>x</b></p>\n"),
    ({"text": "[x](javascript:y)"}, '<p><a href="">x</a></p>\n'),
])
def test_markdown(wowd, call, html):
    assert wowd.container(example("markdown")).run(call).result == {"html": html}


def test_markdown_needs_a_text(wowd):
    assert wowd.container(example("markdown")).run({"text": 1}).failure(1) == (
        "parameter 'text' must be a string")


# ---- the command line ----

def test_invoke_prints_the_record_and_the_times(wowd):
    done = wow("invoke", BUILD / "examples/add.wasm", '{"a": 40, "b": 2}', "--times",
               "--executor", executor(wowd))
    assert done.returncode == 0 and done.stderr == ""
    record, *times = done.stdout.splitlines()
    assert json.loads(record)["result"] == {"result": 42}
    assert [re.split(r" {2,}", line)[0] for line in times] == ["first of all", "cold", "warm"]


def test_invoke_tells_failure_by_its_status(wowd):
    where = {"WOW_EXECUTOR": executor(wowd)}
    failed = wow("invoke", BUILD / "examples/add.wasm", '{"a": "x"}', env=where)
    assert failed.returncode == 1 and "application error" in failed.stdout
    unusable = wow("invoke", ROOT / "README.md", env=where)
    assert unusable.returncode == 1 and "neither wasm nor a zip" in unusable.stderr
    nobody = wow("invoke", BUILD / "examples/add.wasm", "--executor", "127.0.0.1:1")
    assert nobody.returncode == 2 and "Failed to connect" in nobody.stderr


# ---- what the README shows ----

def test_the_readmes_action(wowd, tmp_path):
    """What the README says to type, in its order, and what it shows."""
    text = README[README.index("## An action of your own"):
                  README.index("## An OpenWhisk of your own")]
    lines = [line.strip() for line in text.splitlines() if line.startswith("    ")]
    source = re.search(r"```c\n(.*?)```", text, re.S).group(1)
    commands = [line.replace("localhost:9000", executor(wowd)).replace("curl ", "curl -sS ")
                .replace("$PWD/build", str(BUILD))
                for line in lines if re.match(r"(export|wow|cd|curl) ", line)]
    shown = [line for line in lines if line.startswith(("{", "greeting", "wow: "))]
    assert len(commands) == 7 and len(shown) == 3
    done = subprocess.run(["bash", "-euc", "\n".join(commands)], cwd=tmp_path, capture_output=True,
                          text=True, check=True,
                          env={**clean_environment(), "WOW_EXECUTOR": executor(wowd)})
    assert (tmp_path / "hello/hello.c").read_text() == source
    results = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert results[0] == json.loads(shown[1])
    assert [r["result"] for r in results[1:]] == [{"greeting": "Hello, wasm!"}] * 2
    log, figures = done.stderr.splitlines()
    assert log == shown[0]
    assert re.sub(r"[\d.]+ ms|\w+ \w+;", "", figures) == re.sub(r"[\d.]+ ms|\w+ \w+;", "", shown[2])
    wowd.post("/hello/destroy")


def test_the_readmes_commands_are_the_makefiles():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"(?:^    |`)make ([a-z]+)", README, re.M):
        assert re.search(rf"^{target}:", makefile, re.M), f"make {target}"


def test_what_the_page_about_engines_shows(start_wowd, tmp_path):
    page = (ROOT / "docs" / "engines.md").read_text(encoding="utf-8")
    lines = [line.strip() for line in page.splitlines() if line.startswith("    build/wow ")]
    wowd = start_wowd("auto", "--trust-precompiled")
    env = {**os.environ, "WOW_EXECUTOR": executor(wowd)}

    def shell(line):
        line = line.replace("build/examples", f"{BUILD}/examples")
        return subprocess.run(line.replace("build/wow ", f"{BUILD}/wow "), shell=True, cwd=tmp_path,
                              env=env, capture_output=True, text=True, check=True).stdout

    [invoke_it] = [line for line in lines if line.startswith("build/wow invoke")]
    [compile_it] = [line for line in lines if line.startswith("build/wow compile")]
    assert json.loads(shell(invoke_it))["result"] == {"result": 42}
    assert shell(compile_it).startswith("add.wow: ")
    again = shell("build/wow invoke add.wow '{\"a\": 40, \"b\": 2}'")
    assert json.loads(again)["result"] == {"result": 42}
