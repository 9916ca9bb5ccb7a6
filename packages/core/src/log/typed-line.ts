/** A line that somebody types on the terminal that the log goes to. */
export interface TypedLine {
  /** Takes it off the screen. */
  hide(): void;
  /** Puts it back, where the screen goes on now. */
  show(): void;
}

let typed: TypedLine | undefined;

/** There is one terminal in a process, and one line typed on it; undefined when none is any more. */
export function setTypedLine(line: TypedLine | undefined): void {
  typed = line;
}

/** Writes to the terminal above the line that is being typed. */
export function writeAboveTyped(write: () => void): void {
  typed?.hide();
  write();
  typed?.show();
}
