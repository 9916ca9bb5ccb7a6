/** The client's side of one login: lines in, lines out. */
export interface LoginConversation {
  /** Answer to the server's challenge: the first line to send. */
  readonly greeting: string;
  /**
   * Answer to the server's key: the lines with the token.
   * @throws ERR_CLIENT_SERVER if it is not the server it should be.
   */
  prove(line: string, token: Uint8Array): Promise<readonly string[]>;
  /** The status in the server's last line. @throws ERR_CLIENT_SERVER if it does not come from the server. */
  status(line: string): Promise<string>;
  /** The 8 bytes both sides have, once `prove` is done. */
  readonly secret: Uint8Array;
}

/** How a client and a login server come to a secret. */
export interface LoginSuite {
  /** Starts with the server's challenge, the line it sends first. */
  start(challenge: string): Promise<LoginConversation>;
}
