wow_engine(wasmtime
  RUN_SOURCES engines/wasmtime/engine.c engines/wasmtime/common.c
  RUN ${WOW_WASMTIME}/run/libwow_wasmtime.a m dl pthread
  RUN_INCLUDE ${WOW_WASMTIME}/run/include
  COMPILE_SOURCES engines/wasmtime/compiler.c engines/wasmtime/common.c
  COMPILE ${WOW_WASMTIME}/compile/libwow_wasmtime.a m dl pthread
  COMPILE_INCLUDE ${WOW_WASMTIME}/compile/include
  LINK_OPTIONS -Wl,--wrap=open64)
