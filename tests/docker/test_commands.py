"""Every command line: what it prints, where, and its exit code, as docker 28.2.2 has them."""
import json
import os
import re
import socket

import pytest

from docker import IMAGE, PROGRAM, SANITIZED, Docker, run_arguments
from harness import Background, until

VERSION = "28.2.2"
ADDRESS = "{{.NetworkSettings.Networks.bridge.IPAddress}}"
NONE = "0" * 64


def run_error(text):
    return (125, "", f"docker: {text}\n\nRun 'docker run --help' for more information\n")


def daemon_error(text, code=1, out=""):
    return (code, out, f"Error response from daemon: {text}\n")


# ---- run ----

def test_run_prints_the_id_and_nothing_else(docker):
    code, out, err = docker(*run_arguments("wsk0_1_guest_hello"))
    assert (code, err) == (0, "")
    assert re.fullmatch("[0-9a-f]{64}\n", out)


def test_a_container_can_be_reached_when_run_returns(docker):
    for i in range(20):
        sandbox = docker.run(f"wsk0_{i}_guest_a")
        socket.create_connection((sandbox.address, docker.wowd.proxy_port), 1).close()


def test_addresses_are_loopback_and_each_containers_own(docker):
    addresses = [docker.run(f"wsk0_{i}_guest_a").address for i in range(5)]
    assert len(set(addresses)) == 5
    assert all(re.fullmatch(r"127\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.\d+\.\d+", a) for a in addresses)


@pytest.mark.parametrize("arguments", [
    ["run", "-d", IMAGE],
    ["run", "-d", "wow/wasm"],
    ["run", "--detach", "--name=a1", "--memory=128m", IMAGE],
    ["run", "--name", "a2", "-e", "A=b", "-e", "C=d", "-d", IMAGE],  # OpenWhisk's test harness
    ["run", "-dm", "128m", IMAGE],
    ["run", "-d", "-m128m", "-eA=b", IMAGE],
    ["run", "-d", "--dns", "1.1.1.1", "--dns-search", "x", "--dns-option", "y", "--cpus", "0.5", IMAGE],
    ["run", "-d", "--log-driver", "syslog", "--log-opt", "tag=x", "--cap-add", "ALL", IMAGE],
    ["run", "-d", "--", IMAGE],
    ["run", "-d", "wow/wasm@sha256:" + "a" * 64]])
def test_run_understands(docker, arguments):
    assert re.fullmatch("[0-9a-f]{64}\n", docker(*arguments).text)


def test_a_name_is_taken_once(docker):
    first = docker.run("wsk0_1_guest_a")
    again = run_error('Error response from daemon: Conflict. The container name "/wsk0_1_guest_a" is '
                      f'already in use by container "{first.id}". You have to remove (or rename) '
                      "that container to be able to reuse that name.")
    assert tuple(docker(*run_arguments("wsk0_1_guest_a"))) == again
    assert docker("rm", "-f", first.id).text == first.id + "\n"
    assert docker.run("wsk0_1_guest_a").id != first.id


def test_letters_of_all_scripts_may_be_in_a_name(docker):
    """OpenWhisk keeps them in its names."""
    sandbox = docker.run("wsk0_1_gäst_приве́т"[:16])
    assert docker("inspect", "-f", "{{.State.Status}}", sandbox.id).text == "running\n"


@pytest.mark.parametrize("name", ["", "a", "-a", "_a", "a b", "a/b", "a\nb", "a\"b", "x" * 1025, b"\xff\xff"])
def test_a_bad_name_is_refused(docker, name):
    argv = run_arguments("NAME")
    argv[argv.index("NAME")] = name
    text = os.fsdecode(name)
    code, out, err = docker.raw(*argv)
    assert (code, out) == (125, b"")
    assert err == os.fsencode("docker: Error response from daemon: Invalid container name "
                              f"({text}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed\n\n"
                              "Run 'docker run --help' for more information\n")
    assert docker.ids() == []


@pytest.mark.parametrize("memory, error", [
    ("1m", "Error response from daemon: Minimum memory limit allowed is 6MB"),
    ("513m", "Error response from daemon: limits: memory of 513 MB is more than the 512 MB allowed"),
    ("1g", "Error response from daemon: limits: memory of 1024 MB is more than the 512 MB allowed"),
    ("99999999999999999999g", None)])
