"""What deploy/ holds, by the rules that OpenWhisk and systemd have for it; and what docs/ show."""
import base64
import json
import re
import shutil
import subprocess

import pytest

from docker import IMAGE, PROGRAM, Docker
from harness import BUILD, ENGINES, ROOT, Wowd, clean_environment

DEPLOY = ROOT / "deploy"
MANIFESTS = sorted((DEPLOY / "openwhisk").glob("runtimes*.json"))
PAGE = (ROOT / "docs" / "openwhisk.md").read_text()


def manifest(path):
    return json.loads(path.read_text())


def image_name(image):
    """As OpenWhisk's resolveImageName makes it."""
    prefix = image["prefix"] + "/" if image.get("prefix") else ""
    return f"{prefix}{image['name']}" + (f":{image['tag']}" if image.get("tag") else "")


def test_there_are_manifests():
    assert [path.name for path in MANIFESTS] == ["runtimes-cluster.json", "runtimes.json"]


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
class TestManifest:
    """Apache OpenWhisk's ExecManifest.RuntimeManifest and what reads it."""

    def test_families_have_names_and_one_default_each(self, path):
        assert set(manifest(path)) == {"runtimes", "blackboxes"}
        for family, kinds in manifest(path)["runtimes"].items():
            assert re.fullmatch("[a-z0-9]+", family)
            assert sum(kind.get("default", False) for kind in kinds) == 1
            assert len({kind["kind"] for kind in kinds}) == len(kinds)

    def test_kinds_have_the_fields_that_are_known(self, path):
        for family, kinds in manifest(path)["runtimes"].items():
            for kind in kinds:
                assert kind["kind"] == kind["kind"].strip().lower()
                assert kind["kind"].startswith(family + ":")
                assert set(kind) <= {"kind", "image", "deprecated", "default", "attached", "requireMain",
                                     "sentinelledLogs", "stemCells"}
                assert set(kind["attached"]) == {"attachmentName", "attachmentType"}
                assert kind.get("deprecated") is False
                assert kind.get("sentinelledLogs", True) is True
                assert all(isinstance(kind.get(flag, False), bool) for flag in ("default", "requireMain"))

    def test_images_are_ours_and_never_pulled(self, path, docker):
        images = [kind["image"] for kinds in manifest(path)["runtimes"].values() for kind in kinds]
        for image in images + manifest(path)["blackboxes"]:
            assert set(image) <= {"name", "registry", "prefix", "tag"}
            assert "openwhisk" not in image["prefix"], "standalone would pull it"
            assert docker("run", "-d", image_name(image)).code == 0

    def test_stem_cells_are_complete(self, path):
        cells = [cell for kinds in manifest(path)["runtimes"].values() for kind in kinds
                 for cell in kind.get("stemCells", [])]
        assert sum(cell["initialCount"] for cell in cells) >= 16
        for cell in cells:
            assert set(cell) == {"initialCount", "memory"}
            megabytes = int(re.fullmatch(r"(\d+) MB", cell["memory"])[1])
            assert 128 <= megabytes <= 512, "OpenWhisk's bounds of an action's memory"

    def test_native_blackboxes_are_kinds_images(self, path):
        images = [kind["image"] for kinds in manifest(path)["runtimes"].values() for kind in kinds]
        assert all(image in images for image in manifest(path)["blackboxes"])


def test_the_wasm_kind_takes_code_as_bytes_and_needs_no_main():
    for path in MANIFESTS:
        [kind] = manifest(path)["runtimes"]["wasm"]
        assert kind["kind"] == "wasm:0.1" and image_name(kind["image"]) == IMAGE
        assert kind["attached"]["attachmentType"] == "application/octet-stream"
        assert kind["requireMain"] is False


@pytest.fixture
def interpreting(start_wowd):
    """A daemon that has compiled the interpreters; on one engine, as they are tested on all."""
    return Docker(start_wowd(ENGINES[-1], cache=BUILD / "kinds" / "cache"))


