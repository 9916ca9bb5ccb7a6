import { seriSize } from '../codec/lua-seri.ts';
import { printable } from '../log/printable.ts';
import type { Body } from '../message.ts';
import type { Protocol } from '../protocol.ts';
import { unpackValues } from './default-protocols.ts';

/** The values of a body, read the way of its protocol; a protocol without `unpack` gives the body itself. */
export function valuesOf(protocol: Protocol | undefined, body: Body): unknown[] {
  if (protocol?.unpack === undefined) return [body];
  const values = protocol.unpack(body);
  return Array.isArray(values) && !isBodyItself(protocol, values, body) ? values : [values];
}

/** The first of them: what a call resolves to. */
export function firstOf(protocol: Protocol, body: Body): unknown {
  // Nearly always: without a call of a function that differs from protocol to protocol.
  if (protocol.unpack === unpackValues && Array.isArray(body)) return body[0];
  if (protocol.unpack === undefined) return body;
  const values = protocol.unpack(body);
  return Array.isArray(values) && !isBodyItself(protocol, values, body) ? values[0] : values;
}

/** Whether an `unpack` of an application's leaves the body as it is: the body is the one value then. */
function isBodyItself(protocol: Protocol, values: unknown, body: Body): boolean {
  return values === body && protocol.unpack !== unpackValues;
}

/** Bytes of a body, as log lines show them. */
export function sizeOf(body: Body): number {
  return body instanceof Uint8Array ? body.length : seriSize(body as unknown[]);
}

/** A body, or one of its values, as log lines show it. Clients may have had their say in it. */
export function textOf(body: unknown): string {
  return Array.isArray(body) ? body.map((value) => printable(value)).join(' ') : printable(body);
}
