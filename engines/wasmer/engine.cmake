wow_engine(wasmer
  RUN_SOURCES engines/wasmer/engine.c
  RUN ${WOW_WASMER}/run/libwow_wasmer.a -Wl,--gc-sections m dl pthread
  RUN_INCLUDE ${WOW_WASMER}/run/include
  COMPILE_SOURCES engines/wasmer/compiler.c
  COMPILE ${WOW_WASMER}/compile/libwow_wasmer.a -Wl,--gc-sections m dl pthread
  COMPILE_INCLUDE ${WOW_WASMER}/compile/include)
