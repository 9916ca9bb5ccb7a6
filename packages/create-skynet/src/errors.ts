/** What can keep a project from being made. */
export type CreateErrorCode =
  /** This Node.js is too old. */
  | 'ERR_CREATE_NODE'
  /** The name of the project cannot be used. */
  | 'ERR_CREATE_NAME'
  /** The folder has something in it, is a file, or cannot be written. */
  | 'ERR_CREATE_FOLDER'
  /** No such template. */
  | 'ERR_CREATE_TEMPLATE'
  /** No such option, or too many words. */
  | 'ERR_CREATE_OPTION'
  /** The files are there, but the packages could not be fetched. */
  | 'ERR_CREATE_INSTALL';

/** Why a project was not made, in words for whoever typed the command. */
export class CreateError extends Error {
  override readonly name = 'CreateError';
  readonly code: CreateErrorCode;

  constructor(code: CreateErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
