// Frames with a length in front, as the gate and its clients speak them.
export { type FrameOptions, type HeaderSize, pack, packInto } from './frame.ts';
export { FrameReader, type FrameView, type NetpackErrorCode, type OwnedFrame } from './frame-reader.ts';
export { readText as toString } from './text.ts';
