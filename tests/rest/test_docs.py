"""What docs/rest.md shows."""
import json
import os
import re
import subprocess

from harness import BUILD, ROOT, clean_environment, run_wowd

PAGE = ROOT / "docs" / "rest.md"


def test_the_commands(start_rest, tmp_path):
    daemon = start_rest()
    lines = re.findall(r"^    (.*)$", PAGE.read_text(), re.M)
    assert lines[0] == "build/wowd --wskprops wskprops &" and len(lines) == 9
    (tmp_path / "wskprops").write_text(daemon.props.read_text())
    (tmp_path / "build").symlink_to(BUILD)
    done = subprocess.run(["bash", "-euc", "\n".join(lines[1:])], cwd=tmp_path, text=True,
                          capture_output=True, timeout=30, check=True,
                          env={**os.environ, "no_proxy": "*"})
    made = values(done.stdout)
    assert done.stdout.startswith("ok: created action add\n{\n")
    assert made[0] == made[2] == {"result": 42} and made[1]["response"]["result"] == {"result": 42}


def values(text):
    """JSON with lines of text between."""
    found, at = [], 0
    while (start := re.compile(r"^\{", re.M).search(text, at)):
        value, at = json.JSONDecoder().raw_decode(text, start.start())
        found.append(value)
    return found


def run_as_a_new_user(daemon, place, lines):
    """Lines of a page, where the daemon is on another port."""
    script = "\n".join(lines).replace("--wskprops", f"--apihost {daemon.apihost} --wskprops")
    home = place / "home"
    home.mkdir()
    return subprocess.run(["bash", "-euc", script], cwd=place, text=True, capture_output=True,
                          timeout=60, check=True,
                          env={**clean_environment(), "HOME": str(home), "WOW_DATA": str(daemon.data),
                               "PATH": f"{BUILD}:/usr/bin:/bin"}).stdout


def test_the_commands_of_the_command_line(start_rest, tmp_path):
    page = (ROOT / "docs" / "cli.md").read_text()
    lines = re.findall(r"^    (.*)$", page[page.index("## wsk's verbs"):page.index("## Traps")], re.M)
    assert len(lines) == 9
    (tmp_path / "add.wasm").write_bytes((BUILD / "examples/add.wasm").read_bytes())
    said = run_as_a_new_user(start_rest(), tmp_path, lines)
    assert "ok: created action add\n{\n    \"result\": 42\n}\nok: updated action add\nDatetime" in said
    assert re.search(r"ok: triggered /_/tick with id [0-9a-f]{32}\nEntities in namespace", said)
    assert re.search(r"^/me/often +private +active$", said, re.M)


def test_the_readmes_openwhisk(start_rest, tmp_path):
    page = (ROOT / "README.md").read_text()
    text = page[page.index("## An OpenWhisk of your own"):page.index("## Where to go next")]
    lines = re.findall(r"^    (.*)$", text, re.M)
    assert len(lines) == 5
    (tmp_path / "hello.c").write_text((ROOT / "sdk/c/template/action.c").read_text())
    said = run_as_a_new_user(start_rest(), tmp_path, lines)
    assert '{\n    "greeting": "Hello, wsk!"\n}\n20' in said and said.endswith("/web/me/default/hello\n")


def test_the_settings():
    page = PAGE.read_text()
    told = run_wowd("--help").stdout
    rows = re.findall(r"^\| `--([a-z-]+) [^|`]*(?:\\\|[^|`]*)?`[^|]*\| ([^|]+) \|", page,
                      re.M)
    assert len(rows) == 11
    for name, default in rows:
        if default == "none":
            continue
        env = "WOW_" + name.upper().replace("-", "_")
        assert re.search(rf"\({env}; default '?{re.escape(default)}'?\)", told), (name, default)