def test_memory_has_bounds(docker, memory, error):
    done = docker("run", "-d", "--memory", memory, IMAGE)
    if error:
        assert tuple(done) == run_error(error)
    assert (done.code, done.out) == (125, "") and docker.ids() == []


@pytest.mark.parametrize("memory, bytes", [("64m", 64 << 20), ("64M", 64 << 20), ("65536k", 64 << 20),
                                           ("67108864", 64 << 20), ("67108864b", 64 << 20),
                                           ("64mb", 64 << 20), ("67108865", 65 << 20), ("0", 0)])
def test_memory_is_kept(docker, memory, bytes):
    name = docker("run", "-d", "--memory", memory, "--cpu-shares", "77", IMAGE).text.strip()
    [shown] = json.loads(docker("inspect", name).text)
    assert shown["HostConfig"] == {"Memory": bytes, "CpuShares": 77, "NetworkMode": "bridge"}


@pytest.mark.parametrize("arguments, error", [
    (["--frob", IMAGE], "unknown flag: --frob"),
    (["-z", IMAGE], "unknown shorthand flag: 'z' in -z"),
    (["-dz", IMAGE], "unknown shorthand flag: 'z' in -dz"),
    (["-d", "--volume", "a:b", IMAGE], "unknown flag: --volume"),
    (["-d", "--privileged", IMAGE], "unknown flag: --privileged"),
    (["-d", "--name"], "flag needs an argument: --name"),
    (["-d", "-e"], "flag needs an argument: 'e' in -e"),
    (["-d", "-m", "4x", IMAGE], 'invalid argument "4x" for "-m, --memory" flag: invalid suffix: \'x\''),
    (["-d", "-m", "m", IMAGE], 'invalid argument "m" for "-m, --memory" flag: invalid size: \'m\'')])
def test_a_misused_run_shows_its_usage(docker, arguments, error):
    assert tuple(docker("run", *arguments)) == (
        125, "", f"{error}\n\nUsage:  docker run [OPTIONS] IMAGE [COMMAND] [ARG...]\n\n"
                 "Run 'docker run --help' for more information\n")
    assert docker.ids() == []


@pytest.mark.parametrize("arguments, error", [
    ([IMAGE], "a wasm container runs in the background: docker run -d"),
    (["-d", "--detach=false", IMAGE], "a wasm container runs in the background: docker run -d"),
    (["-d", IMAGE, "sh"], "Error response from daemon: a wasm container takes no command: it waits "
                          "for /init and /run"),
    (["-d", "wow/UP"], "invalid reference format: repository name (wow/UP) must be lowercase"),
    (["-d", "wow/"], "invalid reference format"),
    (["-d", "wow/wasm:"], "invalid reference format"),
    (["-d", "wow/wa sm"], "invalid reference format"),
    (["-d", ""], "invalid reference format"),
    (["-d", *[w for i in range(65) for w in ("-e", f"V{i}=x")], IMAGE],
     "Error response from daemon: the environment has more than 64 variables")])
def test_what_run_refuses(docker, arguments, error):
    assert tuple(docker("run", *arguments)) == run_error(error)
    assert docker.ids() == []


@pytest.mark.parametrize("image, whole", [("alpine", "alpine:latest"), ("x/wow/wasm:1", "x/wow/wasm:1"),
                                          ("wow/a/b", "wow/a/b:latest"), ("wowwasm", "wowwasm:latest")])
def test_an_image_that_is_not_ours_is_unknown(docker, image, whole):
    code, out, err = docker("run", "--rm", image)
    assert (code, out) == (125, "")
    assert err == (f"Unable to find image '{whole}' locally\n" +
                   run_error(f"Error response from daemon: pull access denied for {image}, repository "
                             "does not exist or may require 'docker login'")[2])


def test_which_images_are_ours_is_a_setting(own_wowd):
    docker = Docker(own_wowd("--images", "mine/,reg.example:5000/wow/"))
    for image in "mine/wasm", "reg.example:5000/wow/wasm:0.1":
        assert docker("run", "-d", image).code == 0
    assert docker("run", "-d", "wow/wasm").code == 125


