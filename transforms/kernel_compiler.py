"""Compiling kernels: from Python source to an object file, by numba, which nothing else here imports."""

import functools
from collections.abc import Iterator
from itertools import count
from typing import Any

import numba
from llvmlite import binding as llvm
from llvmlite import ir
from numba import from_dtype, types
from numba.core import cgutils
from numba.core.compiler import Compiler, CompileResult, Flags
from numba.core.compiler_lock import global_compiler_lock
from numba.core.dispatcher import _FunctionCompiler  # type: ignore[attr-defined]
from numba.core.registry import cpu_target
from numba.extending import lower_builtin, type_callable, typeof_impl

from transforms.signatures import Argument, Column, Helper, Scalar, Signature, address, call, copy, prefetch

_WORD, _STATUS = ir.IntType(64), ir.IntType(32)
_OPTIONS = {"nogil": True, "boundscheck": None}
# What these begin is numba's or Python's, and not there where machine code alone is loaded.
_ELSEWHERE = ("NRT_", "numba_", "Py", "_Py")
# Numba's functions for the memory of an array that a kernel creates, for those of numba's own library: what counts
# references is compiled into the kernel, and calls these before the first and after the last.
_MEMORY = """
%MemInfo = type { i64, ptr, ptr, ptr, i64, ptr }  ; numba's: references, destructor, its argument, data, size, allocator

declare ptr @aligned_alloc(i64, i64)
declare void @free(ptr)

define ptr @NRT_MemInfo_alloc_aligned(i64 %size, i32 %align) {
  %longer = add i64 %size, 127
  %whole = and i64 %longer, -64
  %info = call ptr @aligned_alloc(i64 64, i64 %whole)
  %none = icmp eq ptr %info, null
  br i1 %none, label %done, label %fill
fill:
  store %MemInfo { i64 1, ptr null, ptr null, ptr null, i64 0, ptr null }, ptr %info
  %data = getelementptr i8, ptr %info, i64 64
  %field = getelementptr %MemInfo, ptr %info, i64 0, i32 3
  store ptr %data, ptr %field
  br label %done
done:
  ret ptr %info
}

define void @NRT_MemInfo_call_dtor(ptr %info) {
  call void @free(ptr %info)
  ret void
}
"""


@global_compiler_lock  # type: ignore[untyped-decorator]
def compile_kernel(function: Any, entry: str, signature: Signature) -> bytes:
    """An object file with one visible function, `entry`, which takes its arguments as `Signature` says.

    Raises:
        TypeError: the kernel needs more than machine code, as one does that creates lists.
    """
    arguments = tuple(map(_type, signature.arguments))
    returns = _type(signature.returns) if signature.returns else types.void
    compiled = _Compiler(function, cpu_target, {"nopython": True, **_OPTIONS}, {}, Compiler).compile(arguments, returns)
    _add_entry(compiled, entry)
    compiled.library.finalize()
    return _object_file(compiled.library, entry)


class _Compiler(_FunctionCompiler):  # type: ignore[misc]
    """Numba's compiler without what would call the function from Python; the entry is added before it ends."""

    def _customize_flags(self, flags: Flags) -> Flags:
        flags.no_cpython_wrapper = flags.no_cfunc_wrapper = flags.no_compile = True
        flags.enable_pyobject = False
        return flags


@typeof_impl.register(Helper)  # type: ignore[untyped-decorator]
def _type_of_helper(helper: Helper, _: Any) -> Any:
    return types.Dispatcher(dispatcher(helper))


@functools.cache
def dispatcher(helper: Helper) -> Any:
    """The helper as numba's own function, which it compiles for the types of each call."""
    return numba.njit(inline="never", forceinline=helper.inlined, _nrt=helper.counts, **_OPTIONS)(helper.py_func)


@type_callable(prefetch)  # type: ignore[untyped-decorator]
def _type_of_prefetch(_: Any) -> Any:
    return lambda array, index: types.void  # noqa: ARG005 - numba asks for these names


