"""A meter SDM630 of Eastron, by pymodbus: sdm630.py DEVICE [ADDRESS=VALUE...]. It keeps the input registers of its manual, and is unit 1."""

import asyncio
import struct
import sys

from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.server.async_io import ModbusSerialServer
from pymodbus.transaction import ModbusRtuFramer

# Each parameter is a float32 in two registers, the highest byte first. Registers in between are 0.
TABLE = {
    0x0000: 230.1, 0x0002: 231.5, 0x0004: 229.75,  # line to neutral, V
    0x0006: 1.25, 0x0008: 0.5, 0x000A: 4.0,  # current, A
    0x000C: 251.5, 0x000E: 98.25, 0x0010: 880.0,  # power, W
    0x0012: 287.6, 0x0014: 115.75, 0x0016: 919.0,  # apparent power, VA
    0x0018: 139.5, 0x001A: -61.25, 0x001C: -131.25,  # reactive power, var
    0x001E: 0.875, 0x0020: 0.849, 0x0022: 0.957,  # power factor
    0x0024: 28.9, 0x0026: -31.9, 0x0028: -8.1,  # phase angle, degrees
    0x002A: 230.45, 0x002E: 1.92, 0x0030: 5.75,  # average voltage, average current, sum of currents
    0x0034: 1229.75, 0x0038: 1322.5, 0x003C: -53.0,  # sums of power, apparent and reactive power
    0x003E: 0.93, 0x0042: -2.5, 0x0046: 49.98,  # power factor, phase angle, frequency
    0x0048: 10432.7, 0x004A: 3.14, 0x004C: 812.5, 0x004E: 2100.25,  # imported and exported: kWh, kvarh
    0x0050: 11800.0, 0x0052: 51300.0,  # kVAh, Ah
    0x0054: 1180.0, 0x0056: 7350.5,  # demand and its maximum, W
    0x00C8: 400.9, 0x00CA: 399.2, 0x00CC: 397.8, 0x00CE: 399.3,  # line to line, V
    0x00E0: 3.2,  # neutral current, A
    0x0156: 10435.84, 0x0158: 2912.75,  # both ways: kWh, kvarh
}


class Meter(ModbusSlaveContext):
    """Refuses, as the meter does, to read more than 40 parameters at once, or half of one."""

    def validate(self, fc_as_hex, address, count=1):
        return fc_as_hex == 4 and count <= 80 and address % 2 == count % 2 == 0 and super().validate(fc_as_hex, address, count)


async def main(where, *changes):
    """Serves until the program is killed."""
    table = TABLE | {int(at, 16): float(value) for at, value in (c.split("=") for c in changes)}
    registers = [0] * 0x0200
    for at, value in table.items():
        registers[at:at + 2] = struct.unpack(">HH", struct.pack(">f", value))
    meter = Meter(zero_mode=True, ir=ModbusSequentialDataBlock(0, registers))
    context = ModbusServerContext(slaves={1: meter}, single=False)
    server = ModbusSerialServer(context, framer=ModbusRtuFramer, port=where, baudrate=9600, ignore_missing_slaves=True)
    await server.start()
    print("serving", flush=True)
    await server.serve_forever()


asyncio.run(main(*sys.argv[1:]))
