;; Sleeps for the milliseconds that its argument says, [250], and answers {}.
(module
  (import "wasi_snapshot_preview1" "poll_oneoff"
    (func $poll (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "{\"Ok\":{}}")
  (global $ran (mut i32) (i32.const 0))
  (func (export "wasm_memory_buffer_allocate_space") (param i32))
  (func (export "get_wasm_memory_buffer_pointer") (result i32)
    (select (i32.const 0) (i32.const 1024) (global.get $ran)))
  (func (export "get_wasm_memory_buffer_len") (result i32) (i32.const 9))
  (func $number (result i64) (local $at i32) (local $c i32) (local $sum i64)
    (local.set $at (i32.const 1025))
    (loop $next
      (local.set $c (i32.sub (i32.load8_u (local.get $at)) (i32.const 48)))
      (if (i32.lt_u (local.get $c) (i32.const 10)) (then
        (local.set $sum (i64.add (i64.mul (local.get $sum) (i64.const 10))
          (i64.extend_i32_u (local.get $c))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next))))
    (local.get $sum))
  (func (export "_start")
    (i32.store (i32.const 4112) (i32.const 1)) ;; the monotonic clock, from now
    (i64.store (i32.const 4120) (i64.mul (call $number) (i64.const 1000000)))
    (if (call $poll (i32.const 4096) (i32.const 5000) (i32.const 1) (i32.const 6000))
      (then (unreachable)))
    (global.set $ran (i32.const 1))))
