/** What the cluster needs of `@skynet/snax`: `createSnax(skynet)` is one. */
export interface SnaxScripts {
  /** Numbers of the methods that the script of this name on the node's search path has. */
  interface(script: string): Promise<SnaxNumbers>;
}

/** Numbers of a snax service's methods, which stand for their names between nodes. */
export interface SnaxNumbers {
  /** Of functions that answer nothing, by name. */
  readonly accept: Readonly<Record<string, number>>;
  /** Of functions that answer, by name. */
  readonly response: Readonly<Record<string, number>>;
}
