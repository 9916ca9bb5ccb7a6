import { type OptionReader, readOptions } from '@skynet/core/options';

/** How messages are limited. */
export interface ProtobufOptions {
  /** Most bytes of one message, reading and writing. Default 64 MiB. */
  readonly maxSize?: number;
}

/** How a file of definitions is read. */
export interface RegisterFileOptions {
  /** Folders in which imports are looked for, in this order and before the importing file's own. Default none. */
  readonly folders?: string | readonly string[];
}

/** How definitions are read. */
export interface RegisterOptions extends RegisterFileOptions {
  /** What the content is called in errors, and by others that import it. Default `text`. */
  readonly name?: string;
}

/** Where {@link ProtobufOptions} end when nothing else is said. */
const DEFAULT_MAX_SIZE: number = 64 * 1024 * 1024;

/** @throws ERR_ARGUMENT. */
export function readProtobufOptions(options: ProtobufOptions): Required<ProtobufOptions> {
  return readOptions('protobuf option', options, (given) => ({
    maxSize: given.whole('maxSize', 1, 0x7fff_ffff, DEFAULT_MAX_SIZE),
  }));
}

/** @throws ERR_ARGUMENT. */
export function readRegisterOptions(options: RegisterOptions): { folders: readonly string[]; name: string } {
  return readOptions('register option', options, (given) => ({
    folders: readFolders(given),
    name: given.text('name', 'text'),
  }));
}

function readFolders(given: OptionReader<RegisterOptions>): readonly string[] {
  const folders = given.value('folders') ?? [];
  const list: unknown[] = Array.isArray(folders) ? folders : [folders];
  return list.every((folder) => typeof folder === 'string')
    ? list
    : given.wrong('folders', 'a path or a list of paths');
}