def test_a_container_has_the_variables_of_run_unless_init_has_others(docker):
    name = docker("run", "-d", "-e", "A=container", "-e", "B=container", "-e", "C=", "-e", "D",
                  "--env", "E=a=b", IMAGE).text.strip()
    sandbox = docker.found(name)
    assert sandbox.init("variables.c", env={"B": "init"}).status == 200
    names = ["A", "B", "C", "D", "E"]
    assert sandbox.run({"names": names}).json == dict(
        zip(names, ["container", "init", "", None, "a=b"]))


@pytest.mark.parametrize("memory, pages", [(128, 2048), (256, 4096), (512, 8192)])
def test_memory_is_a_limit(docker, memory, pages):
    sandbox = docker.run("wsk0_1_guest_a", memory=memory)
    assert sandbox.init("grow.wat").status == 200
    assert sandbox.run({}).json == [pages, 7]


def test_an_init_cannot_ask_for_more(docker):
    sandbox = docker.run("wsk0_1_guest_a", memory=128)
    assert sandbox.init("grow.wat", limits={"memory": 256}).status == 200
    assert sandbox.run({}).json == [2048, 7]


PROFILES = {"default": {"hosts": []}, "profiles": {"wasm-net": {"hosts": ["http://example.org"]}}}


def test_an_image_names_a_profile_of_the_policy(own_wowd, tmp_path):
    """Of which there must be one; the plain image needs none."""
    (tmp_path / "policy.json").write_text(json.dumps(PROFILES))
    docker = Docker(own_wowd("--policy", tmp_path / "policy.json"))
    assert docker("run", "-d", "wow/wasm-net:0.1").code == 0
    assert docker("run", "-d", "wow/wasm").code == 0
    assert tuple(docker("run", "-d", "wow/wasm-db:0.1")) == run_error(
        "Error response from daemon: the policy has no profile 'wasm-db'")


@pytest.mark.parametrize("image, status", [("wow/wasm-net", 200), ("wow/wasm", 403)])
def test_a_profile_is_what_its_containers_may_have(own_wowd, tmp_path, image, status):
    (tmp_path / "policy.json").write_text(json.dumps(PROFILES))
    docker = Docker(own_wowd("--policy", tmp_path / "policy.json"))
    sandbox = docker.found(docker("run", "-d", image).text.strip())
    reply = sandbox.init("ok.wat", annotations={"wow-net": "http://example.org"})
    assert reply.status == status, reply.body


# ---- inspect ----

def test_inspect_knows_the_templates_that_openwhisk_uses(docker):
    sandbox = docker.run("wsk0_1_guest_a", network="net_1")
    address = docker("inspect", "--format", "{{.NetworkSettings.IPAddress}}", sandbox.id).text.strip()
    for argv, out in [
            (["--format", "{{.NetworkSettings.Networks.net_1.IPAddress}}", sandbox.id], address),
            ([sandbox.id, "--format", "{{.NetworkSettings.Networks.net_1.IPAddress}}"], address),
            (["-f", "'{{ .NetworkSettings.IPAddress }}'", "wsk0_1_guest_a"], f"'{address}'"),
            (["--format=a{{.State.OOMKilled}}b{{.State.Status}}", "/wsk0_1_guest_a"], "afalsebrunning"),
            (["-f", "{{.State.OOMKilled}}", sandbox.id, sandbox.id[:12]], "false\nfalse"),
            (["-f", ADDRESS, sandbox.id], "<no value>")]:
        assert docker("inspect", *argv).text == out + "\n"


@pytest.mark.parametrize("template", ["{{.Foo}}", "{{.NetworkSettings.Networks.IPAddress}}", "{{", "{{}}",
                                      "{{.State.OOMKilled"])
def test_a_template_that_is_not_known_is_an_error(docker, template):
    code, out, err = docker("inspect", "-f", template, docker.run("wsk0_1_guest_a").id)
    assert (code, out) == (1, "\n")
    assert err.startswith("template parsing error: template: ")


