// Message types that services of these tests register.
declare module '@skynet/core' {
  interface Protocols {
    odd: true;
    picture: true;
    words: true;
  }
}

export {};
