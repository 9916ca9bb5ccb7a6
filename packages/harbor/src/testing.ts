// For tests of links between nodes, with any runner.
export {
  type LinkAbilities,
  type LinkFixture,
  type LinkNodeOptions,
  linkCompliance,
} from './testing/link-compliance.ts';
