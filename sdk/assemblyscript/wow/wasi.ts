@external("wasi_snapshot_preview1", "fd_write")
export declare function fd_write(fd: i32, parts: usize, count: i32, wrote: usize): i32;

@external("wasi_snapshot_preview1", "random_get")
export declare function random_get(to: usize, size: i32): i32;

@external("wasi_snapshot_preview1", "clock_time_get")
export declare function clock_time_get(clock: i32, precision: i64, to: usize): i32;
