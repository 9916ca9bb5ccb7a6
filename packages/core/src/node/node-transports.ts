import type { ResolvedConfig } from '../config/config.ts';
import type { Transports } from '../transport/contract.ts';
import { memory } from '../transport/memory.ts';
import { tcp } from '../transport/tcp.ts';
import { tls } from '../transport/tls.ts';
import { createTransports } from '../transport/transports.ts';

/** The transports every node has, and those its configuration adds; of two for one scheme the latter counts. */
export function createNodeTransports(config: ResolvedConfig): Transports {
  return createTransports([tcp(), tls(), memory(), ...config.transports]);
}