def test_inspect_shows_json(docker):
    sandbox = docker.run("wsk0_1_guest_a", memory=128)
    [shown] = json.loads(docker("inspect", "wsk0_1_guest_a").text)
    assert shown["Id"] == sandbox.id and shown["Name"] == "/wsk0_1_guest_a"
    assert shown["Config"] == {"Image": IMAGE}
    assert shown["State"] == {"Status": "running", "Running": True, "Paused": False, "OOMKilled": False}
    assert shown["NetworkSettings"]["Networks"] == {"bridge": {"IPAddress": sandbox.address}}


# ---- what is done to containers ----

def test_pause_and_unpause(docker):
    sandbox = docker.run("wsk0_1_guest_a")
    assert tuple(docker("unpause", sandbox.id)) == daemon_error(f"Container {sandbox.id} is not paused")
    assert docker("pause", sandbox.id).text == sandbox.id + "\n"
    assert docker("inspect", "-f", "{{.State.Status}}", sandbox.id).text == "paused\n"
    assert tuple(docker("pause", sandbox.id)) == daemon_error(f"Container {sandbox.id} is already paused")
    assert docker("unpause", sandbox.id).text == sandbox.id + "\n"
    assert docker("inspect", "-f", "{{.State.Status}}", sandbox.id).text == "running\n"


def test_a_paused_container_answers_when_it_goes_on(docker):
    sandbox = docker.run("wsk0_1_guest_a")
    assert sandbox.init("ok.wat").status == 200
    assert docker("pause", sandbox.id).code == 0
    run = Background(lambda: sandbox.run({}))
    assert docker("unpause", sandbox.id).code == 0
    assert run.wait().json == {"answer": 42}


def test_rm_wants_force(docker):
    sandbox = docker.run("wsk0_1_guest_a")
    running = 'cannot remove container "/wsk0_1_guest_a": container is '
    assert tuple(docker("rm", sandbox.id)) == daemon_error(
        running + "running: stop the container before removing or force remove")
    assert docker("pause", sandbox.id).code == 0
    assert tuple(docker("rm", sandbox.id)) == daemon_error(
        running + "paused and must be unpaused first")
    assert docker("rm", "-f", sandbox.id[:20]).text == sandbox.id[:20] + "\n"
    assert docker.ids() == []


def test_kill_leaves_what_rm_can_remove(docker):
    """As OpenWhisk's test harness ends its containers."""
    sandbox = docker.run("runtime_1")
    assert sandbox.init("ok.wat").status == 200 and sandbox.run({}).status == 200
    assert docker("kill", "runtime_1").text == "runtime_1\n"
    assert sandbox.run({}).status == 403
    assert docker("ps", "-q").text == "" and docker.ids() == [sandbox.id]
    assert docker("inspect", "-f", "{{.State.Status}}", "runtime_1").text == "exited\n"
    assert docker("logs", "runtime_1").code == 0
    assert tuple(docker("kill", "runtime_1")) == daemon_error(
        f"cannot kill container: runtime_1: container {sandbox.id} is not running")
    assert tuple(docker("pause", "runtime_1")) == daemon_error(f"Container {sandbox.id} is not running")
    assert docker("rm", "runtime_1").text == "runtime_1\n"


@pytest.mark.parametrize("verb", [["rm", "-f"], ["kill"]])
@pytest.mark.parametrize("paused", [False, True])
def test_a_guest_ends_with_its_container(docker, verb, paused):
    sandbox = docker.run("wsk0_1_guest_a")
    assert sandbox.init("loop.wat").status == 200
    run = Background(lambda: sandbox.run([0]))
    until(docker.wowd.spinning, "the guest computes")
    if paused:
        assert docker("pause", sandbox.id).code == 0
    assert docker(*verb, sandbox.id).code == 0
    reply = run.wait(5)
    assert (reply.status, reply.error) == (
        502, "The action did not produce a valid response and exited unexpectedly.")


def test_what_waits_for_a_killed_container_is_answered(docker):
    sandbox = docker.run("wsk0_1_guest_a")
    assert sandbox.init("loop.wat").status == 200
    runs = [Background(lambda: sandbox.run([0])) for _ in range(12)]
    until(docker.wowd.spinning, "a guest computes")
    assert docker("kill", sandbox.id).code == 0
    assert {run.wait(10).status for run in runs} <= {502, 403}


