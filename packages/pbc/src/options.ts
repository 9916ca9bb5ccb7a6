/** How messages are limited. */
export interface ProtobufOptions {
  /** Most bytes of one message, reading and writing. Default 64 MiB. */
  readonly maxSize?: number;
}

/** How definitions are found. */
export interface RegisterOptions {
  /** Folders in which imports are looked for, in this order and before the importing file's own. Default none. */
  readonly folders?: string | readonly string[];
  /** What the text is called in errors and by others that import it. Default `text`. */
  readonly name?: string;
}

/** Where {@link ProtobufOptions} end when nothing else is said. */
export const DEFAULT_MAX_SIZE: number = 64 * 1024 * 1024;
