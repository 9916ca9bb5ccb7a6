/** A file that a thread of its own runs: always built JavaScript, also when this module runs from its source. */
export function builtFile(name: string): URL {
  const here = import.meta.url;
  return here.endsWith('.ts') ? new URL(`../../dist/node/${name}`, here) : new URL(`./node/${name}`, here);
}
