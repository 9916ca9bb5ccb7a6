/** Milliseconds between two looks. */
const EVERY = 250;

/**
 * In a script of npm (or pnpm, yarn, bun): ends this process, as SIGTERM does, when the one that started it has gone. npm
 * runs scripts through a shell and sends signals to that alone; some shells put the program in their own place, others
 * end and would leave it behind, with its ports.
 */
export function followParent(): void {
  if (process.env['npm_lifecycle_event'] === undefined) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, EVERY).unref();
}
