// What the server may push to a player: shared by players and rooms, and by the client as types.
import { push } from '@skynet/player';

/** A dot on the field; 0 to 1 in both directions. */
export interface Dot {
  readonly uid: string;
  readonly x: number;
  readonly y: number;
}

export const pushes = {
  /** Somebody says something; nobody: the game itself. */
  said: push<{ readonly from: string; readonly text: string }>(),
  /** Where dots are that have moved. */
  moved: push<readonly Dot[]>(),
  /** A dot is gone. */
  gone: push<string>(),
};
