import { expect, test } from 'vitest';
import { DEFAULT_PROTOCOLS } from '../../src/actor/default-protocols.ts';
import type { Host } from '../../src/actor/host.ts';
import { Service } from '../../src/actor/service.ts';
import { type Handle, makeHandle } from '../../src/handle.ts';
import { Message } from '../../src/message.ts';
import { PTYPE } from '../../src/protocol.ts';
import { Router, type RouterPlace } from '../../src/route/router.ts';
import { RouteTable } from '../../src/threads/route-table.ts';

const CALLER = makeHandle(1, 900);

/** A thread with one service, whose numbers stand in a table that other threads read. */
function thread(onRefusal: () => void) {
  const routes = new RouteTable();
  const place: RouterPlace = {
    thread: 1,
    harbor: 1,
    routes,
    post: () => {},
    postValues: () => {},
    passOn: () => {},
    killIn: () => {},
    cancelIn: () => {},
    log: () => {},
  };
  const router = new Router<Service>(place, {} as never);
  const host = {
    router: {
      deliver(_to: Handle, message: Message) {
        if (message.type === PTYPE.ERROR) onRefusal();
        return true;
      },
    },
    ready: () => {},
    ended: (handle: Handle) => router.remove(handle),
    released: (handle: Handle) => router.release(handle),
  } as unknown as Host;
  const local = router.newNumber();
  const service = new Service(host, makeHandle(1, local), local, '', 'callee', [], DEFAULT_PROTOCOLS);
  router.put(service);
  return { routes, router, service };
}

test('a service that ends keeps its number until its callers are told: whoever ends the thread before tells them', () => {
  const seen: unknown[] = [];
  const { routes, router, service } = thread(() => {
    // Should the thread be lost now, the main thread tells the others of these.
    const isHeld = new Uint8Array(routes.memory)[64 + service.local] !== 0;
    seen.push([isHeld, routes.threadOf(service.local), router.find(service.handle)]);
  });
  for (let session = 1; session <= 3; session++) service.push(new Message(PTYPE.LUA, session, CALLER, []));
  service.end('killed');
  expect(seen).toEqual(Array(3).fill([true, -1, undefined]));
  expect(routes.threadOf(service.local)).toBe(-1);
});
