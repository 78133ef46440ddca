;; Takes memory, page by page, until there is no more; answers {"Ok":[PAGES,LAST BYTE]} where the
;; last byte was written and read again.
(module
  (memory (export "memory") 1)
  (data (i32.const 0) "{\"Ok\":[000000,0]}")
  (global $ran (mut i32) (i32.const 0))
  (func (export "wasm_memory_buffer_allocate_space") (param i32))
  (func (export "get_wasm_memory_buffer_pointer") (result i32)
    (select (i32.const 0) (i32.const 1024) (global.get $ran)))
  (func (export "get_wasm_memory_buffer_len") (result i32) (i32.const 17))
  (func $digits (param $n i32) (local $at i32)
    (local.set $at (i32.const 12))
    (loop $next
      (i32.store8 (local.get $at) (select
        (i32.add (i32.rem_u (local.get $n) (i32.const 10)) (i32.const 48))
        (i32.const 32)
        (local.get $n)))
      (local.set $n (i32.div_u (local.get $n) (i32.const 10)))
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (br_if $next (i32.ge_u (local.get $at) (i32.const 7)))))
  (func (export "_start") (local $last i32)
    (loop $more (br_if $more (i32.ge_s (memory.grow (i32.const 1)) (i32.const 0))))
    (local.set $last (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 1)))
    (i32.store8 (local.get $last) (i32.const 7))
    (i32.store8 (i32.const 14) (i32.add (i32.load8_u (local.get $last)) (i32.const 48)))
    (call $digits (memory.size))
    (global.set $ran (i32.const 1))))