@pytest.mark.parametrize("verb, code, out, error", [
    (["pause"], 1, "", "Error response from daemon: No such container: "),
    (["unpause"], 1, "", "Error response from daemon: No such container: "),
    (["kill"], 1, "", "Error response from daemon: No such container: "),
    (["rm"], 1, "", "Error response from daemon: No such container: "),
    (["rm", "-f"], 0, "", "Error response from daemon: No such container: "),
    (["logs"], 1, "", "Error response from daemon: No such container: "),
    (["logs", "--since", "1", "--until", "2", "--timestamps"], 1, "",
     "Error response from daemon: No such container: "),
    (["inspect"], 1, "[]\n", "Error: No such object: "),
    (["inspect", "--format", ADDRESS], 1, "\n", "Error: No such object: ")])
@pytest.mark.parametrize("ref", [NONE, "nobody", "", "'\"\\"])
def test_a_container_that_is_not_there(docker, verb, code, out, error, ref):
    docker.run("wsk0_1_guest_a")
    assert tuple(docker(*verb, ref)) == (code, out, error + ref + "\n")


def test_several_at_once(docker):
    a, b = docker.run("wsk0_1_a"), docker.run("wsk0_2_b")
    assert tuple(docker("pause", a.id, "nobody", "wsk0_2_b")) == (
        1, f"{a.id}\nwsk0_2_b\n", "Error response from daemon: No such container: nobody\n")
    assert docker("rm", "-f", a.id, b.id).text == f"{a.id}\n{b.id}\n"


def test_a_beginning_names_a_container_if_it_is_the_only_one(docker):
    made = [docker.run(f"wsk0_{i}_a") for i in range(20)]  # two of them begin with the same digit
    one = made[0].id
    short = next(n for n in range(1, 64) if sum(m.id.startswith(one[:n]) for m in made) == 1)
    assert docker("pause", one[:short]).text == one[:short] + "\n"
    if short > 1:
        assert docker("pause", one[:short - 1]).code == 1
    assert docker("pause", next(d for d in "0123456789abcdef"
                                if sum(m.id.startswith(d) for m in made) > 1)).code == 1


def test_a_container_that_another_door_destroyed_is_gone(docker):
    sandbox = docker.run("wsk0_1_guest_a")
    assert docker.wowd.post(f"/{sandbox.id}/destroy").status == 200
    assert docker("pause", sandbox.id).code == 1
    assert docker.ids() == [] and not sandbox.folder.exists()
    docker.run("wsk0_1_guest_a")


# ---- ps, images, pull, version, info ----

def test_ps_lists_ids_newest_first(docker):
    made = [docker.run(f"wsk0_{i}_a").id for i in range(3)]
    assert docker.ids() == made[::-1]
    assert docker("ps", "-aq").text.split() == [i[:12] for i in made[::-1]]


@pytest.mark.parametrize("filters, names", [
    (["name=wsk0_"], ["wsk0_1_a", "wsk0_2_b"]), (["name=whisk-"], ["whisk-c"]), (["name=k"], [
        "whisk-c", "wsk0_1_a", "wsk0_2_b"]), (["name=^wsk0_1"], ["wsk0_1_a"]),
    (["name=^/wsk0_1"], ["wsk0_1_a"]), (["name=_b$"], ["wsk0_2_b"]), (["name=^wsk0$"], []),
    (["name=^wsk0_1_a$"], ["wsk0_1_a"]), (["name=wsk00_"], []), (["name="], [
        "whisk-c", "wsk0_1_a", "wsk0_2_b"]), (["name=1_a", "name=whisk"], ["whisk-c", "wsk0_1_a"]),
    (["status=paused"], ["wsk0_2_b"]), (["status=paused", "name=a"], [])])
def test_ps_filters(docker, filters, names):
    made = {docker.run(name).id: name for name in ("wsk0_1_a", "wsk0_2_b", "whisk-c")}
    assert docker("pause", "wsk0_2_b").code == 0
    assert sorted(made[i] for i in docker.ids(*filters)) == names


