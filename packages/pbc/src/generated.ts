import protobuf from 'protobufjs';

/** What the library generates to write the messages of a type; it calls those of the types in it. */
export type Encode = (message: object, writer: protobuf.Writer, depth?: number) => protobuf.Writer;

/** What it generates to read them. */
export type Decode = (
  reader: protobuf.Reader,
  length?: number,
  end?: number,
  depth?: number,
  into?: object,
) => protobuf.Message;

/** A function from lines of JavaScript, made in the way the library makes its own. `scope` names what they use. */
export function generate<Made>(
  parameters: string[],
  lines: readonly string[],
  scope: Readonly<Record<string, unknown>>,
): Made {
  const code = protobuf.util.codegen(parameters);
  for (const line of lines) code('%s', line);
  return (code as (scope: Readonly<Record<string, unknown>>) => Made)(scope);
}
