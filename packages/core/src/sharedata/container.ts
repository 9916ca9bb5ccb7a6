/** A container of shared data, as a view of it sees it: an array, an object or a map, wherever it stands by now. */
export interface Container {
  /** What is given out for it. */
  readonly view: object;
  readonly size: number;
  /** Keys of an object or a map, indices of an array. */
  readonly keys: readonly unknown[];
  /** Cell of the value of a key, -1 if there is none. */
  cellOf(key: unknown): number;
  /** What stands in a cell that is the value of this key. */
  read(cell: number, key: unknown): unknown;
  /** The value at an index of an array, undefined if there is none. */
  element(index: number): unknown;
  /** What it holds now, as ordinary values. */
  copy(): unknown;
  /** @throws ERR_SHAREDATA_READONLY: nobody changes what is shared. */
  readonly(): never;
}
