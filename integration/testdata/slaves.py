"""Modbus slaves, by pymodbus: slaves.py tcp PORT, or slaves.py rtu DEVICE. Unit 1 is a meter, unit 2 a heat pump; the others are silent."""

import asyncio
import struct
import sys

from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.server.async_io import ModbusSerialServer, ModbusTcpServer
from pymodbus.transaction import ModbusRtuFramer


def registers(size, **kept):
    """A block of registers, of which those of rFROM keep words or bytes."""
    block = [0] * size
    for name, words in kept.items():
        if isinstance(words, bytes):
            words = struct.unpack(">%dH" % (len(words) // 2), words)
        at = int(name[1:])
        block[at:at + len(words)] = words
    return ModbusSequentialDataBlock(0, block)


meter = ModbusSlaveContext(zero_mode=True, ir=registers(100, r0=struct.pack(">f", 230.1), r52=struct.pack(">f", -1234.5), r72=struct.pack(">f", 99.25)))
heatpump = ModbusSlaveContext(
    zero_mode=True,
    ir=registers(32, r16=[0xFFD3]),
    hr=registers(220, r100=[215, 4], r110=[0x0520], r120=struct.pack("<d", 3.5), r200=b"SIM 4.1\0"),
    co=registers(8, r3=[0]),
)
context = ModbusServerContext(slaves={1: meter, 2: heatpump}, single=False)


async def main(how, where):
    """Serves until the program is killed."""
    if how == "tcp":
        server = ModbusTcpServer(context, address=("127.0.0.1", int(where)), allow_reuse_address=True, ignore_missing_slaves=True)
        print("serving", flush=True)
        await server.serve_forever()
    server = ModbusSerialServer(context, framer=ModbusRtuFramer, port=where, baudrate=115200, ignore_missing_slaves=True)
    await server.start()
    print("serving", flush=True)
    await server.serve_forever()


asyncio.run(main(sys.argv[1], sys.argv[2]))
