// Keeps one CPU busy until it is killed, or its parent is gone.
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) process.exit(0);
  const until = performance.now() + 500;
  while (performance.now() < until);
}, 0);
