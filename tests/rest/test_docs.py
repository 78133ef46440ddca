"""What docs/rest.md shows."""
import json
import os
import re
import subprocess

from harness import BUILD, ROOT, run_wowd

PAGE = ROOT / "docs" / "rest.md"


def test_the_commands(start_rest, tmp_path):
    daemon = start_rest()
    lines = re.findall(r"^    ((?!wsk ).*)$", PAGE.read_text(), re.M)  # there is no wsk here
    assert lines[0] == "build/wowd --wskprops wskprops &"
    (tmp_path / "wskprops").write_text(daemon.props.read_text())
    (tmp_path / "build").symlink_to(BUILD)
    done = subprocess.run(["bash", "-euc", "\n".join(lines[1:])], cwd=tmp_path, text=True,
                          capture_output=True, timeout=30, check=True,
                          env={**os.environ, "no_proxy": "*"})
    at, made, rest = 0, [], done.stdout
    while rest[at:].strip():
        value, at = json.JSONDecoder().raw_decode(rest, at)
        made.append(value)
    assert made[0]["name"] == "add" and made[1] == {"result": 42}
    assert made[2][0]["response"]["result"] == {"result": 42}


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
