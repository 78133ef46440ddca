;; Grows until it is refused, checks that the refusal changed nothing, and tells how many pages it got, in three digits.
(module
  (global $pages (mut i32) (i32.const 0))
  ;; arguments go to 4096, the answer lies at 1024
  (global $at (mut i32) (i32.const 4096))
  (memory (export "memory") 2)
  (global $len (mut i32) (i32.const 0))
  (func (export "wasm_memory_buffer_allocate_space") (param i32) (global.set $len (local.get 0)))
  (func (export "get_wasm_memory_buffer_pointer") (result i32) (global.get $at))
  (func (export "get_wasm_memory_buffer_len") (result i32) (i32.const 18))
  (data (i32.const 1024) "{\"Ok\":{\"p\":\"000\"}}")
  (func $start (export "_start")
    (global.set $at (i32.const 1024))
    (block $full
      (loop $more
        (br_if $full (i32.eq (memory.grow (i32.const 1)) (i32.const -1)))
        (br $more)))
    (global.set $pages (memory.size))
    (if (i32.ne (memory.grow (i32.const 1)) (i32.const -1)) (then unreachable))
    (i32.store8 (i32.sub (i32.mul (global.get $pages) (i32.const 65536)) (i32.const 1)) (i32.const 1))
    (i32.store8 (i32.const 1036) (i32.add (i32.const 48) (i32.div_u (global.get $pages) (i32.const 100))))
    (i32.store8 (i32.const 1037) (i32.add (i32.const 48) (i32.rem_u (i32.div_u (global.get $pages) (i32.const 10)) (i32.const 10))))
    (i32.store8 (i32.const 1038) (i32.add (i32.const 48) (i32.rem_u (global.get $pages) (i32.const 10))))))
