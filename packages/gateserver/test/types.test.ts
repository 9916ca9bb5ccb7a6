import { defineService, type Handle, type ServiceHandle, type Skynet } from '@skynet/core';
import { expectTypeOf, test } from 'vitest';
import { type GateCommands, type GateHandler, type Gateserver, gate, startGateserver } from '../src/index.ts';

test('a handler knows what it is given', () => {
  defineService((skynet) => {
    const server = startGateserver(skynet, {
      connect(fd, address) {
        expectTypeOf(fd).toEqualTypeOf<number>();
        expectTypeOf(address).toEqualTypeOf<string>();
      },
      message(_fd, bytes) {
        expectTypeOf(bytes).toExtend<Uint8Array>();
      },
      error(_fd, _message, error) {
        expectTypeOf(error.code).toExtend<string>();
      },
      open(source, config) {
        expectTypeOf(source).toEqualTypeOf<Handle>();
        expectTypeOf(config.port).toEqualTypeOf<number>();
        expectTypeOf(config.watchdog).toEqualTypeOf<unknown>();
      },
      command(command, _source, fd: number) {
        expectTypeOf(command).toEqualTypeOf<string>();
        expectTypeOf(fd).toEqualTypeOf<number>();
      },
    });
    expectTypeOf(server).toEqualTypeOf<Gateserver>();
  });
});

test('a handler needs connect and message, and options are checked', () => {
  type Given = Parameters<typeof startGateserver>;
  expectTypeOf<{ connect(): void }>().not.toExtend<GateHandler>();
  expectTypeOf<{ connect(): void; message(): void }>().toExtend<GateHandler>();
  expectTypeOf<{ header: 3 }>().not.toExtend<NonNullable<Given[2]>>();
  expectTypeOf<{ port: string }>().not.toExtend<NonNullable<Given[2]>>();
});

test('callers of the stock gate are checked', () => {
  const use = async (skynet: Skynet): Promise<void> => {
    const handle = await skynet.newService(gate);
    expectTypeOf(handle).toEqualTypeOf<ServiceHandle<GateCommands>>();
    const proxy = skynet.proxy(handle);
    const opened = await proxy.open({ port: 0 });
    expectTypeOf(opened).toEqualTypeOf<{ address: string; port: number }>();
    expectTypeOf(proxy.forward).toBeCallableWith(9, 0, 4);
    expectTypeOf<[fd: string]>().not.toExtend<Parameters<typeof proxy.forward>>();
    expectTypeOf(proxy).not.toHaveProperty('shout');
  };
  expectTypeOf(use).toBeFunction();
});
