import { ECHO } from '../node/stop-guard.ts';

/** Exit code for a signal, as shells count. */
export const BY_SIGNAL = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

type Stopping = 'SIGINT' | 'SIGTERM';

/** What signals do. */
export interface Signalled {
  /** Ctrl-C, or whoever runs the process. The second time the process ends at once. */
  stop(signal: Stopping): void;
  /** SIGHUP. */
  hangUp(): void;
}

/** Listens for the signals that a node in a process of its own obeys. */
export function takeSignals({ stop, hangUp }: Signalled): void {
  let first: { signal: Stopping; at: number } | undefined;
  const take = (signal: Stopping): void => {
    const now = performance.now();
    if (first === undefined) {
      first = { signal, at: now };
      stop(signal);
    } else if (signal !== first.signal || now - first.at > ECHO) process.exit(BY_SIGNAL[signal]);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => take(signal));
  process.on('SIGHUP', hangUp);
}
