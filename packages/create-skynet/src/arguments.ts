import { CreateError } from './errors.ts';

/** What the command was asked for. */
export type Asked =
  | { readonly what: 'help' }
  | { readonly what: 'version' }
  | {
      readonly what: 'create';
      /** As it was typed. */
      readonly folder: string;
      readonly template: string;
      readonly install: boolean;
    };

/** What there is when nothing is said. */
const DEFAULT_FOLDER = 'my-game';
const DEFAULT_TEMPLATE = 'game';

/**
 * Reads the words behind `create-skynet`: `[folder] [template]`, or the template as `--template`.
 * @throws ERR_CREATE_OPTION.
 */
export function readArguments(words: readonly string[]): Asked {
  const places: string[] = [];
  let template: string | undefined;
  let install = true;
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as string;
    const [option, value] = word.startsWith('--') ? splitAt(word, '=') : [word, undefined];
    if (option === '--help' || option === '-h') return { what: 'help' };
    if (option === '--version' || option === '-v') return { what: 'version' };
    if (option === '--no-install') install = false;
    else if (option === '--template' || option === '-t') {
      template = value ?? words[++i];
      if (template === undefined || template === '')
        throw new CreateError('ERR_CREATE_OPTION', `${option} needs the name of a template`);
    } else if (word.startsWith('-') && word !== '-')
      throw new CreateError('ERR_CREATE_OPTION', `no option ${JSON.stringify(word)}`);
    else places.push(word);
  }
  const [folder = DEFAULT_FOLDER, second, third] = places;
  if (third !== undefined || (second !== undefined && template !== undefined))
    throw new CreateError(
      'ERR_CREATE_OPTION',
      `a folder and a template are taken, not ${[...places, ...(template === undefined ? [] : [template])].length} words; a name with blanks needs quotes`,
    );
  return { what: 'create', folder, template: template ?? second ?? DEFAULT_TEMPLATE, install };
}

function splitAt(text: string, mark: string): [string, string | undefined] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
