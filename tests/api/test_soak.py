"""Many modules, one after the other: engines that leak are met by new workers, and wowd stays flat."""
import os

from harness import BUILD, Process, children, in_threads

MODULES = 300 if "WOW_SOAK" not in os.environ else 3000
WORKER_MAX_KB = 200 * 1024
# AddressSanitizer keeps what is freed.
SANITIZED = b"__asan_init" in (BUILD / "wowd").read_bytes()


def module(n):
    return f"""(module
      (memory (export "memory") 1)
      (data $r "{{\\22Ok\\22:[{100000 + n}]}}")
      (func (export "_start") (memory.init $r (i32.const 0) (i32.const 0) (i32.const 15)))
      (func (export "wasm_memory_buffer_allocate_space") (param i32))
      (func (export "get_wasm_memory_buffer_pointer") (result i32) (i32.const 0))
      (func (export "get_wasm_memory_buffer_len") (result i32) (i32.const 15)))"""


def rss_kb(pid):
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8") as status:
            return next((int(line.split()[1]) for line in status if line.startswith("VmRSS")), 0)
    except OSError:
        return 0


def test_many_modules_in_turn(own_wowd):
    """No worker grows beyond bounds, whatever its engine keeps of a module that it has unloaded."""
    wowd = own_wowd()
    made = in_threads(4, lambda i: [wowd.container(module(n), env={"__OW_NAMESPACE": "soak"})
                                    for n in range(i, MODULES, 4)])
    containers = [c for part in zip(*made) for c in part]
    for c in containers[:20]:
        c.run()
    before = wowd.memory_kb()
    largest = 0
    for _ in range(2):
        for n, c in enumerate(containers):
            assert c.run().result == [100000 + n]
        largest = max([largest] + [rss_kb(pid) for pid in children(wowd.zygote())])
    print(f"{2 * MODULES} rounds of {MODULES} modules: largest worker {largest} KiB, "
          f"wowd {before} to {wowd.memory_kb()} KiB")
    assert SANITIZED or largest < WORKER_MAX_KB
    assert SANITIZED or wowd.memory_kb() < before + 2048
    assert Process(wowd.pid).is_alive()
