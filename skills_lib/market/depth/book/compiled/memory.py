"""Numba intrinsics that read and write machine words by address."""

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

_I64, _I32, _I8 = ir.IntType(64), ir.IntType(32), ir.IntType(8)


@intrinsic
def address_of(_typing, raw):
    """Address of the first byte of a bytes object; a zero byte follows its last."""
    if not isinstance(raw, types.Bytes):
        return None

    def generate(context, builder, signature, arguments):
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        return builder.ptrtoint(data, _I64)

    return types.int64(raw), generate


@intrinsic
def byte_at(_typing, address):
    """The byte at an address, 0 to 255."""

    def generate(_context, builder, _signature, arguments):
        loaded = builder.load(builder.inttoptr(arguments[0], _I8.as_pointer()), typ=_I8)
        return builder.zext(loaded, _I64)

    return types.int64(address), generate


@intrinsic
def eight_at(_typing, address):
    """Eight bytes at any address as one integer, the first byte lowest."""

    def generate(_context, builder, _signature, arguments):
        return builder.load(builder.inttoptr(arguments[0], _I64.as_pointer()), align=1, typ=_I64)

    return types.int64(address), generate


@intrinsic
def four_at(_typing, address):
    """Four bytes at any address as one integer, the first byte lowest."""

    def generate(_context, builder, _signature, arguments):
        loaded = builder.load(builder.inttoptr(arguments[0], _I32.as_pointer()), align=1, typ=_I32)
        return builder.zext(loaded, _I64)

    return types.int64(address), generate


@intrinsic
def get(_typing, address):
    """The word at an aligned address."""

    def generate(_context, builder, _signature, arguments):
        return builder.load(builder.inttoptr(arguments[0], _I64.as_pointer()), typ=_I64)

    return types.int64(address), generate


@intrinsic
def put(_typing, address, value):
    """Write a word to an aligned address."""

    def generate(context, builder, _signature, arguments):
        builder.store(arguments[1], builder.inttoptr(arguments[0], _I64.as_pointer()))
        return context.get_dummy_value()

    return types.void(address, value), generate


@intrinsic
def lowest_bit(_typing, word):
    """Index of the lowest set bit of a non-zero word."""

    def generate(_context, builder, _signature, arguments):
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(word), generate
