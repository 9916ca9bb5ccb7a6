// A connection stays in the thread that opened it, its home. A service in another thread gets a stand-in, and the two
// ends tell each other what happens:
//
//      home: Hosted (a Receiver of the real connection)  <── notes ──>  holder: RemoteConnection (a Connection)
//
// Bytes that the holder has not passed on yet are counted at home, which stops reading above a mark; bytes on their way
// out are counted at the holder until home says that they have left. So back-pressure holds across threads.

/** What the two ends tell each other. All of it travels in order with the messages between the threads. */
export type Note =
  // holder to home
  | [op: 'write', id: number, bytes: Uint8Array]
  | [op: 'passed', id: number, bytes: number]
  | [op: 'end', id: number]
  | [op: 'close', id: number, timeout: number | undefined]
  | [op: 'destroy', id: number]
  | [op: 'noDelay', id: number, on: boolean]
  | [op: 'keepAlive', id: number, milliseconds: number]
  // home to holder
  | [op: 'data', id: number, bytes: Uint8Array]
  | [op: 'ended', id: number]
  | [op: 'sent', id: number, total: number]
  | [op: 'drained', id: number]
  | [op: 'error', id: number, code: string, text: string]
  | [op: 'closed', id: number];

/** Sends a note to the other end. */
export type Tell = (note: Note) => void;
