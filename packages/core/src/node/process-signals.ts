import { createRequire } from 'node:module';

/** Options for a worker thread in which {@link listenForSignals} may work. */
export const SIGNAL_EXEC_ARGV: readonly string[] = ['--expose-internals', '--no-warnings'];

/** Node's own handle of one signal. */
interface SignalHandle {
  onsignal: (signal: number) => void;
  start(signal: number): number;
  unref(): void;
}

type SignalClass = new () => SignalHandle;

/**
 * Listens for signals of the process in a worker thread; they reach the main thread's listeners all the same. Node
 * offers that to the main thread only, which hears nothing while a service holds it. What is used here is Node's own
 * part behind `process.on('SIGTERM')`; it is not public, so that it may be missing: returns false then.
 */
export function listenForSignals(signals: readonly number[], heard: (signal: number) => void): boolean {
  const Signal = signalClass();
  if (Signal === undefined) return false;
  return signals.every((signal) => {
    const handle = new Signal();
    handle.unref();
    handle.onsignal = heard;
    return handle.start(signal) === 0;
  });
}

function signalClass(): SignalClass | undefined {
  try {
    // Nothing is looked for beside that file: what is required is in Node itself.
    const { internalBinding } = createRequire(process.execPath)('internal/test/binding') as {
      internalBinding(name: string): { Signal?: unknown };
    };
    const { Signal } = internalBinding('signal_wrap');
    return typeof Signal === 'function' ? (Signal as SignalClass) : undefined;
  } catch {
    return undefined;
  }
}
