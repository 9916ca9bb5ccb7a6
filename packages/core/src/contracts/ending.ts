import type { Handle } from '../handle.ts';

/**
 * Why a service is gone: it ended itself (`exited`), was killed (`killed`), its start failed (`failed`), the node stopped
 * (`stopped`), its thread or its node was lost, or it did not live when somebody began to watch it (`unknown`).
 */
export type EndReason = 'exited' | 'killed' | 'failed' | 'stopped' | 'thread-lost' | 'node-lost' | 'unknown';

/** What {@link Skynet.watch} tells, once. */
export interface GoneEvent {
  /** The service that is gone. */
  readonly handle: Handle;
  /** Why it is. */
  readonly reason: EndReason;
}