def test_a_cluster_has_the_family_that_health_needs(interpreting):
    """Its action is JavaScript."""
    docker = interpreting
    [kind] = manifest(DEPLOY / "openwhisk" / "runtimes-cluster.json")["runtimes"]["nodejs"]
    sandbox = docker.found(docker("run", "-d", image_name(kind["image"])).text.strip())
    reply = sandbox.post("/init", {"value": {"name": "health", "main": "main", "binary": False,
                                             "code": "function main(params) { return params; }"}})
    assert reply.status == 200, reply.body
    assert sandbox.post("/run", {"value": {"a": [1]}}).json == {"a": [1]}


def test_every_kind_answers(interpreting):
    """The images of both manifests, with the code that an invoker sends for their kinds."""
    code = {"nodejs:wasm": "function main(args) { return {hello: args.name}; }",
            "python:wasm": "def main(args):\n    return {'hello': args['name']}\n"}
    for path in MANIFESTS:
        for kind in (kind for kinds in manifest(path)["runtimes"].values() for kind in kinds):
            if kind["kind"] not in code:
                continue
            sandbox = interpreting.found(
                interpreting("run", "-d", image_name(kind["image"])).text.strip())
            value = {"name": "x", "main": "main", "binary": False, "code": code.pop(kind["kind"])}
            assert sandbox.post("/init", {"value": value}).status == 200
            assert sandbox.post("/run", {"value": {"name": "wow"}}).json == {"hello": "wow"}
    assert not code


# ---- systemd ----

def unit():
    return dict(re.findall(r"^(\w+)=(.*)$", (DEPLOY / "wowd.service").read_text(), re.M))


def test_the_unit_starts_what_is_installed(tmp_path):
    done = subprocess.run(["cmake", "--install", BUILD], env={**clean_environment(), "DESTDIR": str(tmp_path)},
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    program, *options = unit()["ExecStart"].split()
    installed = tmp_path / program.lstrip("/")
    assert subprocess.run([installed, "--version"], capture_output=True, check=True).stdout.startswith(b"wowd ")
    assert (tmp_path / "usr/local/bin/wow-docker").resolve() == installed.parent / "wow-docker"
    assert (tmp_path / "usr/local/lib/systemd/system/wowd.service").exists()
    names = {path.name for path in installed.parent.iterdir()}
    assert "wow-worker-fake" not in names
    assert {name.replace("worker", "compile") for name in names if "worker" in name} <= names
    known = subprocess.run([installed, "--help"], capture_output=True, text=True, check=True).stdout
    for option in options[::2]:
        assert f"  {option} " in known


def test_the_units_documentation_is_installed(tmp_path):
    subprocess.run(["cmake", "--install", BUILD], env={**clean_environment(), "DESTDIR": str(tmp_path)},
                   capture_output=True, check=True)
    page = unit()["Documentation"].removeprefix("file://")
    assert page.endswith("/operations.md")
    assert (tmp_path / page.lstrip("/")).read_text() == (ROOT / "docs" / "operations.md").read_text()


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_understands_the_unit(tmp_path):
    text = (DEPLOY / "wowd.service").read_text().replace("/usr/local/lib/wow/wowd", str(BUILD / "wowd"))
    (tmp_path / "wowd.service").write_text(text)
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", tmp_path / "wowd.service"],
                          capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not shutil.which("setpriv"), reason="util-linux has no setpriv here")
def test_the_units_capabilities_are_enough(engine, tmp_path):
    names = [name.removeprefix("CAP_").lower() for name in unit()["CapabilityBoundingSet"].split()]
    assert "sys_admin" in names and len(names) < 8
    wrapper = tmp_path / "wowd"
    wrapper.write_text("#!/bin/sh\nexec setpriv --no-new-privs --inh-caps=-all --bounding-set=-all,"
                       f"{','.join('+' + name for name in names)} {BUILD / 'wowd'} \"$@\"\n")
    wrapper.chmod(0o755)
    wowd = Wowd(tmp_path, engine, program=wrapper)
    try:
        assert wowd.container("ok.wat").run({}).result == {"answer": 42}
        wowd.stop()
        assert "error" not in wowd.log().split("wowd.stop")[0], wowd.log()
    finally:
        wowd.kill()


