/** Text by key that all threads of a node see alike: what one adds the others see at once, without waiting. */
export interface Registry {
  /** Another number than before whenever something was added or removed since. */
  readonly version: number;
  get(key: string): string | undefined;
  /** Adds a key. Returns false, and changes nothing, if it exists. */
  add(key: string, value: string): boolean;
  remove(key: string): boolean;
  entries(): Iterable<[string, string]>;
}
