;; Says of its result what its argument wants:
;; [0] a pointer outside memory, [1] a length of 0xffffffff, [2] of 100 MiB, [3] one byte too many.
(module
  (memory (export "memory") 1 200)
  (data (i32.const 0) "{\"Ok\":{}}")
  (global $ran (mut i32) (i32.const 0))
  (func (export "wasm_memory_buffer_allocate_space") (param i32))
  (func $kind (result i32) (i32.sub (i32.load8_u (i32.const 1025)) (i32.const 48)))
  (func (export "get_wasm_memory_buffer_pointer") (result i32)
    (if (i32.eqz (global.get $ran)) (then (return (i32.const 1024))))
    (if (i32.eq (call $kind) (i32.const 0)) (then (return (i32.const 0xfffffff8))))
    (if (i32.eq (call $kind) (i32.const 3)) (then (return (i32.const 65528))))
    (i32.const 0))
  (func (export "get_wasm_memory_buffer_len") (result i32)
    (if (i32.eq (call $kind) (i32.const 1)) (then (return (i32.const 0xffffffff))))
    (if (i32.eq (call $kind) (i32.const 2)) (then (return (i32.const 104857600))))
    (i32.const 9))
  (func (export "_start") (global.set $ran (i32.const 1))))
