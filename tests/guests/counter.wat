;; Counts its activations in a global and in memory, and answers both.
(module
  (memory (export "memory") 1)
  (data (i32.const 0) "{\"Ok\":[0,0]}")
  (global $count (mut i32) (i32.const 0))
  (func (export "wasm_memory_buffer_allocate_space") (param i32))
  (func (export "get_wasm_memory_buffer_pointer") (result i32)
    (select (i32.const 0) (i32.const 1024) (global.get $count)))
  (func (export "get_wasm_memory_buffer_len") (result i32) (i32.const 12))
  (func (export "_start")
    (global.set $count (i32.add (global.get $count) (i32.const 1)))
    (i32.store (i32.const 60000) (i32.add (i32.load (i32.const 60000)) (i32.const 1)))
    (i32.store8 (i32.const 7) (i32.add (global.get $count) (i32.const 48)))
    (i32.store8 (i32.const 9) (i32.add (i32.load (i32.const 60000)) (i32.const 48)))))