def test_ps_prints_a_table(docker):
    heads = "CONTAINER ID   IMAGE          COMMAND   CREATED                  STATUS"
    assert docker("ps").text.split() == ["CONTAINER", "ID", "IMAGE", "COMMAND", "CREATED", "STATUS",
                                         "PORTS", "NAMES"]
    sandbox = docker.run("wsk0_1_guest_a")
    assert docker("pause", sandbox.id).code == 0
    head, line = docker("ps", "--all").text.splitlines()
    assert head.startswith(heads[:30])
    assert re.fullmatch(rf'{sandbox.id[:12]}   {IMAGE}   "wasm"    \S.* ago +Up .*\(Paused\)   '
                        "8080/tcp   wsk0_1_guest_a", line)
    assert docker("ps", "--no-trunc").text.splitlines()[1].startswith(sandbox.id + "   ")


@pytest.mark.parametrize("argv, code, error", [
    (["--filter", "foo"], 125, 'invalid argument "foo" for "-f, --filter" flag: bad format of filter '
                               "(expected name=value)\n\nUsage:  docker ps [OPTIONS]\n\n"
                               "Run 'docker ps --help' for more information\n"),
    (["--filter"], 125, "flag needs an argument: --filter\n\nUsage:  docker ps [OPTIONS]\n\n"
                        "Run 'docker ps --help' for more information\n"),
    (["--filter", "label=x"], 1, "Error response from daemon: invalid filter 'label'\n")])
def test_ps_says_what_it_does_not_understand(docker, argv, code, error):
    assert tuple(docker("ps", *argv)) == (code, "", error)


def test_versions(docker):
    assert docker("--version").text.startswith(f"Docker version {VERSION}, build wow-")
    assert docker("--version", "{{.Client.Version}}").text.startswith(f"Docker version {VERSION},")
    assert docker("version", "--format", "{{.Client.Version}}").text == VERSION + "\n"
    assert docker("version", "--format", "'{{.Client.Version}}'").code == 0
    assert f"Version:           {VERSION}\n" in docker("version").text
    assert "Containers: 0\n" in docker("info").text
    docker.run("wsk0_1_a")
    assert "Containers: 1\n  Running: 1\n  Paused: 0\n" in docker("info").text


@pytest.mark.parametrize("image, out", [
    ("wow/wasm", "Using default tag: latest\nlatest: Pulling from wow/wasm\n"
                 "Status: Image is up to date for wow/wasm:latest\ndocker.io/wow/wasm:latest\n"),
    ("wow/wasm:0.1", "0.1: Pulling from wow/wasm\nStatus: Image is up to date for wow/wasm:0.1\n"
                     "docker.io/wow/wasm:0.1\n")])
def test_our_images_are_always_there(docker, image, out):
    assert docker("pull", image).text == out
    lines = docker("images", image).text.splitlines()
    assert len(lines) == 2 and lines[0].startswith("REPOSITORY ") and lines[1].startswith("wow/wasm ")


def test_others_images_are_not(docker):
    denied = ("Error response from daemon: pull access denied for alpine{}, repository does not exist "
              "or may require 'docker login'\n")
    assert tuple(docker("pull", "alpine:3")) == (1, "", denied.format(":3"))
    assert tuple(docker("pull", "alpine")) == (1, "Using default tag: latest\n", denied.format(""))
    assert len(docker("images", "alpine").text.splitlines()) == 1
    assert tuple(docker("pull", "wow/UP:x")) == (
        1, "", "invalid reference format: repository name (wow/UP) must be lowercase\n")


@pytest.mark.parametrize("argv, error", [
    (["frob"], "docker: unknown command: docker frob\n\nRun 'docker --help' for more information\n"),
    (["network", "ls"], "docker: unknown command: docker network\n\n"
                        "Run 'docker --help' for more information\n"),
    (["run"], "docker: 'docker run' requires at least 1 argument\n\nUsage:  docker run [OPTIONS] "
              "IMAGE [COMMAND] [ARG...]\n\nSee 'docker run --help' for more information\n"),
    (["pause"], "docker: 'docker pause' requires at least 1 argument\n\nUsage:  docker pause CONTAINER "
                "[CONTAINER...]\n\nSee 'docker pause --help' for more information\n"),
    (["logs", "a", "b"], "docker: 'docker logs' requires 1 argument\n\nUsage:  docker logs [OPTIONS] "
                         "CONTAINER\n\nSee 'docker logs --help' for more information\n")])
