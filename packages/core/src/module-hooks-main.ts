// Runs in Node's thread for hooks: what a module that is loaded anew imports by a relative path is loaded anew, too.

interface Resolved {
  readonly url: string;
}

/** Hands the version of an importing module on to what it imports beside it. */
export async function resolve(
  specifier: string,
  context: { readonly parentURL?: string },
  nextResolve: (specifier: string, context: object) => Promise<Resolved>,
): Promise<Resolved> {
  const resolved = await nextResolve(specifier, context);
  const version = /[?&](version=[\w.-]+)/.exec(context.parentURL ?? '')?.[1];
  if (version === undefined || !/^(\.{0,2}\/|file:)/.test(specifier)) return resolved;
  const isOwn = resolved.url.startsWith('file:') && !resolved.url.includes('/node_modules/');
  if (!isOwn || /[?&]version=/.test(resolved.url)) return resolved;
  return { ...resolved, url: `${resolved.url}${resolved.url.includes('?') ? '&' : '?'}${version}` };
}