@lower_builtin(prefetch, types.Array, types.Integer)  # type: ignore[untyped-decorator]
def _prefetch(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
    """LLVM's own function: for reading, into all caches, data."""
    byte, option = ir.IntType(8).as_pointer(), ir.IntType(32)
    place = builder.bitcast(_place(context, builder, signature.args[0], *arguments), byte)
    kind = ir.FunctionType(ir.VoidType(), [byte, option, option, option])
    hint = builder.module.declare_intrinsic("llvm.prefetch", [byte], kind)
    builder.call(hint, [place, option(0), option(3), option(1)])
    return context.get_dummy_value()


@type_callable(copy)  # type: ignore[untyped-decorator]
def _type_of_copy(_: Any) -> Any:
    return lambda out, to, data, begin, end: types.void  # noqa: ARG005 - numba asks for these names


@lower_builtin(copy, types.Array, types.Integer, types.Array, types.Integer, types.Integer)  # type: ignore[untyped-decorator]
def _copy(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
    """C's own function for it."""
    out, to, data, begin, end = arguments
    target = _place(context, builder, signature.args[0], out, to)
    source = _place(context, builder, signature.args[2], data, begin)
    cgutils.raw_memmove(builder, target, source, builder.sub(end, begin), _itemsize(context, signature.args[0]))
    return context.get_dummy_value()


@type_callable(address)  # type: ignore[untyped-decorator]
def _type_of_address(_: Any) -> Any:
    return lambda array, index: types.int64  # noqa: ARG005 - numba asks for these names


@lower_builtin(address, types.Array, types.Integer)  # type: ignore[untyped-decorator]
def _address(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
    return builder.ptrtoint(_place(context, builder, signature.args[0], *arguments), _WORD)


def _place(context: Any, builder: ir.IRBuilder, kind: types.Array, array: ir.Value, index: ir.Value) -> ir.Value:
    """The place of array[index] in memory."""
    return builder.gep(context.make_array(kind)(context, builder, array).data, [index])


def _itemsize(context: Any, kind: types.Array) -> ir.Value:
    """The bytes of one number in an array."""
    return context.get_constant(types.intp, context.get_abi_sizeof(context.get_data_type(kind.dtype)))


@type_callable(call)  # type: ignore[untyped-decorator]
def _type_of_call(_: Any) -> Any:
    return lambda function, words: types.void  # noqa: ARG005 - numba asks for these names


@lower_builtin(call, types.Integer, types.UniTuple)  # type: ignore[untyped-decorator]
def _call(context: Any, builder: ir.IRBuilder, _: Any, arguments: Any) -> ir.Value:
    """By the C convention, in which whole words and places in memory are passed alike."""
    words = cgutils.unpack_tuple(builder, arguments[1])
    kind = ir.FunctionType(ir.VoidType(), [_WORD] * len(words))
    builder.call(builder.inttoptr(arguments[0], kind.as_pointer()), words)
    return context.get_dummy_value()


def _type(each: Argument) -> Any:
    """Numba's type of an argument or a result."""
    if isinstance(each, Scalar):
        return from_dtype(each.dtype)
    if isinstance(each, Column):
        return types.Array(from_dtype(each.dtype), 1, "C", readonly=each.readonly)
    return types.NamedTuple(tuple(map(_type, each.types)), each.kind)


def _add_entry(compiled: CompileResult, entry: str) -> None:
    """Adds the function that reads the words of a call, calls the kernel, and leaves the result in the first word.

    It returns 0, or another number where the kernel raised an error.
    """
    described, context = compiled.fndesc, compiled.target_context
    module = compiled.library.create_ir_module(entry)
    function = ir.Function(module, ir.FunctionType(_STATUS, [_WORD.as_pointer()]), entry)
    builder = ir.IRBuilder(function.append_basic_block())
    words = _words(builder, function.args[0])
    result = next(words)
    arguments = [_argument(context, builder, kind, words) for kind in described.argtypes]
    kernel = context.declare_function(module, described)
    status, returned = context.call_conv.call_function(
        builder, kernel, described.restype, described.argtypes, arguments
    )
    if described.restype != types.void:
        builder.store(_word(builder, described.restype, returned), result)
    builder.ret(status.code)
    compiled.library.add_ir_module(module)


def _words(builder: ir.IRBuilder, first: ir.Value) -> Iterator[ir.Value]:
    """The places of the words, one after the other."""
    return (builder.gep(first, [ir.Constant(_WORD, number)]) for number in count())


def _argument(context: Any, builder: ir.IRBuilder, kind: types.Type, words: Iterator[ir.Value]) -> ir.Value:
    """An argument of a type, from its words."""
    if isinstance(kind, types.BaseTuple):
        return context.make_tuple(builder, kind, [_argument(context, builder, each, words) for each in kind])
    word = builder.load(next(words))
    if isinstance(kind, types.Array):
        return _array(context, builder, kind, word, builder.load(next(words)))
    if isinstance(kind, types.Boolean):
        return builder.icmp_unsigned("!=", word, _WORD(0))
    if isinstance(kind, types.Float):
        return builder.bitcast(word, context.get_value_type(kind))
    return builder.trunc(word, context.get_value_type(kind)) if kind.bitwidth < _WORD.width else word


def _array(context: Any, builder: ir.IRBuilder, kind: types.Array, place: ir.Value, length: ir.Value) -> ir.Value:
    """A contiguous array, whose memory is the caller's."""
    array = context.make_array(kind)(context, builder)
    data = builder.inttoptr(place, context.get_data_type(kind.dtype).as_pointer())
    itemsize = _itemsize(context, kind)
    context.populate_array(array, data=data, shape=[length], strides=[itemsize], itemsize=itemsize, meminfo=None)
    return array._getvalue()


def _word(builder: ir.IRBuilder, kind: types.Type, value: ir.Value) -> ir.Value:
    """A result as a word."""
    if isinstance(kind, types.Float):
        return builder.bitcast(value, _WORD)
    if value.type.width == _WORD.width:
        return value
    unsigned = isinstance(kind, types.Boolean) or not kind.signed
    return (builder.zext if unsigned else builder.sext)(value, _WORD)


def _object_file(library: Any, entry: str) -> bytes:
    """The library as an object file of which only the entry is visible: others may hold functions of equal names."""
    module = llvm.parse_assembly(library.get_llvm_str())
    module.link_in(llvm.parse_assembly(_MEMORY))
    for each in (*module.functions, *module.global_variables):
        if not each.is_declaration and each.name != entry:
            each.linkage = "internal"
    passes, builder = library.codegen._module_pass_manager()
    passes.run(module, builder)
    for each in module.functions:
        if each.is_declaration:
            _check(each.name)
    return bytes(library.codegen._tm.emit_object(module))


def _check(name: str) -> None:
    if name.startswith(_ELSEWHERE):
        raise TypeError(f"a kernel uses {name}: of what needs memory, it may create arrays of numbers only")
