import type { Skynet } from '@skynet/core';

/** The port to use for one of the book: the same, or what the configuration has under `port8001`. */
export function portOf(skynet: Skynet, port: number): number {
  return Number(skynet.getenv(`port${port}`) ?? port);
}

/** Where the book's servers listen: on this machine only, or at what the configuration has under `host`. */
export function hostOf(skynet: Skynet): string {
  return skynet.getenv('host') ?? '127.0.0.1';
}