# ---- OpenWhisk's own settings ----

def test_the_standalone_script_wants_wow_docker(tmp_path):
    """It says so before it starts anything, where docker is another program or is not there."""
    done = subprocess.run([DEPLOY / "openwhisk" / "standalone", "no.jar"], capture_output=True, text=True,
                          env={**clean_environment(), "HOME": str(tmp_path)}, check=False)
    if done.returncode == 0 or "wow-docker" not in done.stderr:
        pytest.skip("wow-docker is docker here")
    assert done.returncode == 1 and not list(tmp_path.iterdir())


def test_what_is_set_for_invokers_is_what_the_page_says():
    page = (ROOT / "docs" / "openwhisk-cluster.md").read_text()
    for line in (DEPLOY / "openwhisk" / "invoker.env").read_text().splitlines():
        name, _, value = line.partition("=")
        if value and not line.startswith("#"):
            shown = f"{name}={value}" if "spi" not in name else f"{name}=…DockerToActivationLogStoreProvider"
            assert f"`{shown}`" in page


# ---- what the page shows ----

def test_what_the_page_shows_by_hand(own_wowd, tmp_path):
    """The commands of "by hand", in a shell, and their answers."""
    wowd = own_wowd()
    shutil.copy(BUILD / "examples" / "add.wasm", tmp_path / "add.wasm")
    text = re.search(r"## What an invoker does, by hand\n\n((?:    .*\n)+)", PAGE)[1]
    lines = [line[4:] for line in text.splitlines()]
    address, answers = None, []
    for at, line in enumerate(lines):
        if not line.startswith("$ "):
            continue
        command = line[2:].replace("wow-docker", str(PROGRAM))
        command = command.replace("127.64.0.1:8080", f"{address}:{wowd.proxy_port}").replace("curl", "curl -s")
        done = subprocess.run(["sh", "-ec", command], cwd=tmp_path, capture_output=True, text=True,
                              check=True, env=clean_environment(Docker(wowd).env))
        shown = lines[at + 1] if at + 1 < len(lines) and not lines[at + 1].startswith("$") else ""
        answers.append(done.stdout.strip())
        if "inspect" in command:
            address = done.stdout.strip()
            assert re.fullmatch(r"127(\.\d+){3}", address) and re.fullmatch(r"127(\.\d+){3}", shown)
        elif " run -d" in command:
            assert re.fullmatch("[0-9a-f]{64}", answers[-1]) and shown.endswith("…")
        else:
            assert answers[-1] == shown
    assert '{"result":42}' in answers


def test_the_zip_that_the_page_makes_is_an_action(docker, tmp_path):
    [line] = re.findall(r"^ +(sdk/c/wow-cc .* && zip .*)$", PAGE, re.M)
    command = line.replace("sdk/c/", f"{ROOT}/sdk/c/").replace("examples/", f"{ROOT}/examples/")
    subprocess.run(["sh", "-ec", command], cwd=tmp_path, check=True, capture_output=True)
    sandbox = docker.run("wsk0_1_guest_add")
    code = base64.b64encode((tmp_path / "add.zip").read_bytes()).decode()
    assert sandbox.post("/init", {"value": {"code": code, "binary": True}}).status == 200
    assert sandbox.run({"a": 40, "b": 2}).json == {"result": 42}


@pytest.mark.parametrize("page", ["openwhisk.md", "openwhisk-cluster.md"])
def test_files_that_the_pages_name_are_there(page):
    text = (ROOT / "docs" / page).read_text()
    for name in set(re.findall(r"deploy/[\w./-]+", text)):
        assert (ROOT / name).exists(), name
    for name in set(re.findall(r"\]\(([\w./-]+\.md)\)", text)):
        assert (ROOT / "docs" / name).exists(), name


def test_options_that_the_page_names_are_wowds():
    known = subprocess.run([BUILD / "wowd", "--help"], capture_output=True, text=True, check=True).stdout
    table = PAGE.split("| of wowd |")[1].split("| of wow-docker")[0]
    for option in set(re.findall(r"`(--[a-z-]+)", table)) - {"--memory"}:
        assert f"  {option} " in known, option
