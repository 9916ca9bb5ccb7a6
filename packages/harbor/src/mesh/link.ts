import type { SkynetError } from '@skynet/core';
import type { ServiceKernel } from '@skynet/core/kernel';
import type { ConnectionStat } from '@skynet/core/transport';
import type { MeshNode } from './node.ts';

/** What a link is for. */
export type LinkPurpose =
  /** Messages of services. There is one between two nodes, for both directions. */
  | 'data'
  /** What a directory tells another node's. */
  | 'directory';

/**
 * The way to one other node in one of its lives: frames both ways, each whole, in their order, at most once. A frame that is
 * missing ends the link; what comes later never passes it. Both sides have said who they are before anybody gets to see it.
 *
 * Its calls come from the event loop, in no turn of a service.
 */
export interface Link {
  /** The node at the other end. */
  readonly peer: MeshNode;
  /** What it was opened for. */
  readonly purpose: LinkPurpose;
  /** What both sides can do, of what each has told: see {@link LinkPlace.features}. */
  readonly features: ReadonlySet<string>;
  /** Whether this node has opened it. */
  readonly isDialled: boolean;
  /** The largest frame, in bytes. */
  readonly maxFrame: number;
  /** Bytes that may be under way at most; undefined where that is for the nodes to say. */
  readonly maxCredit?: number;
  /** Bytes taken by {@link send} that have not left the process. */
  readonly pendingBytes: number;
  /** Hands over what comes, from now on; nothing is lost before. */
  start(receiver: LinkReceiver): void;
  /** Takes a frame to send; never waits. The bytes must not be changed afterwards. Does nothing once the link is closed. */
  send(frame: Uint8Array): void;
  /** Sends what is pending and closes; the other side is told the reason, and {@link LinkReceiver.closed} is called with it. */
  close(reason: SkynetError): void;
  /** As `netstat` shows it. */
  stat(): ConnectionStat;
}

/** Who gets what a link delivers. */
export interface LinkReceiver {
  /** A frame. Its memory is used again after the call. */
  frame(bytes: Uint8Array): void;
  /**
   * It is over, and why: ERR_LINK_CLOSED (the other side is gone, or closed it), ERR_LINK_SILENT (nothing was heard for too
   * long), ERR_LINK_PROTOCOL (it sent nonsense), ERR_LINK_GAP (frames are missing), or what {@link Link.close} was given.
   * Called once, last.
   */
  closed(reason: SkynetError): void;
}

/** What a way of making links has of its node. */
export interface LinkPlace {
  /** The service that stands for the mesh: connections belong to it. */
  readonly kernel: ServiceKernel;
  /** Name of the mesh: nodes of another are refused. */
  readonly mesh: string;
  /** This node's, 1 to 255. */
  readonly id: number;
  /** Which of its lives this is: another text each time it starts. */
  readonly incarnation: string;
  /** What this node can do; told to the other side, see {@link Link.features}. */
  readonly features: readonly string[];
  log(text: string): void;
}

/** A way of making links: TCP, subjects of NATS, memory. */
export interface LinkTransport {
  /**
   * Takes links that others open, from now on: each is handed over once both sides know each other.
   * @returns where others open them, the address of {@link MeshNode}; empty if there is no such place.
   * @throws ERR_LISTEN and the like: the node does not start.
   */
  open(place: LinkPlace, accept: (link: Link) => void): Promise<string>;
  /**
   * Opens a link to whoever is at an address; `to`, if it is given, must be there.
   * @throws ERR_LINK_REFUSED (the other side says why), ERR_LINK_PROTOCOL, ERR_CONNECT, ERR_TIMEOUT. ERR_CONNECT whose
   *   `details.reason` is ECONNREFUSED says that the machine answers and nobody listens there: the process is gone.
   */
  dial(address: string, purpose: LinkPurpose, to?: MeshNode): Promise<Link>;
  /** Opens and takes no more. Links live on. */
  close(): Promise<void>;
}
