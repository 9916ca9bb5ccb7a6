/** Milliseconds between two looks. */
const EVERY = 500;

/**
 * In a script of npm: ends this process, as SIGTERM does, when the one that started it has gone. npm runs scripts through
 * a shell, and sends signals to that alone; some shells put the program in their own place, others leave it behind. The
 * command `skynet` does the same (`packages/core/src/bin/parent.ts`); scripts run before that is built.
 */
export function followParent() {
  const isScript = 'npm_lifecycle_event' in process.env;
  if (!isScript) return () => {};
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, EVERY).unref();
  return () => clearInterval(timer);
}
