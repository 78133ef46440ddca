"""
The other side: real containers by runc, each with its own root file system (overlay), network
namespace, interface and cgroup, as docker makes them, but without docker: no daemon, no shim, no
image to unpack, no iptables. What is measured here is a lower bound of what docker takes.

The evaluation runs in network and mount namespaces of its own, so the bridge and its addresses
(198.18.0.0/15, which are for benchmarks) are nobody else's.
"""
import json
import os
import re
import shutil
import subprocess

from .actions import encoded
from .cgroup import charged, processes
from .common import BUILD, ROOT, Failed, Unavailable, attempt, pss, run
from .sides import Side, post, run_body

START = ROOT / "bench" / "containers" / "container"
BRIDGE = "wow-eval0"
PORT = 8080
MEMORY = 256 << 20  # OpenWhisk's default for an action
PIDS = 1024


def _libraries(program):
    """A program and what it is linked with, as absolute paths."""
    found = {os.path.realpath(program)}
    for line in run("ldd", program).splitlines():
        match = re.search(r"(/\S+) \(0x", line)
        if match:
            found.add(match[1])
    return found


def _copy(path, root, to=None):
    to = root / (to or path).lstrip("/")
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(path, to)


def make_bridge():
    """Once a run, in the evaluation's own network namespace."""
    if attempt("ip", "link", "show", BRIDGE):
        return
    run("ip", "link", "add", BRIDGE, "type", "bridge", fault=Unavailable)
    run("ip", "addr", "add", "198.18.0.1/15", "dev", BRIDGE, fault=Unavailable)
    run("ip", "link", "set", BRIDGE, "up", fault=Unavailable)


class Containers(Side):
    """flavour: "node" or "native"."""
    slow = True
    serial = 0

    def __init__(self, flavour, shop, parent=None):
        self.flavour, self.shop = flavour, shop
        self.name = {"node": "runc, node", "native": "runc, native C"}[flavour]
        self.parent = parent  # a cgroup.Quota that all of it shares
        self.cgroup = parent.path if parent else f"/wow-evaluation-{shop.token}"
        self.up = []

    def start(self):
        for program in ("runc", "ip", "mount"):
            if not shutil.which(program):
                raise Unavailable(f"there is no {program}")
        if os.geteuid() != 0:
            raise Unavailable("containers need root")
        make_bridge()
        self.place = self.shop.work / f"containers-{self.flavour}"
        self.layers = self.shop.work / f"rootfs-{self.flavour}"
        self.place.mkdir(exist_ok=True)
        os.environ["WOW_CONTAINERS"] = str(self.shop.work / "bundles")
        (self.shop.work / "bundles").mkdir(exist_ok=True)
        if not self.layers.exists():
            self._root_file_system()

    def _root_file_system(self):
        root = self.layers
        for folder in ("dev", "proc", "sys", "tmp", "etc", "action", "run"):
            (root / folder).mkdir(parents=True, exist_ok=True)
        if self.flavour == "node":
            node = shutil.which("node")
            if not node:
                raise Unavailable("there is no node")
            for path in _libraries(node):
                _copy(path, root)
            _copy(os.path.realpath(node), root, "/usr/bin/node")
            _copy(ROOT / "bench/containers/proxy.js", root, "/proxy.js")
        else:
            _copy(BUILD / "bench-action-proxy", root, "/proxy")
            probe = self.shop.work / "probe"
            probe.write_bytes(self.shop.native("add"))
            probe.chmod(0o755)
            for path in _libraries(probe):  # what actions are linked with
                if path != os.path.realpath(probe):
                    _copy(path, root)
        if (root / "lib64").is_dir() is False:
            (root / "lib64").mkdir()

    def stop(self):
        for name in self.up:
            subprocess.run([START, "stop", name], check=False, capture_output=True)
        self.up = []

    def can(self, name):
        if self.flavour == "node":
            try:
                self.shop.js(name)
            except OSError:
                raise Unavailable(f"there is no {name} in JavaScript") from None
        else:
            self.shop.native(name)

    # ---- bundles ----

    def _config(self, name):
        run("runc", "spec", "--bundle", self.place)
        config = json.loads((self.place / "config.json").read_text())
        (self.place / "config.json").unlink()
        command = ["/usr/bin/node", "/proxy.js"] if self.flavour == "node" else ["/proxy"]
        config["process"].update(terminal=False, args=command, cwd="/", noNewPrivileges=True)
        config["root"] = {"path": "root", "readonly": False}
        config["hostname"] = name
        config["linux"]["cgroupsPath"] = f"{self.cgroup}/{name}"
        config["linux"]["resources"].update(memory={"limit": MEMORY, "swap": MEMORY},
                                            pids={"limit": PIDS})
        for namespace in config["linux"]["namespaces"]:
            if namespace["type"] == "network":
                namespace["path"] = f"/run/netns/{name}"
        return config

    def _bundle(self):
        """A new one: its name and address."""
        Containers.serial += 1
        number = Containers.serial
        name = f"wow-{self.shop.token}-{number}"
        address = f"198.18.{1 + number // 250}.{1 + number % 250}"
        bundle = self.shop.work / "bundles" / name
        bundle.mkdir()
        if not hasattr(self, "template"):
            self.template = json.dumps(self._config("@NAME@"))
        (bundle / "config.json").write_text(self.template.replace("@NAME@", name))
        (bundle / "settings").write_text(
            f"address={address}/15 layers={self.layers} bridge={BRIDGE} host=w{number} "
            f"tasks={self.parent.tasks if self.parent else ''}\n")
        return name, address

    def _init(self, action):
        path = self.shop.work / f"init-{self.flavour}-{action.name}.json"
        if not path.exists():
            code = self.shop.js(action.name) if self.flavour == "node" else \
                encoded(self.shop.native(action.name))
            path.write_text(json.dumps({"value": {
                "name": action.name, "main": "main", "binary": self.flavour != "node", "code": code,
                "env": {"__OW_NAMESPACE": "evaluation"}}}))
        return path

    def cold(self, action, count, **more):
        targets = []
        for _ in range(count):
            name, address = self._bundle()
            targets.append({
                "kind": "command", "command": START, "name": name, "at": f"{address}:{PORT}",
                "init": self._init(action), "group": name, "expect": action.expect,
                "body": run_body(action, self.shop.work),
                **{k: v for k, v in more.items() if k in ("group", "class", "weight", "limit")}})
        return targets

    def remove(self, target):
        run(START, "stop", target["name"])
        self.up.remove(target["name"])

    def warm(self, action, count, answers=True, **more):
        targets = self.cold(action, count, **more)
        for target in targets:
            self.up.append(target["name"])
            log = self.shop.work / "bundles" / target["name"] / "log"
            try:
                run(START, "start", target["name"], timeout=120)
            except Failed as why:
                words = log.read_text() if log.exists() else ""
                raise Unavailable(f"no container could be started: {words.strip() or why}") from None
            address = target["at"].rsplit(":", 1)[0], PORT
            self.wait(address)
            post(address, "/init", target["init"].read_bytes())
            text = post(address, "/run", target["body"].read_bytes()) if answers else ""
            if action.expect not in text:
                raise Failed(f"{self.name}: {action.name} answered {text[:200]}")
            target.update(kind="ready", path="/run")
        return targets

    # ---- memory ----

    def memory(self):
        paths = [f"{self.cgroup}/{name}" for name in self.up]
        pids = [pid for path in paths for pid in processes(path)]
        return {"pss": pss(pids), "charged": sum(map(charged, paths)), "processes": len(pids)}
