/** Text by key that all threads of a node see alike: what one adds the others see at once, without waiting. */
export interface Registry {
  /** Another number than before whenever something was added or removed since. */
  readonly version: number;
  /** What stands under a key, undefined if nothing does. */
  get(key: string): string | undefined;
  /** Adds a key. Returns false, and changes nothing, if it exists. */
  add(key: string, value: string): boolean;
  /** Takes a key out. Returns false if there is none. */
  remove(key: string): boolean;
  /** All keys with their text, as they are now. */
  entries(): Iterable<[string, string]>;
}