def test_what_is_no_command_line(docker, argv, error):
    assert tuple(docker(*argv)) == (1, "", error)


def test_docker_alone_says_what_it_can(docker):
    assert docker().text == docker("--help").text
    assert "docker run [OPTIONS] IMAGE" in docker().text


# ---- wow-docker itself ----

@pytest.fixture
def fallback(tmp_path):
    """A real docker's stand-in, which tells how it was called."""
    path = tmp_path / "real-docker"
    path.write_text('#!/bin/sh\necho "real: $*"\necho "more" >&2\nexit 7\n')
    path.chmod(0o755)
    return {"WOW_DOCKER_FALLBACK": str(path)}


@pytest.mark.parametrize("argv", [
    ["run", "--rm", "alpine", "ip", "route"], ["run", "-d", "-v", "a:b", "openwhisk/nodejs"],
    ["pull", "alpine"], ["pause", NONE], ["rm", "-f", NONE], ["inspect", "-f", ADDRESS, NONE],
    ["logs", NONE], ["images", "alpine"], ["network", "ls"], ["ps", "--filter", "label=x"],
    ["exec", "-it", "x", "sh"]])
def test_what_is_not_ours_goes_to_the_real_docker(docker, fallback, argv):
    docker.run("wsk0_1_guest_a")
    assert tuple(docker(*argv, env=fallback)) == (7, f"real: {' '.join(argv)}\n", "more\n")


def test_what_is_ours_does_not(docker, fallback):
    for argv in [run_arguments("wsk0_1_guest_a"), ["pause", "wsk0_1_guest_a"], ["pull", IMAGE],
                 ["inspect", "wsk0_1_guest_a"], ["info"], ["version"], ["rm", "-f", "wsk0_1_guest_a"]]:
        done = docker(*argv, env=fallback)
        assert done.code == 0 and "real" not in done.out


def test_ps_lists_both(docker, fallback):
    sandbox = docker.run("wsk0_1_guest_a")
    argv = ["ps", "--quiet", "--no-trunc", "--all", "--filter", "name=wsk0_"]
    assert tuple(docker(*argv, env=fallback)) == (
        7, f"{sandbox.id}\nreal: {' '.join(argv)}\n", "more\n")


def test_a_fallback_that_is_wow_docker_itself_is_an_end(docker):
    done = docker("pull", "alpine", env={"WOW_DOCKER_FALLBACK": str(PROGRAM)})
    assert done.code == 1 and "pull access denied for alpine" in done.err


def test_a_fallback_that_is_not_there_is_told(docker):
    code, _, err = docker("pull", "alpine", env={"WOW_DOCKER_FALLBACK": "/no/docker"})
    assert code == 1
    assert err.startswith("docker: WOW_DOCKER_FALLBACK: /no/docker: cannot be run\n")


@pytest.mark.parametrize("argv, code, out", [
    (["--version"], 0, f"Docker version {VERSION}, build wow-0.1.0\n"),
    (["version", "--format", "{{.Client.Version}}"], 1, VERSION + "\n"), (["ps", "-q"], 1, ""),
    (["info"], 1, ""), (["rm", "-f", NONE], 1, ""), (["run", "-d", IMAGE], 125, "")])
def test_without_wowd(docker, tmp_path, argv, code, out):
    done = docker(*argv, env={"WOW_CONTROL": str(tmp_path / "none")})
    text = f"Cannot connect to wowd at unix://{tmp_path}/none. Is wowd running?\n"
    if argv[0] == "run":
        text = f"docker: {text}\nRun 'docker run --help' for more information\n"
    assert tuple(done) == (code, out, "" if code == 0 else text)


@pytest.mark.skipif(SANITIZED, reason="sanitizers are libraries")
def test_it_is_small_and_needs_no_other_library():
    head = PROGRAM.read_bytes()
    assert len(head) < 1_500_000
    assert b"/ld-linux" not in head
