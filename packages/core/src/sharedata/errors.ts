/** Codes that shared data add to those of the kernel. */
export type ShareDataErrorCode =
  /** A name that has shared data already. */
  | 'ERR_SHAREDATA_EXISTS'
  /** No shared data of that name. */
  | 'ERR_SHAREDATA_MISSING'
  /** The part that a view shows is not there any more since an update. */
  | 'ERR_SHAREDATA_GONE'
  /** A view cannot be changed. */
  | 'ERR_SHAREDATA_READONLY'
  /** The whole is neither an object nor an array nor a map, or a map has keys that are no text, numbers or booleans. */
  | 'ERR_SHAREDATA_VALUE'
  /** Text or a file that cannot be read, or that fails when it is run. */
  | 'ERR_SHAREDATA_LOAD'
  /** More than 4 GiB. */
  | 'ERR_SHAREDATA_SIZE';
