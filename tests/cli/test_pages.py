"""docs/cli.md is true, and ARCHITECTURE's way to add a verb, too."""
import json
import re
import subprocess

from cli import ROOT, WOW, wow
from harness import clean_environment

PAGE = (ROOT / "docs/cli.md").read_text(encoding="utf-8")


def test_the_page_lists_the_verbs_as_the_help_does():
    listed = dict(re.findall(r"^\| `wow ([a-z ]+)` \| ([^|(]+?) *(?:\(\[.*\))? \|", PAGE, re.M))
    told = dict(re.findall(r"^  wow ([a-z]+(?: [a-z]+)?)  +(\S.*)$", wow("--help").stdout, re.M))
    assert listed == told


def test_the_commands_on_the_page(tmp_path):
    start, end = PAGE.index("## wsk's verbs"), PAGE.index("## Traps")
    commands = re.findall(r"^    (.*)$", PAGE[:start] + PAGE[end:], re.M)
    assert len(commands) == 11
    script = "\n".join(line for line in commands if line != "wow watch")
    done = subprocess.run(["bash", "-euc", script], cwd=tmp_path, capture_output=True, text=True,
                          check=True, env={**clean_environment(), "HOME": str(tmp_path / "hello"),
                                           "PATH": f"{WOW.parent}:/usr/bin:/bin"})
    answers = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert [a["greeting"] for a in answers] == [
        "Hello, hello!", "Hello, world!", "Hello, world!", "Hello, hello!"]
    assert (tmp_path / "hello/.local/share/bash-completion/completions/wow").exists()


def test_the_statuses_on_the_page_are_the_helps():
    text = wow("--help").stdout
    for status in re.findall(r"^\| (\d+) \|", PAGE, re.M):
        assert re.search(rf"\b{status} ", text), status
