;; Looks through 16 MiB of its memory for anything that it did not put there:
;; answers {"Ok":{"clean":true}}, or the same without "true".
(module
  (memory (export "memory") 1)
  (data (i32.const 0) "{\"Ok\":{\"clean\":true }}")
  (global $ran (mut i32) (i32.const 0))
  (func (export "wasm_memory_buffer_allocate_space") (param i32))
  (func (export "get_wasm_memory_buffer_pointer") (result i32)
    (select (i32.const 0) (i32.const 1024) (global.get $ran)))
  (func (export "get_wasm_memory_buffer_len") (result i32) (i32.const 22))
  (func (export "_start") (local $at i32)
    (drop (memory.grow (i32.const 255)))
    (local.set $at (i32.const 2048))
    (loop $next
      (if (i64.ne (i64.load (local.get $at)) (i64.const 0)) (then
        (i64.store (i32.const 15) (i64.const 0x7d7d65736c6166)))) ;; false}}
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (br_if $next (i32.lt_u (local.get $at) (i32.const 16777216))))
    (global.set $ran (i32.const 1))))
