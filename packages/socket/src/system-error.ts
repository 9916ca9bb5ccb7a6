/** The texts of the C library for what can happen to a connection, as the original shows them. */
const TEXTS: Readonly<Record<string, string>> = {
  EACCES: 'Permission denied',
  EADDRINUSE: 'Address already in use',
  EADDRNOTAVAIL: 'Cannot assign requested address',
  EBADF: 'Bad file descriptor',
  ECONNABORTED: 'Software caused connection abort',
  ECONNREFUSED: 'Connection refused',
  ECONNRESET: 'Connection reset by peer',
  EHOSTUNREACH: 'No route to host',
  EMFILE: 'Too many open files',
  EMSGSIZE: 'Message too long',
  ENETUNREACH: 'Network is unreachable',
  ENOENT: 'No such file or directory',
  ENOTFOUND: 'Name or service not known',
  EAI_AGAIN: 'Temporary failure in name resolution',
  EPIPE: 'Broken pipe',
  ETIMEDOUT: 'Connection timed out',
};

/** The short text of a system error, looking through the errors that wrap it. */
export function systemText(error: unknown): string {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    const text = TEXTS[systemCode(at) ?? ''];
    if (text !== undefined) return text;
  }
  return error instanceof Error ? error.message : String(error);
}

function systemCode(error: Error): string | undefined {
  // Trying several addresses of a name gives one error that holds the others.
  if (error instanceof AggregateError && error.errors[0] instanceof Error) return systemCode(error.errors[0]);
  return (error as NodeJS.ErrnoException).code;
}
