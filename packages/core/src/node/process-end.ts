/** Milliseconds that the main thread gets for ending the process. */
const LIMIT = 1000;

/**
 * What the main thread is made to do. Node writes to standard error that it waits for a debugger, which would be the
 * last that anybody reads: hence the file is closed, when everybody else has written.
 */
const lastAct = (code: number): string =>
  `process.once('exit', () => process.getBuiltinModule?.('node:fs').closeSync(2)); process.exit(${code})`;

/**
 * Ends the process with this exit code from a worker thread, also while the main thread is in an endless loop. It is
 * interrupted as by a debugger, so that listeners of `exit` run and files are removed. One that is inside the system or
 * a library cannot be interrupted: the process is killed then.
 */
export async function endProcess(code: number): Promise<void> {
  const kill = (): void => void process.kill(process.pid, 'SIGKILL');
  try {
    const { Session } = await import('node:inspector');
    const session = new Session();
    session.connectToMainThread();
    session.post('Runtime.evaluate', { expression: lastAct(code) });
  } catch {
    // A Node without debugger.
    kill();
  }
  setTimeout(kill, LIMIT);
}
